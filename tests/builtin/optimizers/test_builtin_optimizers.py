import pytest
import torch
from torch import nn

from gantool.api.specs import OptimizerSetting
from gantool.builtin import optimizers as catalogue
from gantool.plugins.host import PluginHost

HOST = PluginHost(third_party=False, environ={})
SETTING = OptimizerSetting(learning_rate=0.1, betas=(0.5, 0.9), weight_decay=0.01)


def built(text, setting=SETTING):
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    return weight, HOST.resolve("optimizer", text).build([weight], setting)


@pytest.mark.parametrize("name", [spec.name for spec in catalogue.gantool_optimizers()])
def test_the_run_sets_learning_rate_and_weight_decay(name):
    _, optimizer = built(name)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.1, 0.01)


def test_an_option_wins_over_the_run():
    _, optimizer = built("adam:beta1=0,beta2=0.99,weight_decay=0")
    (group,) = optimizer.param_groups
    assert (group["betas"], group["weight_decay"]) == ((0.0, 0.99), 0.0)
    assert built("adam")[1].param_groups[0]["betas"] == (0.5, 0.9)


def test_sgd_without_momentum_subtracts_the_gradient():
    weight, optimizer = built("sgd", OptimizerSetting(0.1))
    weight.grad = torch.tensor([1.0, 3.0])
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([0.9, -2.3]))


def test_decoupled_decay_shrinks_a_weight_without_a_slope():
    weight, optimizer = built("adamw:weight_decay=0.5", OptimizerSetting(0.1))
    weight.grad = torch.zeros(2)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([0.95, -1.9]))
