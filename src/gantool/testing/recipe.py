"""Losses and penalties of an architecture's recipe, without those that cannot be built: another check reports them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gantool.api.run_config import NONE
from gantool.api.specs import Architecture, Recipe
from gantool.api.strategies import Penalty
from gantool.errors import GantoolError
from gantool.run.recipes import recipe_on
from gantool.testing.choosing import SETTING
from gantool.testing.networks import Case


def recipes(case: Case) -> list[Recipe]:
    """The recipe of an architecture on a GPU, and on a CPU where that has another loss or other penalties."""
    if not isinstance(case.component.spec, Architecture):
        return []
    on_gpu = case.component.spec.recipe
    on_cpu = recipe_on(on_gpu, "cpu")
    return [on_gpu] if on_cpu == on_gpu else [on_gpu, on_cpu]


def penalties_of(case: Case) -> list[tuple[Penalty, ...]]:
    """The penalties of each of the recipes, built anew."""
    named = [[text for text in recipe.penalties if text != NONE] for recipe in recipes(case)]
    return [tuple(_built(case, "penalty", texts)) for texts in named]


def pairs_reals(case: Case) -> bool:
    """True if the loss of one of the recipes pairs reals with fakes in the generator's step."""
    return any(loss.pairs_real for loss in _built(case, "loss", [recipe.loss for recipe in recipes(case)]))


class OfSamples(Penalty):
    """A penalty as far as it depends on samples: one of the weights alone gives no use to a weight that has none."""

    def __init__(self, penalty: Penalty) -> None:
        self.side, self.weight, self._penalty = penalty.side, penalty.weight, penalty

    def __call__(self, network: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        """Its values, without a gradient where there is one for all samples."""
        values = self._penalty(network, *args, **kwargs)
        return values if len(values) > 1 else values.detach()


def _built(case: Case, kind: str, texts: list[str]) -> Iterator[Any]:
    setting = replace(SETTING, resolution=case.shape.resolution, channels=case.shape.channels)
    for text in texts:
        with suppress(GantoolError):
            yield case.plugins.resolve(kind, text).resolved(setting)[0].build()
