"""Restarts by torchrun: all go on with the run that they had begun, from its last checkpoint, to the same weights."""

import os
import shutil
from pathlib import Path

import pytest
import torch

import gantool
from gantool.engine import checkpoint
from gantool.engine.distributed import World
from gantool.errors import ResumeError
from gantool.plugins.host import host
from gantool.run import launches, planning, start

SETTINGS = {
    "arch": "mlp:latent=4,generator_hidden=8,discriminator_hidden=8", "data": "shapes:count=32", "resolution": 8,
    "batch": 8, "augment": "none", "device": "cpu", "precision": "float32", "layout": "contiguous",
    "log": ("watch:off=yes",), "checkpoint_every": 16, "snapshot_every": 64,
}  # fmt: skip
AGENT = "/errors/none_b"


def restarted(monkeypatch, agent=AGENT, run_id="none", attempt=0, nodes=1):
    """A new process that torchrun has started, for this time."""
    monkeypatch.setattr(launches, "_trained", set())
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", run_id)
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", f"{agent}/attempt_{attempt}/0/error.json")
    monkeypatch.setenv("GROUP_WORLD_SIZE", str(nodes))


def trained(out, images=32, **more):
    plan = planning.plan(host(), SETTINGS | {"images": images} | more.pop("settings", {}), out=out, **more)
    return start.trainer(plan, out).train().run


def test_a_launch_that_starts_again_goes_on_with_its_run_and_another_begins_its_own(tmp_path, monkeypatch):
    restarted(monkeypatch)
    run = trained(tmp_path, 16)
    restarted(monkeypatch, attempt=1)
    assert trained(tmp_path, 32) == run
    assert checkpoint.newest(run).name == "000000032"
    restarted(monkeypatch, agent="/errors/none_d")
    other = trained(tmp_path, 16)
    assert other != run
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    assert trained(tmp_path, 16) not in (run, other)


def test_nodes_know_their_launch_by_its_id(tmp_path, monkeypatch):
    restarted(monkeypatch, run_id="job-7", nodes=2)
    run = trained(tmp_path, 32)
    shutil.rmtree(checkpoint.newest(run))  # as if it had been killed behind 16 images
    restarted(monkeypatch, agent="/elsewhere/job-7_e", run_id="job-7", attempt=1, nodes=1)  # the other node is gone
    assert trained(tmp_path, 32) == run
    restarted(monkeypatch, agent="/elsewhere/job-7_f", run_id="none", nodes=2)
    assert trained(tmp_path, 16) != run


def test_nodes_may_use_an_id_again_for_another_run(tmp_path, monkeypatch):
    restarted(monkeypatch, run_id="456", nodes=2)
    run = trained(tmp_path, 16)
    other = trained(tmp_path, 16, name="other")
    (other / launches.MARK).unlink()
    restarted(monkeypatch, agent="/elsewhere/456_f", run_id="456", nodes=2)
    assert planning.plan(host(), {"images": 32}, out=tmp_path, resume=other).run == other
    assert trained(tmp_path, 16, settings={"seed": 5}) not in (run, other)


def test_a_program_that_trains_several_runs_finds_each_again_in_its_turn(tmp_path, monkeypatch):
    restarted(monkeypatch)
    runs = [trained(tmp_path, 16, settings={"seed": seed}) for seed in (1, 2)]
    assert runs[0] != runs[1]
    for attempt in (1, 2):
        restarted(monkeypatch, attempt=attempt)
        assert [trained(tmp_path, 16 + 8 * attempt, settings={"seed": seed}) for seed in (1, 2)] == runs


def test_one_machine_may_use_an_id_again(tmp_path, monkeypatch):
    restarted(monkeypatch, run_id="mine")
    run = trained(tmp_path, 16)
    restarted(monkeypatch, agent="/elsewhere/mine_x", run_id="mine")
    assert trained(tmp_path, 16) != run


def test_an_agent_of_windows_is_known_too(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.delenv("GROUP_WORLD_SIZE", raising=False)
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", r"C:\Temp\torchelastic_a\none_b\attempt_1\0\error.json")
    assert launches.this_launch() == launches.Launch("none", r"C:\Temp\torchelastic_a\none_b", 1)


def test_a_launch_that_resumed_from_an_older_checkpoint_goes_on_from_its_newest(tmp_path, monkeypatch):
    run = trained(tmp_path, 32)
    restarted(monkeypatch)
    old = run / "checkpoints" / "000000016"
    assert not planning.plan(host(), {}, out=tmp_path, resume=old).restarted
    trained(tmp_path, 48, resume=old)
    restarted(monkeypatch, attempt=1)
    plan = planning.plan(host(), {"images": 64}, out=tmp_path, resume=old)
    assert plan.checkpoint.name == "000000048"
    assert plan.restarted


def test_a_mark_that_cannot_be_read_is_no_mark(tmp_path, monkeypatch):
    restarted(monkeypatch)
    run = trained(tmp_path, 16)
    for text in ("", "[]", "{}", '{"run_id": 1, "agent": 2, "nodes": "x"}'):
        (run / launches.MARK).write_text(text)
        assert launches.begun(tmp_path) is None


def test_a_run_from_python_is_found_again_too(tmp_path, monkeypatch):
    restarted(monkeypatch)
    run = gantool.train(**SETTINGS | {"images": 16}, out=tmp_path / "runs", progress=False)
    restarted(monkeypatch, attempt=1)
    assert gantool.train(**SETTINGS | {"images": 32}, out=tmp_path / "runs", progress=False) == run


def test_processes_that_see_different_runs_are_told_so(tmp_path, monkeypatch):
    class Apart(World):
        def gathered(self, values):
            return torch.cat([values, torch.tensor([-1])])

    run = trained(tmp_path, 16)
    monkeypatch.setattr(start, "join_world", lambda device, minutes: Apart())
    plan = planning.plan(host(), {"images": 32}, out=tmp_path, resume=run)
    with pytest.raises(ResumeError, match=r"Process 0 finds the run at 16 images, and process 1 no run.* share"):
        start.trainer(plan, tmp_path)


def member(rank: int, folder: Path, images: int) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2"}
    torch.set_num_threads(1)
    meet = f"file://{folder}/meet-{images}"
    torch.distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2)
    trained(folder, images, name="run")
    torch.distributed.destroy_process_group()


@pytest.mark.long
@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_a_run_goes_on_with_another_number_of_processes_at_the_same_clock_and_batch(tmp_path, two_processes, numbers):
    seen = []
    for images, number in zip((24, 48), numbers, strict=True):
        if number == 2:
            two_processes(member, tmp_path, images)
        else:
            trained(tmp_path, images, name="run")
        seen.append(checkpoint.load(checkpoint.newest(tmp_path / "run")))
    assert [one.images_seen for one in seen] == [24, 48]
    steps = [int(next(iter(one.state["optimizer_g"]["state"].values()))["step"]) for one in seen]
    assert steps == [3, 6]
