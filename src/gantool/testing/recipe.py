"""Loss and penalties of an architecture's recipe, without those that cannot be built: another check reports them."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gantool.api.run_config import NONE
from gantool.api.specs import Architecture
from gantool.api.strategies import Penalty
from gantool.errors import GantoolError
from gantool.testing.choosing import SETTING
from gantool.testing.networks import Case


def penalties_of(case: Case) -> tuple[Penalty, ...]:
    """The penalties of the recipe, each built anew."""
    texts = case.component.spec.recipe.penalties if isinstance(case.component.spec, Architecture) else ()
    return tuple(_built(case, "penalty", [text for text in texts if text != NONE]))


def pairs_reals(case: Case) -> bool:
    """True if the recipe's loss pairs reals with fakes in the generator's step."""
    texts = [case.component.spec.recipe.loss] if isinstance(case.component.spec, Architecture) else []
    return any(loss.pairs_real for loss in _built(case, "loss", texts))


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
