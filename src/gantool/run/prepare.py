"""The parts of a run, each built once from its component and checked: networks, precision, training step."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import torch

from gantool.api.networks import Gan, Stage
from gantool.api.observers import Listener
from gantool.api.run_config import RunConfig
from gantool.api.specs import ImageShape, OptimizerSetting
from gantool.api.strategies import Augmentation, Balance, Loss, Penalty
from gantool.engine.bounds import TooLargeError, bounded
from gantool.engine.contract_check import check_contract
from gantool.engine.devices import free_memory, keep_freed_memory
from gantool.engine.distributed import World
from gantool.engine.importing import import_compiler
from gantool.engine.precision import Precision, choose
from gantool.engine.stages import check_parts, full_grown, stages_of
from gantool.engine.step import Game
from gantool.engine.timing import step_timer
from gantool.engine.trial import try_augmentation, try_balance, try_loss, try_optimizer, try_penalty, try_state
from gantool.engine.trial_networks import try_networks
from gantool.errors import OptionError, shortened
from gantool.files import cache_folder
from gantool.plugins.selection import Chosen
from gantool.progress import report
from gantool.run.adversary import refuse_their_penalties, without_adversary
from gantool.run.components import RunComponents
from gantool.run.conflicts import refuse_conflicts
from gantool.run.freezing import freeze
from gantool.run.giving import refuse_misfit
from gantool.run.initial import Initial
from gantool.run.source import check_batch

ALONE = World()
CHECKING = "checking the networks"
COPIES = 3
"""Weights, their gradients and at least one of moments and average: less memory than that is never enough."""


@dataclass(frozen=True)
class Parts:
    """The built components of a run beside its networks and its source."""

    loss: Loss
    penalties: tuple[Penalty, ...]
    augmentation: Augmentation | None
    balance: Balance
    observers: tuple[Listener, ...]


@dataclass(frozen=True)
class PreparedRun:
    """A run that is built and checked, ready to train; `images` is the number of images in the data.

    `learning` has the names of the weights that each network was built with to learn; `Gan.advance` may let them rest.
    """

    config: RunConfig
    components: RunComponents
    images: int
    gan: Gan
    learning: tuple[frozenset[str], ...]
    shape: ImageShape
    stages: tuple[Stage, ...]
    precision: Precision
    parts: Parts


def prepare(
    config: RunConfig,
    components: RunComponents,
    images: int,
    class_names: Sequence[str],
    device: torch.device,
    *,
    given: Mapping[str, bool] | None = None,
    world: World = ALONE,
    precision: Precision | None = None,
    initial: Initial | None = None,
) -> PreparedRun:
    """Build and check the parts of a run, for so many images of these classes (none: without labels).

    `given` are the settings that were asked for, and not chosen by default: true if by a flag. Precision, layout and
    order of convolutions at "auto" become those of `precision`, or else what is fastest here, on the leading process of
    `world`. Nothing is written or moved to the device. Raises UsageError, DataError or PluginError where no run is
    possible, and CheckpointError where the model that it begins with, `initial`, does not fit.
    """
    check_batch(config, images, components.source.brief)  # before the speed of such a batch is measured
    gan, learning, shape = build_gan(config, components.architecture, class_names)
    if initial is not None and precision is None:  # else a run of it was timed, and it was found to fit
        refuse_misfit(initial, gan, config, shape, class_names)
    if gan.discriminator is None:
        config, components = without_adversary(config, components, given or {})
    refuse_conflicts(components, gan, config.updates, learning[0])
    try_plugins(components, gan, shape, device)
    parts = build_parts(components)
    if gan.discriminator is None:
        refuse_their_penalties(components, parts.penalties)
    stages = stages_of(gan, config.resolution, config.batch)
    check_parts(stages, config.accumulate, world.size)
    precision = precision or resolve_precision(config, gan, shape, stages, device, world)
    chosen = {"precision": precision.name, "layout": precision.layout, "convolutions": precision.convolutions}
    config = config.model_copy(update=chosen)
    return PreparedRun(config, components, images, gan, learning, shape, stages, precision, parts)


def build_gan(
    config: RunConfig, chosen: Chosen, class_names: Sequence[str]
) -> tuple[Gan, tuple[frozenset[str], ...], ImageShape]:
    """The networks of a run, checked against the contract, and the names of the weights of each that learn.

    Raises PluginError when they break the contract.
    """
    shape = ImageShape(config.resolution, config.channels, len(class_names))
    free = free_memory(torch.device("cpu"))
    try:
        with torch.random.fork_rng(devices=[]), bounded(free // COPIES if free else sys.maxsize):
            torch.manual_seed(config.seed)
            gan: Gan = chosen.build(shape)
            if isinstance(gan, Gan):
                freeze(gan, config.freeze_d, config.init, chosen.spec.name)
    except TooLargeError as error:
        raise OptionError(
            f"The networks of {shortened(config.arch, 80)} at {config.resolution} pixels do not fit in this machine's "
            f"memory, of which {(free or 0) / 2**30:.1f} GB are free. Choose narrower ones ('gantool plugins show "
            f"{chosen.spec.name}' has the options) or a lower --resolution."
        ) from error
    networks = gan.networks if isinstance(gan, Gan) else ()
    learning = tuple(  # before anything grows, since `advance` may let weights rest for a while
        frozenset(name for name, weight in network.named_parameters() if weight.requires_grad) for network in networks
    )
    report(CHECKING, 0, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # by which torch's lazy layers are drawn, at their first call
        check_contract(gan, shape, chosen.title, config.batch, chosen.is_plugin)  # tests try each stage of our own
    report(CHECKING, 1, 1)
    return gan, learning, shape


def try_plugins(components: RunComponents, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Call the components of plugins as a step will. Raises PluginError when one breaks its contract."""
    arch, optimizer = components.architecture, components.optimizer
    with redirect_stdout(sys.stderr):  # standard output is for results, and a plugin may print
        if arch.is_plugin:
            try_networks(gan, arch.title, shape, device, components.loss.build().pairs_real)
        if optimizer.is_plugin:
            try_optimizer(optimizer.build, optimizer.title, device)
        for chosen in filter(lambda one: one.is_plugin, components.strategies):
            built = chosen.build()  # not the instance of the run, whose state begins with the run
            try_state(built, chosen.title)
            if chosen.kind == "loss":
                try_loss(built, chosen.title, device)
            elif chosen.kind == "balance":
                try_balance(built, chosen.title)
            elif chosen.kind == "penalty":
                try_penalty(built, chosen.title, gan, shape, device)
            else:
                try_augmentation(built, chosen.title, gan, shape, device)
        ours = (one for one in components.penalties if arch.is_plugin and not one.is_plugin)
        for chosen in ours:  # networks may lack the second derivative that a penalty takes
            try_penalty(chosen.build(), f"{chosen.title} beside {arch.title}", gan, shape, device)


def resolve_precision(
    config: RunConfig, gan: Gan, shape: ImageShape, stages: Sequence[Stage], device: torch.device, world: World = ALONE
) -> Precision:
    """The requested precision, layout and order of convolutions; for "auto", what is fastest on the leading process."""
    keep_freed_memory(device)
    timer = step_timer(gan, shape, stages[-1].batch, device, config.graph != "off")
    key = f"{config.arch} at {config.resolution} pixels, batch {config.batch}"
    key += ", graphs" if device.type == "cuda" and config.graph != "off" else ""
    memory = cache_folder() / "precision.json"
    report("measuring which precision is faster here", 0, 1)
    with full_grown(gan, stages):
        wanted = (config.precision, config.layout, config.convolutions)
        precision = choose(*wanted, device, timer, memory, key) if world.leads else Precision()
    report("measuring which precision is faster here", 1, 1)
    return world.from_leader(precision)


def build_parts(components: RunComponents) -> Parts:
    """The components of a run beside networks and source, each built once."""
    return Parts(
        loss=components.loss.build(),
        penalties=tuple(one.build() for one in components.penalties),
        augmentation=None if components.augmentation is None else components.augmentation.build(),
        balance=components.balance.build(),
        observers=tuple(one.build() for one in components.listening),
    )


def build_game(prepared: PreparedRun, device: torch.device, world: World) -> Game:
    """The training step of a prepared run: networks on the device, their optimizers, and the components."""
    config, gan, parts, precision = prepared.config, prepared.gan, prepared.parts, prepared.precision
    for network in gan.networks:
        precision.place(network, device)
    import_compiler()
    scale_g, scale_d = parts.balance.learning_rate_scales

    def optimizer_of(number: int, learning_rate: float) -> torch.optim.Optimizer:
        names = prepared.learning[number]
        learning = [weight for name, weight in gan.networks[number].named_parameters() if name in names]
        setting = OptimizerSetting(learning_rate, config.betas, config.weight_decay)
        built: torch.optim.Optimizer = prepared.components.optimizer.build(learning, setting)
        return built

    return Game(
        gan,
        _placed(parts.loss, device),
        optimizer_of(0, config.lr_g * scale_g),
        None if gan.discriminator is None else optimizer_of(1, config.lr_d * scale_d),
        penalties=tuple(_placed(penalty, device) for penalty in parts.penalties),
        augmentation=_placed(parts.augmentation, device),
        balance=None if gan.discriminator is None else parts.balance,  # which decides on the host
        precision=precision,
        world=world,
        accumulate=config.accumulate,
        clip=config.clip_grad,
        updates=config.updates,
    )


def _placed(component: Any, device: torch.device) -> Any:
    return component.to(device) if isinstance(component, torch.nn.Module) else component
