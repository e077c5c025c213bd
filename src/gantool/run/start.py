"""A plan becomes a Trainer in its run folder; by the time that anything is written, nothing is wrong."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from gantool.api.data import Source
from gantool.api.events import Started
from gantool.api.observers import Listener
from gantool.api.run_config import RunConfig
from gantool.api.specs import AUTO
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.engine import checkpoint
from gantool.engine.cuda_graphs import check_graph
from gantool.engine.devices import pick_device
from gantool.engine.distributed import World, join_world
from gantool.engine.model_file import ModelCard
from gantool.engine.run_names import SKIPPED, beside
from gantool.engine.state import is_same_data
from gantool.engine.trainer import Trainer
from gantool.errors import ResumeError, printable
from gantool.files import RunLock, write_text
from gantool.plugins.selection import Chosen
from gantool.run import folder as run_folder
from gantool.run import launches
from gantool.run.adversary import heeded_choices
from gantool.run.components import known_by, source_name
from gantool.run.defaults import measured
from gantool.run.duration import Duration, duration
from gantool.run.forecast import explaining_memory, forewarnings
from gantool.run.giving import Given, give
from gantool.run.initial import origin_of, read_weights
from gantool.run.intervals import settled
from gantool.run.joined import JoinedChoice
from gantool.run.planning import Plan, plan_of
from gantool.run.prepare import PreparedRun, build_game, prepare
from gantool.run.source import build_source
from gantool.run.trial_steps import Tried
from gantool.sampling import providers


def trainer(
    config: RunConfig | Plan,
    out: Path | str = Path("runs"),
    observers: Sequence[Listener] = (),
    accept_new_data: bool = False,
    plugins: Sequence[Path] = (),
) -> Trainer:
    """What `gantool.trainer` gives (`run/face`), with errors that name flags."""
    plan = config if isinstance(config, Plan) else plan_of(config)
    with explaining_memory(plan.config), ExitStack() as if_it_fails:
        made = _made(plan, Path(out), observers, accept_new_data, plugins, if_it_fails)
        if_it_fails.pop_all()
    return made


def _made(
    plan: Plan,
    out: Path,
    observers: Sequence[Listener],
    accept_new_data: bool,
    plugins: Sequence[Path],
    if_it_fails: ExitStack,
) -> Trainer:
    device = pick_device(plan.config.device)
    world = join_world(device, plan.config.timeout)
    check_graph(plan.config.graph, device, world.size, plan.config.updates)
    lock = _resumed_lock(plan, world, if_it_fails)
    source = build_source(plan.config, plan.components.source)
    class_names = tuple(source.class_names) if plan.config.labels else ()
    precision, tried = (None, None) if plan.timing is None else (plan.timing.precision, plan.timing.tried)
    prepared = prepare(
        plan.config, plan.components, len(source), class_names, device,
        given=plan.given, world=world, precision=precision, initial=plan.initial,
    )  # fmt: skip
    batches = _batches(source, prepared, device, world)
    seen = 0 if plan.checkpoint is None else checkpoint.images_of(plan.checkpoint)
    prepared, expected = _timed(prepared, device, seen, world, tried)
    warnings = list(forewarnings(prepared, device, expected, seen, world.size, plan.timing, plan.given))
    game = build_game(prepared, device, world)
    taken, config = _taken(plan, prepared, class_names, warnings)
    card = _card(config, plan.components.architecture, batches.class_names if config.labels else ())
    saved = _saved(plan, world)
    if accept_new_data and saved is not None and not is_same_data(saved, batches):
        plan, lock = _beside(plan, world, warnings), None
    # Only now is anything written: by here every wrong setting has raised its error.
    run, lock = _own_folder(plan, out, world, lock, if_it_fails)
    listening, started = [*prepared.parts.observers, *observers], _started(prepared, expected)
    made = Trainer(game, batches, config, run, card, listening, warnings, lock, plugins, started)
    if taken is not None:
        taken.give_average(made.ema.gan)
    _resume(made, plan, saved)
    launches.note(run, world.leads)
    # A run asked for fewer images than it has seen keeps its files and its settings.
    if world.leads and made.images_seen <= config.images:
        if not plan.resumes:  # the settings come last: a run that has them can be resumed, and keeps its choices
            choices = heeded_choices(plan.choices, game.gan.discriminator is not None)
            run_folder.save_choices(run, config, (*choices, *measured(plan.config, config)), plan.given)
        run_folder.save_config(run, config)
        _list_skipped(run, source)
    return made


def _timed(
    prepared: PreparedRun, device: torch.device, seen: int, world: World, tried: Tried | None
) -> tuple[PreparedRun, Duration | None]:
    """The run with the intervals of all processes in its settings, and the time that the leading one expects of it."""
    expected = duration(prepared, device, seen, world.size, tried) if world.leads else None
    config = prepared.config
    if AUTO in (config.snapshot_every, config.checkpoint_every):
        config = settled(config, world.from_leader(None if expected is None else expected.grid))
    return replace(prepared, config=config), expected


def _saved(plan: Plan, world: World) -> checkpoint.Contents | None:
    """The checkpoint to resume from. Raises ResumeError, in all processes, unless all find the run at one clock."""
    clock = -1 if not plan.resumes else 0 if plan.checkpoint is None else checkpoint.images_of(plan.checkpoint)
    clocks = world.gathered(torch.tensor([clock])).tolist()
    if len(set(clocks)) > 1:
        found = ["no run" if clock < 0 else f"the run at {clock:,} images" for clock in clocks]
        other = next(rank for rank, clock in enumerate(clocks) if clock != clocks[0])
        raise ResumeError(
            f"Process 0 finds {found[0]}, and process {other} {found[other]}. To resume, all nodes must see the same "
            "run: give it a --name, and an --out on a file system that they share."
        )
    return None if plan.checkpoint is None else checkpoint.load(plan.checkpoint)


def _started(prepared: PreparedRun, expected: Duration | None) -> Callable[..., Started]:
    """The event of the run's beginning, with what the trainer does not know."""
    span = None if expected is None else (expected.low, expected.high)
    return partial(Started, seconds=span, brief=prepared.components.texts(brief=True))


def _resumed_lock(plan: Plan, world: World, if_it_fails: ExitStack) -> RunLock | None:
    """The lock of a run that resumes, before anything takes time; the leading process holds it for all ranks."""
    if plan.run is None or not plan.resumes or not world.leads:
        return None
    lock = if_it_fails.enter_context(RunLock(plan.run))
    if plan.from_newest:
        run_folder.check_newest(plan.run, plan.checkpoint)
    return lock


def _card(config: RunConfig, chosen: Chosen, class_names: Sequence[str]) -> ModelCard:
    return ModelCard(
        architecture=chosen.text,
        resolution=config.resolution,
        channels=config.channels,
        class_names=tuple(class_names),
        images_seen=0,
        provider=chosen.distribution,
        began_with=origin_of(config),
    )


def _beside(plan: Plan, world: World, warnings: list[str]) -> Plan:
    """The plan in a new folder, so that a run whose images have changed is not overwritten."""
    assert plan.run is not None
    run = world.from_leader(beside(plan.run))
    warnings.append(f"The images are not those of the run {plan.run}: it stays as it is, and {run} goes on from there.")
    return replace(plan, run=run)


def _taken(
    plan: Plan, prepared: PreparedRun, class_names: Sequence[str], warnings: list[str]
) -> tuple[Given | None, RunConfig]:
    """What the networks now have of the model that the run begins with, if there is one, and settings that say so."""
    config, gan = prepared.config, prepared.gan
    if plan.initial is None:
        return None, config
    warnings += plan.initial.warnings(class_names, config.arch)
    taken = give(read_weights(plan.initial), gan, config.arch, prepared.shape, config.freeze_d, class_names)
    return taken, config.model_copy(update={"init_taken": taken.report})


def _resume(made: Trainer, plan: Plan, saved: checkpoint.Contents | None) -> None:
    if plan.checkpoint is not None:
        with providers.explaining_misfit(plan.checkpoint, plan.components.architecture):
            made.resume(plan.checkpoint, saved)


def _batches(source: Source, prepared: PreparedRun, device: torch.device, world: World) -> ShuffledBatches:
    config, chosen = prepared.config, prepared.components.source
    name = chosen.texts if isinstance(chosen, JoinedChoice) else config.data
    return open_batches(
        source, name=name, known=known_by(chosen), resolution=config.resolution, channels=config.channels,
        seed=config.seed, flip=config.flip, labels=config.labels, device=device, rank=world.rank, world=world.size,
        cache=config.cache, sides=[stage.resolution for stage in prepared.stages if stage.start < config.images],
    )  # fmt: skip


def _own_folder(
    plan: Plan, out: Path, world: World, lock: RunLock | None, if_it_fails: ExitStack
) -> tuple[Path, RunLock | None]:
    """The run's folder, locked by the leading process and swept of what a killed process left half-written."""
    run = _run_folder(plan, out, world)
    if world.leads and lock is None:
        lock = if_it_fails.enter_context(RunLock(run))
        run_folder.check_fresh(run)
    if world.leads:
        run_folder.sweep(run)
    return run, lock


def _run_folder(plan: Plan, out: Path, world: World) -> Path:
    if plan.run is not None:
        return run_folder.make(plan.run) if world.leads else plan.run
    title = f"{plan.components.architecture.spec.name}-{source_name(plan.components.source)}"
    return world.from_leader(run_folder.fresh(out, title) if world.leads else out)


def _list_skipped(run: Path, source: Source) -> None:
    lines = [f"{printable(one.path)}\t{printable(one.reason)}\n" for one in source.skipped]
    if lines:
        write_text(run / SKIPPED, "".join(lines))
    else:
        (run / SKIPPED).unlink(missing_ok=True)
