"""Small trainings on any device, of every architecture, on pictures in memory."""

import importlib.util

import pytest
import torch

from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.engine.precision import Precision
from gantool.engine.trainer import Trainer
from gantool.plugins.host import host
from gantool.run.prepare import build_game, prepare
from gantool.run.resolve import resolve_run

BATCH = 8
GROWN = "progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg=0.001,fade_kimg=0"
ARCHS = {
    "dcgan": {"arch": "dcgan:width=8,max_width=16,latent=6", "resolution": 16},
    "mlp": {"arch": "mlp:latent=6,generator_hidden=32,discriminator_hidden=32", "resolution": 16},
    "msg": {"arch": "msg:fmap_base=64,fmap_max=8,latent=6", "resolution": 16},
    "progressive": {"arch": GROWN, "resolution": 16},
    "stylegan2": {
        "arch": "stylegan2:channel_base=256,channel_max=8,latent=8,mapping_layers=2", "resolution": 32,
        "penalty": ("r1:every=2,weight=1", "path-length:weight=2,every=2"),
    },
    "r3gan": {  # by its own recipe, in which gamma and beta2 change with each step
        "arch": "r3gan:width=16,blocks=1,latent=6", "resolution": 32,
    },
}  # fmt: skip
PLUGINS = {"stylegan2", "r3gan"}
every_arch = pytest.mark.parametrize("arch", ARCHS)


class Pictures:
    """Pictures of noise on the device, with the labels 0, 1, 0, 1, ... where there are classes."""

    notes = ()

    def __init__(self, side, device, classes=0):
        drawn = torch.randint(0, 256, (16 * BATCH, 3, side, side), generator=torch.Generator().manual_seed(1))
        self.images = drawn.to(torch.uint8).to(device)
        self.labels = torch.arange(len(drawn), device=device) % classes if classes else None
        self.count, self.fingerprint = len(drawn), "noise"
        self.class_names = tuple(map(str, range(classes)))

    def take(self, images_seen, n, resolution=None):
        start = images_seen % (self.count - n + 1)
        images = self.images[start : start + n]
        if resolution is not None and resolution < images.shape[-1]:
            images = torch.nn.functional.avg_pool2d(images.float(), images.shape[-1] // resolution).to(torch.uint8)
        return images, None if self.labels is None else self.labels[start : start + n]


def trainer_of(which, device, folder, *, precision="float32", classes=0, world=None, pictures=None, **settings):
    """A trainer of this architecture, small, with these settings."""
    if which in PLUGINS and importlib.util.find_spec(f"gantool_{which}") is None:
        pytest.skip(f"gantool-{which} is not installed")
    # A rate that float32 holds, as it is rounded on a GPU and not on a CPU.
    rates = {"lr_g": 2**-11, "lr_d": 2**-11}
    asked = {
        "batch": BATCH,
        "images": 10_000,
        "device": str(device),
        "graph": "off",
        "augment": "none",
        "seed": 3,
    } | rates
    resolved = resolve_run(host(), asked | ARCHS[which] | settings | {"labels": classes > 0})
    layout = "channels_last" if precision == "bf16" else "contiguous"
    names = tuple(map(str, range(classes)))
    ready = prepare(
        resolved.config, resolved.components, 16 * BATCH, names, device,
        precision=Precision(precision, layout, device.type),
    )  # fmt: skip
    config, world = ready.config, world or World()
    card = ModelCard(architecture=config.arch, resolution=config.resolution, channels=3, images_seen=0)
    pictures = pictures or Pictures(config.resolution, device, classes)
    folder.mkdir(exist_ok=True)
    return Trainer(build_game(ready, device, world), pictures, config, folder, card, [])


def weights(made):
    """All parameters and buffers of both networks, and the average, on the CPU."""
    networks = {"g": made.game.gan.generator, "d": made.game.gan.discriminator, "ema": made.ema.gan.generator}
    return {
        f"{name}.{key}": value.detach().cpu().clone()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }


def played(made, steps):
    """Its weights after so many steps."""
    for _ in range(steps):
        made.step()
    return weights(made)


def apart(one, other):
    """The names of the tensors that are not the same in every bit."""
    return [name for name, value in one.items() if not torch.equal(value, other[name])]


def drift(one, other, start):
    """The distance of two ends, relative to the way from the start."""
    names = [name for name, value in one.items() if value.is_floating_point()]
    flat = [torch.cat([each[name].flatten().double() for name in names]) for each in (one, other, start)]
    return float((flat[0] - flat[1]).norm() / (flat[0] - flat[2]).norm())
