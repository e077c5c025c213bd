"""An evaluation shared out among processes."""

import os

import evaluated
import pytest
import torch
from evaluated import CLASSES, write_data, write_run

import gantool
from gantool.engine.distributed import World
from gantool.evaluation.sharing import shared
from gantool.plugins.host import PluginHost, using

SETTINGS = {"metrics": ("near", "kid"), "extractor": "random:filters=8,scales=2", "n": 25, "batch": 4, "device": "cpu"}


def measured(run):
    torch.set_num_threads(1)
    host = PluginHost(third_party=False, environ={})
    with using(host):
        host.add(evaluated.Plugin, "gantool-evaluated")
        return gantool.evaluate(run, **SETTINGS)


def member(rank, folder):
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "GANTOOL_CACHE": str(folder / "cache-of-two")}
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    first = vars(measured(folder / "run").scores)
    torch.save(vars(measured(folder / "run").scores), folder / f"{rank}.pt")  # now with features from the cache
    assert torch.load(folder / f"{rank}.pt", weights_only=True) == first
    torch.distributed.destroy_process_group()


@pytest.mark.long
@pytest.mark.parametrize("classes", [(), CLASSES])
def test_two_processes_give_the_numbers_of_one_bit_for_bit_and_write_once(
    tmp_path, monkeypatch, two_processes, classes
):
    run = write_run(tmp_path / "run", write_data(tmp_path / "data", 53), classes)
    two_processes(member, tmp_path)
    assert len((run / "evaluations.jsonl").read_text().splitlines()) == 2
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    alone = vars(measured(run).scores)
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt", weights_only=True) == alone


class Seen(World):
    """The stretch that one process has; it answers as if the others had zeros."""

    def gathered(self, values):
        return torch.cat([values if rank == self.rank else torch.zeros_like(values) for rank in range(self.size)])


@pytest.mark.parametrize(("count", "size"), [(7, 3), (2, 4), (6, 2), (1, 1)])
def test_every_place_is_one_processs_and_comes_back_in_order(count, size):
    whole = sum(shared(Seen(rank, size), count, lambda places: (places + 1,))[0] for rank in range(size))
    assert whole.tolist() == list(range(1, count + 1))
