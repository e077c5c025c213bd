import torch
from gantool import Turn
from gantool.testing import check_balance

from gantool_your_name import YourNameOptions, gantool_balances
from gantool_your_name.balance import SkipWhenWinning


def test_it_conforms() -> None:
    (spec,) = gantool_balances()
    check_balance(spec)


def test_the_discriminator_rests_for_one_batch_after_it_won() -> None:
    balance = SkipWhenWinning(YourNameOptions(ceiling=0.8))
    assert balance.turn() == Turn()
    balance.observe({"real_accuracy": torch.tensor(1.0), "fake_accuracy": torch.tensor(0.9)})
    assert balance.turn() == Turn(discriminator=False)
    balance.observe({"loss_g": torch.tensor(1.0)})
    assert balance.turn() == Turn()
