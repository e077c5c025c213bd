"""The one room that knows both sides: a configuration becomes a Trainer, a model file becomes a Model."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gantool import runs
from gantool.components import ImageShape
from gantool.config import NONE, RunConfig, differences
from gantool.contracts import Gan, Observer, Source, Stage
from gantool.data.batches import open_batches
from gantool.data.cache_folder import cache_folder
from gantool.data.names import printable
from gantool.engine import budget, checkpoint
from gantool.engine.allocator import keep_freed_memory
from gantool.engine.devices import free_memory, is_out_of_memory, out_of_memory, pick_device
from gantool.engine.distributed import World, join_world
from gantool.engine.export import ModelCard, load_generator
from gantool.engine.files import write_atomically
from gantool.engine.inspection import check_contract
from gantool.engine.lock import RunLock
from gantool.engine.precision import Precision, choose
from gantool.engine.stages import full_grown, stages_of
from gantool.engine.step import Game
from gantool.engine.timing import step_timer
from gantool.engine.trainer import Trainer
from gantool.engine.trials import try_augmentation, try_loss, try_penalty
from gantool.errors import DataError, PluginError, ResumeError, UsageError
from gantool.locate import generator_file
from gantool.model import Model
from gantool.plugin_choice import Chosen
from gantool.plugins import host
from gantool.resolve import as_settled, asked_for, only_moved, resolve, resolve_source, restated

AS_IT_WAS = (("precision", "auto"), ("layout", "auto"))
"""What a run that goes on has settled already: asking for it again changes nothing."""
DEFAULT_OBSERVERS = ("jsonl", "samples")


@dataclass(frozen=True)
class Plan:
    """A run that is about to start or go on: its configuration, its folder, and where it goes on from."""

    config: RunConfig
    run: Path | None
    checkpoint: Path | None = None
    resumes: bool = False


def configure(config: Path | str | None = None, **settings: Any) -> RunConfig:
    """A resolved configuration from settings named like the command line's flags, over those of a TOML file.

    Raises UsageError and its kin for unknown names and wrong values.
    """
    return resolve(host(), settings, Path(config) if config is not None else None)


def plan(
    settings: Mapping[str, Any],
    config: Path | None = None,
    out: Path = Path("runs"),
    name: str | None = None,
    resume: Path | None = None,
) -> Plan:
    """What a training command means. Raises ResumeError when a run exists and differs from what is asked for."""
    found = None
    if resume is not None and name is not None:
        raise UsageError("--resume and --name exclude each other: both say which run goes on.")
    if resume is not None:
        found = runs.find(resume, out)
    elif name is not None and (runs.named(out, name) / runs.CONFIG).is_file():
        found = runs.find(runs.named(out, name), out)
    if found is None:
        return Plan(resolve(host(), settings, config), runs.named(out, name) if name is not None else None)
    asked = {key: value for key, value in asked_for(settings, config).items() if (key, value) not in AS_IT_WAS}
    before = restated(host(), found.config)
    if "arch" in asked:
        asked["arch"] = as_settled(host(), asked["arch"], before.arch)
    resolved = resolve(host(), before.model_dump() | asked)
    if only_moved(host(), before.data, resolved.data):
        before = before.model_copy(update={"data": resolved.data})
    changed = differences(before, resolved)
    if changed:
        raise ResumeError(
            f"The run {found.run} was made with other settings: {'; '.join(changed)}. "
            "Leave those flags out to go on with it, or start a new run under another --name."
        )
    return Plan(resolved, found.run, found.checkpoint, resumes=True)


def trainer(
    config: RunConfig | Plan,
    out: Path | str = Path("runs"),
    observers: Sequence[Observer] = (),
    accept_new_data: bool = False,
) -> Trainer:
    """A Trainer for a configuration, in a fresh run folder, or for a plan, which may go on with a run.

    It holds the folder until its training ends or it is dropped. Raises DataError, PluginError, CheckpointError or
    ResumeError before anything is trained.
    """
    plan = config if isinstance(config, Plan) else Plan(config, None)
    config, device = plan.config, pick_device(plan.config.device)
    with explaining_memory(config), ExitStack() as if_it_fails:
        world = join_world(device)
        # A run that goes on is held before anything takes time; all ranks share it, and the leading one holds it.
        lock = if_it_fails.enter_context(RunLock(plan.run)) if plan.run and plan.resumes and world.leads else None
        source = build_source(config)
        _check_batch(config, len(source))  # before the speed of such a batch is measured
        gan, shape = build_gan(config, tuple(source.class_names) if config.labels else ())
        try_guests(config, gan, shape, device)
        config, precision = settle_precision(config, gan, shape)
        batches = open_batches(
            source, name=config.data, resolution=config.resolution, channels=config.channels, seed=config.seed,
            flip=config.flip, labels=config.labels, device=device, rank=world.rank, world=world.size,
        )  # fmt: skip
        warnings = list(_memory_warnings(config, gan, shape, device))
        game = build_game(config, gan, device, precision, world)
        watchers = [*_own_observers(config), *observers]
        card = _card(config, batches.class_names if config.labels else ())
        # Only now is anything written: what is wrong with the request has come up by here.
        run = _run_folder(plan, Path(out), world)
        if world.leads and lock is None:
            lock = if_it_fails.enter_context(RunLock(run))
            runs.check_fresh(run)
        made = Trainer(game, batches, config, run, card, watchers, warnings, lock)
        if plan.checkpoint is not None:
            made.resume(plan.checkpoint, accept_new_data)
        # A run asked for fewer images than it has seen stays what it is, and its settings what it was made with.
        if world.leads and made.images_seen <= config.images:
            runs.save_config(run, config)
            _list_skipped(run, source)
        if_it_fails.pop_all()
    return made


def _own_observers(config: RunConfig) -> list[Observer]:
    """Those that every run has, unless `--log` names them with options of its own, and those of `--log`."""
    named = {text.partition(":")[0] for text in config.log}
    texts = (*(name for name in DEFAULT_OBSERVERS if name not in named), *config.log)
    return [host().resolve("observer", text).build() for text in texts]


@contextmanager
def explaining_memory(config: RunConfig) -> Iterator[None]:
    """Turn running out of memory into advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory(config.batch, pick_device(config.device)) from error


def train(config: RunConfig | Plan | None = None, out: Path | str = Path("runs"), **settings: Any) -> Path:
    """Train to the end and return the run folder: `gantool.train(arch="dcgan", data="photos", images="50k")`."""
    if config is not None and settings:
        raise UsageError(f"Settings ({', '.join(settings)}) beside a configuration: put them into gantool.configure().")
    return trainer(config or configure(**settings), out).train().run


def load(model: Path | str, device: str = "auto") -> Model:
    """The generator in a run folder, a checkpoint or a `.safetensors` file.

    Raises CheckpointError when it is none or damaged, PluginError when the plugin with its architecture is missing.
    """
    path = generator_file(Path(model))
    weights, card = load_generator(path)
    try:
        chosen = host().resolve("architecture", card.architecture)
    except Exception as error:
        raise PluginError(
            f"{path} needs the architecture of {card.provider}, which is not usable here: {error}"
        ) from error
    shape = ImageShape(card.resolution, card.channels, len(card.class_names))
    with torch.random.fork_rng(devices=[]):
        gan = chosen.build(shape)
    if chosen.is_guest:
        check_contract(gan, shape, chosen.title)
    gan.advance(card.images_seen)
    checkpoint.load_weights(gan.generator, weights, str(path))
    gan.advance(card.images_seen)  # what it derives from the clock wins over what was averaged
    return Model(gan, card, pick_device(device))


def build_source(config: RunConfig) -> Source:
    """The source of a configuration. Raises DataError when labels are wanted and there are none."""
    chosen = resolve_source(host(), config.data)
    source: Source = chosen.build(resolution=config.resolution, channels=config.channels)
    if config.labels and not source.class_names:
        raise _unlabelled(chosen)
    return source


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
    check_contract(gan, shape, chosen.title)
    return gan, shape


def try_guests(config: RunConfig, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Call what plugins bring to the game as a step will. Raises PluginError when it breaks its contract."""
    named = [("loss", config.loss), *(("penalty", text) for text in config.penalty), ("augmentation", config.augment)]
    guests = [chosen for kind, text in named if text != NONE and (chosen := host().resolve(kind, text)).is_guest]
    for chosen in guests:
        built = chosen.build()  # not the one that will play, so that what that one remembers begins with the run
        with redirect_stdout(sys.stderr):  # standard output is for results, and a guest may print
            if chosen.kind == "loss":
                try_loss(built, chosen.title, device)
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
    with full_grown(gan, stages):
        precision = choose(config.precision, config.layout, device, timer, memory, key)
    return config.model_copy(update={"precision": precision.name, "layout": precision.layout}), precision


def build_game(config: RunConfig, gan: Gan, device: torch.device, precision: Precision, world: World) -> Game:
    """Networks on the device, their optimizers, and what they play by."""
    the_host = host()
    for network in (gan.generator, gan.discriminator):
        precision.place(network, device)

    def adam(network: torch.nn.Module, learning_rate: float) -> torch.optim.Adam:
        return torch.optim.Adam(
            network.parameters(), learning_rate, config.betas, weight_decay=config.weight_decay, fused=True
        )

    return Game(
        gan,
        the_host.resolve("loss", config.loss).build(),
        adam(gan.generator, config.lr_g),
        adam(gan.discriminator, config.lr_d),
        tuple(the_host.resolve("penalty", text).build() for text in config.penalty),
        the_host.resolve("augmentation", config.augment).build() if config.augment != NONE else None,
        precision,
        world,
    )


@dataclass(frozen=True)
class Forecast:
    """What `--dry-run` tells; `memory` is of each of the `stages`, `memory_bytes` the most of them."""

    config: RunConfig
    generator: int
    discriminator: int
    stages: tuple[Stage, ...]
    memory: tuple[int, ...]

    @property
    def memory_bytes(self) -> int:
        """What the heaviest stage takes."""
        return max(self.memory)


def forecast(config: RunConfig) -> Forecast:
    """Trainable parameters and memory of a configuration, without touching the images more than their names need."""
    classes: tuple[str, ...] = ()
    if config.labels:
        natural = resolve_source(host(), config.data).natural()
        # A quick look at a folder counts its classes; other sources know theirs, or that they have none, when built.
        count = natural.classes if natural is not None and natural.classes else len(build_source(config).class_names)
        classes = tuple(map(str, range(count)))
    with explaining_memory(config), torch.random.fork_rng(devices=[]):
        gan, shape = build_gan(config, classes)
        try_guests(config, gan, shape, pick_device(config.device))
        config, _ = settle_precision(config, gan, shape)
        stages = stages_of(gan, config.resolution, config.batch)
        memory = _memory(config, gan, stages, shape.classes)
    return Forecast(config, budget.trainable(gan.generator), budget.trainable(gan.discriminator), stages, memory)


def _memory(config: RunConfig, gan: Gan, stages: Sequence[Stage], classes: int) -> tuple[int, ...]:
    penalties = [host().resolve("penalty", text).build() for text in config.penalty]
    estimated: dict[tuple[int, int], int] = {}
    for stage in stages:
        size = (stage.resolution, stage.batch)  # of the stages of one size the first is a fade, which keeps the most
        if size not in estimated:
            estimated[size] = budget.memory_estimate(gan, stage, classes, penalties)
    gan.advance(0)
    return tuple(estimated[stage.resolution, stage.batch] for stage in stages)


def _memory_warnings(config: RunConfig, gan: Gan, shape: ImageShape, device: torch.device) -> Iterator[str]:
    """Said at the start, since a run that grows would run out of memory only days later."""
    stages, free = stages_of(gan, config.resolution, config.batch), free_memory(device)
    if len(stages) == 1 or free is None:
        return
    with torch.random.fork_rng(devices=[]):
        memory = _memory(config, gan, stages, shape.classes)
    short = [(stage, needed) for stage, needed in zip(stages, memory, strict=True) if needed > free]
    if short:
        stage, needed = short[0]
        yield (
            f"From {stage.start:,} images on, at {stage.resolution} pixels, a step will need about "
            f"{needed / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free on {device}. Lower --batch "
            f"(it is {config.batch}) or --resolution, or make the networks narrower; --dry-run shows each stage."
        )


def _card(config: RunConfig, class_names: Sequence[str]) -> ModelCard:
    chosen = host().resolve("architecture", config.arch)
    return ModelCard(
        architecture=chosen.text,
        resolution=config.resolution,
        channels=config.channels,
        class_names=tuple(class_names),
        images_seen=0,
        provider=chosen.distribution,
    )


def _run_folder(plan: Plan, out: Path, world: World) -> Path:
    if plan.run is not None:
        return runs.make(plan.run)
    if world.size > 1:
        raise ResumeError("Several processes need one run folder: give the run a --name.")
    arch = plan.config.arch.partition(":")[0]
    source = resolve_source(host(), plan.config.data)
    path = getattr(source.options, "path", None)
    return runs.fresh(out, f"{arch}-{Path(path).stem if path else source.spec.name}")


def _check_batch(config: RunConfig, count: int) -> None:
    if count == 1:
        raise DataError("There is one image; training needs two at the least, and some hundreds to be worth while.")
    if config.batch > count > 0:
        raise DataError(
            f"--batch {config.batch} is more than the {count} images there are; use --batch {count} or less."
        )


def _list_skipped(run: Path, source: Source) -> None:
    lines = [f"{printable(one.path)}\t{printable(one.reason)}\n" for one in getattr(source, "skipped", ())]
    if lines:
        write_atomically(run / "skipped.tsv", lambda path: path.write_text("".join(lines), encoding="utf-8"))
