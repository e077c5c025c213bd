import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
import torch

import gantool
from fakes import TinyBatches, TinyDiscriminator, state, trainer
from gantool.api.networks import Stage
from gantool.engine import checkpoint
from gantool.engine.distributed import World, join_world
from gantool.engine.stages import check_parts
from gantool.errors import OptionError, TrainingError


def test_one_process_is_rank_0_of_1(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    world = join_world(torch.device("cpu"))
    assert (world.rank, world.size, world.leads, world.share(7)) == (0, 1, True, 7)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"WORLD_SIZE": "x"}, "WORLD_SIZE='x'"),
        ({"WORLD_SIZE": "0"}, "no number of at least 1"),
        ({"WORLD_SIZE": "9" * 5000}, "unset it for one process"),
        ({"WORLD_SIZE": "²"}, "unset it for one process"),
        ({"WORLD_SIZE": "2"}, "no RANK and no MASTER_ADDR and no MASTER_PORT.*torchrun --nproc-per-node 2"),
        ({"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}, "RANK=2 of WORLD_SIZE=2"),
        ({"WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "x"}, "MASTER_PORT='x'"),
    ],
)
def test_an_environment_that_no_launcher_sets_is_explained(monkeypatch, environment, words):
    for name in ("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(OptionError, match=words):
        join_world(torch.device("cpu"))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Connection closed by peer [127.0.0.1]:51532", r"has ended.*Connection closed.*same command"),
        ("[pair.cc:534] Read error [10.0.0.2]:2950: Connection timed out", r"broke: .*\[10.0.0.2\]:2950.*same command"),
        ("timed out connecting: SO_ERROR: Operation now in progress, remote=[10.0.0.2]:2950", r"broke: see that its"),
        ("[unbound_buffer.cc:81] Timed out waiting 500ms for recv operation", r"hangs: .*--timeout.*same command"),
    ],
)
def test_a_process_that_died_or_hangs_is_told_with_the_way_on(monkeypatch, said, words):
    def dead(*_, **__):
        raise RuntimeError(said)

    for name in ("all_reduce", "all_gather", "barrier"):
        monkeypatch.setattr(torch.distributed, name, dead)
    world = World(0, 2)
    for call in (
        lambda: world.anyone(False), world.barrier, lambda: world.gathered(torch.ones(1)),
        lambda: world.agree([torch.ones(1)]), lambda: world.average([], torch.ones(())),
    ):  # fmt: skip
        with pytest.raises(TrainingError, match=words):
            call()


def hanging(rank, folder):
    """The second process does not come to the barrier until the first has given up."""
    wait = timedelta(seconds=10)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2, timeout=wait
    )
    told = Path(folder) / "told"
    if rank == 0:
        with pytest.raises(TrainingError, match=r"hangs: it did not answer .*--timeout.*same command"):
            World(0, 2).anyone(False)
        told.touch()
    while not told.exists():
        time.sleep(0.01)
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_a_process_that_hangs_is_not_waited_for_for_ever(tmp_path, two_processes):
    two_processes(hanging, str(tmp_path))
    assert (tmp_path / "told").exists()


def test_processes_that_do_not_find_each_other_are_told_after_the_timeout(monkeypatch):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match=r"at localhost:.*1.2 .*within the 0.005 minutes of --timeout"):
        join_world(torch.device("cpu"), minutes=0.005)


def test_a_batch_that_does_not_divide_is_explained():
    with pytest.raises(OptionError, match=r"--batch 7 .* use a multiple of 2"):
        check_parts([Stage(0, 8, 7)], 1, processes=2)


class Gpus:
    """A machine with two GPUs, and a world that begins no group."""

    def __init__(self, monkeypatch, **environment):
        self.taken = []
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
        monkeypatch.setattr(torch.cuda, "set_device", self.taken.append)
        monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.distributed, "new_group", lambda backend, timeout: None)
        monkeypatch.setattr(torch.distributed, "get_rank", lambda: 5)
        monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 8)
        for name, value in ({"WORLD_SIZE": "8"} | environment).items():
            monkeypatch.setenv(name, value)


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    gpus = Gpus(monkeypatch, LOCAL_RANK="1")
    assert join_world(torch.device("cuda")).rank == 5
    assert gpus.taken == [1]


def test_a_process_that_was_given_its_gpu_keeps_it(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    gpus = Gpus(monkeypatch)
    join_world(torch.device("cuda"))
    assert gpus.taken == []


@pytest.mark.parametrize(
    ("device", "place", "words"),
    [
        ("cuda:1", "0", "one GPU, which 8 processes cannot share"),
        ("cuda", "2", "3 processes .* 2 CUDA devices"),
    ],
)
def test_processes_that_cannot_have_a_gpu_each_are_told(monkeypatch, device, place, words):
    Gpus(monkeypatch, LOCAL_RANK=place)
    with pytest.raises(OptionError, match=words):
        join_world(torch.device(device))


def squared_gradient(network, images):
    images = images.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(network((images,), None).sum(), images, create_graph=True)
    return gradient.square().flatten(1).sum(1)


def loss_of(network, images):
    return (torch.nn.functional.softplus(network((images,), None)) + squared_gradient(network, images)).mean()


def member(rank, size, folder):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size)}
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    world = join_world(torch.device("cpu"))
    torch.manual_seed(0)
    network, images = TinyDiscriminator(), torch.randn(8, 3, 8, 8)
    loss = loss_of(network, images[rank * 4 : rank * 4 + 4])
    loss.backward()
    mean = world.average(network.parameters(), loss)
    torch.save([mean.detach(), *(p.grad for p in network.parameters())], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.long
def test_two_processes_have_the_gradients_of_one_with_a_penalty_too(tmp_path, two_processes):
    two_processes(member, 2, str(tmp_path))
    torch.manual_seed(0)
    network, images = TinyDiscriminator(), torch.randn(8, 3, 8, 8)
    loss = loss_of(network, images)
    loss.backward()
    alone = [loss.detach(), *(p.grad for p in network.parameters())]
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for one, other in zip(alone, together, strict=True):
            assert torch.allclose(one, other, atol=1e-6)


def agreeing(rank, size, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size)}
    memory = [torch.tensor(float(rank)), torch.full((2,), 3.0 * rank)]
    join_world(torch.device("cpu")).agree(memory)
    memory.append(join_world(torch.device("cpu")).gathered(torch.tensor([rank, rank + 10.0])))
    assert join_world(torch.device("cpu")).from_leader(Path(f"run-{rank}")) == Path("run-0")
    torch.save(memory, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.long
def test_processes_agree_on_the_mean_of_what_their_components_remember(tmp_path, two_processes):
    two_processes(agreeing, 2, str(tmp_path))
    for rank in range(2):
        one, two, gathered = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert gathered.tolist() == [0, 10, 1, 11]
        assert one.item() == 0.5
        assert two.tolist() == [1.5, 1.5]


def playing(rank, size, folder, goal, stops_at):
    """One of two processes that train; the second alone is asked to stop, in the middle of a step."""
    meet = Path(folder) / f"meet-{goal}-{stops_at}"
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meet}", rank=rank, world_size=size, timeout=timedelta(seconds=60)
    )
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(size)}
    torch.set_num_threads(1)

    class Slices(TinyBatches):
        def take(self, images_seen, n, resolution=None):
            if rank == 1 and images_seen == stops_at:
                made.interrupt()
            return super().take(images_seen + rank * n, n)

    run = Path(folder) / ("whole" if stops_at is None else "halves")
    made = trainer(run, images=goal, batches=Slices(), world=join_world(torch.device("cpu")))
    newest = checkpoint.newest(run)
    torch.distributed.barrier()  # before the leading one writes another
    if newest is not None:
        made.resume(newest)
    finished = made.train()
    torch.save([finished.images_seen, finished.interrupted, *state(made)], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()
    assert not [name for name in threads() if "gloo" in name]  # which would race with Python's end, and abort it


def threads():
    """What the system calls this process's threads, where it tells (Linux)."""
    return [name.read_text() for name in Path("/proc/self/task").glob("*/comm")]


def played(two_processes, folder, goal, stops_at):
    two_processes(playing, 2, str(folder), goal, stops_at)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.long
def test_all_processes_stop_after_the_same_step_when_one_is_asked_to_and_go_on_exactly(tmp_path, two_processes):
    halves = tmp_path / "halves"
    for images_seen, interrupted, *_ in played(two_processes, tmp_path, 96, 40):
        assert (images_seen, interrupted) == (48, True)
    assert checkpoint.newest_good(halves).name == "000000048"
    for images_seen, interrupted, *_ in played(two_processes, tmp_path, 96, -1):
        assert (images_seen, interrupted) == (96, False)
    played(two_processes, tmp_path, 96, None)
    whole, resumed = (checkpoint.load(checkpoint.newest_good(tmp_path / run)) for run in ("whole", "halves"))
    assert whole.images_seen == resumed.images_seen == 96
    for part in ("generator", "discriminator", "averaged"):
        one, other = getattr(whole, part), getattr(resumed, part)
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_by_the_clock_of_one_process_is_written_by_all(tmp_path):
    class Other(World):
        """Another process, whose clock says after 24 images that a checkpoint is due."""

        def any_of(self, *mine):
            return (mine[0], *(late or made.images_seen == 24 for late in mine[1:]))

    made = trainer(tmp_path / "run", images=64, world=Other(), checkpoint_every=1000)
    made.train()
    assert [path.name for path in checkpoint.newest_first(tmp_path / "run")] == ["000000064", "000000032"]


@pytest.mark.parametrize(("minutes", "saved"), [(0.0, 1), (1e-9, 3)])
def test_checkpoints_are_due_by_time_unless_that_is_0(tmp_path, minutes, saved):
    made = trainer(tmp_path / "run", images=64, checkpoint_every=1000, checkpoint_minutes=minutes)
    made.train()
    assert len(checkpoint.newest_first(tmp_path / "run")) == saved


def test_a_signal_that_comes_while_they_agree_is_not_forgotten(tmp_path):
    class Slow(World):
        def any_of(self, *mine):
            if made.images_seen:
                made.interrupt()
            return mine

    made = trainer(tmp_path / "run", images=96, world=Slow())
    finished = made.train()
    assert (finished.interrupted, finished.images_seen) == (True, 16)


def test_a_stage_whose_batch_cannot_be_shared_is_named():
    stages = [Stage(0, 32, 8), Stage(100, 64, 4, "train 64 pixels")]
    with pytest.raises(OptionError, match=r"In the stage 'train 64 pixels' the batch is 4, which 8 processes"):
        check_parts(stages, 1, processes=8)


def test_a_batch_that_cannot_be_shared_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("gantool.run.start.join_world", lambda device, minutes: World(0, 3))
    config = gantool.configure(arch="mlp", data="shapes:count=8", resolution=8, batch=8, device="cpu")
    with pytest.raises(OptionError, match="cannot be shared by 3 processes"):
        gantool.trainer(config, out=tmp_path)
    assert not list(tmp_path.iterdir())
