"""Steps by CUDA graphs are the steps without: for each architecture, and for all that changes from step to step."""

import pytest
import torch
from small_runs import BATCH, apart, drift, every_arch, played, trainer_of, weights

from gantool.engine.cuda_graphs import CudaRecorder
from gantool.engine.graphs import COMPARED_STEPS, WARM_STEPS

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.usefixtures("deterministic"),
    pytest.mark.filterwarnings("ignore:.*deterministic", "ignore:Synchronization debug mode"),
]
STEPS = 1 + WARM_STEPS + COMPARED_STEPS + 3
FAILED: list[torch.cuda.CUDAGraph] = []
"""Never let go of, since torch goes on asking them."""

SCENES = {
    "plain": {},
    "lazy penalties": {"penalty": ("r1:every=2,weight=1",)},
    "path length": {"penalty": ("path-length:weight=1,every=2",)},
    "gradient penalty and clipping": {"loss": "wasserstein", "penalty": ("gp",), "clip_grad": 1.0},
    "instance noise": {"instance_noise": 0.2},
    "a schedule": {"lr_schedule": "cosine", "warmup": 3 * BATCH, "horizon": 20 * BATCH},
    "labels": {"classes": 2},
    "micro-batches": {"accumulate": 2},
    "several steps of the discriminator": {"balance": "fixed:d_steps=2"},
    "augmented": {"augment": "diffaugment"},
}
TWO_KINDS = {"lazy penalties", "path length", "several steps of the discriminator"}


def recorded(made):
    """The kinds of steps that are played by recordings."""
    return sum(kind.recording is not None for kind in made._graphs._kinds.values())


def told_by(made, monkeypatch):
    """What the trainer warns of."""
    told: list[str] = []
    monkeypatch.setattr(made._graphs, "_tell", told.append)
    return told


def both(which, device, folder, monkeypatch, steps, **settings):
    """The ends without graphs and with them, the start, and the trainer with graphs."""
    plain = trainer_of(which, device, folder / "plain", **settings)
    graphed = trainer_of(which, device, folder / "graphed", **settings | {"graph": "on"})
    told, start = told_by(graphed, monkeypatch), weights(plain)
    assert apart(start, weights(graphed)) == []
    expected, found = played(plain, steps), played(graphed, steps)
    assert told == []
    return expected, found, start, graphed


@every_arch
def test_each_architecture(arch, device, tmp_path, monkeypatch):
    expected, found, _, made = both(arch, device, tmp_path, monkeypatch, 2 * STEPS)
    assert recorded(made) >= 2
    assert apart(expected, found) == []


@every_arch
def test_each_architecture_in_bf16(arch, device, tmp_path, monkeypatch):
    expected, found, _, made = both(arch, device, tmp_path, monkeypatch, STEPS + 1, precision="bf16")
    assert recorded(made) >= 1
    assert apart(expected, found) == []


@pytest.mark.parametrize("scene", SCENES)
def test_each_way_to_train(scene, device, tmp_path, monkeypatch):
    steps = 2 * STEPS if scene in TWO_KINDS else STEPS
    expected, found, start, made = both("dcgan", device, tmp_path, monkeypatch, steps, **SCENES[scene])
    assert recorded(made) >= 2
    if scene == "a schedule" and device.type == "cpu":  # its rates are rounded to float32 on a GPU alone
        assert drift(expected, found, start) < 1e-4
    else:
        assert apart(expected, found) == []


@pytest.mark.parametrize("arch", ["dcgan", "msg"])
def test_an_augmentation_that_adapts(arch, device, tmp_path, monkeypatch):
    """The gradient of grid_sample is added up in no fixed order on a GPU, so this is close, not the same."""
    expected, found, start, made = both(arch, device, tmp_path, monkeypatch, STEPS, augment="ada:p=0.5,kimg=1,every=1")
    assert recorded(made) >= 2
    assert drift(expected, found, start) < 0.02


def test_a_batch_that_is_not_finite_changes_no_weight(device, tmp_path):
    made = trainer_of("dcgan", device, tmp_path / "run", graph="on")
    played(made, STEPS)
    before = [p.detach().clone() for p in made.game.gan.discriminator.parameters()]
    good = made.batches.images[:BATCH].float() / 127.5 - 1
    scalars = made._graphs.step("discriminator", torch.full_like(good, float("nan")), None, STEPS, 0.0)
    assert float(scalars["skipped_d"]) == 1
    assert all(map(torch.equal, before, made.game.gan.discriminator.parameters()))
    made._graphs.step("discriminator", good, None, STEPS + 1, 0.0)
    assert not any(map(torch.equal, before, made.game.gan.discriminator.parameters()))


def test_a_network_that_grows(device, tmp_path, monkeypatch):
    """Two levels of 12 steps each, after which the moments begin anew, then the full size."""
    growing = f"progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg={12 * BATCH / 1000},fade_kimg=0"
    expected, found, _, made = both("progressive", device, tmp_path, monkeypatch, 36, arch=growing)
    assert recorded(made) >= 2
    assert apart(expected, found) == []


def test_a_fade_in(device, tmp_path, monkeypatch):
    """At the first level for a step, then fading for all others: one recording for all values of alpha."""
    fading = "progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg=0.008,fade_kimg=10"
    expected, found, _, made = both("progressive", device, tmp_path, monkeypatch, STEPS + 1, arch=fading, resolution=8)
    assert 0 < made.game.gan.generator.growth.alpha < 1
    assert recorded(made) == 2
    assert apart(expected, found) == []


def test_r3gan_by_its_own_recipe(device, tmp_path, monkeypatch):
    """One recording of each network for all values of gamma and beta2, whose update is left to the host."""
    expected, found, start, made = both("r3gan", device, tmp_path, monkeypatch, 3 * STEPS, images=3 * STEPS * BATCH)
    recordings = [kind.recording for kind in made._graphs._kinds.values() if kind.recording]
    assert [one.gradients is not None for one in recordings] == [True, True]
    assert [penalty.weight < 0.2 * penalty.gamma / 2 for penalty in made.game.penalties] == [True, True]
    assert made.game.optimizer_d.param_groups[0]["betas"][1] == pytest.approx(0.99, abs=0.002)
    assert apart(expected, found) == []
    still = trainer_of("r3gan", device, tmp_path / "still", images=1000 * STEPS * BATCH)
    assert drift(played(still, 3 * STEPS), found, start) > 0.1  # the schedules matter


def test_schedules_that_are_soon_over(device, tmp_path, monkeypatch):
    """Six steps in which gamma and beta2 change, then many in which neither does: the update is then recorded too."""
    short = {"horizon": 6 * BATCH, "penalty": (f"r1-falling:images={6 * BATCH},weight=1",), "lr_schedule": "constant"}
    expected, found, _, made = both("r3gan", device, tmp_path, monkeypatch, 6 + 2 * STEPS, **short)
    recordings = [kind.recording for kind in made._graphs._kinds.values() if kind.recording]
    assert [one.gradients is None for one in recordings].count(True) == 2
    assert apart(expected, found) == []


def test_what_waits_for_the_device_is_played_without_and_told(device, tmp_path, monkeypatch):
    if device.type != "cuda":
        pytest.skip("the host waits for a GPU alone")
    made = trainer_of("dcgan", device, tmp_path / "run", graph="on", penalty=("gp",))
    plain = made.game.penalties[0].__class__.__call__

    def waiting(self, network, real, fake, labels):
        values = plain(self, network, real, fake, labels)
        return values * (1.0 if values.sum().item() < 1e9 else 2.0)

    monkeypatch.setattr(made.game.penalties[0].__class__, "__call__", waiting)
    told = told_by(made, monkeypatch)
    played(made, STEPS)
    assert len(told) == 1
    assert "discriminator's step" in told[0]
    assert "it waits for the device" in told[0]
    assert recorded(made) == 1


def test_a_recording_that_fails_leaves_all_in_order(device, tmp_path, monkeypatch):
    """Work that does not wait before it is recorded, and does then: torch is left as while recording."""
    if device.type != "cuda":
        pytest.skip("torch keeps no state of a stand-in")
    expected = played(trainer_of("dcgan", device, tmp_path / "plain"), STEPS + 4)
    monkeypatch.setattr(CudaRecorder, "_failed", FAILED)  # else no other test would record
    made = trainer_of("dcgan", device, tmp_path / "run", graph="on")
    told, update = told_by(made, monkeypatch), made._graphs._update

    def failing(side, batch, *rest):
        if side == "generator" and torch.cuda.is_current_stream_capturing():
            batch.sum().item()
        return update(side, batch, *rest)

    monkeypatch.setattr(made._graphs, "_update", failing)
    found = played(made, STEPS + 4)
    assert ["cannot be recorded" in text for text in told] == [True]
    assert torch.cuda.current_stream() == torch.cuda.default_stream()
    assert recorded(made) == 0
    assert apart(expected, found) == []
