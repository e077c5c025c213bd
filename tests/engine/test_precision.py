from types import MappingProxyType

import pytest
import torch
from torch import nn

from fakes import tiny_gan
from gantool.api.specs import ImageShape
from gantool.engine.graphs import WARM_STEPS
from gantool.engine.precision import Precision, choose
from gantool.engine.timing import replayed, step_timer
from stand_in import StandIn

CPU = torch.device("cpu")


@pytest.fixture
def gains(monkeypatch):
    monkeypatch.setattr("gantool.engine.precision.bf16_gains", lambda device: True)


def timer(shares=MappingProxyType({}), **seconds):
    asked = []

    def measure(precision):
        asked.append(precision)
        return seconds[f"{precision.name}_{precision.layout}"] * shares.get(precision.convolutions, 1.0)

    return measure, asked


ALIKE = {"float32_contiguous": 1.0, "float32_channels_last": 0.97, "bf16_channels_last": 0.95, "bf16_contiguous": 1.2}
BF16 = ALIKE | {"bf16_channels_last": 0.5}


def test_the_fastest_is_taken(tmp_path, gains):
    chosen = choose("auto", "auto", "direct", CPU, timer(**BF16)[0], tmp_path / "p.json", "net")
    assert chosen == Precision("bf16", "channels_last", "cpu")


def test_a_gain_that_may_be_noise_changes_nothing(tmp_path, gains):
    chosen = choose("auto", "auto", "direct", CPU, timer(**ALIKE)[0], tmp_path / "p.json", "net")
    assert chosen == Precision("float32", "contiguous", "cpu")


def test_what_was_measured_is_remembered_for_the_same_networks_only(tmp_path, gains):
    memory = tmp_path / "deep" / "p.json"
    choose("auto", "auto", "direct", CPU, timer(**BF16)[0], memory, "net")
    measure, asked = timer(**ALIKE)
    assert choose("auto", "auto", "direct", CPU, measure, memory, "net").name == "bf16"
    assert asked == []
    assert choose("auto", "auto", "direct", CPU, measure, memory, "other").name == "float32"
    assert len(set(asked)) == 4


def test_what_the_user_names_is_not_measured(tmp_path):
    measure, asked = timer()
    chosen = choose("float32", "channels_last", "direct", CPU, measure, tmp_path / "p.json", "net")
    assert (chosen, asked) == (Precision("float32", "channels_last", "cpu"), [])


def test_bf16_is_not_tried_where_the_machine_does_not_gain_by_it(tmp_path, monkeypatch):
    monkeypatch.setattr("gantool.engine.precision.bf16_gains", lambda device: False)
    measure, asked = timer(**BF16)
    choose("auto", "auto", "direct", CPU, measure, tmp_path / "p.json", "net")
    assert {precision.name for precision in asked} == {"float32"}


@pytest.mark.parametrize(("share", "chosen"), [(0.9, "rearranged"), (0.98, "direct"), (1.5, "direct")])
def test_convolutions_are_rearranged_where_that_is_faster(tmp_path, gains, share, chosen):
    memory = tmp_path / "p.json"
    for seconds, name in ((BF16, "bf16"), (ALIKE, "float32")):
        measure, asked = timer({"rearranged": share}, **seconds)
        found = choose("auto", "auto", "auto", CPU, measure, memory, name)
        assert (found.name, found.convolutions) == (name, chosen)
        assert sum(precision.convolutions == "rearranged" for precision in asked) == 3
        assert choose("auto", "auto", "auto", CPU, lambda _: pytest.fail("it was timed"), memory, name) == found


def test_the_order_of_convolutions_is_timed_by_itself_where_all_else_is_named(tmp_path):
    measure, asked = timer({"rearranged": 0.5}, float32_channels_last=1.0)
    found = choose("float32", "channels_last", "auto", CPU, measure, tmp_path / "p.json", "net")
    assert found == Precision("float32", "channels_last", "cpu", "rearranged")
    assert {precision.layout for precision in asked} == {"channels_last"}
    measure, asked = timer()
    named = choose("float32", "channels_last", "rearranged", CPU, measure, tmp_path / "p.json", "net")
    assert (named, asked) == (found, [])


def test_on_a_gpu_convolutions_stay_as_they_are(tmp_path):
    measure, asked = timer()
    found = choose("float32", "contiguous", "auto", torch.device("cuda"), measure, tmp_path / "p.json", "net")
    assert (found.convolutions, asked) == ("direct", [])


def test_a_damaged_memory_is_measured_again(tmp_path, gains):
    memory = tmp_path / "p.json"
    memory.write_text("{half")
    assert choose("auto", "auto", "direct", CPU, timer(**BF16)[0], memory, "net").name == "bf16"


def test_timing_leaves_networks_and_random_state_alone():
    gan = tiny_gan()
    before = [p.clone() for p in gan.generator.state_dict().values()]
    state = torch.get_rng_state()
    assert step_timer(gan, ImageShape(8), 4, CPU)(Precision("bf16", "channels_last")) > 0
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(before, gan.generator.state_dict().values(), strict=True))
    assert all(p.grad is None for p in gan.generator.parameters())


def test_bf16_computes_in_bf16_and_float32_does_not():
    layer, x = nn.Linear(4, 4), torch.randn(2, 4)
    with Precision("bf16").autocast():
        assert layer(x).dtype == torch.bfloat16
    with Precision("float32").autocast():
        assert layer(x).dtype == torch.float32


def test_what_takes_long_to_measure_is_computed_the_plain_way(tmp_path, gains, monkeypatch):
    monkeypatch.setattr("gantool.engine.precision.PATIENCE_SECONDS", -1.0)
    measure, asked = timer(**BF16)
    for _ in range(2):
        assert choose("auto", "auto", "auto", CPU, measure, tmp_path / "p.json", "net") == Precision()
    assert asked == [Precision()]  # and that is remembered


def test_networks_that_are_slow_on_a_cpu_are_measured_with_fewer_samples(monkeypatch):
    seen = []

    class Slow(nn.Module):
        def forward(self, z, labels=None):
            seen.append(len(z))
            return grows(z, labels)

    gan = tiny_gan()
    grows, gan.generator = gan.generator, Slow()
    for long, samples in ((0.0, {2}), (1e9, {2, 16})):
        monkeypatch.setattr("gantool.engine.timing.LONG_SECONDS", long)
        measure = step_timer(gan, ImageShape(8), 64, CPU)
        seen.clear()
        measure(Precision())
        measure(Precision("bf16"))
        assert set(seen) == samples


@pytest.mark.parametrize(
    ("waits", "error", "expected"),
    [("", None, "replay"), ("here.py, line 1", None, "work"), ("", RuntimeError("capturing"), "work")],
)
def test_a_pass_on_a_gpu_is_timed_as_it_is_played(waits, error, expected):
    done = []

    class Recorder(StandIn):
        def warm(self, work, look=False):
            return work(), waits

        def record(self, work):
            if error is not None:
                raise error
            return lambda: done.append("replay"), None

    play = replayed(lambda: done.append("work"), Recorder())
    assert len(done) == WARM_STEPS
    play()
    assert done[-1] == expected


def test_memory_that_runs_out_in_recording_a_pass_is_told_as_ever():
    class Recorder(StandIn):
        def warm(self, work, look=False):
            return None, ""

        def record(self, work):
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    with pytest.raises(RuntimeError, match="out of memory"):
        replayed(lambda: None, Recorder())
