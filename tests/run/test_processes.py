"""Runs shared by several processes."""

import os
from pathlib import Path

import torch
from safetensors.torch import load_file

from gantool.plugins.host import host
from gantool.run import planning, start

STEPS, BATCH, RATE = 12, 8, 1e-3
SETTINGS = {
    "arch": "dcgan:width=4,latent=8,generator_norm=none,discriminator_norm=none", "data": "shapes", "resolution": 16,
    "loss": "rpgan", "augment": "none", "batch": BATCH, "lr": RATE, "images": STEPS * BATCH, "labels": True,
    "log": ("watch:off=yes",), "device": "cpu", "precision": "float32", "layout": "contiguous",
}  # fmt: skip
"""rpgan compares each fake with the real at its place, so that the same latents in another order would not do."""


def trained(folder: Path, name: str) -> dict[str, torch.Tensor]:
    torch.set_num_threads(1)
    start.trainer(planning.plan(host(), SETTINGS, out=folder, name=name), folder).train()
    return load_file(folder / name / "generator.safetensors")


def member(rank: int, folder: Path) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2"}
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    trained(folder, "two")
    torch.distributed.destroy_process_group()


def test_a_dcgan_without_batch_norm_is_the_same_by_two_processes_as_by_one_up_to_rounding(tmp_path, two_processes):
    two_processes(member, tmp_path)
    together = load_file(tmp_path / "two" / "generator.safetensors")
    for name, alone in trained(tmp_path, "one").items():
        torch.testing.assert_close(together[name], alone, rtol=0, atol=1e-3 * RATE, msg=name)
