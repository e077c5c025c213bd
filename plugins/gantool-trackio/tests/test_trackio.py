"""What Trackio is told, by a stand-in for the package; and by the package itself where it is installed."""

import importlib.util
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import gantool
from gantool.testing import check_observer
from gantool_trackio import TrackioOptions
from gantool_trackio.observer import build

REAL = importlib.util.find_spec("trackio") is not None


class StandIn:
    """The package: what was begun, logged, warned of and finished."""

    def __init__(self):
        self.begun, self.logged, self.alerts, self.finished = [], [], [], 0

    def Image(self, pixels, caption):  # noqa: N802
        return SimpleNamespace(pixels=pixels, caption=caption)

    def init(self, **how):
        print("* Trackio project initialized")
        self.begun.append(how)
        return self

    def log(self, values, step):
        self.logged.append((step, values))

    def alert(self, title, text, step):
        self.alerts.append((step, text))

    def finish(self):
        self.finished += 1


@pytest.fixture
def trackio(monkeypatch):
    """The stand-in, in the package's place."""
    made = StandIn()
    monkeypatch.setitem(sys.modules, "trackio", made)
    return made


def started(run, images_seen=0):
    config = gantool.RunConfig(arch="mlp", resolution=8)
    return gantool.Started(run, "mlp", images_seen, 400, "cpu", "float32", 4, 8, config)


def tick(images_seen):
    return gantool.Tick(images_seen, 400, 1.0, 50.0, {"loss_d": 0.5}, {"level": 2.0})


def test_it_conforms(trackio):
    check_observer("trackio")


def test_every_event_is_told_and_nothing_goes_to_stdout(trackio, tmp_path, capsys):
    seen = build(TrackioOptions(project="faces"))
    seen(tick(50))  # before a start it is nothing
    seen(started(tmp_path / "one"))
    coarse, fine = (torch.full((4, 3, side, side), 200, dtype=torch.uint8) for side in (4, 8))
    seen(gantool.Snapshot(0, (coarse, fine)))
    seen(tick(100))
    seen(gantool.Measured(100, {"swd": 0.25}, score=3.0))
    seen(gantool.Warned(100, "The samples are much alike."))
    seen(gantool.Finished(100, tmp_path / "one", interrupted=False))
    seen(tick(200))
    (begun,) = trackio.begun
    assert (begun["project"], begun["name"], begun["resume"]) == ("faces", "one", "never")
    settings = {"arch": "mlp", "resolution": 8, "device": "cpu", "precision": "float32"}
    assert begun["config"].items() >= settings.items()
    (at, sheets), training, measured = trackio.logged
    assert at == 0
    assert list(sheets) == ["levels/4", "samples"]
    assert (sheets["samples"].pixels[2, 2] == 200).all()  # true colours, not rescaled
    assert sheets["samples"].pixels.dtype == np.uint8
    assert training == (100, {"training/loss_d": 0.5, "status/level": 2.0, "speed/images_per_second": 50.0})
    assert measured == (100, {"measured/swd": 0.25, "measured/score": 3.0})
    assert trackio.alerts == [(100, "The samples are much alike.")]
    assert trackio.finished == 1
    assert capsys.readouterr().out == ""


def test_a_resumed_run_goes_on_in_the_run_of_its_name_and_images_may_be_left_out(trackio, tmp_path):
    seen = build(TrackioOptions(images=False))
    seen(started(tmp_path / "one", 200))
    seen(gantool.Snapshot(200, (torch.zeros(1, 1, 8, 8, dtype=torch.uint8),)))
    assert trackio.begun[0]["resume"] == "allow"
    assert trackio.logged == []


def test_a_missing_package_is_a_sentence_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(gantool.GantoolError, match=r"pip install 'trackio>=0\.30'"):
        build(TrackioOptions())


@pytest.mark.skipif(not REAL, reason="trackio is not installed")
def test_the_package_itself_keeps_what_it_is_told(tmp_path):
    code = (
        "import pathlib, torch, gantool, trackio\n"
        "from gantool_trackio import TrackioOptions\n"
        "from gantool_trackio.observer import build\n"
        "run, seen = pathlib.Path('one'), build(TrackioOptions(project='p'))\n"
        "config = gantool.RunConfig(arch='mlp', resolution=8)\n"
        "seen(gantool.Started(run, 'mlp', 0, 400, 'cpu', 'float32', 4, 8, config))\n"
        "seen(gantool.Snapshot(0, (torch.zeros(4, 3, 8, 8, dtype=torch.uint8),)))\n"
        "seen(gantool.Tick(100, 400, 1.0, 50.0, {'loss_d': 0.5}, {}))\n"
        "seen(gantool.Warned(100, 'alike'))\n"
        "seen(gantool.Finished(100, run, interrupted=False))\n"
        "(found,) = trackio.Api().runs('p')\n"
        "print(found.config['arch'], [alert['text'] for alert in found.alerts()])\n"
    )
    where = {**os.environ, "TRACKIO_DIR": str(tmp_path / "kept"), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=where, capture_output=True, text=True, check=True
    )
    assert done.stdout == "mlp ['alike']\n", done.stderr
    assert len(list((tmp_path / "kept").rglob("*.png"))) == 1
