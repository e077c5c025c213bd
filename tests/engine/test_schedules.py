import pytest

from gantool.config import RunConfig
from gantool.engine.schedules import Schedule, schedule_of


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


def test_noise_falls_to_nothing_at_the_horizon():
    schedule = Schedule(horizon=200, noise=0.4)
    assert [schedule.instance_noise(n) for n in (0, 50, 200, 500)] == pytest.approx([0.4, 0.3, 0, 0])
    assert Schedule(horizon=200).instance_noise(0) == 0


def test_a_horizon_that_nobody_settled_is_the_runs_length():
    assert schedule_of(RunConfig(arch="a", resolution=8, images=500)).horizon == 500
    assert schedule_of(RunConfig(arch="a", resolution=8, images=500, horizon=90)).horizon == 90
