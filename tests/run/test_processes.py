"""Runs shared by several processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import gantool
from gantool.engine.precision import Precision
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


@contextmanager
def joined(rank: int, folder: Path) -> Iterator[None]:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2"}
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    yield
    torch.distributed.destroy_process_group()


def member(rank: int, folder: Path) -> None:
    with joined(rank, folder):
        trained(folder, "two")


def from_python(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    with joined(rank, folder), (folder / f"said-{rank}").open("w") as said, redirect_stderr(said):
        gantool.train(planning.plan(host(), SETTINGS | {"images": BATCH}, out=folder, name="two"), folder)


def test_a_dcgan_without_batch_norm_is_the_same_by_two_processes_as_by_one_up_to_rounding(tmp_path, two_processes):
    two_processes(member, tmp_path)
    together = load_file(tmp_path / "two" / "generator.safetensors")
    for name, alone in trained(tmp_path, "one").items():
        torch.testing.assert_close(together[name], alone, rtol=0, atol=1e-3 * RATE, msg=name)


def unnamed(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    with joined(rank, folder):
        run = gantool.train(**SETTINGS | {"images": BATCH}, out=folder / "runs", progress=False)
        (folder / f"run-{rank}").write_text(str(run))


def test_a_run_of_two_processes_without_a_name_gets_the_next_number_from_the_leading_one(tmp_path, two_processes):
    (tmp_path / "runs" / "00003-other").mkdir(parents=True)
    two_processes(unnamed, tmp_path)
    run = tmp_path / "runs" / "00004-dcgan-shapes"
    assert [(tmp_path / f"run-{rank}").read_text() for rank in range(2)] == [str(run)] * 2
    assert (run / "generator.safetensors").is_file()
    assert sorted(path.name for path in run.parent.iterdir()) == ["00003-other", "00004-dcgan-shapes"]


def test_the_leading_process_alone_says_how_a_run_from_python_ended(tmp_path, two_processes):
    two_processes(from_python, tmp_path)
    said = [(tmp_path / f"said-{rank}").read_text() for rank in range(2)]
    assert said[0].count("Train longer: ") == said[0].count("Trained on 8 images") == 1
    assert "Pictures: " not in said[1]


def timing(rank: int, folder: Path) -> None:
    """Each process would find another precision the fastest."""
    torch.set_num_threads(1)
    of_rank = [Precision(convolutions="rearranged"), Precision("bf16", "channels_last")]
    free = {name: value for name, value in SETTINGS.items() if name not in ("precision", "layout")}
    with joined(rank, folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr("gantool.run.prepare.choose", lambda *_: of_rank[rank])
        made = start.trainer(planning.plan(host(), free | {"images": BATCH}, out=folder, name="timed"), folder)
        made.train()
    config = made.config
    (folder / f"precision-{rank}").write_text(f"{config.precision} {config.layout} {config.convolutions}")
    assert made.game.precision == of_rank[0]


def test_all_processes_compute_as_the_leading_one_found_fastest(tmp_path, two_processes):
    two_processes(timing, tmp_path)
    assert {(tmp_path / f"precision-{rank}").read_text() for rank in range(2)} == {"float32 contiguous rearranged"}
