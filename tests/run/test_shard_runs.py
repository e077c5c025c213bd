"""Runs on shards: exact resumes in the middle of a window, and the same batches for several processes."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gantool.data.shards.writing import Packed, _png, write_shards
from gantool.errors import ResumeError
from gantool.plugins.host import host
from gantool.run import planning, start

BATCH, HALF = 8, 24
SETTINGS = {
    "arch": "dcgan:width=4,latent=8,generator_norm=none,discriminator_norm=none", "resolution": 16, "loss": "rpgan",
    "augment": "none", "batch": BATCH, "lr": 1e-3, "labels": True, "log": ("watch:off=yes",), "device": "cpu",
    "precision": "float32", "layout": "contiguous",
}  # fmt: skip


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Shards of about 6 of 40 pictures: the middle of a run is the middle of a window."""
    chance = np.random.default_rng(0)
    pictures = (
        Packed(_png(chance.integers(0, 256, (3, 16, 16), np.uint8)), "png", "ab"[number % 2]) for number in range(40)
    )
    write_shards(pictures, tmp_path / "s", 20_480, "data")
    return tmp_path / "s"


def trained(folder: Path, shards: Path, name: str, images: int) -> dict[str, torch.Tensor]:
    torch.set_num_threads(1)
    settings = SETTINGS | {"data": f"shards:path={shards},window=2,workers=1", "images": images}
    start.trainer(planning.plan(host(), settings, out=folder, name=name), folder).train()
    return load_file(folder / name / "generator.safetensors")


@pytest.mark.long
def test_a_run_resumes_exactly_in_the_middle_of_a_window(shards: Path, tmp_path: Path) -> None:
    assert len(list(shards.glob("*.tar"))) > 3
    whole = trained(tmp_path, shards, "whole", 2 * HALF)
    trained(tmp_path, shards, "parts", HALF)
    parts = trained(tmp_path, shards, "parts", 2 * HALF)
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.long
def test_a_run_without_one_of_its_shards_says_to_resume_once_it_is_there(shards: Path, tmp_path: Path) -> None:
    trained(tmp_path, shards, "parts", HALF)
    min(shards.glob("*.tar")).rename(tmp_path / "away.tar")
    with pytest.raises(ResumeError, match="resume again once they can"):
        trained(tmp_path, shards, "parts", 2 * HALF)


def member(rank: int, folder: Path, shards: Path) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2"}
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    trained(folder, shards, "two", HALF)
    torch.distributed.destroy_process_group()


@pytest.mark.long
def test_two_processes_train_on_the_batches_of_one(shards, tmp_path, two_processes):
    two_processes(member, tmp_path, shards)
    together = load_file(tmp_path / "two" / "generator.safetensors")
    for name, alone in trained(tmp_path, shards, "one", HALF).items():
        torch.testing.assert_close(together[name], alone, rtol=0, atol=1e-6, msg=name)
