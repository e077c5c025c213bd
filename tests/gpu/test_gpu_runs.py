"""Whole commands on a GPU: exact resume, memory that runs out, samples, style transfer, several processes."""

import gc
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file
from small_runs import BATCH, Pictures, apart, drift, played, trainer_of, weights

import gantool as library
from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.filters import Filters
from gantool.engine.distributed import World
from gantool.engine.turns import Turns
from gantool.style import Settings, transfer
from gantool.testing import write_untrained

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.filterwarnings("ignore:.*deterministic", "ignore:Synchronization debug mode"),
]
DCGAN = "dcgan:width=8,max_width=16,latent=6"
# 4 pixels to step 4, 8 pixels fade in to step 8 and train to step 12, 16 pixels fade in to step 16.
PROGRESSIVE = "progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg=0.032,fade_kimg=0.032"
RATE = 1e-3


@pytest.fixture
def train(gantool, device, tmp_path):
    """Trains, and gives the result of the command."""

    def run(name, images, *words, **changed):
        flags = {
            "arch": DCGAN, "data": "shapes:count=64", "resolution": 16, "batch": BATCH, "device": device, "seed": 5,
            "precision": "float32", "augment": "none", "out": tmp_path, "name": name, "images": images,
            "log": "watch:off=yes", "snapshot-every": 10**6,
        } | changed  # fmt: skip
        asked = [str(word) for flag, value in flags.items() for word in (f"--{flag}", value)]
        return gantool("train", *asked, "-q", *words)

    return run


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize(("arch", "graph"), [(DCGAN, "off"), (DCGAN, "on"), (PROGRESSIVE, "on")])
def test_n_images_and_n_more_are_the_same_as_all_at_once(arch, graph, device, train, tmp_path):
    more = ("--graph", graph) if device.type == "cuda" else ()
    for name, images in (("whole", 28), ("parts", 14), ("parts", 28)):
        ended = train(name, images * BATCH, *more, arch=arch)
        assert ended.code == 0, ended.err
    whole, parts = (load_file(tmp_path / name / "generator.safetensors") for name in ("whole", "parts"))
    assert apart(whole, parts) == []


LITTLE = 2**28
"""Bytes within which a batch is doubled on a GPU, so that memory runs out in seconds on one that has plenty."""


@contextmanager
def little_memory(device, monkeypatch, more=0):
    """So many bytes and no more; on a CPU, steps of no more than two small batches at once."""
    if device.type == "cpu":
        play = Turns.play

        def limited(self, game, batch, *rest):
            if len(batch) > 2 * BATCH * game.accumulate:
                raise torch.OutOfMemoryError("out of memory")
            return play(self, game, batch, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(Turns, "play", limited)
            yield
        return
    gc.collect()
    torch.cuda.empty_cache()
    there_is = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + LITTLE + more) / there_is)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_batch_doubled_until_memory_runs_out_ends_with_advice_that_helps(device, train, monkeypatch):
    of_device = {"arch": "dcgan", "resolution": 64, "data": "shapes:count=1024"} if device.type == "cuda" else {}

    def limited(name, images, *words, more=0, **changed):
        with little_memory(device, monkeypatch, more):
            return train(name, images, *words, **of_device | changed)

    batch = BATCH
    while (ended := limited(f"run-{batch}", batch, batch=batch)).code == 0 and batch < 64 * BATCH:
        batch *= 2
    assert batch > BATCH, ended.err
    assert ended.code == 1
    assert "Out of memory" in ended.err
    assert f"--batch {batch // 2}, --accumulate 2" in ended.err
    name = f"run-{batch}"
    assert train(name, batch, **of_device, batch=batch).code == 0  # where there is more memory, it goes on
    ended = limited(name, 2 * batch, batch=batch)
    assert ended.code == 1
    assert "--accumulate 2 --change" in ended.err
    ended = limited(name, 2 * batch, "--accumulate", "2", "--change", batch=batch, more=2**26)
    assert ended.code == 0, ended.err


@pytest.fixture
def untrained(tmp_path):
    write_untrained(tmp_path / "model.safetensors", "dcgan", resolution=32)
    return tmp_path / "model.safetensors"


def test_a_seed_is_the_same_picture_in_any_company(device, untrained):
    model = library.load(untrained, device=str(device))
    together = model.images(range(9))
    assert all(torch.equal(model.images([seed])[0], together[seed]) for seed in (0, 4, 8))
    assert torch.equal(model.images(range(8, -1, -1)).flip(0), together)


def test_a_seed_is_nearly_the_cpu_s_picture(device, untrained):
    here, there = (library.load(untrained, device=name).images(range(4)).int() for name in ("cpu", str(device)))
    assert (here - there).abs().max() <= 1


def test_style_transfer_takes_the_cpu_s_way(device):
    def losses(place):
        content, style = (
            torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(seed)).to(place) * 2 - 1 for seed in (0, 1)
        )
        extractor = Filters(RandomOptions(filters=8, size=3, scales=3))
        states = list(transfer(content, [style], extractor, Settings(steps=6, scales=1)))
        assert states[-1].image.device.type == torch.device(place).type
        return [float(state.terms.total) for state in states]

    assert losses(device) == pytest.approx(losses("cpu"), rel=0.02)


NO_NORM = "dcgan:width=8,max_width=16,latent=6,generator_norm=none,discriminator_norm=none"


class Share(Pictures):
    """The part of each batch that belongs to one process of two."""

    def __init__(self, rank, device):
        super().__init__(16, device)
        self.rank = rank

    def take(self, images_seen, n, resolution=None):
        start = (images_seen + self.rank * n) % (self.count - n + 1)
        return self.images[start : start + n], None


def member(rank, folder, kind, backend):
    torch.backends.cudnn.allow_tf32 = False
    device = torch.device(kind, rank) if backend == "nccl" else torch.device(kind)
    if backend == "nccl":
        torch.cuda.set_device(device)
    torch.distributed.init_process_group(backend, init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    hosts = torch.distributed.new_group(backend="gloo")
    made = trainer_of(
        "dcgan", device, folder / f"two-{rank}", arch=NO_NORM, lr=RATE, world=World(rank, 2, hosts),
        pictures=Share(rank, device),
    )  # fmt: skip
    torch.save(played(made, 4), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("backend", ["gloo", "nccl"])
def test_two_processes_train_as_one(backend, device, tmp_path, two_processes):
    """By gloo on one GPU, by NCCL on two."""
    if backend == "nccl" and (device.type == "cpu" or torch.cuda.device_count() < 2):
        pytest.skip("there are no two GPUs")
    two_processes(member, tmp_path, device.type, backend)
    both = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    made = trainer_of("dcgan", device, tmp_path / "one", arch=NO_NORM, lr=RATE)
    start = weights(made)
    assert apart(*both) == []
    assert drift(both[0], played(made, 4), start) < 0.01
