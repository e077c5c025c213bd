"""A run that was killed, or whose disk was full: a resume finishes what is unfinished, and no more."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import trainer
from gantool.api.events import Checkpoint, Finished, Measured, Snapshot, Tick, Warned
from gantool.builtin.observers import JsonlOptions, SamplesOptions
from gantool.builtin.observers.jsonl import Jsonl
from gantool.builtin.observers.samples import Samples
from gantool.engine import checkpoint
from gantool.errors import TrainingError
from gantool.files import write_text
from gantool.run.folder import sweep

ODD = {"images": 64, "tick": 24, "snapshot_every": 24, "checkpoint_every": 16, "keep": 2}


def score(event):
    """Gives every snapshot a worse score than the one before, so that the first is the best."""
    return [Measured(event.images_seen, {}, float(event.images_seen))] if isinstance(event, Snapshot) else None


def made(run, observers=(), first=(), **settings):
    watching = [*first, score, Jsonl(JsonlOptions()), Samples(SamplesOptions())]
    return trainer(run, observers=[*watching, *observers], **ODD | settings)


def resumed(run, observers=(), **settings):
    again = made(run, observers, **settings)
    again.resume(checkpoint.newest(run))
    return again


def contents(run):
    """Every file, by its name: its bytes, for the metrics those without the speed."""
    found = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    lines = [json.loads(line) for line in found["metrics.jsonl"].splitlines()]
    return found | {"metrics.jsonl": [line | {"images_per_second": 0} for line in lines]}


def test_nothing_that_an_observer_writes_comes_after_the_last_checkpoint(tmp_path):
    told = []
    made(tmp_path / "run", [told.append]).train()
    clocks = [(type(event), event.images_seen) for event in told]
    at_last = clocks.index((Checkpoint, 64))
    assert (Tick, 64) in clocks[:at_last]
    assert (Snapshot, 64) in clocks[:at_last]
    assert [kind for kind, _ in clocks[at_last + 1 :]] == [Finished]


@pytest.mark.parametrize("lost", ["generator.safetensors", "best.json", "samples/000000064.png"])
def test_a_resume_finishes_what_was_not_written_after_the_last_checkpoint(tmp_path, lost):
    run = tmp_path / "run"
    made(run).train()
    before = contents(run)
    shutil.copytree(run / "checkpoints" / "000000064", run / "checkpoints" / "000000016")  # not removed yet
    (run / lost).unlink()
    if lost == "generator.safetensors":
        shutil.copyfile(run / "checkpoints" / "000000024" / "ema.safetensors", run / lost)
    resumed(run).train()
    assert contents(run) == before


def test_a_run_that_has_less_to_do_than_it_did_gets_no_sheet(tmp_path):
    def stop(event):
        if event.images_seen == 48:
            stopping.interrupt()

    stopping = made(tmp_path / "run", [stop])
    stopping.train()
    assert not (tmp_path / "run" / "samples" / "000000056.png").exists()
    resumed(tmp_path / "run", images=16).train()
    assert not (tmp_path / "run" / "samples" / "000000056.png").exists()


@pytest.mark.parametrize("at", [16, 24, 32, 64])
def test_a_run_that_was_interrupted_leaves_what_an_unbroken_one_does(tmp_path, at):
    def stop(event):
        if isinstance(event, Checkpoint | Tick) and event.images_seen == at:
            stopped.interrupt()

    made(tmp_path / "whole").train()
    stopped = made(tmp_path / "parts", [stop])
    stopped.train()
    resumed(tmp_path / "parts").train()
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


@pytest.mark.parametrize("kind", [Tick, Snapshot])
@pytest.mark.parametrize("at", [24, 48, 64])
def test_what_breaks_off_a_tick_or_snapshot_leaves_a_run_that_resumes_exactly(tmp_path, kind, at):
    def stop(event):
        if isinstance(event, kind) and event.images_seen == at:
            raise KeyboardInterrupt

    run, whole = tmp_path / "run", tmp_path / "whole"
    with pytest.raises(KeyboardInterrupt):
        made(run, first=[stop]).train()
    (resumed if checkpoint.newest(run) is not None else made)(run).train()
    made(whole).train()
    assert contents(run) == contents(whole)


def test_a_run_that_begins_anew_tells_nothing_twice(tmp_path):
    write_text(tmp_path / "metrics.jsonl", json.dumps({"images_seen": 0, "swd": 1.0}) + "\n")
    made(tmp_path).train()
    made(tmp_path / "other").train()
    assert contents(tmp_path)["metrics.jsonl"] == contents(tmp_path / "other")["metrics.jsonl"]


def test_a_warning_that_each_resume_repeats_stands_once_in_the_metrics(tmp_path):
    for _ in range(3):
        again = resumed(tmp_path / "run") if (tmp_path / "run").exists() else made(tmp_path / "run", images=32)
        again.warnings = ["memory is short"]
        again.train()
    lines = contents(tmp_path / "run")["metrics.jsonl"]
    assert [line["images_seen"] for line in lines if "warning" in line] == [0]


@pytest.fixture
def dead():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_dead_processes_left_is_swept_and_nothing_else(tmp_path, dead):
    for folder in ("checkpoints/000000016", "samples", "mine"):
        (tmp_path / folder).mkdir(parents=True)
    gone = [f".config.toml.{dead}.tmp", f"samples/.000000016.png.{dead}.tmp", f".best.json.{os.getpid()}.tmp"]
    kept = [f".out.png.{os.getppid()}.tmp", f"mine/.a.{dead}.tmp", ".notes.tmp", f"notes.{dead}.tmp", ".a.b.tmp"]
    for name in (*gone, *kept):
        (tmp_path / name).touch()
    (tmp_path / "checkpoints" / f".000000032.{dead}.tmp").mkdir()
    sweep(tmp_path)
    assert [name for name in (*gone, *kept) if (tmp_path / name).exists()] == kept
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000000016"]


def full(place):
    error = OSError(errno.ENOSPC, "No space left on device")
    if place == "the run":
        raise TrainingError("The disk is full.") from error
    raise error


@pytest.mark.parametrize("place", ["the run", "the terminal"])
def test_a_full_disk_ends_a_run_and_a_full_terminal_does_not(tmp_path, place):
    def observer(event):
        if isinstance(event, Tick):
            full(place)

    told = []
    run = made(tmp_path / "run", [observer, told.append])
    if place == "the run":
        with pytest.raises(TrainingError, match="disk is full"):
            run.train()
    else:
        run.train()
    assert any(isinstance(event, Warned) for event in told) == (place == "the terminal")
    resumed(tmp_path / "run").train()
    made(tmp_path / "whole").train()
    assert {**contents(tmp_path / "run"), "metrics.jsonl": []} == {**contents(tmp_path / "whole"), "metrics.jsonl": []}


@pytest.mark.parametrize("saved", [False, True])
def test_a_full_disk_is_told_with_what_was_saved_and_the_way_on(tmp_path, monkeypatch, saved):
    run = made(tmp_path / "run")
    if saved:
        made(tmp_path / "run", images=16).train()
        run.resume(checkpoint.newest(tmp_path / "run"))
    monkeypatch.setattr("gantool.files.replace_folder", lambda *_: full("the terminal"))
    with pytest.raises(TrainingError, match=r"The disk is full: .*000000\d+ could not be written\. ") as caught:
        run.train()
    said = str(caught.value)
    assert ("No checkpoint was saved yet: free space, and begin again by: " in said) != saved
    assert ("What was saved before is intact; free space, and go on with: " in said) == saved
    assert said.endswith(f"gantool train --resume {tmp_path / 'run'}")


def test_metrics_on_a_full_disk_are_an_error_that_says_so(tmp_path, monkeypatch):
    observer = Jsonl(JsonlOptions())
    observer._path = tmp_path / "metrics.jsonl"
    monkeypatch.setattr(Path, "open", lambda *_, **__: full("the terminal"))
    with pytest.raises(TrainingError, match=r"The disk is full: .*metrics\.jsonl"):
        observer(Warned(8, "x"))
