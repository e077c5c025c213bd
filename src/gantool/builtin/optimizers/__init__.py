"""The optimizers of `--optimizer`. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import AUTO, Component, Options, option

Beta = Annotated[float, Field(ge=0, lt=1)]
Decay = Annotated[float, Field(ge=0)]
_DECAY = "weight decay; auto: --weight-decay, or the recipe's"


class AdamOptions(Options):
    """Options of `adam` and `adamw`."""

    beta1: Beta | Literal["auto"] = option(AUTO, "decay rate of the first moment; auto: --betas, or the recipe's")
    beta2: Beta | Literal["auto"] = option(AUTO, "decay rate of the second moment; auto: --betas, or the recipe's")
    weight_decay: Decay | Literal["auto"] = option(AUTO, _DECAY)
    eps: float = option(1e-8, "added to the denominator for numerical stability", gt=0)


class RmspropOptions(Options):
    """Options of `rmsprop`."""

    alpha: float = option(0.99, "decay rate of the squared gradients' average", ge=0, lt=1)
    momentum: float = option(0.0, "momentum factor", ge=0, lt=1)
    weight_decay: Decay | Literal["auto"] = option(AUTO, _DECAY)
    eps: float = option(1e-8, "added to the denominator for numerical stability", gt=0)


class SgdOptions(Options):
    """Options of `sgd`."""

    momentum: float = option(0.0, "momentum factor", ge=0, lt=1)
    nesterov: bool = option(False, "Nesterov momentum; needs a momentum above 0")
    weight_decay: Decay | Literal["auto"] = option(AUTO, _DECAY)


@hookimpl
def gantool_optimizers() -> list[Component]:
    """Adam, the default of every recipe, and three others of torch."""
    home = "gantool.builtin.optimizers.optimizers"
    return [
        Component("adam", "Adam (Kingma and Ba 2015): the default", AdamOptions, f"{home}:adam"),
        Component(
            "adamw", "Adam with decoupled weight decay (Loshchilov and Hutter 2019)", AdamOptions, f"{home}:adamw"
        ),
        Component("rmsprop", "RMSprop, as in the first WGAN (Arjovsky et al. 2017)", RmspropOptions, f"{home}:rmsprop"),
        Component("sgd", "Stochastic gradient descent, with momentum if wanted", SgdOptions, f"{home}:sgd"),
    ]
