"""Tiny networks, batches and plugins that tests train with."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gantool.api.events import Started
from gantool.api.networks import Gan, Images, Labels
from gantool.api.run_config import RunConfig
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.builtin.penalties import GpOptions
from gantool.builtin.penalties.gradients import GradientPenalty
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.engine.precision import Precision
from gantool.engine.step import Game
from gantool.engine.trainer import Trainer

SIDE = 8


class TinyGenerator(nn.Module):
    def __init__(self, latent: int = 4, channels: int = 3, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.stem = nn.Linear(latent, 8 * SIDE * SIDE // 4)
        self.norm = nn.BatchNorm2d(8)
        self.last = nn.ConvTranspose2d(8, channels, 4, 2, 1)

    def forward(self, z: Tensor, labels: Labels = None) -> Images:
        maps = self.stem(z).unflatten(1, (8, SIDE // 2, SIDE // 2))
        return (torch.tanh(self.last(torch.relu(self.norm(maps)))),)


class TinyDiscriminator(nn.Module):
    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 8, 4, 2, 1)
        self.last = nn.Linear(8 * SIDE * SIDE // 4, 1)

    def forward(self, images: Images, labels: Labels = None) -> Tensor:
        maps = nn.functional.leaky_relu(self.first(images[-1]), 0.2)
        logits: Tensor = self.last(maps.flatten(1)).flatten()
        return logits


def tiny_gan(seed: int = 0) -> Gan:
    torch.manual_seed(seed)
    return Gan(TinyGenerator(), TinyDiscriminator(), 4)


def game_of(gan, loss=None, optimizers=None, **more):
    """A game of these networks by fused Adam."""
    made = optimizers or [
        torch.optim.Adam([w for w in network.parameters() if w.requires_grad], 1e-2, fused=True)
        for network in gan.networks
    ]
    return Game(gan, loss or Logistic(LogisticOptions()), made[0], made[1] if len(made) > 1 else None, **more)


def started(run, images_seen=0, goal=100, arch="tiny", resolution=8, reals=None):
    config = RunConfig(arch=arch, resolution=resolution, images=goal, batch=4)
    return Started(run, arch, images_seen, goal, "cpu", "float32", 4, resolution, config, reals)


class TinyBatches:
    """Random pictures, in the order of the clock."""

    def __init__(self, count: int = 64, classes: Sequence[str] = ()) -> None:
        drawn = torch.Generator().manual_seed(1)
        self.images = torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8, generator=drawn)
        self.notes = ()
        self.count, self.fingerprint, self.class_names = count, f"tiny-{count}", tuple(classes)

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[Tensor, Labels]:
        return self.images[torch.arange(images_seen, images_seen + n) % self.count], None


PLAIN = Precision()
ALONE = World()


def trainer(run, images=64, loss=None, batches=None, observers=(), plays=PLAIN, world=ALONE, game=(), **settings):
    gan = tiny_gan()
    for network in (gan.generator, gan.discriminator):
        plays.place(network, torch.device("cpu"))
    adam = [
        torch.optim.Adam(n.parameters(), 1e-2, betas=(0.5, 0.9), fused=True) for n in (gan.generator, gan.discriminator)
    ]
    penalties = (GradientPenalty(GpOptions(every=2)),)
    penalties[0].component_name = "gp"
    parts = {"penalties": penalties, "precision": plays, "world": world, **dict(game)}
    played = Game(gan, loss or Logistic(LogisticOptions()), *adam, **parts)
    defaults = {"batch": 8, "tick": 16, "snapshot_every": 32, "checkpoint_every": 32}
    config = RunConfig(arch="tiny", resolution=8, images=images, **defaults | settings)
    card = ModelCard(architecture="tiny", resolution=8, channels=3, images_seen=0)
    run.mkdir(exist_ok=True)
    return Trainer(played, batches or TinyBatches(), config, run, card, list(observers))


def state(made):
    gan = made.game.gan
    networks = [*gan.generator.state_dict().values(), *gan.discriminator.state_dict().values()]
    averaged = list(made.ema.gan.generator.state_dict().values())
    moments = [v for o in (made.game.optimizer_g, made.game.optimizer_d) for s in o.state.values() for v in s.values()]
    return [tensor.clone() for tensor in [*networks, *averaged, *moments]]
