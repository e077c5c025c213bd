"""`--freeze-d N`: blocks of the discriminator that stay as the model has them."""

import pytest
import torch

import gantool
from gantool.errors import GantoolError

PLAIN = {
    "data": "shapes", "resolution": 16, "batch": 4, "images": 16, "augment": "none", "device": "cpu",
    "precision": "float32", "layout": "contiguous",
}  # fmt: skip
DCGAN = "dcgan:width=4,latent=4"
MSG = "msg:latent=4,fmap_base=64,fmap_max=8"
NORMS = (DCGAN, f"{DCGAN},discriminator_norm=spectral", MSG)


def begun(folder, model, arch, name="second", **more):
    config = gantool.configure(**PLAIN | {"arch": arch, "seed": 3, "init": str(model)} | more)
    return gantool.trainer(config, out=folder / name)


def model_of(folder, arch, **more):
    """A run of two steps."""
    made = gantool.trainer(gantool.configure(**PLAIN | {"arch": arch, "seed": 1} | more), out=folder / "first")
    made.step()
    made.step()
    made.save()
    return made.run


def state(trainer):
    return {name: tensor.clone() for name, tensor in trainer.game.gan.discriminator.state_dict().items()}


def frozen_names(trainer, sides):
    modules = {name for name, side in trainer.game.gan.module_sides().items() if side in sides}
    names = state(trainer)
    return {name for name in names if any(f"discriminator.{name}".startswith(f"{module}.") for module in modules)}


@pytest.mark.parametrize("arch", NORMS)
def test_frozen_blocks_stay_bit_for_bit_and_the_others_learn(tmp_path, arch):
    trainer = begun(tmp_path, model_of(tmp_path, arch), arch, freeze_d=1)
    before, frozen = state(trainer), frozen_names(trainer, {16})
    assert frozen
    for network in trainer.game.gan.networks:
        network.train()
    for _ in range(2):
        trainer.step()
    after = state(trainer)
    assert all(torch.equal(after[name], before[name]) for name in frozen)
    learning = {name for name, weight in trainer.game.gan.discriminator.named_parameters() if weight.requires_grad}
    assert learning == {name for name, _ in trainer.game.gan.discriminator.named_parameters()} - frozen
    assert any(not torch.equal(after[name], before[name]) for name in learning)
    optimized = sum(len(group["params"]) for group in trainer.game.optimizer_d.param_groups)
    assert optimized == len(learning)
    assert trainer.config.init_taken[-1].startswith("Frozen: ")
    assert trainer.config.init_taken[-1].endswith("of the discriminator, at 16 pixels")


def test_a_run_with_frozen_blocks_resumes_exactly(tmp_path):
    model = model_of(tmp_path, DCGAN)
    whole, parts = (begun(tmp_path, model, DCGAN, name, freeze_d=1) for name in ("whole", "parts"))
    for trainer in (whole, parts):
        trainer.step()
        trainer.step()
    parts.save()
    later = begun(tmp_path, model, DCGAN, "later", freeze_d=1)
    later.resume(parts.run / "checkpoints" / f"{parts.images_seen:09d}")
    for trainer in (whole, later):
        trainer.step()
        trainer.step()
    assert all(torch.equal(value, state(later)[name]) for name, value in state(whole).items())
    theirs = later.game.gan.generator.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in whole.game.gan.generator.state_dict().items())


def test_what_cannot_be_frozen_is_refused_with_the_reason(tmp_path):
    mlp = "mlp:latent=4,generator_hidden=8,discriminator_hidden=8"
    model, other = model_of(tmp_path, DCGAN), model_of(tmp_path / "mlp", mlp)
    for begins_with, arch, blocks, words in (
        (model, DCGAN, 3, "the discriminator of dcgan has 2 blocks before its last layers, at 16 and 8 pixels"),
        ("none", DCGAN, 1, "name its model by"),
        (model / "generator.safetensors", DCGAN, 1, "has none. Name a run or checkpoint, or leave freeze_d out"),
        (other, mlp, 1, "freeze_d=1: mlp does not say which modules"),
    ):
        with pytest.raises(GantoolError, match=words):
            begun(tmp_path, begins_with, arch, freeze_d=blocks)


def test_blocks_that_the_model_lacks_are_refused_with_how_many_it_has(tmp_path):
    model = model_of(tmp_path, MSG)
    with pytest.raises(GantoolError, match=r"from_rgb\.weight and 5 other tensors of .* Leave freeze_d out, or name"):
        begun(tmp_path, model, MSG, resolution=32, freeze_d=1)
    narrow = "dcgan:width=4,latent=4,max_width=4"
    with pytest.raises(GantoolError, match=r"freeze layers\.\d\.weight .* Freeze 1 block at the most, or name"):
        begun(tmp_path, model_of(tmp_path / "narrow", narrow), "dcgan:width=4,latent=4,max_width=8", freeze_d=2)
