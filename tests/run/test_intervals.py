"""Sample grids take at most their share of a run's time; resumed runs have them where unbroken ones have them."""

import json
from dataclasses import replace

import pytest
import torch

import gantool
from gantool.engine.cadence import GRIDS
from gantool.files import cache_folder
from gantool.plugins.host import host
from gantool.run import duration as timing
from gantool.run import grids, planning, start
from gantool.run.defaults import measured
from gantool.run.grids import cost_of_a_grid
from gantool.run.intervals import LONG, SHARE, Cost, intervals, reason, settled
from prepared import prepared

CPU = torch.device("cpu")


def config(**settings):
    return prepared(**settings).config


@pytest.mark.parametrize("images", [64, 640, 1_000, 6_400, 20_000, 100_000])
@pytest.mark.parametrize("cost", [Cost(0.05, 0.001), Cost(0.1, 0.005), Cost(0.6, 0.016), Cost(30.0, 0.5)])
def test_grids_take_no_more_than_their_share_of_a_run(images, cost):
    every, saving = intervals(config(images=images), cost)
    count = images // every
    assert count <= GRIDS
    fewest = 2 if cost.image * images >= LONG else 1
    assert count == fewest or count * cost.grid <= SHARE * cost.image * images
    assert count >= fewest
    assert (count + 1) * cost.grid > SHARE * cost.image * images or count == GRIDS
    assert saving % every == 0
    assert saving >= images // 10


def test_a_grid_that_costs_little_or_is_not_timed_comes_twenty_times():
    of_run = config(images=100_000, batch=50)
    assert intervals(of_run) == intervals(of_run, Cost(0.9, 0.01)) == (5_000, 10_000)
    assert not reason(settled(of_run, Cost(0.9, 0.01)))
    assert intervals(config(images=100, batch=64), Cost(9.0, 0.01)) == (128, 128)  # the end, after two steps


def test_what_is_given_is_kept_and_patience_has_all_grids():
    slow = Cost(9.0, 0.01)
    assert intervals(config(images=6_400, snapshot_every=100), slow) == (100, 640)
    assert intervals(config(images=6_400, checkpoint_every=100), slow) == (3_200, 100)
    assert intervals(config(images=6_400, patience=3), slow) == (320, 640)


def test_the_last_grid_comes_at_the_end():
    for count in range(2, 20):
        every, _ = intervals(config(images=20_000, batch=8), Cost(1.0, (count + 0.5) / (SHARE * 20_000)))
        assert 20_000 - 8 < 20_000 // every * every <= 20_000


@pytest.mark.parametrize("images", [1_010, 10_007, 12_345])
@pytest.mark.parametrize("batch", [2, 4, 8, 32])
def test_an_odd_length_has_grids_as_another_has(images, batch):
    of_run = config(images=images, batch=batch)
    assert intervals(of_run, Cost(1e-6, 1.0)) == intervals(of_run)
    steps = range(batch, images + batch, batch)
    for affordable in range(2, 20):
        every, _ = intervals(of_run, Cost(1.0, (affordable + 0.5) / (SHARE * images)))
        drawn = [seen for seen in steps if seen // every > (seen - batch) // every]
        assert affordable / 2 < len(drawn) <= max(affordable, images / every)
        assert drawn[-1] == steps[-1] or batch < affordable


def test_fewer_grids_are_told_in_a_line():
    planned, slow = config(images=6_400), Cost(9.0, 0.01)
    lines = [str(choice) for choice in measured(planned, settled(planned, slow))]
    assert len(lines) == 1
    assert lines[0].startswith("Chosen: --snapshot-every 3,200 (fewer than 20 grids")
    assert not list(measured(planned, settled(planned, Cost(0.01, 1.0))))
    given = config(images=6_400, snapshot_every=1_600)
    assert not list(measured(given, settled(given, slow)))


def test_a_grid_is_timed_once_on_a_machine_beside_steps_of_the_same_time(monkeypatch):
    drawn, stepped = iter([0.9, 0.5, 0.7, 0.8, 0.6]), iter([0.4, 0.3, 0.2, 0.4, 0.3])
    monkeypatch.setattr(grids, "drawing_timer", lambda *_: lambda: next(drawn))
    built = prepared(seed=5, arch="dcgan:width=4,max_width=8,latent=7")
    first = cost_of_a_grid(built, CPU, 0.3, lambda: lambda: next(stepped))
    assert first.grid == pytest.approx(64 * 0.5, rel=0.1)
    assert first.image == 0.2
    assert not list(drawn)
    assert cost_of_a_grid(built, CPU, 7.0, lambda: pytest.fail("it is timed again")) == first


def test_timing_a_grid_changes_nothing_of_the_run():
    built = prepared(seed=5, arch="dcgan:width=4,max_width=8,latent=8", images=400)
    state = [tensor.clone() for network in built.gan.networks for tensor in network.state_dict().values()]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        found = timing.duration(built, CPU)
        drawn = torch.rand(3)
        torch.manual_seed(1)
        assert torch.equal(torch.rand(3), drawn)
    assert found.grid.grid > 0.01
    assert 0 < found.grid.image < 1
    after = [tensor for network in built.gan.networks for tensor in network.state_dict().values()]
    assert all(torch.equal(one, other) for one, other in zip(state, after, strict=True))
    assert all(network.training for network in built.gan.networks)


def test_nothing_is_drawn_where_an_image_takes_seconds():
    built = prepared(arch="dcgan:width=4,max_width=8,latent=9")
    found = cost_of_a_grid(built, CPU, 10.0, lambda: pytest.fail("it is tried"))
    assert found.grid == pytest.approx(64 * grids.DRAWING * 10, rel=0.1)
    assert found.image == 10


def test_networks_that_grow_are_timed_in_the_stage_that_the_run_reaches(monkeypatch):
    arch, drawn = "progressive:stabilise_kimg=0.1,fade_kimg=0.1,fmap_base=64,fmap_max=8,latent=6", []

    def draws(gan, *_):
        drawn.append(gan.generator(torch.zeros(1, 6))[-1].shape[-1])
        return lambda: 0.1

    monkeypatch.setattr(grids, "drawing_timer", draws)
    steps = iter([0.01] * grids.ROUNDS + [0.2] * grids.ROUNDS)
    lengths = [prepared(arch=arch, images=images) for images in (50, 5_000)]
    costs = [cost_of_a_grid(built, CPU, 1.0, lambda: lambda: next(steps)) for built in lengths]
    assert drawn == [4, 16]
    assert [cost.image for cost in costs] == [0.01, 0.2]


def test_a_generator_that_cannot_draw_leaves_the_time_unknown(monkeypatch):
    def fails(*_):
        raise ValueError

    monkeypatch.setattr(timing, "cost_of_a_grid", fails)
    assert timing.duration(prepared(images=100), CPU) is None


SMALL = {
    "arch": "dcgan:width=4,max_width=8,latent=5", "data": "shapes:count=64", "resolution": 16, "batch": 8,
    "precision": "float32", "device": "cpu", "augment": "none",
}  # fmt: skip


def sheets(run):
    return {path.name: path.read_bytes() for path in (run / "samples").iterdir()}


def resumed(run, **settings):
    return start.trainer(planning.plan(host(), settings, resume=run))


@pytest.mark.long
def test_a_run_that_resumes_has_its_grids_where_the_unbroken_one_has_them(tmp_path, monkeypatch):
    monkeypatch.setattr(grids, "_timed", lambda *_: Cost(0.25, 0.16))
    whole = gantool.trainer(gantool.configure(**SMALL, images=320), out=tmp_path / "whole")
    whole.train()

    def leaves(event):
        if isinstance(event, gantool.Tick) and event.images_seen >= 100:
            part.interrupt()

    part = gantool.trainer(gantool.configure(**SMALL, images=320), out=tmp_path / "part", observers=[leaves])
    assert whole.config.snapshot_every == part.config.snapshot_every == 80
    part.train()
    assert 0 < part.images_seen < 320
    other = cache_folder() / "grids.json"  # timed anew it would be another, and is not asked for
    other.write_text(json.dumps(dict.fromkeys(json.loads(other.read_text()), "0.5 0.001")))
    again = resumed(part.run)
    again.train()
    assert len(sheets(whole.run)) == 5
    assert sheets(whole.run) == sheets(again.run)
    assert (whole.run / "best.json").read_bytes() == (again.run / "best.json").read_bytes()
    assert "snapshot_every = 80" in (again.run / "config.toml").read_text()
    assert resumed(again.run, images=480).config.snapshot_every == 80


def test_a_grid_is_timed_once_though_settings_may_not_name_the_precision_yet(monkeypatch, tmp_path):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path))
    timed = []
    monkeypatch.setattr("gantool.run.grids._timed", lambda *_: timed.append(1) or Cost(0.5, 0.25))
    built = prepared()
    for one in (built.config, built.config.model_copy(update={"precision": "auto", "layout": "auto"})):
        assert cost_of_a_grid(replace(built, config=one), CPU, 0.25, lambda: lambda: 0.25) == Cost(0.5, 0.25)
    assert timed == [1]
