"""`gantool tune`: a journey with the smallest network on twelve pictures."""

import json
import os
import shlex
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.cli import tuning
from gantool.engine.trainer import Trainer
from gantool.tuning.search import Search

MLP = ("--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--resolution", "8", "--device", "cpu")
FIXED = ("--precision", "float32", "--layout", "contiguous", "--batch", "4")
TUNE = ("tune", *MLP, *FIXED, "--data", "photos", "--images", "96", "--search", "augment=start")

pytestmark = pytest.mark.usefixtures("untimed")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    drawn = np.random.default_rng(0)
    for index in range(12):
        Image.fromarray(drawn.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(f"photos/{index}.png")


@pytest.mark.long
def test_a_search_ends_in_a_table_and_a_command_that_makes_the_best_run_again(gantool):
    ended = gantool(*TUNE, "--trials", "2")
    assert ended.code == 0, ended.err
    folder = Path("runs/tune-mlp-photos")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["rank", "trial", "score", "images", "result", "settings"]
    assert len([line for line in lines if "(the start" in line]) == 2
    assert any(line.startswith("Noise:") for line in lines)
    assert "Searching: lr_g=0.0001..0.0016" in ended.err
    told = json.loads(gantool(*TUNE, "--trials", "2", "--json").out)  # the same command again: all is known
    assert told["command"] == lines[-1]
    assert len(told["trials"]) == 3
    command = shlex.split(told["command"])
    assert command[:2] == ["gantool", "train"]
    assert gantool(*command[1:], "--name", "again", "-q").code == 0
    best = folder / "trials" / f"{told['best']:03d}"
    assert Path("runs/again/generator.safetensors").read_bytes() == (best / "generator.safetensors").read_bytes()
    assert all(not (Path(one["run"]) / "checkpoints").exists() for one in told["trials"] if one["status"] == "stopped")


@pytest.mark.long
def test_a_search_that_is_broken_off_goes_on_and_ends_as_if_it_had_not_been(gantool, monkeypatch):
    told = json.loads(gantool(*TUNE, "--trials", "2", "--name", "whole", "--json", "-q").out)
    step = Trainer.step

    def breaks_off(self: Trainer) -> None:
        if self.run.name == "001" and self.images_seen == 60:  # some steps after its last checkpoint
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Trainer, "step", breaks_off)
    ended = gantool(*TUNE, "--trials", "2", "--name", "broken")
    assert ended.code == 130
    assert "Go on with: gantool tune --resume runs/broken" in ended.err
    monkeypatch.setattr(Trainer, "step", step)
    again = json.loads(gantool("tune", "--resume", "runs/broken", "--json", "-q").out)
    for one in (*told["trials"], *again["trials"]):
        del one["run"]
    assert again["trials"] == told["trials"]


def test_ctrl_c_finishes_the_step_and_prints_the_command_that_goes_on(gantool, monkeypatch):
    step = Trainer.step

    def is_interrupted(self: Trainer) -> None:
        step(self)
        if self.images_seen == 8:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Trainer, "step", is_interrupted)
    ended = gantool(*TUNE, "--trials", "2", "--json")
    assert ended.code == 130
    assert "Stopped and saved. Go on with: gantool tune --resume runs/tune-mlp-photos" in ended.err
    told = json.loads(ended.out)
    assert (told["interrupted"], told["command"], told["trials"][0]["images_seen"]) == (True, None, 8)


@pytest.mark.long
def test_settings_that_a_run_refuses_fail_in_the_table_and_the_search_goes_on(gantool):
    searched = [
        word for key in ("lr_g=start", "lr_d=start", "penalty=start", "batch=4,64") for word in ("--search", key)
    ]
    ended = gantool(*TUNE, "--trials", "3", *searched, "--json", "-q")
    assert ended.code == 0, ended.err
    [failed] = [one for one in json.loads(ended.out)["trials"] if one["status"] == "failed"]
    assert failed["reason"].startswith("--batch 64 is more than the 12 images there are")


@pytest.mark.long
def test_a_run_can_be_where_a_search_begins(gantool):
    assert gantool("train", *MLP, *FIXED, "--data", "photos", "--images", "8", "--name", "one", "-q").code == 0
    searched = [word for key in ("lr=1e-4..1e-3", "batch=start", "penalty=start") for word in ("--search", key)]
    ended = gantool("tune", "runs/one", "--images", "48", "--trials", "2", *searched, "-q")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("gantool train --config runs/tune-mlp-photos/start.toml --images 48")


def test_what_cannot_be_searched_is_refused_before_anything_is_made(gantool, monkeypatch):
    for more, says in (
        (("--search", "bach=1..2"), "Did you mean 'batch'"),
        (("--trials", "1"), "2 at the least"),
        (("--lr", "1e-3", "--penalty", "none"), "Nothing is left to search"),
        (("--resume", "runs/x"), "leave out"),
    ):
        ended = gantool(*TUNE, *more)
        assert ended.code == 2
        assert says in ended.err
    monkeypatch.setitem(sys.modules, "optuna", None)
    ended = gantool(*TUNE)
    assert (ended.code, "pip install 'gantool[tune]'" in ended.err) == (2, True)
    assert not Path("runs").exists()


def test_another_search_of_the_same_name_shows_the_difference(gantool, monkeypatch):
    monkeypatch.setattr(Search, "run", lambda *_: True)
    assert gantool(*TUNE, "--lr", "1e-3", "-q").code == 0
    assert gantool(*TUNE, "--lr", "1e-3", "--trials", "20", "-q").code == 0  # more of the same
    ended = gantool(*TUNE, "--lr", "2e-3", "-q")
    assert ended.code == 1
    assert "lr_g: 0.001 then, 0.002 now" in ended.err
    assert "another --name" in ended.err
    (file,) = Path("runs").glob("*/search.json")
    former = json.loads(file.read_text())
    del former["start"]["lr_hold"]  # as of a version without this setting
    file.write_text(json.dumps(former))
    assert gantool(*TUNE, "--lr", "1e-3", "-q").code == 0
    ended = gantool(*TUNE, "--lr", "1e-3", "--lr-hold", "0.5", "-q")
    assert (ended.code, "lr_hold: 0.0 then, 0.5 now" in ended.err) == (1, True)


@pytest.mark.long
def test_an_interrupt_between_two_trials_stops_the_search(gantool, monkeypatch):
    told = []
    line = tuning.line

    def interrupting(event, trial, search):
        told.append(event)
        if len(told) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return line(event, trial, search)

    with monkeypatch.context() as patched:
        patched.setattr(tuning, "line", interrupting)
        ended = gantool(*TUNE, "--trials", "3", "--name", "between")
    assert ended.code == 130
    assert "Go on with: gantool tune --resume runs/between" in ended.err
    assert gantool("tune", "--resume", "runs/between").code == 0
