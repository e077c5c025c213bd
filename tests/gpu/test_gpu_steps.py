"""Training steps on a GPU: the CPU's, in both precisions, and without waiting."""

import copy
import gc

import pytest
import torch
from small_runs import ARCHS, BATCH, Pictures, drift, every_arch, played, trainer_of, weights

from gantool.api.specs import ImageShape
from gantool.engine.ema import Ema
from gantool.engine.memory_estimate import memory_estimate
from gantool.run.prepare import resolve_precision

pytestmark = [pytest.mark.gpu, pytest.mark.filterwarnings("ignore:Synchronization debug mode")]
CPU = torch.device("cpu")


@pytest.fixture
def same_draws(monkeypatch):
    """All random numbers come from the CPU's generator, whose sequence is not that of a GPU's."""
    for name in ("rand", "randn", "randint"):
        draw = getattr(torch, name)

        def drawn(*size, device=None, draw=draw, **more):
            return draw(*size, **more).to(device or "cpu")

        monkeypatch.setattr(torch, name, drawn)
    for name in ("rand_like", "randn_like"):
        draw_like = getattr(torch, name)
        monkeypatch.setattr(torch, name, lambda like, draw=draw_like: draw(like.detach().cpu()).to(like.device))


@every_arch
def test_steps_in_float32_are_those_of_the_cpu(arch, device, same_draws, tmp_path):
    here, there = trainer_of(arch, CPU, tmp_path / "cpu"), trainer_of(arch, device, tmp_path / "gpu")
    start = weights(here)
    assert weights(there).keys() == start.keys()
    assert drift(played(here, 3), played(there, 3), start) < 0.01
    of_cpu, of_gpu = here._ledger.close(), there._ledger.close()
    assert of_cpu.keys() == of_gpu.keys()
    for name, value in of_cpu.items():
        assert of_gpu[name] == pytest.approx(value, rel=0.01, abs=1e-4), name


@every_arch
def test_steps_in_bf16_are_those_of_float32_roughly(arch, device, tmp_path):
    exact, rough = (
        trainer_of(arch, device, tmp_path / precision, precision=precision) for precision in ("float32", "bf16")
    )
    played(exact, 2)
    after = played(rough, 2)
    assert all(value.dtype != torch.bfloat16 for value in after.values())
    expected, found = exact._ledger.close(), rough._ledger.close()
    assert found["skipped_steps"] == 0
    for name in ("loss_d", "loss_g"):
        assert found[name] == pytest.approx(expected[name], rel=0.1, abs=0.05)


@pytest.mark.parametrize("augment", ["none", "ada:p=0.5", "diffaugment"])
@every_arch
def test_the_host_waits_nowhere_in_a_step(arch, augment, device, tmp_path):
    if augment != "none" and arch not in ("dcgan", "msg"):
        pytest.skip("two architectures show it")
    made = trainer_of(arch, device, tmp_path / "run", augment=augment, instance_noise=0.1)
    played(made, 2)
    if device.type == "cuda":
        torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(2):
            made.step()
    finally:
        if device.type == "cuda":
            torch.cuda.set_sync_debug_mode("default")
    assert made.images_seen == 4 * BATCH


def test_the_average_is_that_of_the_cpu(device, tmp_path):
    made = trainer_of("dcgan", device, tmp_path / "run")
    live = copy.deepcopy(made.game.gan)
    for network in live.networks:
        network.cpu()
    average = Ema(live, made.config.ema)
    for _ in range(5):
        made.step()
        live.generator.load_state_dict(made.game.gan.generator.state_dict())
        average.update(made.images_seen, BATCH)
    expected = average.gan.generator.state_dict()
    for name, value in made.ema.gan.generator.state_dict().items():
        torch.testing.assert_close(value.cpu(), expected[name], msg=name)


def test_a_batch_that_is_not_finite_changes_no_weight(device, tmp_path):
    made = trainer_of("dcgan", device, tmp_path / "run")
    played(made, 2)
    game = made.game
    before = [p.detach().clone() for p in game.gan.discriminator.parameters()]
    moments = [v.clone() for m in game.optimizer_d.state.values() for v in m.values()]
    bad = torch.full((BATCH, 3, 16, 16), float("nan"), device=device)
    scalars = made._turns.play(game, bad, None, 0.0)
    assert float(scalars["skipped_d"]) == 1
    assert all(map(torch.equal, before, game.gan.discriminator.parameters()))
    assert all(map(torch.equal, moments, (v for m in game.optimizer_d.state.values() for v in m.values())))


def test_the_precision_is_measured_once(device, tmp_path, monkeypatch):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path))
    made = trainer_of("dcgan", device, tmp_path / "run")
    config = made.config.model_copy(update={"precision": "auto", "layout": "auto"})
    gan, shape = made.game.gan, ImageShape(16)
    chosen = resolve_precision(config, gan, shape, made.stages, device)
    assert chosen.device_type == device.type

    def again(*_):
        raise AssertionError("it is measured again")

    monkeypatch.setattr("gantool.engine.precision._fastest", again)
    assert resolve_precision(config, gan, shape, made.stages, device) == chosen


@pytest.mark.parametrize("arch", ["dcgan", "stylegan2"])
def test_memory_is_estimated_within_a_fifth(arch, device, tmp_path):
    if device.type != "cuda":
        pytest.skip("torch counts memory on a GPU alone")
    large = {"dcgan": "dcgan", "stylegan2": "stylegan2:channel_base=4096,channel_max=256"}[arch]
    played(trainer_of(arch, device, tmp_path / "small"), 1)  # libraries take memory at their first call, and keep it
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    made = trainer_of(
        arch, device, tmp_path / "run", arch=large, resolution=64, batch=16 * BATCH, pictures=Pictures(64, device)
    )
    played(made, 2)
    peak = torch.cuda.max_memory_allocated() - before
    estimate = memory_estimate(made.game.gan, made.stages[-1], 0, made.game.penalties)
    assert estimate == pytest.approx(peak, rel=0.2)


def test_every_architecture_is_here(gantool_host):
    assert set(gantool_host.specs("architecture")) <= set(ARCHS)
