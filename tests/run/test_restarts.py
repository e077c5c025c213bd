"""Processes that torchrun starts again when one of them is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from gantool.engine import checkpoint
from ranks import process_of

COMMAND = [
    sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "3",
    "-m", "--", "gantool", "train", "--arch", "dcgan:width=4,latent=8", "--data", "shapes:count=64",
    "--resolution", "16", "--batch", "8", "--augment", "none", "--device", "cpu", "--precision", "float32",
    "--layout", "contiguous", "--log", "watch:off=yes", "--images", "1200", "--checkpoint-every", "80",
    "--snapshot-every", "400", "-q", "--out",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by /proc"),
]


class Torchrun:
    """A launch of two processes in a folder, with what they say in a file beside it."""

    def __init__(self, out: Path) -> None:
        self.out, self._said = out, out.with_suffix(".txt")
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with self._said.open("w") as said:
            self._agent = subprocess.Popen([*COMMAND, str(out)], env=environment, stdout=said, stderr=said)

    def saved(self) -> bool:
        """True once there is a checkpoint."""
        assert self._agent.poll() in (None, 0), self._said.read_text()
        return any(self.out.glob("*/checkpoints/[0-9]*"))

    def end(self) -> Path:
        """Wait for the end; the only run that there is."""
        assert self._agent.wait(500) == 0, self._said.read_text()
        (run,) = self.out.iterdir()
        return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Torchrun(tmp_path_factory.mktemp("whole") / "runs").end()


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_is_killed_in_the_middle_changes_nothing_of_the_end(tmp_path, whole, rank):
    launch = Torchrun(tmp_path / "runs")
    until = time.monotonic() + 300
    while not launch.saved() and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(process_of(rank, str(launch.out)), signal.SIGKILL)
    broken = launch.end()
    for name in ("generator.safetensors", "samples/000000400.png", "samples/000001200.png"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes(), name
    one, other = (checkpoint.load(checkpoint.newest(run)) for run in (broken, whole))
    assert one.images_seen == other.images_seen == 1200
    for part in ("generator", "discriminator", "averaged"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
