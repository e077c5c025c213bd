"""`gantool train` around the trainer: signals, exit codes, and the closing lines."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path

import typer
from torch.nn.modules.batchnorm import _BatchNorm

from gantool.api.run_config import COLORS
from gantool.cli.interrupts import before_training, interruptible
from gantool.cli.output import result, result_json, result_words, say, warn
from gantool.cli.progress import showing_progress
from gantool.data.pictures.complaints import USED
from gantool.engine.commands import resume_command
from gantool.engine.run_names import CONFIG, GENERATOR, METRICS, REPORT, SAMPLES, SKIPPED
from gantool.engine.schedules import schedule_of
from gantool.engine.stages import stage_at
from gantool.engine.trainer import Trainer
from gantool.errors import DataError, GantoolError, PluginError, counted, shortened
from gantool.pixels import ALPHA_CHANNELS
from gantool.plugins.blame import failure
from gantool.plugins.host import host
from gantool.reading import lines
from gantool.run.adversary import heeded_choices
from gantool.run.closing import Tally, closing
from gantool.run.config import described
from gantool.run.defaults import DefaultChoice, measured
from gantool.run.folder import is_saved
from gantool.run.forecast import Forecast
from gantool.run.planning import Plan
from gantool.run.start import trainer

MOST_CLASSES, LONGEST_CLASS = 12, 60
"""Names of classes on a line."""


def run_to_the_end(
    plan: Plan, out: Path, plugins: Sequence[Path], *, accept_new_data: bool, quiet: bool, as_json: bool
) -> None:
    """Train, and leave with 0, or 130, 143 or 129 after an interruption; the state is saved in either case."""
    # Standard output is for the result, whatever a plugin's code prints.
    with before_training(), redirect_stdout(sys.stderr), showing_progress():
        console_observer = host().resolve("observer", "console:quiet=yes" if quiet else "console").build()
        tally = Tally()
        made = trainer(plan, out, [console_observer, tally], accept_new_data, plugins)
    if not quiet and made.game.world.leads:
        adversary = made.game.gan.discriminator is not None
        weights = () if plan.initial is None else (f"Begins with {plan.initial.networks}", *made.config.init_taken)
        choices = (*heeded_choices(plan.choices, adversary), *measured(plan.config, made.config))
        for line in (*map(str, choices), *weights, *notes(made, plan.components.source.brief)):
            say(line)
    with interruptible(made.interrupt) as caught, redirect_stdout(sys.stderr), _blaming_plugins(made, plugins):
        finished = made.train()
    if not made.game.world.leads:
        return
    # The leading process may stop for a signal that another one got.
    if finished.interrupted and not caught:
        caught.append(signal.SIGINT)
    if caught:
        command = resume_command(finished.run, plugins)
        ended = finished.images_seen >= made.config.images
        way_on = "The run is complete." if ended else f"Go on with: {command}"
        say(f"Stopped and saved at {finished.images_seen:,} images. {way_on}")
    if as_json:
        result_json(summary(made, bool(caught)))
    else:
        result(str(finished.run))
        if not quiet and not caught:
            for line in closing(made.run, made.best, tally, plugins):
                say(line)
    if caught:
        raise typer.Exit(caught.exit_code)


@contextmanager
def _blaming_plugins(made: Trainer, plugins: Sequence[Path]) -> Iterator[None]:
    """Turn an exception of a plugin in the middle of a run into an error that names it and the command that resumes.

    Pictures that cannot be read are an error of the data, which gets the command, too.
    """
    try:
        yield
    except DataError as error:
        command = resume_command(made.run, plugins)
        way_on = (
            f"Once that is mended, go on from the last checkpoint with: {command}"
            if is_saved(made.run)
            else f"Nothing of the run is saved. Once that is mended, it starts from the beginning by: {command}"
        )
        raise DataError(f"{error} {way_on}") from error
    except (Exception, SystemExit) as error:
        of_a_plugin = None if isinstance(error, GantoolError) else failure(error, host())
        if of_a_plugin is None:
            raise
        command = resume_command(made.run, plugins)
        way_on = (
            f"and its checkpoints are intact: once the plugin is fixed, go on with: {command}"
            if is_saved(made.run)
            else f"and nothing of it is saved. Once the plugin is fixed, it starts from the beginning by: {command}"
        )
        raise PluginError(f"{of_a_plugin}. The run had seen {made.images_seen:,} images, {way_on}") from error


def notes(made: Trainer, data: str) -> Iterator[str]:
    """The notes to print before the first step on images of the source `data`, one line each."""
    config = made.config
    kind = COLORS[config.channels]
    yield f"Data: {made.batches.count:,} images from {data}, at {config.resolution} pixels, in {kind}"
    if config.channels == ALPHA_CHANNELS and bool((made.batches.take(0, config.batch)[0][:, 3] == 255).all()):
        yield f"Nothing is transparent in the first {config.batch} images: --channels 3 is enough for such pictures"
    kept = made.images_seen <= config.images  # a run asked for fewer images than it has seen keeps its settings
    if kept and config.history and config.history[-1].until == made.images_seen:
        before = config.model_copy(update=config.history[-1].settings)
        yield f"Changed from here on: {'; '.join(described(before, config, 'before', 'now'))}"
        was, now = (schedule_of(one).learning_rate(made.images_seen) for one in (before, config))
        if round(was, 2) != round(now, 2) and made.images_seen < config.images:
            yield f"Learning rates go on at {now:.0%}, not {was:.0%}: their schedule counts from the run's first image"
    yield from made.batches.notes
    skipped = made.run / SKIPPED
    if skipped.is_file():
        listed = [line.rstrip("\n").split("\t", 1) for line in lines(skipped)]
        left_out = [" ".join(one) for one in listed if not one[-1].startswith(USED)]
        named = "; ".join(left_out[:3]) + ("; ..." if len(left_out) > 3 else "")
        if left_out:
            yield f"Left out: {counted(len(left_out), 'file')} ({named}). All are listed in {skipped}"
        if len(left_out) < len(listed):
            suspect = counted(len(listed) - len(left_out), "picture")
            yield f"Suspect: {suspect}, used though libtiff found faults; see {skipped}"
    if config.labels:
        yield _classes(made.card.class_names, len(made.card.class_names))
    yield from on_parts(made)
    yield from on_time(config.graph, made.device.type, made.game.world.size)
    if len(made.stages) > 1:
        last = stage_at(made.stages, config.images - 1)
        yield f"Grows in stages; the last one begins at {last.start:,} images: {last.title}"


def on_parts(made: Trainer) -> Iterator[str]:
    """A note on BatchNorm, where several processes share a batch and each normalises its own part."""
    size, batch = made.game.world.size, made.config.batch
    modules = (module for network in made.game.gan.networks for module in network.modules())
    if size > 1 and any(isinstance(module, _BatchNorm) for module in modules):
        yield f"BatchNorm takes mean and deviation of the {batch // size} images of one process, not of all {batch}"


def on_time(graph: str, device: str, processes: int) -> Iterator[str]:
    """A note on the time that is told, where CUDA graphs may make it shorter."""
    if graph != "off" and device == "cuda" and processes == 1:
        yield f"--graph {graph}: times are told by steps without graphs, with which the run may end sooner"


def summary(made: Trainer, interrupted: bool) -> dict[str, object]:
    """The result that `--json` prints: the paths of everything that the run wrote."""
    best = made.best
    files = [made.run / name for name in (GENERATOR, CONFIG, METRICS, REPORT)]
    files += sorted((made.run / SAMPLES).glob("*.png"))
    return {
        "run": str(made.run),
        "images_seen": made.images_seen,
        "interrupted": interrupted,
        "best": {"images_seen": best.images_seen, "score": best.score} if best.images_seen else None,
        "files": [str(file) for file in files if file.is_file()],
    }


def show_forecast(forecast: Forecast, choices: Sequence[DefaultChoice], as_json: bool, verbose: bool = False) -> None:
    """Print a dry run: defaults with their reasons, data, networks, memory and time; `verbose` adds all settings."""
    config = forecast.config.model_dump(mode="json")
    for warning in forecast.warnings:
        warn(warning)
    if as_json:
        result_json(_facts(forecast, choices))
        return
    for choice in choices:
        say(str(choice))
    result_words(f"Data: {forecast.data}, at {config['resolution']} pixels, in {COLORS[config['channels']]}")
    if forecast.class_names:
        result_words(_classes([name for name in forecast.class_names if name], len(forecast.class_names)))
    for line in forecast.taken:
        result_words(line)
    sizes = f"{forecast.generator:,} parameters in the generator, {forecast.discriminator:,} in the discriminator"
    sizes += f" besides {forecast.frozen:,} that are frozen" if forecast.frozen else ""
    result(f"Networks: {sizes}")
    result_words(
        f"Memory: about {forecast.memory_bytes / 2**20:,.0f} MiB for weights, gradients, moments and activations"
    )
    if forecast.time is not None:
        more, on = (" more" if forecast.since else ""), f"on {config['device']} in {config['precision']}"
        result_words(f"Time: {forecast.time} for {config['images'] - forecast.since:,}{more} images {on}")
    elif forecast.since >= config["images"]:
        seen = f"the run has seen {forecast.since:,} images already"
        result_words(f"Time: none, as {seen}; a larger --images, or --resume RUN --minutes N, trains on")
    if len(forecast.stages) > 1:
        _stage_table(forecast)
    for key, value in config.items() if verbose else ():
        result_words(f"{key} = {value}")
    say(f"Nothing was trained (--dry-run).{'' if verbose else ' --verbose shows all settings.'}")


def _facts(forecast: Forecast, choices: Sequence[DefaultChoice]) -> dict[str, object]:
    """A dry run for programs."""
    stages = [
        {**asdict(stage), "memory_bytes": memory}
        for stage, memory in zip(forecast.stages, forecast.memory, strict=True)
    ]
    seconds = None if forecast.time is None else {"least": forecast.time.low, "most": forecast.time.high}
    return {
        "config": forecast.config.model_dump(mode="json"),
        "parameters": {"generator": forecast.generator, "discriminator": forecast.discriminator},
        "memory_bytes": forecast.memory_bytes,
        "images_seen": forecast.since,
        "seconds": seconds,
        "choices": [asdict(choice) for choice in choices],
        "taken": forecast.taken,
        "warnings": forecast.warnings,
        "stages": stages,
    }


def _classes(names: Sequence[str], count: int) -> str:
    """The line on the classes, with the first names where they are known."""
    more = ", ..." if len(names) > MOST_CLASSES else ""
    shown = ", ".join(shortened(name, LONGEST_CLASS) for name in names[:MOST_CLASSES])
    return f"Classes: {count}" + (f": {shown}{more}" if names else "")


def _stage_table(forecast: Forecast) -> None:
    """The table of stages of a run that grows: first image, title, batch and memory."""
    wide = max(18, *(len(stage.title) for stage in forecast.stages))
    result_words(f"{'from image':>14}  {'stage':<{wide}}{'batch':>6}{'memory':>12}")
    for stage, memory in zip(forecast.stages, forecast.memory, strict=True):
        beyond = "  not reached by --images" if stage.start >= forecast.config.images else ""
        result_words(f"{stage.start:>14,}  {stage.title:<{wide}}{stage.batch:>6}{memory / 2**20:>8,.0f} MiB{beyond}")
