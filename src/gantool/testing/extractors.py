"""The checks of an extractor."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.features import Extractor
from gantool.errors import GantoolError
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, found, unwaived
from gantool.testing.networks import far_apart, same, seeded
from gantool.testing.seeding import touches_torch
from gantool.testing.trials import Trial

SIZES = ((64, 64), (96, 72), (33, 47))
"""Heights and widths; those of content pictures are whatever they are."""
FOR_STYLE = ("layers", "content_layers", "style_layers", "select")


@dataclass(frozen=True)
class ExtractorTrial(Trial[Extractor]):
    """An extractor, built once: weights may take a while to read."""

    extractor: Extractor

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """Of images in [-1, 1]; none where they are of another form, which `features_are_finite` tells of."""
        with seeded(0):
            got: object = self.extractor(images)
        if not isinstance(got, Sequence) or not all(isinstance(each, Tensor) for each in got):
            return ()
        return tuple(got) if all(each.is_floating_point() and each.ndim > 1 for each in got) else ()


def images(size: tuple[int, int], n: int = 2) -> Float[Tensor, "n 3 h w"]:
    """Noise in [-1, 1]."""
    with seeded(1):
        return torch.rand(n, 3, *size) * 2 - 1


def features_are_finite(trial: ExtractorTrial) -> Iterator[str]:
    """It gives a list of finite features, one row for each picture, at any size."""
    for size in SIZES:
        for scale, words in ((1.0, ""), (0.0, " of one grey")):
            got = trial.extractor(images(size) * scale)
            what = f"for pictures of {size[1]} x {size[0]} pixels{words} it gives"
            if not isinstance(got, Sequence) or not got or not all(isinstance(each, Tensor) for each in got):
                yield f"{what} a {type(got).__name__}; return a list or tuple of tensors, shallow to deep."
                return
            for place, each in enumerate(got):
                if not each.is_floating_point() or each.ndim < 2 or len(each) != 2:
                    yield (
                        f"{what} {each.dtype} of shape {list(each.shape)} as feature {place}. Return floats with one "
                        "row for each picture."
                    )
                    return
                if not bool(torch.isfinite(each).all()):
                    yield f"{what} feature {place} with values that are not finite. Divide by no 0."
                    return


def gradients_reach_the_picture(trial: ExtractorTrial) -> Iterator[str]:
    """Each feature has a gradient to the picture."""
    picture = images(SIZES[0]).requires_grad_(True)
    for place, each in enumerate(trial.features(picture)):
        flows = each.requires_grad
        (slope,) = torch.autograd.grad(each.square().sum(), picture, retain_graph=True) if flows else (None,)
        if slope is None or not bool(slope.any()) or not bool(torch.isfinite(slope).all()):
            yield (
                f"feature {place} has no gradient to the picture, or none that is finite: style transfer could not "
                "paint by it. Do not use torch.no_grad or detach in it, nor round pixels."
            )
            return


def features_repeat(trial: ExtractorTrial) -> Iterator[str]:
    """The same picture gives the same features, whatever else is in the batch, and is left as it is."""
    picture = images(SIZES[0])
    before = picture.clone()
    first = trial.features(picture)
    if not first:
        return
    again = tuple(trial.extractor(picture))
    if not torch.equal(picture, before):
        yield "it changes its argument in place. Work on copies: call no method that ends in _ on the pictures."
    if not same(first, again):
        yield "the same pictures give other features each time. Put it into evaluation mode and draw nothing."
    elif far_apart(tuple(each[:1] for each in first), trial.features(picture[:1])):
        yield "a picture's features depend on the other pictures of the batch. Put BatchNorm into evaluation mode."


def torchs_generator_is_left_alone(trial: ExtractorTrial) -> Iterator[str]:
    """It neither draws from torch's generator nor seeds it."""
    if touches_torch(partial(trial.extractor, images(SIZES[0]))):
        yield (
            "it draws from torch's own generator or seeds it (torch.manual_seed), and that is the run's, which may "
            "measure by it. Use a torch.Generator of your own."
        )


def attributes_for_style_transfer_fit_together(trial: ExtractorTrial) -> Iterator[str]:
    """Its layers, their weights and `select` fit together, where it has them."""
    extractor: Any = trial.extractor
    has = [name for name in FOR_STYLE[:-1] if getattr(extractor, name)]
    has += ["select"] * (extractor.select(extractor.layers) is not None)
    if not has:
        return
    if lacks := [name for name in FOR_STYLE if name not in has]:
        yield f"it has {has[0]} and no {' and no '.join(lacks)}. Style transfer needs all four, metrics none of them."
        return
    try:
        trial.plugins.resolve("style-loss", extractor.style_loss)
    except GantoolError as error:
        yield f"its style_loss is {extractor.style_loss!r}, and stylize would refuse it. {error}"
        return
    strength = extractor.style_strength
    if not isinstance(strength, int | float) or not 0 < strength < math.inf:
        yield f"its style_strength is {strength!r}; it is the factor of the style loss, a finite number above 0."
        return
    layers = tuple(extractor.layers)
    for table in ("content_layers", "style_layers"):
        weights = getattr(extractor, table)
        if not isinstance(weights, Mapping) or not weights:
            yield f"its {table} is {weights!r:.60}; it is a table from names of layers to weights, with one at least."
            return
        unknown = [name for name in weights if name not in layers]
        if unknown or not all(weight > 0 for weight in weights.values()):
            yield f"its {table} names {(unknown or list(weights))[0]!r}: each is one of layers, with a weight above 0."
            return
    picture = images(SIZES[0])
    with torch.no_grad():
        every = list(extractor.select(layers)(picture))
        if len(every) != len(layers):
            yield f"select(layers) gives {len(every)} features for {len(layers)} layers; one for each, in their order."
            return
        for place in {0, len(layers) // 2, len(layers) - 1}:
            (alone,) = extractor.select((layers[place],))(picture)
            if alone.shape != every[place].shape or far_apart((alone,), (every[place],)):
                yield f"select(({layers[place]!r},)) gives other features than select of all layers does in that place."
                return


PROPERTIES = (
    features_are_finite,
    gradients_reach_the_picture,
    features_repeat,
    torchs_generator_is_left_alone,
    attributes_for_style_transfer_fit_together,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of an extractor."""
    return found(unwaived(PROPERTIES, component), ExtractorTrial(component, plugins, component.build()))
