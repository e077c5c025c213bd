"""The optimizers of torch that `--optimizer` offers; fused where torch has a fused kernel that can skip a step."""

from collections.abc import Iterable

from torch import nn, optim

from gantool.api.specs import AUTO, OptimizerSetting
from gantool.builtin.optimizers import AdamOptions, RmspropOptions, SgdOptions

Parameters = Iterable[nn.Parameter]


def adam(options: AdamOptions, parameters: Parameters, setting: OptimizerSetting) -> optim.Adam:
    """Kingma and Ba 2015; weight decay is added to the gradient."""
    return optim.Adam(
        parameters, setting.learning_rate, _betas(options, setting), options.eps, _decay(options, setting), fused=True
    )


def adamw(options: AdamOptions, parameters: Parameters, setting: OptimizerSetting) -> optim.AdamW:
    """Loshchilov and Hutter 2019; weight decay shrinks the weights directly."""
    return optim.AdamW(
        parameters, setting.learning_rate, _betas(options, setting), options.eps, _decay(options, setting), fused=True
    )


def rmsprop(options: RmspropOptions, parameters: Parameters, setting: OptimizerSetting) -> optim.RMSprop:
    """Gradients divided by a running average of their size."""
    return optim.RMSprop(
        parameters, setting.learning_rate, options.alpha, options.eps, _decay(options, setting), options.momentum
    )


def sgd(options: SgdOptions, parameters: Parameters, setting: OptimizerSetting) -> optim.SGD:
    """Plain gradient descent, or with (Nesterov) momentum."""
    return optim.SGD(
        parameters,
        setting.learning_rate,
        options.momentum,
        weight_decay=_decay(options, setting),
        nesterov=options.nesterov,
        fused=True,
    )


def _betas(options: AdamOptions, setting: OptimizerSetting) -> tuple[float, float]:
    first, second = setting.betas
    return first if options.beta1 == AUTO else options.beta1, second if options.beta2 == AUTO else options.beta2


def _decay(options: AdamOptions | RmspropOptions | SgdOptions, setting: OptimizerSetting) -> float:
    return setting.weight_decay if options.weight_decay == AUTO else options.weight_decay
