"""`gantool tune` around the search: signals, exit codes, progress, and the closing lines."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from gantool.cli.interrupts import interruptible
from gantool.cli.output import result, result_json, result_words, say
from gantool.cli.progress import showing_progress
from gantool.engine.commands import folders
from gantool.engine.trainer import Trainer
from gantool.errors import UsageError
from gantool.files import RunLock
from gantool.plugins.host import host
from gantool.run import folder as run_folder
from gantool.tuning.folder import SearchSettings, check_trials, default_name, open_folder, plan, read, write
from gantool.tuning.report import command, document, line, table, worth
from gantool.tuning.search import Search
from gantool.tuning.training import TrialTrainer
from gantool.tuning.trials import Trial, best_of, load


def begin(
    settings: Mapping[str, Any],
    run: Path | None,
    config: Path | None,
    search: Sequence[str],
    trials: int,
    out: Path,
    name: str | None,
) -> tuple[Path, SearchSettings]:
    """A search and its folder, a new one or that of an earlier run of the same command."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("gantool tune is one process: start it without torchrun.")
    initial = plan(host(), settings, run, config, search, trials)
    name = name or default_name(host(), initial.start)
    run_folder.check_name(name, out)
    return out / name, open_folder(out / name, initial)


def resumed(folder: Path, trials: int | None) -> tuple[Path, SearchSettings]:
    """A search to resume with its settings, perhaps with more trials."""
    initial = read(folder)
    if trials is not None:
        check_trials(trials)
        initial = replace(initial, trials=trials)
        write(folder, initial)
    return folder, initial


def run_search(folder: Path, initial: SearchSettings, plugins: Sequence[Path], *, quiet: bool, as_json: bool) -> None:
    """Search, print the report, and leave with 0, or 130 or 143 after an interruption."""
    search = initial.search(folder)
    training: list[Trainer] = []

    def stop() -> None:
        for made in training:
            made.interrupt()

    @contextmanager
    def guard(made: Trainer) -> Iterator[list[int]]:
        training.append(made)
        if signals:  # one that came while no trial was training
            stop()
        try:
            yield signals
        finally:
            training.clear()

    def tell(event: str, trial: Trial) -> None:
        if not quiet:
            say(line(event, trial, search))

    train = TrialTrainer(host(), folder, initial.given, initial.start_file(folder), search.images, guard)
    # The whole search is guarded: between two trials KeyboardInterrupt may come where nothing can be raised.
    with interruptible(stop) as signals:
        try:
            with RunLock(run_folder.make(folder)), redirect_stdout(sys.stderr), showing_progress():
                if not quiet:
                    _announce(search)
                search.run(train, tell)
        except KeyboardInterrupt:  # the second
            signals.append(signal.SIGINT)
    if signals:
        again = shlex.join(["gantool", "tune", "--resume", str(folder), *folders(plugins)])
        say(f"Stopped and saved. Go on with: {again}")
    _show(search, initial, plugins, bool(signals), as_json)
    if signals:
        raise typer.Exit(signals.exit_code)


def _announce(search: Search) -> None:
    for dimension in search.space:
        say(f"Searching: {dimension}")
    rungs = " and ".join(f"{rung:,}" for rung in search.rungs[:-1])
    say(f"{search.trials} settings of {search.images:,} images at the most, compared at {rungs}, in {search.folder}")


def _show(search: Search, initial: SearchSettings, plugins: Sequence[Path], interrupted: bool, as_json: bool) -> None:
    trials = load(search.folder)
    best = best_of(trials)
    words = command(initial.given, initial.start_file(search.folder), search, best, plugins) if best else None
    if as_json:
        result_json(document(search, words, interrupted))
        return
    for text in table(trials):
        result_words(text)
    for text in worth(trials, search.noise()):
        result_words(text)
    if best is not None and words is not None:
        result_words(f"The run of the best, for gantool sample: {best.run_in(search.folder)}")
        result(words)
