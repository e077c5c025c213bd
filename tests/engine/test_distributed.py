import os

import pytest
import torch
import torch.multiprocessing as spawning

from fakes import TinyDiscriminator
from gantool.engine.distributed import World, join_world
from gantool.errors import TrainingError


def test_one_process_is_rank_0_of_1(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    world = join_world(torch.device("cpu"))
    assert (world.rank, world.size, world.leads, world.share(7)) == (0, 1, True, 7)


def test_a_batch_that_does_not_divide_is_explained():
    with pytest.raises(TrainingError, match="--batch 7"):
        World(0, 2).share(7)


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


def test_two_processes_have_the_gradients_of_one_with_a_penalty_too(tmp_path):
    spawning.spawn(member, (2, str(tmp_path)), nprocs=2)
    torch.manual_seed(0)
    network, images = TinyDiscriminator(), torch.randn(8, 3, 8, 8)
    loss = loss_of(network, images)
    loss.backward()
    alone = [loss.detach(), *(p.grad for p in network.parameters())]
    for rank in range(2):
        together = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for one, other in zip(alone, together, strict=True):
            assert torch.allclose(one, other, atol=1e-6)
