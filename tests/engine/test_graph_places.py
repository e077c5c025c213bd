"""Numbers that a schedule changes before each step: a recording reads them from memory, or leaves the update out."""

import pytest
import torch

from gantool.api.strategies import Penalty
from gantool.engine import passes
from gantool.engine.graphs import MOST_KEPT
from gantool.engine.places import Places
from gantool.engine.turns import Turns
from recorded_games import FIRST_REPLAY, assert_same, game, graphs_for, play
from stand_in import StandIn

STEPS = MOST_KEPT + 2 * FIRST_REPLAY
"""More than the kinds of steps that are kept, one for each number if these were constants."""


class Squares(Penalty):
    """The squares of logits, in every `every`-th step."""

    def __init__(self, every=1):
        self.every = every

    def __call__(self, network, real, fake, labels):
        return network(real, labels) ** 2


class OfGenerator(Penalty):
    """The squares of pictures."""

    side = "generator"

    def __call__(self, network, z, labels):
        return network(z, labels)[-1].flatten(1).square().mean(1)


class Reading(Squares):
    """Multiplies by its weight itself too."""

    def __call__(self, network, real, fake, labels):
        return super().__call__(network, real, fake, labels) * (1 + self.weight)


class Clipping(Penalty):
    """Keeps weights within a bound, after each update."""

    side = "discriminator weights"
    BOUND = 0.05

    @torch.no_grad()
    def constrain(self, network):
        for weight in network.parameters():
            weight.clamp_(-self.BOUND, self.BOUND)


def weigh(one, step):
    for penalty in one.penalties:
        if not penalty.side.endswith("weights"):  # of which the step takes no weight
            penalty.weight = 1.7 / (1 + step)


def pace(one, step):
    for optimizer in one.optimizers:
        optimizer.param_groups[0].update(betas=(0.5, 0.9 + 0.001 * step), lr=0.01 / (1 + step))


def both(make, *changes, steps=STEPS, recorder=None):
    """The ends without graphs and with them, the recorder, what was told, and the graphs."""
    recorder, told, ends, graphs = recorder or StandIn(), [], [], None
    for graphed in (False, True):
        one, turns = make(), Turns()
        graphs = graphs_for(one, recorder, "on", told.append) if graphed else None
        for step in range(steps):
            for change in changes:
                change(one, step)
            result = play(one, graphs, 1, turns=turns)
        ends.append(result)
    return *ends, recorder, told, graphs


@pytest.mark.long
@pytest.mark.parametrize("every", [1, 3])
def test_a_weight_that_changes_before_each_step_is_read_by_one_recording_for_each_set_of_penalties(every):
    """Every third: the product is rounded once, as that of plain numbers is."""
    expected, found, recorder, told, _ = both(lambda: game((Squares(every), OfGenerator())), weigh, steps=3 * STEPS)
    assert_same(expected, found)
    assert told == []
    assert recorder.recorded == (2 if every == 1 else 3)
    assert not torch.equal(both(lambda: game((Squares(every), OfGenerator())), steps=3 * STEPS)[1][0], found[0])


def test_a_penalty_that_reads_its_weight_itself_gets_that_of_now():
    expected, found, recorder, told, _ = both(lambda: game((Reading(),)), weigh)
    assert torch.allclose(expected[0], found[0], atol=1e-6)
    assert (recorder.recorded, told) == (2, [])


def test_a_recording_leaves_weights_numbers():
    one, recorder = game((Squares(),)), StandIn()
    graphs, turns = graphs_for(one, recorder, "on", pytest.fail), Turns()
    for step in range(STEPS):
        weigh(one, step)
        play(one, graphs, 1, turns=turns)
        assert one.penalties[0].weight == 1.7 / (1 + step)
    assert recorder.replays > 0


@pytest.mark.parametrize("weight", [1.7 * 3, 1, 1e-9])
def test_a_weight_in_memory_is_rounded_as_a_number_is(weight):
    values = torch.randn(100).unbind()
    place = torch.tensor(weight, dtype=torch.float64)
    found = torch.stack([passes._times(place, value) for value in values])
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.stack([weight * value for value in values]))


def test_weights_are_in_memory_in_the_step_that_is_looked_at_before_a_recording():
    class Watching(StandIn):
        """Notes what a weight is in each step before a recording."""

        def warm(self, work, look=False):
            weights.append((look, type(self.games[-1].penalties[0].weight)))
            return super().warm(work, look)

    weights = []
    both(lambda: game((Squares(),)), weigh, recorder=Watching())
    assert [kind for look, kind in weights if look] == [torch.Tensor, float]  # the generator's step has no penalty
    assert {kind for look, kind in weights if not look} == {float}


def test_a_weight_that_a_step_sets_stays_set():
    penalty, other = Squares(), OfGenerator()
    places = Places(game().optimizer_d, [penalty, other])
    penalty.weight = other.weight = 2.0
    with places.weights_read():
        penalty.weight = 3.0
        assert isinstance(other.weight, torch.Tensor)
    assert (penalty.weight, other.weight) == (3.0, 2.0)


def test_a_step_that_changes_a_weight_is_refused():
    class Halving(Squares):
        def __call__(self, network, real, fake, labels):
            self.weight = self.weight / 2 if self.weight > 1e-3 else 1.0
            return super().__call__(network, real, fake, labels)

    def make():
        return game((Halving(),))

    def begin(one, step):
        if step == 0:
            one.penalties[0].weight = 0.7

    expected, found, recorder, told, _ = both(make, begin)
    assert_same(expected, found)
    assert recorder.recorded == 1
    assert any("the weight of a penalty" in text for text in told)
    assert all("discriminator's step" in text for text in told)


def test_betas_that_change_before_each_step_leave_the_update_to_the_host():
    expected, found, recorder, told, graphs = both(game, pace)
    assert_same(expected, found)
    assert told == []
    assert recorder.recorded == 2
    assert all(kind.recording.gradients for kind in graphs._kinds.values() if kind.recording)
    assert recorder.replays > STEPS


def test_an_update_by_the_host_comes_before_constraints():
    expected, found, recorder, told, _ = both(lambda: game((Clipping(), Squares()), clip=0.1), pace, weigh)
    assert_same(expected, found)
    assert (recorder.recorded, told) == (2, [])
    one = game((Clipping(),))
    play(one, None, 1)
    weights = torch.cat([weight.detach().flatten() for weight in one.gan.discriminator.parameters()])
    assert float(weights.abs().max()) == pytest.approx(0.05)


def test_betas_that_are_as_at_first_again_are_recorded_with_the_update():
    def until_ten(one, step):
        pace(one, step)
        if step >= 10:
            one.optimizer_g.param_groups[0].update(betas=(0.9, 0.999), lr=2**-7)
            one.optimizer_d.param_groups[0].update(betas=(0.9, 0.999), lr=2**-7)

    expected, found, recorder, told, graphs = both(game, until_ten)
    assert_same(expected, found)
    assert (recorder.recorded, told) == (4, [])
    assert [kind.recording.gradients is None for kind in graphs._kinds.values() if kind.recording] == [False] * 2 + [
        True
    ] * 2


def test_a_batch_that_is_not_finite_is_skipped_by_the_host_s_update_too():
    one, turns = game(), Turns()
    graphs = graphs_for(one, StandIn(), "on", pytest.fail)
    for step in range(STEPS):
        pace(one, step)
        play(one, graphs, 1, turns=turns)
    before = [weight.detach().clone() for weight in one.gan.discriminator.parameters()]
    scalars = graphs.step("discriminator", torch.full((8, 3, 8, 8), float("nan")), None, STEPS, 0.0)
    assert float(scalars["skipped_d"]) == 1
    assert all(map(torch.equal, before, one.gan.discriminator.parameters()))
    graphs.step("discriminator", torch.zeros(8, 3, 8, 8), None, STEPS + 1, 0.0)
    assert not any(map(torch.equal, before, one.gan.discriminator.parameters()))


def test_gradients_of_a_recording_outlast_steps_of_other_kinds():
    """Those of a batch of another size, which is played without a recording."""

    def with_odd(graphed):
        one, turns, recorder = game(), Turns(), StandIn()
        graphs = graphs_for(one, recorder, "on", pytest.fail) if graphed else None
        for step in range(STEPS):
            pace(one, step)
            result = play(one, graphs, 1, turns=turns)
            if step == STEPS - 2:
                odd = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(step))
                turns.play(one, odd, None, 0.0, graphs)
        return result, recorder

    (expected, _), (found, recorder) = with_odd(False), with_odd(True)
    assert_same(expected, found)
    assert recorder.recorded == 2
