"""The forecast of a run: parameters, stages, the memory of each, and warnings."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import torch

from gantool.api.events import Advice
from gantool.api.networks import Stage
from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import Look
from gantool.engine import memory_estimate
from gantool.engine.devices import is_out_of_memory, out_of_memory, pick_device
from gantool.engine.spans import in_words
from gantool.plugins.selection import Chosen
from gantool.run.components import RunComponents
from gantool.run.duration import Duration, Timing, duration
from gantool.run.giving import give
from gantool.run.initial import Initial, read_weights
from gantool.run.intervals import settled
from gantool.run.prepare import PreparedRun, prepare
from gantool.run.source import build_source
from gantool.run.stage_memory import memory_of, of_stages
from gantool.run.warnings import warnings_of

HOUR = 3600
LONG_RUN = 6 * HOUR
"""Seconds on a CPU beyond which a run is warned of before it begins."""
BUSY, WAIT = 0.3, "OMP_WAIT_POLICY"
"""The share of other programs in the processor beyond which a run is warned of them, and the variable by which threads
do not spin: it is 0.04 to 0.08 where this program goes first, 0.43 or more beside others on two cores."""
FEW, FEW_BEYOND_64, TRIAL = 5_000, 16_000, 1_000
"""Images in which no run learns what its pictures show, though it may learn their colours: up to 64 pixels, and beyond,
where msg had a palette and no forms after so many at 128 (docs/gallery.md). Fewer than a trial are for no pictures."""
UNNAMED = ""
NOTHING: Mapping[str, bool] = MappingProxyType({})
PLENTY = 10
"""Batches of pictures beyond which a source is not read: enough of them will be usable."""


@dataclass(frozen=True)
class Forecast:
    """The result of `--dry-run`; `memory` has a value for each of the `stages`, `memory_bytes` is the largest.

    Precision and layout of `config` are those that the run will have. `data` says what there is to train on.
    """

    config: RunConfig
    generator: int
    discriminator: int
    stages: tuple[Stage, ...]
    memory: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    time: Duration | None = None
    data: str = ""
    class_names: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    """What each network takes of the model that the run begins with."""
    since: int = 0
    """The images that a run that resumes has seen, of which the time is not."""
    frozen: int = 0
    """Parameters of the discriminator that never learn, which `discriminator` does not count."""

    @property
    def memory_bytes(self) -> int:
        """The memory of the heaviest stage that `--images` reaches."""
        return max(m for stage, m in zip(self.stages, self.memory, strict=True) if stage.start < self.config.images)


def forecast(
    config: RunConfig,
    components: RunComponents,
    given: Mapping[str, bool] | None = None,
    initial: Initial | None = None,
    timing: Timing | None = None,
    since: int = 0,
) -> Forecast:
    """The forecast of a run, of whose settings those in `given` were asked for, and that begins with `initial`.

    `timing` is what was timed for it before, `since` the images that it has seen already.
    A folder's images are counted by their names where there are plenty. Raises what the run would raise, such as
    DataError for a batch of more images than there are.
    """
    device = pick_device(config.device)
    with explaining_memory(config), torch.random.fork_rng(devices=[]):
        images, class_names = counts(config, components.source)
        precision, tried = (None, None) if timing is None else (timing.precision, timing.tried)
        prepared = prepare(
            config, components, images, class_names, device, given=given, precision=precision, initial=initial
        )
        of_run = prepared.gan, config.arch, prepared.shape, config.freeze_d, class_names
        taken = () if initial is None else give(read_weights(initial), *of_run).report
        memory = memory_of(prepared, prepared.stages)
        expected = duration(prepared, device, since, tried=tried)
        settings = settled(prepared.config, None if expected is None else expected.grid)
        warnings = [*forewarnings(prepared, device, expected, since, timing=timing, given=given or {})]
        if initial is not None:
            named = build_source(config, components.source).class_names if UNNAMED in class_names else class_names
            warnings += initial.warnings(named, config.arch)
    gan = prepared.gan
    generator = memory_estimate.trainable(gan.generator)
    discriminator = sum(map(memory_estimate.trainable, gan.networks[1:]))
    frozen = sum(
        weight.numel()
        for network, learning in zip(gan.networks[1:], prepared.learning[1:], strict=True)
        for name, weight in network.named_parameters()
        if name not in learning
    )
    data = f"{images:,} images{_fewer(images, components.source)} from {components.source.brief}"
    return Forecast(
        settings, generator, discriminator, prepared.stages, memory, tuple(warnings), expected, data,
        tuple(class_names), taken, since, frozen,
    )  # fmt: skip


def counts(config: RunConfig, source: Chosen) -> tuple[int, Sequence[str]]:
    """The number of images, and the classes that are learnt, `UNNAMED` where a look at their number is enough."""
    look = source.natural()
    # A quick look at a folder counts both; other sources know them, or that they have none, when built.
    if isinstance(look, Look) and (look.pictures or 0) >= PLENTY * config.batch and (look.classes or not config.labels):
        return look.pictures or 0, [UNNAMED] * (look.classes if config.labels else 0)
    built = build_source(config, source)
    return len(built), built.class_names if config.labels else ()


def _fewer(images: int, source: Chosen) -> str:
    """Words on a `count` among the source's options that is more than there are."""
    asked = getattr(source.options, "count", None)
    return f" ({asked:,} were asked for)" if isinstance(asked, int) and asked > images else ""


def forewarnings(
    prepared: PreparedRun,
    device: torch.device,
    expected: Duration | None = None,
    images_seen: int = 0,
    processes: int = 1,
    timing: Timing | None = None,
    given: Mapping[str, bool] = NOTHING,
) -> Iterator[str]:
    """Warnings at the start of a run that begins or resumes at `images_seen`, and is expected to take so long.

    `timing` is what was timed to choose its length, where it was chosen by the time that it may take; of the settings
    in `given`, those that are true were asked for by a flag.
    Called once the data is in its place, which may be the memory that a warning is about.
    """
    config = prepared.config
    yield from warnings_of(prepared, processes, images_seen)
    if processes == 1:
        if images_seen == 0 and (timing is not None or (given.get("images") and config.images >= TRIAL)):
            yield from _too_short(prepared, expected, timed=timing is not None)
        yield from _others(device, expected, timing)
        yield from () if images_seen else _patience(prepared, device, expected)
    if images_seen < config.images:
        yield from of_stages(prepared, device, images_seen, processes)


def _others(device: torch.device, expected: Duration | None, timing: Timing | None) -> Iterator[str]:
    """A warning of other programs on the cores of this CPU."""
    others = max((timed.others for timed in (timing, expected) if timed is not None), default=0.0)
    if device.type == "cpu" and others > BUSY and torch.get_num_threads() > 1 and WAIT not in os.environ:
        yield (
            f"Other programs use these cores: they had {others:.0%} of the time of the steps that were tried. "
            f"{WAIT}=PASSIVE gantool train ... can be many times faster, because torch's threads then do not wait for "
            "each other by spinning."
        )


def _patience(prepared: PreparedRun, device: torch.device, expected: Duration | None) -> Iterator[str]:
    """Warnings of a run that would take long on this CPU."""
    if device.type != "cpu" or expected is None or expected.middle < LONG_RUN:
        return
    config = prepared.config
    fewer = int(config.images * HOUR / expected.middle / 1000)
    an_hour = f" ({fewer}k take about an hour)" if fewer else ""
    yield (
        f"On this CPU the run will take {expected}: {config.images:,} images, in the end about "
        f"{2 / sum(expected.last):.2g} a second. Give fewer --images{an_hour} or --minutes, a lower --resolution or "
        f"narrower networks ('gantool plugins show {config.arch.partition(':')[0]}' has the options), or use a GPU."
    )


def _too_short(prepared: PreparedRun, expected: Duration | None, timed: bool) -> Iterator[str]:
    """A warning of a run that learns nothing to look at in its images, or in the time by which those were chosen.

    Not of one that begins with a model, nor by trained features, by which 4,800 were enough (docs/gallery.md).
    """
    config, few = prepared.config, FEW if prepared.config.resolution <= 64 else FEW_BEYOND_64
    if config.images >= few or expected is None or config.init != NONE or prepared.components.architecture.learns_by:
        return
    what = f"The {config.images:,} images of this time" if timed else f"--images {config.images:,}"
    yield Advice(
        f"{what} are too few to learn pictures: expect patches of colour. {few:,}, the least at "
        f"{config.resolution} pixels, would take {in_words(*expected.of(few / config.images))} here"
        f"{': give more --minutes, a lower --resolution, or use a GPU' if timed else ''}.",
        {"images": float(few)},
    )


@contextmanager
def explaining_memory(config: RunConfig) -> Iterator[None]:
    """Turn running out of memory into advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory(config.batch, pick_device(config.device)) from error
