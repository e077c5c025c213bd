"""The bookkeeping of CUDA graphs, by a stand-in for the recorder."""

import copy
import gc

import pytest
import torch

from fakes import tiny_gan
from gantool.api.run_config import RunConfig
from gantool.api.specs import ImageShape
from gantool.api.strategies import Augmentation, Penalty
from gantool.builtin.augment import AdaOptions
from gantool.builtin.augment.ada import Ada
from gantool.builtin.penalties import R1Options
from gantool.builtin.penalties.gradients import R1
from gantool.engine.cuda_graphs import check_graph, graphs_of, keep_for_ever
from gantool.engine.graphs import COMPARED_STEPS, MOST_KEPT
from gantool.engine.precision import Precision
from gantool.engine.stages import stages_of
from gantool.engine.turns import Turns
from gantool.errors import OptionError
from gantool.run import prepare
from recorded_games import FIRST_REPLAY, RATE, assert_same, both, game, graphs_for, play
from stand_in import StandIn

CUDA, CPU = torch.device("cuda"), torch.device("cpu")


def test_steps_by_recordings_are_the_steps():
    expected, found, recorder, told = both(game)
    assert_same(expected, found)
    assert recorder.recorded == 2
    assert recorder.replays >= 2 * 4
    assert told == []


def test_a_step_is_recorded_for_each_set_of_penalties_that_are_due():
    expected, found, recorder, told = both(lambda: game((R1(R1Options(weight=1, every=2)),)), steps=24)
    assert_same(expected, found)
    assert recorder.recorded == 3
    assert told == []


def test_the_learning_rate_and_the_noise_of_a_recorded_step_follow_the_schedule():
    pace = {"rate": lambda step: 0.01 / (1 + step), "noise": 0.3}
    expected, found, _recorder, _ = both(game, **pace)
    assert torch.allclose(expected[0], found[0], atol=1e-6)
    constant = both(game, rate=lambda step: 0.01, noise=0.3)[1]
    assert not torch.allclose(constant[0], found[0], atol=1e-4)


def test_an_augmentation_adapts_after_recorded_steps_too():
    def make():
        return game(augmentation=Ada(AdaOptions(p=0.5, kimg=0.05, every=1)))

    torch.manual_seed(0)
    expected, found, recorder, _ = both(make)
    assert torch.equal(expected[0], found[0])
    assert recorder.replays > 0


def test_what_changes_on_the_host_is_recorded_anew():
    class Counting(Penalty):
        """Its value depends on a plain number that the clock sets."""

        factor = 0.0

        def advance(self, images_seen):
            self.factor = float(images_seen >= 12)

        def __call__(self, network, real, fake, labels):
            return self.factor * network(real, labels) ** 2

    def run(with_graphs):
        torch.manual_seed(0)
        one = game((Counting(),))
        recorder = StandIn()
        graphs = graphs_for(one, recorder, "on", pytest.fail) if with_graphs else None
        turns = Turns()
        for step in range(24):
            one.penalties[0].advance(step)
            result = play(one, graphs, 1, turns=turns)
        return result, recorder

    (expected, _), _ = run(False)
    (found, _), recorder = run(True)
    assert torch.equal(expected, found)
    assert recorder.recorded == 3


def test_a_step_that_changes_on_the_host_each_time_is_never_recorded_and_that_is_told():
    class Fading(Penalty):
        def __call__(self, network, real, fake, labels):
            return network(real, labels) ** 2

    one, recorder, told = game((Fading(),)), StandIn(), []
    graphs, turns = graphs_for(one, recorder, "on", told.append), Turns()
    for step in range(MOST_KEPT + 4):
        one.penalties[0].alpha = step / 100
        play(one, graphs, 1, turns=turns)
    assert recorder.recorded == 1
    assert len(graphs._kinds) == MOST_KEPT + 2
    assert len(told) == 1
    assert "discriminator's step" in told[0]
    assert "Fading.alpha is another before each step" in told[0]


def test_what_cannot_be_recorded_is_played_as_before_and_told_once():
    error = RuntimeError("operation not permitted when stream is capturing\nmore")
    expected, found, recorder, told = both(game, recorder=StandIn(error=error))
    assert_same(expected, found)
    assert [text.split()[1] for text in told] == ["discriminator's"]
    assert "operation not permitted when stream is capturing)" in told[0]
    assert "more" not in told[0]
    assert (recorder.recorded, recorder.forgotten) == (1, 1)


def test_a_recording_that_fails_is_the_last_and_takes_the_others_with_it():
    class FailsOnce(StandIn):
        """Fails at the third recording."""

        def record(self, work):
            if self.recorded == 2:
                self.recorded += 1
                raise RuntimeError("no")
            return super().record(work)

    expected, found, recorder, told = both(
        lambda: game((R1(R1Options(weight=1, every=2)),)), recorder=FailsOnce(), steps=30
    )
    assert_same(expected, found)
    assert len(told) == 1
    assert recorder.recorded == 3
    assert recorder.forgotten == 1


def test_what_waits_for_the_device_is_found_before_it_is_recorded():
    waiting = StandIn()
    waiting.waits = "updates.py, line 7"
    expected, found, recorder, told = both(game, recorder=waiting)
    assert_same(expected, found)
    assert (recorder.recorded, recorder.replays) == (0, 0)
    assert [text.split()[1] for text in told] == ["discriminator's", "generator's"]
    assert "it waits for the device (updates.py, line 7)" in told[0]


def test_state_that_is_replaced_and_not_changed_is_not_recorded():
    class Replacing(torch.nn.Module, Penalty):
        """Keeps a running mean, each value in a tensor of its own."""

        side = "discriminator"

        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.zeros(()))

        def forward(self, network, real, fake, labels):
            values = network(real, labels) ** 2
            self.mean = 0.9 * self.mean + 0.1 * values.detach().mean()
            return values - self.mean

    expected, found, recorder, told = both(lambda: game((Replacing(),)), steps=16)
    assert_same(expected, found)
    assert recorder.recorded == 1
    assert told
    assert all("discriminator's step" in text and "Replacing.mean" in text for text in told)


def test_the_groups_that_a_resumed_optimizer_was_given_are_watched():
    one, recorder = game(), StandIn()
    twin = game()
    graphs, turns, twin_turns = graphs_for(one, recorder, "on", pytest.fail), Turns(), Turns()
    for playing, how in ((one, (graphs, turns)), (twin, (None, twin_turns))):
        for optimizer in playing.optimizers:
            optimizer.load_state_dict(optimizer.state_dict())
        play(playing, how[0], FIRST_REPLAY + 1, turns=how[1])
        for optimizer in playing.optimizers:
            optimizer.param_groups[0]["betas"] = (0.1, 0.2)
    before = recorder.replays
    expected, found = play(twin, None, 2, turns=twin_turns), play(one, graphs, 2, turns=turns)
    assert_same(expected, found)
    assert recorder.replays == before


def test_a_recording_that_differs_is_dropped_before_it_does_harm():
    expected, found, _recorder, told = both(game, recorder=StandIn(replay_changes=0.1))
    assert_same(expected, found)
    assert len(told) == 2
    assert "its recording gives a loss_d of" in told[0]


class FrozenDraw(Augmentation):
    """Draws on the host, by numbers that a recording keeps."""

    def draw(self, n):
        shift = float(torch.rand(()))
        return lambda images: tuple(level * (1 + 4 * shift) for level in images)


def test_randomness_of_the_host_is_found_out():
    class Constant(StandIn):
        """Draws on the host happen once, when a step is recorded."""

        def record(self, work):
            state = torch.get_rng_state()

            def frozen():
                now = torch.get_rng_state()
                torch.set_rng_state(state)
                result = work()
                torch.set_rng_state(now)
                return result

            return super().record(frozen)

    expected, found, _, told = both(lambda: game(augmentation=FrozenDraw()), recorder=Constant())
    assert_same(expected, found)
    assert len(told) == 2
    assert "draws random numbers on the host" in told[0]


def test_auto_keeps_a_recording_only_where_it_saves_time():
    _, _, slow, told = both(game, recorder=StandIn(seconds=(1.0, 1.0)), mode="auto", steps=FIRST_REPLAY + 4)
    assert slow.replays == 2 * COMPARED_STEPS
    assert told == []
    _, _, fast, _ = both(game, recorder=StandIn(seconds=(1.0, 0.9)), mode="auto", steps=FIRST_REPLAY + 4)
    assert fast.replays == 2 * (COMPARED_STEPS + 4)
    _, _, forced, _ = both(game, recorder=StandIn(seconds=(1.0, 1.0)), mode="on", steps=FIRST_REPLAY + 4)
    assert forced.replays == fast.replays


def test_optimizers_that_begin_anew_are_recorded_anew():
    one, recorder = game(), StandIn()
    graphs, turns = graphs_for(one, recorder, "on", pytest.fail), Turns()
    play(one, graphs, FIRST_REPLAY + 2, turns=turns)
    twin, twin_turns, old = copy.deepcopy(one), copy.copy(turns), [dict(each.state) for each in one.optimizers]
    for optimizer in one.optimizers + twin.optimizers:
        optimizer.state.clear()
    found, _ = play(one, graphs, FIRST_REPLAY + 2, turns=turns)
    expected, _ = play(twin, None, FIRST_REPLAY + 2, turns=twin_turns)
    assert torch.equal(expected, found)
    assert recorder.recorded == 4
    assert len(old) == 2  # alive, so that the new moments have places of their own


def test_no_trace_of_a_recording_is_left_in_the_optimizers():
    one = game()
    play(one, graphs_for(one, StandIn(), "on", pytest.fail), FIRST_REPLAY + 2)
    for optimizer in one.optimizers:
        group = optimizer.state_dict()["param_groups"][0]
        assert (group["lr"], type(group["lr"]), group["capturable"]) == (RATE, float, False)


def test_graphs_are_made_for_those_who_ask_for_them():
    assert RunConfig(arch="dcgan", resolution=8).graph == "off"


def test_a_precision_that_was_measured_without_graphs_is_not_that_with_them(monkeypatch):
    keys = []
    monkeypatch.setattr(prepare, "choose", lambda *asked: keys.append(asked[-1]) or Precision())
    gan = tiny_gan()
    for graph in ("off", "auto", "on"):
        config = RunConfig(arch="dcgan", resolution=8, graph=graph)
        prepare.resolve_precision(config, gan, ImageShape(8, 3), stages_of(gan, 8, 4), CUDA)
    assert keys[0] != keys[1] == keys[2]


def test_graphs_are_of_cuda_devices_and_single_processes():
    assert graphs_of(game(), CPU, "auto", print) is None
    assert graphs_of(game(), CUDA, "off", print) is None
    check_graph("auto", CPU, 4)
    with pytest.raises(OptionError, match="--graph on: CUDA graphs need a CUDA device"):
        check_graph("on", CPU, 1)
    with pytest.raises(OptionError, match="several processes"):
        check_graph("on", CUDA, 2)


def test_a_graph_whose_recording_failed_is_never_destroyed():
    destroyed = []

    class Graph:
        def __del__(self):
            destroyed.append(self)

    graph, other = Graph(), Graph()
    keep_for_ever(graph)
    del graph, other
    gc.collect()
    assert len(destroyed) == 1
