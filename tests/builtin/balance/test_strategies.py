import math

import pytest
import torch

from gantool.api.strategies import Balance, Turn
from gantool.builtin import balance as catalogue
from gantool.builtin.balance import AdaptiveOptions, FixedOptions, SkipDOptions, TturOptions
from gantool.builtin.balance.strategies import Adaptive, Fixed, SkipDiscriminator, TwoTimescales

ALL = {
    "fixed": lambda: Fixed(FixedOptions(d_steps=3)),
    "ttur": lambda: TwoTimescales(TturOptions()),
    "skip-d": lambda: SkipDiscriminator(SkipDOptions()),
    "adaptive": lambda: Adaptive(AdaptiveOptions()),
}


def seen(turn, loss_d=1.4, real_accuracy=0.5):
    told = {"loss_d": torch.tensor(loss_d), "real_accuracy": torch.tensor(real_accuracy)} if turn.discriminator else {}
    return told | ({"loss_g": torch.tensor(0.7)} if turn.generator else {})


def play(strategy, batches, **values):
    turns = []
    for _ in range(batches):
        turns.append(strategy.turn())
        strategy.observe(seen(turns[-1], **values))
    return turns


def test_every_registered_strategy_is_tested_here():
    assert {spec.name for spec in catalogue.gantool_balances()} == set(ALL)


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
def test_each_keeps_the_contract_and_asking_changes_nothing(made):
    strategy = made()
    assert isinstance(strategy, Balance)
    for turn in play(strategy, 20, loss_d=0.1, real_accuracy=0.9):
        assert turn.discriminator or turn.generator
    assert strategy.turn() == strategy.turn()


@pytest.mark.parametrize("made", ALL.values(), ids=ALL)
@pytest.mark.parametrize("loss", [0.1, 1.4, math.nan])
def test_saved_and_restored_it_goes_on_as_it_would_have(made, loss):
    whole, first, second = made(), made(), made()
    turns = play(whole, 30, loss_d=loss, real_accuracy=0.9)
    before = play(first, 13, loss_d=loss, real_accuracy=0.9)
    if isinstance(first, torch.nn.Module):
        second.load_state_dict(first.state_dict())
    assert before + play(second, 17, loss_d=loss, real_accuracy=0.9) == turns


def test_fixed_lets_the_generator_learn_from_every_nth_batch():
    turns = play(Fixed(FixedOptions(d_steps=3)), 9)
    assert all(turn.discriminator for turn in turns)
    assert [turn.generator for turn in turns] == [False, False, True] * 3
    assert play(Fixed(FixedOptions()), 4) == [Turn()] * 4


def test_ttur_scales_the_discriminators_learning_rate_alone():
    assert TwoTimescales(TturOptions(ratio=3)).learning_rate_scales == (1, 3)


@pytest.mark.parametrize(("floor", "share"), [(1, 1), (0.75, 0.75), (0.6, 0.6), (0.5, 0.5), (0.3, 0.3), (0.25, 0.25)])
def test_a_discriminator_that_wins_rests_but_learns_from_its_floor(floor, share):
    turns = play(SkipDiscriminator(SkipDOptions(floor=floor)), 121, loss_d=0.01)
    assert all(turn.generator for turn in turns)
    assert sum(turn.discriminator for turn in turns[1:]) / 120 == pytest.approx(share)


def test_a_discriminator_whose_loss_is_high_never_rests():
    assert play(SkipDiscriminator(SkipDOptions(below=0.4)), 50, loss_d=0.5) == [Turn()] * 50


def test_a_discriminator_that_rested_learns_again_once_its_loss_has_risen():
    strategy = SkipDiscriminator(SkipDOptions())
    play(strategy, 20, loss_d=0.1)
    play(strategy, 80, loss_d=2.0)
    assert play(strategy, 10, loss_d=2.0) == [Turn()] * 10


def test_adaptive_gives_the_weaker_network_more_turns():
    strong = play(Adaptive(AdaptiveOptions(target=0.75)), 800, real_accuracy=1.0)
    weak = play(Adaptive(AdaptiveOptions(target=0.75)), 800, real_accuracy=0.1)
    late = slice(700, 800)
    assert sum(turn.discriminator for turn in strong[late]) == pytest.approx(25, abs=2)  # limit=4
    assert all(turn.generator for turn in strong[late])
    assert sum(turn.generator for turn in weak[late]) == pytest.approx(25, abs=2)
    assert all(turn.discriminator for turn in weak[late])


def test_adaptive_at_its_target_lets_both_learn():
    assert play(Adaptive(AdaptiveOptions(target=0.5)), 40, real_accuracy=0.5) == [Turn()] * 40


def test_adaptive_finds_the_share_that_keeps_the_accuracy_at_its_target():
    """A discriminator that gains by its own turns and loses by the generator's settles near the target."""
    strategy, skill, late = Adaptive(AdaptiveOptions(target=0.7)), 0.5, []
    for batch in range(2000):
        turn = strategy.turn()
        skill += 0.03 * (1 - skill) * turn.discriminator - 0.02 * skill * turn.generator
        strategy.observe(seen(turn, real_accuracy=skill))
        late += [skill] if batch > 1000 else []
    assert sum(late) / len(late) == pytest.approx(0.7, abs=0.03)
