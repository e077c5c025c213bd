"""No recording goes on with what has changed since: each kind of change is followed, or the step is not recorded."""

import gc
from collections import deque

import numpy as np
import pytest
import torch
from torch import nn

from gantool.api.strategies import Augmentation, Balance, Penalty, Turn
from gantool.engine.comparisons import State
from gantool.engine.graphs import COMPARED_STEPS, WARM_STEPS
from gantool.engine.host_state import changed, host_state
from gantool.engine.recordings import Recording
from gantool.engine.turns import Turns
from recorded_games import FIRST_REPLAY, assert_same, both, game, graphs_for, play
from stand_in import StandIn

CPU, META = torch.device("cpu"), torch.device("meta")


class Squares(nn.Module, Penalty):
    """The squares of logits times a number that its `update` may change."""

    side = "discriminator"

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.ones(()))

    def forward(self, network, real, fake, labels):
        values = network(real, labels) ** 2
        return values * self.factor(values.detach())

    def factor(self, values):
        raise NotImplementedError


class Rebinding(Squares, Augmentation):
    """An augmentation whose strength is another tensor after each step."""

    def forward(self, images):
        return tuple(level * self.mean for level in images)

    def draw(self, n):
        return self

    def observe(self, real_logits):
        self.mean = (self.mean - 0.01).clamp(0, 1)


def test_a_tensor_that_is_rebound_outside_of_steps_is_read_where_it_is():
    expected, found, _, told = both(lambda: game(augmentation=Rebinding()), steps=16)
    assert_same(expected, found)
    assert all("Rebinding.mean is another before each step" in text for text in told)


class OtherData(Squares):
    """Replaces the memory of its buffer, and not the buffer."""

    def factor(self, values):
        self.mean.data = 0.9 * self.mean + 0.1 * values.mean()
        return self.mean


class Cycling(Squares):
    """Counts to four on the host."""

    n = 0

    def factor(self, values):
        self.n = (self.n + 1) % 4
        return float(self.n == 0)


class Caching(Squares):
    """Keeps a tensor of each step as a plain attribute."""

    last = None

    def factor(self, values):
        before, self.last = self.last, values.mean()
        return 1.0 if before is None else before


@pytest.mark.parametrize(
    ("penalty", "named"), [(OtherData, "OtherData.mean"), (Cycling, "Cycling.n"), (Caching, "Caching.last")]
)
def test_a_step_that_changes_the_host_is_refused_by_the_attribute_s_name(penalty, named):
    expected, found, recorder, told = both(lambda: game((penalty(),)), steps=16)
    assert_same(expected, found)
    assert recorder.recorded == 1
    assert told
    assert any(named in text for text in told), told


def test_tensors_that_are_no_buffers_are_restored_before_a_replay_too():
    class Running(Squares):
        def __init__(self):
            super().__init__()
            self.sum = torch.zeros(())

        def factor(self, values):
            return self.sum.add_(values.mean()).clone()

    expected, found, recorder, told = both(lambda: game((Running(),)))
    assert_same(expected, found)
    assert (recorder.recorded, told) == (2, [])


def test_an_update_that_a_recording_loses_is_seen():
    expected, found, _, told = both(game, recorder=StandIn(loses_updates=True))
    assert_same(expected, found)
    assert len(told) == 2
    assert all("its recording changes the " in text and "by other numbers" in text for text in told)


class Helper:
    """An object of a component's own."""

    def __init__(self):
        self.w, self.array, self.queue, self.scale = 1.0, np.ones(2), deque([1.0]), lambda: self.w


def by_array(part):
    part.helper.array[0] = 3.0


def in_evaluation(part):
    part.drop.eval()


CHANGES = {
    "a helper's number": lambda part: setattr(part.helper, "w", 3.0),
    "a numpy array's number": by_array,
    "a deque's number": lambda part: part.helper.queue.append(2.0),
    "an option of torch's own module": lambda part: setattr(part.drop, "p", 0.9),
    "a training flag": in_evaluation,
    "requires_grad": lambda part: part.scale.requires_grad_(False),
    "the memory of a tensor": lambda part: setattr(part.scale, "data", part.scale.data.clone()),
    "a list's number": lambda part: part.numbers.__setitem__(0, 3.0),
    "a hook": lambda part: part.drop.register_forward_hook(print),
}


class Rich(nn.Module):
    def __init__(self):
        super().__init__()
        self.helper, self.drop, self.numbers = Helper(), nn.Dropout(0.5), [1.0, {"a": (2.0,)}]
        self.scale = nn.Parameter(torch.ones(2))


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_step_reads_on_the_host_is_a_part_of_its_key(change):
    part = Rich()
    optimizer = torch.optim.Adam(part.parameters(), fused=True)
    before, again = (host_state({"penalty": part}, optimizer, CPU) for _ in range(2))
    assert (before.key, before.unseen) == (again.key, "")
    CHANGES[change](part)
    after = host_state({"penalty": part}, optimizer, CPU)
    assert before.key != after.key
    assert "." in changed(before.key, after.key)


def test_a_tensor_of_the_host_counts_by_its_changes():
    part = Rich()
    optimizer = torch.optim.Adam(part.parameters(), fused=True)
    before = host_state({"penalty": part}, optimizer, META).key
    part.scale.data.mul_(2)
    with torch.no_grad():
        part.scale.mul_(2)
    assert host_state({"penalty": part}, optimizer, META).key != before


@pytest.mark.parametrize("value", [iter([1]), torch.Generator(), np.random.default_rng(0)])
def test_a_component_with_what_cannot_be_followed_is_not_recorded(value):
    def make():
        one = game((Counted(),))
        one.penalties[0].odd = value
        return one

    expected, found, recorder, told = both(make)
    assert_same(expected, found)
    assert recorder.recorded == 1
    assert [text.split()[1] for text in told] == ["discriminator's"]
    assert "changes of Counted.odd cannot be seen" in told[0]


class Counted(Squares):
    def factor(self, values):
        return 1.0


def test_a_balance_that_counts_is_no_state_of_a_step():
    class Counting(Balance):
        seen = 0

        def turn(self):
            self.seen += 1
            return Turn()

    expected, found, recorder, told = both(lambda: game(balance=Counting()))
    assert_same(expected, found)
    assert (recorder.recorded, told) == (2, [])


def test_the_schedule_of_one_optimizer_leaves_the_other_s_recording():
    def make():
        one = game()
        object.__setattr__(one, "optimizer_g", torch.optim.SGD(one.gan.generator.parameters(), 1e-2, fused=True))
        return one

    expected, found, recorder, _ = both(make, rate=lambda step: 0.01 / (1 + step))
    assert torch.allclose(expected[0], found[0], atol=1e-5)
    assert recorder.recorded == 1


class Memory(StandIn):
    """Has no room for some work beside recordings."""

    def __init__(self, at):
        super().__init__()
        self.at, self.alive, self.short = at, [], False

    def forget(self):
        super().forget()
        gc.collect()
        self.alive = [one for one in gc.get_objects() if type(one) is Recording]

    def warm(self, work, look=False):
        if self.at == "warm" and self.recorded == 2 and not self.forgotten:
            torch.rand(3)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().warm(work, look)

    def timed(self, work):
        if self.at == "timed":
            work()
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().timed(work)


@pytest.mark.parametrize("at", ["warm", "timed", "clones"])
def test_without_memory_for_recordings_they_go_and_the_run_goes_on(at, monkeypatch):
    recorder = Memory(at)
    if at == "clones":
        monkeypatch.setattr("gantool.engine.graphs.State", Full)
    rare = Counted()
    rare.every = FIRST_REPLAY + 2
    expected, found, recorder, told = both(lambda: game((rare,)), recorder=recorder, steps=2 * FIRST_REPLAY)
    assert_same(expected, found)
    assert (recorder.forgotten, recorder.alive) == (1, [])
    assert len(told) == 1
    assert "memory does not suffice" in told[0]


class Full(State):
    """Finds no room for the tensors of a step."""

    def __init__(self, held, recorder):
        if held:
            raise torch.OutOfMemoryError("CUDA out of memory")
        super().__init__(held, recorder)


def test_a_recording_that_saves_no_time_is_let_go_of():
    _, _, recorder, _ = both(game, recorder=Memory(""), mode="auto")
    assert recorder.forgotten == 0
    slow = Memory("")
    slow._seconds = (1.0, 1.0)
    both(game, recorder=slow, mode="auto")
    assert slow.forgotten > 0
    assert slow.alive == []


def test_memory_that_runs_out_without_recordings_ends_the_run():
    class Out(StandIn):
        def warm(self, work, look=False):
            raise torch.OutOfMemoryError("CUDA out of memory")

    one = game()
    with pytest.raises(torch.OutOfMemoryError):
        play(one, graphs_for(one, Out(), "on", pytest.fail), 1, turns=Turns())


def test_a_buffer_that_is_expanded_is_no_obstacle():
    class Expanded(Squares):
        def __init__(self):
            super().__init__()
            self.register_buffer("kernel", torch.ones(1, 1).expand(3, 2))

        def factor(self, values):
            return self.kernel.mean()

    expected, found, recorder, told = both(lambda: game((Expanded(),)))
    assert_same(expected, found)
    assert (recorder.recorded, told) == (2, [])


def test_a_name_that_others_use_too_is_no_list_of_attributes():
    class Own(Counted):
        on_device = True

    expected, found, recorder, told = both(lambda: game((Own(),)))
    assert_same(expected, found)
    assert (recorder.recorded, told) == (2, [])


def test_randomness_of_numpy_is_found_out():
    class Coin(Squares):
        def factor(self, values):
            return 1.0 + 0.0 * np.random.random()  # the same, so that the draw alone shows it

    expected, found, _, told = both(lambda: game((Coin(),)))
    assert_same(expected, found)
    assert [text.split()[1] for text in told] == ["discriminator's"]
    assert "draws random numbers on the host" in told[0]


def test_waits_are_looked_for_in_the_last_step_before_a_recording_alone():
    recorder = both(game)[2]
    assert recorder.looks == [False] * 2 * WARM_STEPS + [True] * 2


def test_the_look_at_the_host_is_a_part_of_a_replay_s_time(monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr("gantool.engine.graphs.time.perf_counter", lambda: 0.6 * next(clock))
    _, _, recorder, _ = both(game, recorder=StandIn(seconds=(1.0, 0.5)), mode="auto")
    assert recorder.replays == 2 * COMPARED_STEPS
