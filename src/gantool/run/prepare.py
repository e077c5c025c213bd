"""The parts of a run, each made from its configuration: source, networks, precision and the game they play."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import torch

from gantool.api.contracts import Balance, Gan, Penalty, Source
from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import ImageShape
from gantool.engine.contract_check import check_contract
from gantool.engine.devices import is_out_of_memory, keep_freed_memory, out_of_memory, pick_device
from gantool.engine.distributed import World
from gantool.engine.precision import Precision, choose
from gantool.engine.stages import full_grown, stages_of
from gantool.engine.step import Game
from gantool.engine.timing import step_timer
from gantool.engine.trial import (
    try_augmentation,
    try_balance,
    try_loss,
    try_memory,
    try_penalty,
)
from gantool.engine.trial_networks import try_networks
from gantool.errors import DataError
from gantool.files import cache_folder
from gantool.plugins.host import host
from gantool.plugins.selection import Chosen
from gantool.progress import report
from gantool.run.conflicts import strategies_of
from gantool.run.resolve import resolve_source


def build_source(config: RunConfig) -> Source:
    """The source of a configuration. Raises DataError when labels are wanted and there are none."""
    chosen = resolve_source(host(), config.data)
    source: Source = chosen.build(resolution=config.resolution, channels=config.channels)
    if config.labels and not source.class_names:
        raise _unlabelled(chosen)
    return source


def check_batch(config: RunConfig, count: int) -> None:
    """Raise DataError when there are too few images to train on, or to fill a batch."""
    if count == 1:
        raise DataError("There is one image; training needs two at the least, and some hundreds to be worth while.")
    if config.batch > count > 0:
        raise DataError(
            f"--batch {config.batch} is more than the {count} images there are; use --batch {count} or less."
        )


def _unlabelled(source: Chosen) -> DataError:
    place = getattr(source.options, "path", f"source {source.spec.name!r}")
    return DataError(
        f"--labels was given, but {place} has no classes. A folder needs a sub-folder for each class (cats/, dogs/) "
        "and no pictures beside them; without labels, leave --labels out."
    )


def build_gan(config: RunConfig, class_names: Sequence[str]) -> tuple[Gan, ImageShape]:
    """The networks of a configuration, checked against the contract. Raises PluginError when they break it."""
    shape = ImageShape(config.resolution, config.channels, len(class_names))
    chosen = host().resolve("architecture", config.arch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        gan: Gan = chosen.build(shape)
    check_contract(gan, shape, chosen.title, config.batch)
    return gan, shape


def try_guests(config: RunConfig, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Call what plugins bring to the game as a step will. Raises PluginError when it breaks its contract."""
    arch = host().resolve("architecture", config.arch)
    if arch.is_guest:
        with redirect_stdout(sys.stderr):
            try_networks(gan, arch.title, shape, device)
    for chosen in filter(lambda one: one.is_guest, strategies_of(config)):
        built = chosen.build()  # not the one that will play, so that what that one remembers begins with the run
        with redirect_stdout(sys.stderr):  # standard output is for results, and a guest may print
            try_memory(built, chosen.title)
            if chosen.kind == "loss":
                try_loss(built, chosen.title, device)
            elif chosen.kind == "balance":
                try_balance(built, chosen.title)
            elif chosen.kind == "penalty":
                try_penalty(built, chosen.title, gan, shape, device)
            else:
                try_augmentation(built, chosen.title, gan, shape, device)


def settle_precision(config: RunConfig, gan: Gan, shape: ImageShape) -> tuple[RunConfig, Precision]:
    """Replace `auto` by what is fastest here, and the precision that says so."""
    device = pick_device(config.device)
    keep_freed_memory(device)
    stages = stages_of(gan, config.resolution, config.batch)
    timer = step_timer(gan, shape, stages[-1].batch, device)
    key = f"{config.arch} at {config.resolution} pixels, batch {config.batch}"
    memory = cache_folder() / "precision.json"
    report("measuring which precision is faster here", 0, 1)
    with full_grown(gan, stages):
        precision = choose(config.precision, config.layout, device, timer, memory, key)
    report("measuring which precision is faster here", 1, 1)
    return config.model_copy(update={"precision": precision.name, "layout": precision.layout}), precision


def build_game(config: RunConfig, gan: Gan, device: torch.device, precision: Precision, world: World) -> Game:
    """Networks on the device, their optimizers, and what they play by."""
    for network in gan.networks:
        precision.place(network, device)
    balance: Balance = host().resolve("balance", config.balance).build()
    scale_g, scale_d = balance.learning_rate_scales

    def adam(network: torch.nn.Module, learning_rate: float) -> torch.optim.Adam:
        learning = [weight for weight in network.parameters() if weight.requires_grad]
        return torch.optim.Adam(learning, learning_rate, config.betas, weight_decay=config.weight_decay, fused=True)

    return Game(
        gan,
        _placed(host().resolve("loss", config.loss).build(), device),
        adam(gan.generator, config.lr_g * scale_g),
        None if gan.discriminator is None else adam(gan.discriminator, config.lr_d * scale_d),
        penalties=tuple(_placed(penalty, device) for penalty in penalties_of(config)),
        augmentation=_placed(host().resolve("augmentation", config.augment).build(), device)
        if config.augment != NONE
        else None,
        balance=None if gan.discriminator is None else balance,  # which decides on the host
        precision=precision,
        world=world,
        accumulate=config.accumulate,
        clip=config.clip_grad,
    )


def penalties_of(config: RunConfig) -> list[Penalty]:
    """The penalties of a configuration, built."""
    return [host().resolve("penalty", text).build() for text in config.penalty]


def _placed(component: Any, device: torch.device) -> Any:
    return component.to(device) if isinstance(component, torch.nn.Module) else component


@contextmanager
def explaining_memory(config: RunConfig) -> Iterator[None]:
    """Turn running out of memory into advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory(config.batch, pick_device(config.device)) from error
