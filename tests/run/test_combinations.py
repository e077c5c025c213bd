"""Every built-in loss, penalty and augmentation on every built-in architecture: the registry says which there are."""

from itertools import product

import pytest
import torch

from fakes import TinyBatches
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.engine.trainer import Trainer
from gantool.engine.trial import try_augmentation
from gantool.plugins.host import PluginHost
from gantool.run.prepare import build_game
from prepared import prepared

SMALL = {
    "mlp": "mlp:latent=6,generator_hidden=16,discriminator_hidden=16",
    "dcgan": "dcgan:width=4,max_width=8,latent=6",
    # Two steps of 8 images lie within the fade to 8 pixels.
    "progressive": "progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg=0.001,fade_kimg=0.05",
    "msg": "msg:fmap_base=64,fmap_max=8,latent=6",
}
BUILT_IN = PluginHost(third_party=False, environ={})
LOSSES, PENALTIES = BUILT_IN.specs("loss"), ["none", *BUILT_IN.specs("penalty")]
AUGMENTATIONS = {"diffaugment": "diffaugment:strength=0.7", "ada": "ada:p=0.5"}


class Pictures(TinyBatches):
    """16 pixels, reduced on demand."""

    def take(self, images_seen, n, resolution=None):
        drawn = torch.Generator().manual_seed(images_seen)
        return torch.randint(0, 256, (n, 3, resolution, resolution), dtype=torch.uint8, generator=drawn), None


def test_every_built_in_architecture_is_combined_here():
    assert set(SMALL) == set(BUILT_IN.specs("architecture"))
    assert set(AUGMENTATIONS) == set(BUILT_IN.specs("augmentation"))


# On the smallest network each with each; on the others each loss, and each penalty, with the plain rest of the game.
COMBINED = [
    (arch, loss, penalty)
    for arch, loss, penalty in product(SMALL, LOSSES, PENALTIES)
    if arch == "mlp" or loss == "logistic" or penalty == "none"
]


@pytest.mark.parametrize(("arch", "loss", "penalty"), COMBINED)
def test_two_steps_are_finite_and_move_both_networks(tmp_path, arch, loss, penalty):
    play_two_steps(tmp_path, arch, loss=loss, penalty=(penalty,))


@pytest.mark.parametrize(("arch", "augment"), [*product(SMALL, AUGMENTATIONS)])
def test_every_augmentation_suits_every_architecture(tmp_path, arch, augment):
    chosen = BUILT_IN.resolve("augmentation", AUGMENTATIONS[augment])
    play_two_steps(tmp_path, arch, loss="logistic", augment=chosen.text, penalty=("r1",))
    for channels in (1, 3):
        run = prepared(SMALL[arch], channels=channels)
        try_augmentation(chosen.build(), chosen.title, run.gan, run.shape, torch.device("cpu"))


def play_two_steps(tmp_path, arch, **settings):
    run = prepared(SMALL[arch], precision="float32", layout="contiguous", **settings)
    config, gan, game = run.config, run.gan, build_game(run, torch.device("cpu"), World())
    card = ModelCard(architecture=config.arch, resolution=16, channels=3, images_seen=0)
    made = Trainer(game, Pictures(), config, tmp_path, card, [])
    made.cadence.images_seen = 8
    before = [[p.detach().clone() for p in net.parameters()] for net in (gan.generator, gan.discriminator)]
    for _ in range(2):
        made.step()
    scalars = made._ledger.close()
    assert scalars["skipped_steps"] == 0
    assert all(torch.isfinite(torch.tensor(value)) for value in scalars.values())
    for network, old in zip((gan.generator, gan.discriminator), before, strict=True):
        moved = [not torch.equal(p, q) for p, q in zip(network.parameters(), old, strict=True)]
        used = [p.grad is not None for p in network.parameters()]
        assert any(moved)
        assert all(torch.isfinite(p).all() for p in network.parameters())
        # By minimax and hinge a weight may have no gradient at first; nothing that is not in use may move.
        bounded = settings.get("penalty") == ("clip",)  # which holds the weights of levels to come, too
        assert bounded or not any(m and not u for m, u in zip(moved, used, strict=True))
