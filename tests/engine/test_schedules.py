import pytest
import torch

from gantool.api.run_config import RunConfig
from gantool.engine.schedules import Pace, Schedule, schedule_of


def test_warm_up_rises_linearly_from_nothing():
    schedule = Schedule(warmup=100)
    assert [schedule.learning_rate(n) for n in (0, 25, 50, 100, 10_000)] == [0, 0.25, 0.5, 1, 1]


@pytest.mark.parametrize(("shape", "halfway"), [("linear", 0.5), ("cosine", 0.5), ("constant", 1.0)])
def test_it_falls_from_the_end_of_the_warm_up_to_the_horizon(shape, halfway):
    schedule = Schedule(shape, warmup=100, horizon=300)
    end = 1.0 if shape == "constant" else 0.0
    assert schedule.learning_rate(100) == 1
    assert schedule.learning_rate(200) == pytest.approx(halfway)
    assert schedule.learning_rate(300) == pytest.approx(end)
    assert schedule.learning_rate(1000) == pytest.approx(end)


def test_cosine_begins_and_ends_gently():
    schedule = Schedule("cosine", horizon=100)
    assert 1 - schedule.learning_rate(10) < 0.1 - 1e-3
    assert schedule.learning_rate(90) < 0.1 - 1e-3


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_rates_fall_to_the_share_they_are_to_end_at_and_stay_there(shape):
    schedule = Schedule(shape, warmup=100, horizon=300, end=0.2)
    assert schedule.learning_rate(50) == 0.5
    assert schedule.learning_rate(200) == pytest.approx(0.6)
    assert [schedule.learning_rate(n) for n in (300, 900)] == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_rates_are_held_for_a_share_of_the_way_before_they_fall(shape):
    schedule = Schedule(shape, warmup=100, horizon=300, end=0.2, hold=0.6)
    assert [schedule.learning_rate(n) for n in (50, 100, 219, 220)] == [0.5, 1, 1, 1]
    assert schedule.learning_rate(260) == pytest.approx(0.6)
    assert [schedule.learning_rate(n) for n in (300, 900)] == pytest.approx([0.2, 0.2])
    assert Schedule(shape, horizon=300, hold=1.0).learning_rate(299) == 1


def test_a_run_holds_its_rates_as_its_setting_says():
    config = RunConfig(arch="a", resolution=8, images=100, lr_schedule="linear", lr_hold=0.5)
    assert [schedule_of(config).learning_rate(n) for n in (0, 50, 75, 100)] == [1, 1, 0.5, 0]


def test_the_second_beta_rises_by_a_cosine_and_stays():
    schedule = Schedule(horizon=200, beta2_start=0.9)
    assert [schedule.second_beta(n, 0.99) for n in (0, 100, 200, 900)] == pytest.approx([0.9, 0.945, 0.99, 0.99])
    assert schedule.second_beta(20, 0.99) < 0.9 + 0.09 * 0.1
    assert Schedule(horizon=200).second_beta(50, 0.999) == 0.999


def test_optimizers_step_at_the_pace_of_the_schedule_each_from_its_own_rate():
    made = [torch.optim.Adam([torch.zeros(1, requires_grad=True)], rate, (0.5, 0.7)) for rate in (1.0, 4.0)]
    plain = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 2.0)
    pace = Pace(Schedule("linear", horizon=100, beta2_start=0.9), [*made, plain])
    for seen, share, second in ((0, 1.0, 0.9), (50, 0.5, 0.8), (75, 0.25, 0.7 + 0.2 * (1 - 2**-0.5) / 2)):
        pace.take(seen)
        groups = [optimizer.param_groups[0] for optimizer in made]
        assert [group["lr"] for group in groups] == [share, 4 * share]
        assert all(group["betas"] == (0.5, pytest.approx(second)) for group in groups)
    assert plain.param_groups[0]["lr"] == 0.5
    assert "betas" not in plain.param_groups[0]


def test_noise_falls_to_nothing_at_the_horizon():
    schedule = Schedule(horizon=200, noise=0.4)
    assert [schedule.instance_noise(n) for n in (0, 50, 200, 500)] == pytest.approx([0.4, 0.3, 0, 0])
    assert Schedule(horizon=200).instance_noise(0) == 0


def test_a_horizon_that_nobody_resolved_is_the_runs_length():
    assert schedule_of(RunConfig(arch="a", resolution=8, images=500)).horizon == 500
    assert schedule_of(RunConfig(arch="a", resolution=8, images=500, horizon=90)).horizon == 90


def test_a_run_whose_second_beta_has_no_start_of_its_own_keeps_it():
    asked = {"arch": "a", "resolution": 8, "betas": (0.0, 0.95)}
    assert schedule_of(RunConfig(**asked)).second_beta(0, 0.95) == 0.95
    assert schedule_of(RunConfig(**asked, beta2_start=0.6)).second_beta(0, 0.95) == 0.6
