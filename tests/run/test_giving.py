"""`--init MODEL` for networks of another resolution, channels and classes: the same latents, the same pictures."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch

from gantool.api.networks import Gan
from gantool.api.specs import ImageShape
from gantool.engine.judging import parted
from gantool.engine.model_file import ModelCard, save_generator
from gantool.errors import CheckpointError
from gantool.plugins.host import host
from gantool.run.folding import LUMA
from gantool.run.giving import give
from gantool.run.initial import Weights, find, read_weights

SMALL = {
    "mlp": "mlp:latent=6,generator_hidden=8,discriminator_hidden=8",
    "dcgan": "dcgan:latent=6,width=8,max_width=8",
    "progressive": "progressive:latent=6,fmap_base=64,fmap_max=8,stabilise_kimg=1,fade_kimg=1",
    "msg": "msg:latent=6,fmap_base=64,fmap_max=8",
    "stylegan2": "stylegan2:latent=6,channel_base=256,channel_max=8,mapping_layers=2",
    "r3gan": "r3gan:latent=6,width=16,group=8,embedding=5",
    "fastgan": "fastgan:latent=6,width=1,embedding=5",
}
PLUGINS, FOLDER = ("stylegan2", "r3gan", "projected"), Path(__file__).parents[2] / "plugins"
UNBOUNDED = ("progressive", "msg", "stylegan2", "r3gan")
AT = dict.fromkeys(SMALL, 16) | {"stylegan2": 32, "r3gan": 32, "fastgan": 32}


@pytest.fixture(autouse=True)
def plugins(gantool_host, monkeypatch):
    """Architectures that come as plugins of this repository."""
    for name in PLUGINS:
        monkeypatch.syspath_prepend(FOLDER / f"gantool-{name}" / "src")
        gantool_host.add(import_module(f"gantool_{name}"), f"gantool-{name}")


def architecture(text: str):
    return host().resolve("architecture", text)


def made(text: str, shape: ImageShape, seed: int) -> Gan:
    """Networks as after some training: no weight at a value that it is built with."""
    torch.manual_seed(seed)
    gan: Gan = architecture(text).build(shape)
    for _ in range(20):
        gan.generator(torch.randn(8, gan.latent_dim), torch.arange(8) % shape.classes if shape.classes else None)
    for network in gan.networks:
        for weight in network.parameters():
            weight.data += 0.1 * torch.randn_like(weight)
        network.eval()
    return gan


def saved(text: str, shape: ImageShape, folder: Path) -> tuple[Gan, Weights]:
    """A model and its weights, as a checkpoint gives them."""
    gan = made(text, shape, seed=1)
    names = tuple(f"class {number}" for number in range(shape.classes))
    card = ModelCard(
        architecture=architecture(text).text, resolution=shape.resolution, channels=shape.channels, class_names=names,
        images_seen=40,
    )  # fmt: skip
    weights = gan.generator.state_dict()
    save_generator(folder / "model.safetensors", weights, card)
    return gan, Weights(find(str(folder / "model.safetensors")), weights, gan.discriminator.state_dict(), weights)


def begun(weights: Weights, text: str, shape: ImageShape):
    gan = made(text, shape, seed=2)
    return gan, give(weights, gan, architecture(text).text, shape)


@torch.no_grad()
def picture(gan: Gan, label: int | None = None):
    z = torch.randn(3, gan.latent_dim, generator=torch.Generator().manual_seed(5))
    return gan.generator(z, None if label is None else torch.full((3,), label))[-1]


@torch.no_grad()
def logits(gan: Gan, images):
    return parted(gan.discriminator(gan.view(images), None))[0]


@pytest.mark.parametrize("name", SMALL)
def test_the_same_networks_take_everything_and_draw_the_same(tmp_path, name):
    shape = ImageShape(AT[name])
    before, weights = saved(SMALL[name], shape, tmp_path)
    gan, given = begun(weights, SMALL[name], shape)
    assert torch.equal(picture(gan), picture(before))
    assert all(line.endswith("parameters taken") and "all" in line for line in given.report)
    images = picture(before).clamp(-1, 1)
    assert torch.equal(logits(gan, images), logits(before, images))


@pytest.mark.parametrize("name", SMALL)
def test_another_number_of_channels_draws_the_same_pictures_in_these(tmp_path, name):
    shape = ImageShape(AT[name])
    before, weights = saved(SMALL[name], shape, tmp_path)
    color = picture(before)
    grey, given = begun(weights, SMALL[name], replace(shape, channels=1))
    assert all(line.endswith("parameters taken") for line in given.report), given.report
    luma = torch.einsum("c,nchw->nhw", torch.tensor(LUMA), color if name in UNBOUNDED else color.atanh())[:, None]
    luma = luma if name in UNBOUNDED else luma.tanh()
    assert torch.allclose(picture(grey), luma, atol=1e-4)
    images = luma.clamp(-1, 1)
    assert torch.allclose(logits(grey, images), logits(before, images.expand(-1, 3, -1, -1)), atol=1e-2)
    clear, _ = begun(weights, SMALL[name], replace(shape, channels=4))
    assert torch.allclose(picture(clear)[:, :3], color, atol=1e-4)
    if name != "r3gan":  # whose last layer has neither a bias nor a ReLU before it
        alpha = picture(clear)[:, 3]
        assert alpha.median() == pytest.approx(1, abs=0.05)
        assert alpha.max() <= 1 + 1e-5  # not the sum of what is opaque already


@pytest.mark.parametrize("name", SMALL)
def test_grey_and_transparent_models_draw_the_same_pictures_in_color(tmp_path, name):
    shape = ImageShape(AT[name], 1)
    before, weights = saved(SMALL[name], shape, tmp_path)
    color, _ = begun(weights, SMALL[name], replace(shape, channels=3))
    assert torch.allclose(picture(color), picture(before).expand(-1, 3, -1, -1), atol=1e-4)
    before, weights = saved(SMALL[name], replace(shape, channels=4), tmp_path)
    color, _ = begun(weights, SMALL[name], replace(shape, channels=3))
    assert torch.allclose(picture(color), picture(before)[:, :3], atol=1e-4)  # on black


@pytest.mark.parametrize("name", SMALL)
def test_classes_begin_as_the_picture_without_any_and_leave_the_rest_as_it_was(tmp_path, name):
    shape = ImageShape(AT[name])
    before, weights = saved(SMALL[name], shape, tmp_path)
    gan, given = begun(weights, SMALL[name], replace(shape, classes=3))
    assert torch.allclose(picture(gan, 2), picture(before), atol=1e-4)
    assert "taken" in given.report[0]


@pytest.mark.parametrize("name", SMALL)
def test_other_classes_keep_all_that_is_not_of_a_class(tmp_path, name):
    shape = ImageShape(AT[name], classes=3)
    before, weights = saved(SMALL[name], shape, tmp_path)
    for classes in (0, 5):
        gan, given = begun(weights, SMALL[name], replace(shape, classes=classes))
        assert "taken" in given.report[0]
        theirs, ours = before.generator.state_dict(), gan.generator.state_dict()
        alike = [key for key in ours if key in theirs and ours[key].shape == theirs[key].shape]
        assert len(alike) >= len(ours) - 1
        assert all(torch.equal(ours[key], theirs[key]) for key in alike)
    assert torch.allclose(picture(gan, 0), picture(gan, 4), atol=1e-4)  # each begins as the mean of the old ones


@pytest.mark.parametrize("name", SMALL)
def test_more_classes_keep_those_of_the_same_names(tmp_path, name):
    shape = ImageShape(AT[name], classes=2)
    before, weights = saved(SMALL[name], shape, tmp_path)
    gan, arch = made(SMALL[name], replace(shape, classes=3), seed=2), architecture(SMALL[name]).text
    give(weights, gan, arch, replace(shape, classes=3), class_names=("another", "class 1", "class 0"))
    for old, new in ((0, 2), (1, 1)):
        assert torch.allclose(picture(gan, new), picture(before, old), atol=1e-4)
    assert not torch.allclose(picture(gan, 0), picture(gan, 1), atol=1e-4)


@pytest.mark.parametrize("name", ["progressive", "msg"])
def test_a_larger_model_draws_the_smaller_ones_picture_at_its_level(tmp_path, name):
    before, weights = saved(SMALL[name], ImageShape(16), tmp_path)
    gan, given = begun(weights, SMALL[name], ImageShape(32))
    gan.show(16)
    with torch.no_grad():
        z = torch.randn(3, gan.latent_dim, generator=torch.Generator().manual_seed(5))
        levels = {image.shape[-1]: image for image in gan.generator(z, None)}
    assert torch.equal(levels[16], picture(before))
    assert "blocks.2" in given.report[0]
    assert "stem" not in given.report[0]


@pytest.mark.parametrize("name", ["stylegan2", "r3gan", "dcgan", "progressive", "msg"])
def test_blocks_of_the_same_side_are_taken_whatever_their_number(tmp_path, name):
    side = AT[name]
    for fine, coarse in ((2 * side, side), (side, 2 * side)):
        before, weights = saved(SMALL[name], ImageShape(coarse), tmp_path)
        gan, _ = begun(weights, SMALL[name], ImageShape(fine))
        for title in ("generator", "discriminator"):
            theirs, ours = of_sides(before, title), of_sides(gan, title)
            shared = [key for key in ours.keys() & theirs.keys() if ours[key].shape == theirs[key].shape]
            assert shared
            assert all(torch.equal(ours[key], theirs[key]) for key in shared)


def of_sides(gan: Gan, title: str):
    """The weights by side and place in it."""
    network, found = getattr(gan, title), {}
    for name, side in gan.module_sides().items():
        if name.startswith(title):
            module = name.removeprefix(f"{title}.")
            for leaf, weight in network.get_submodule(module).state_dict().items():
                place = sum(key[:2] == (side, leaf) and key[3] == module.rpartition(".")[0] for key in found)
                found[side, leaf, place, module.rpartition(".")[0]] = weight
    return found


def test_a_report_names_what_is_new_and_networks_of_which_nothing_fits_are_refused(tmp_path):
    _, weights = saved(SMALL["msg"], ImageShape(16), tmp_path)
    _, given = begun(weights, SMALL["msg"], ImageShape(32))
    assert given.report[0].startswith("Generator: ")
    assert " parameters taken (" in given.report[0]
    assert "; new: blocks.2 (" in given.report[0]
    for text in (SMALL["mlp"], SMALL["dcgan"], "msg:latent=7,fmap_base=60,fmap_max=7"):
        with pytest.raises(CheckpointError, match=r"would take .* parameters: .*leave --arch out"):
            begun(weights, text, ImageShape(16))
    _, given = begun(weights, SMALL["progressive"], ImageShape(16))  # the same names mean the same in both
    assert "all" in given.report[0]


def test_a_file_gives_the_generator_alone(tmp_path):
    _, weights = saved(SMALL["dcgan"], ImageShape(16), tmp_path)
    _, given = begun(read_weights(weights.initial), SMALL["dcgan"], ImageShape(16))
    assert given.report[0].startswith("Generator: all")
    assert given.report[1].startswith("Discriminator: all")
    assert given.report[1].endswith("are new")


def test_the_age_of_a_model_is_told_where_it_is_known(tmp_path):
    _, weights = saved(SMALL["mlp"], ImageShape(16), tmp_path)
    told = weights.initial.networks
    assert told.endswith("model.safetensors, after 40 images")
    imported = replace(weights.initial, origin=weights.initial.origin.model_copy(update={"images_seen": 0}))
    assert imported.networks == told.removesuffix(", after 40 images")
