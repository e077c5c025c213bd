"""Every command under `python -X dev -W error`, with names that an ASCII terminal lacks.

No file is left open, nothing deprecated is called, and every name is written.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

STOP = """
import os, signal
from pathlib import Path
import gantool

class Stop:
    def __call__(self, event):
        if type(event).__name__ == "Tick" and not Path("stopped").exists():
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)

@gantool.hookimpl
def gantool_observers():
    return [gantool.Component("stop", "Stops a run once", gantool.Options, "stop_plugin:build")]

def build(options):
    return Stop()
"""

RUN = """
import gc, sys
from gantool.cli.main import main

for line in sys.argv[1:]:
    code, *words = line.split()
    sys.argv = ["gantool", *words]
    try:
        main()
    except SystemExit as end:
        assert str(end.code or 0) == code, (line, end.code)
    gc.collect()
"""

RANDOM = "--extractor random:filters=8,size=3,scales=2 --steps 1 --size 16 --precision float32 -q"


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX does")
def test_commands_warn_of_nothing_of_their_own_making_and_write_any_name(tmp_path):
    for folder, count in (("mö😀/a", 5), ("mö😀/b", 4)):
        (tmp_path / folder).mkdir(parents=True)
        for index in range(count):
            pixels = np.random.default_rng(index).integers(0, 256, (16, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    (tmp_path / "mö😀" / "a" / "broken.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "stop_plugin.py").write_text(STOP)
    train = "train --arch mlp --data mö😀 --labels --resolution 8 --batch 8 --precision float32"
    lines = [
        "0 data check mö😀",
        f"0 {train} --dry-run",
        f"130 {train} --images 1k --name one --plugins-dir plugins --log stop",
        "0 train --resume runs/one --images 600 --plugins-dir plugins -q",
        "0 sample runs/one -n 2 --grid -o sheet.png",
        "0 interpolate runs/one --label a --frames 4 -o walk.webp",
        "0 interpolate runs/one --label a --frames 4 -o frames",
        f"0 stylize walk.webp mö😀/a/1.png {RANDOM} -o drawn.gif",
        f"0 stylize mö😀 mö😀/a/1.png {RANDOM} -o drawn",
        "1 sample runs/none",
        "2 train --epochs 3",
    ]
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", RUN, *lines],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "GANTOOL_CACHE": str(tmp_path / "cache"),
            "GANTOOL_PLUGINS": "stop_plugin",
            "PYTHONIOENCODING": "ascii",  # as in many containers
        },
    )
    assert ended.returncode == 0, ended.stderr
    assert "Stopped and saved" in ended.stderr
    assert "m\\xf6\\U0001f600" in ended.stdout + ended.stderr
    assert "internal error" not in ended.stderr
    for word in ("Warning:", "Exception ignored", "Traceback"):
        found = [line for line in ended.stderr.splitlines() if word in line and not line.startswith("Warning: ")]
        assert found == []
