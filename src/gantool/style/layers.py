"""The layers of an extractor that are compared, their weights, and the style loss."""

import math
from collections.abc import Mapping, Sequence

from gantool.api.features import Extractor, StyleLoss
from gantool.api.part import name_of
from gantool.errors import OptionError, did_you_mean
from gantool.style.objective import Balance, Network
from gantool.style.settings import Settings

CONTENT, ROUGHNESS = 1.0, 3.0
"""The factors that weights of 1 stand for, in units of the relative losses."""


def balance_of(
    extractor: Extractor, settings: Settings, style_loss: StyleLoss, most_strength: float = math.inf
) -> Balance:
    """The layers and weights of the settings, else those that the extractor names.

    The extractor's `style_strength` is `most_strength` at the most. Raises OptionError when it names no layers, or none
    has a weight.
    """
    content = settings.content_layers or extractor.content_layers
    style = settings.style_layers or extractor.style_layers
    if not content or not style or not extractor.layers:
        raise OptionError(
            f"The extractor {name_of(extractor)} names no layers for style transfer; it needs layers, "
            "content_layers, style_layers and select(layers)."
        )
    return Balance(
        CONTENT * settings.content_weight,
        min(extractor.style_strength, most_strength) * style_loss.strength * settings.style_weight,
        ROUGHNESS * settings.tv_weight,
        _normalised("--content-layer", content),
        _normalised("--style-layer", style),
    )


def network_of(extractor: Extractor, layers: Sequence[str]) -> Network:
    """The part of the extractor that computes these layers. Raises OptionError for layers it does not have."""
    for layer in layers:
        if layer not in extractor.layers:
            raise OptionError(
                f"The extractor {name_of(extractor)} has no layer {layer!r}, and style transfer is to compare it."
                f"{did_you_mean(layer, extractor.layers)} It has {', '.join(extractor.layers)}: choose among them by "
                "--content-layer and --style-layer."
            )
    network = extractor.select(layers)
    if network is None:
        raise OptionError(f"The extractor {name_of(extractor)} has no select(layers), which style transfer needs.")
    if hasattr(network, "mirror_borders"):
        network.mirror_borders()
    return network


def _normalised(flag: str, layers: Mapping[str, float]) -> dict[str, float]:
    total = sum(layers.values())
    if any(weight < 0 for weight in layers.values()) or not total > 0:
        raise OptionError(f"{flag}: weights of layers are 0 or more, and one of them is more than 0.")
    return {name: weight / total for name, weight in layers.items() if weight > 0}
