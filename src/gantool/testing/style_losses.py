"""The checks of a style loss."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gantool.api.features import StyleLoss
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, found, unwaived
from gantool.testing.networks import seeded
from gantool.testing.trials import Trial


class StyleTrial(Trial[StyleLoss]):
    """A style loss under trial."""

    @property
    def loss(self) -> StyleLoss:
        """As new, with a seed."""
        made = self.new
        made.seed(0)
        return made


def features(seed: int, height: int = 8, width: int = 8) -> Tensor:
    """Features of one image, `[1, 6, height, width]`."""
    with seeded(seed):
        return torch.randn(1, 6, height, width).relu() + 0.1 * seed


def it_is_0_at_the_style_and_more_elsewhere(trial: StyleTrial) -> Iterator[str]:
    """The distance is finite, 0 at the style itself, and larger for other features."""
    loss, style = trial.loss, features(1)
    target = loss.blend([loss.measure(style)], [1.0])
    same, other = (float(loss.distance(loss.measure(each), target)) for each in (style, features(2)))
    if not abs(same) < 1e-3:
        straight = float(loss.distance(loss.measure(style), loss.measure(style)))
        remedy = (
            "It is 0 without blend, which divides statistics by the number of places: let measure give sums over "
            "places, or override blend."
            if abs(straight) < 1e-3
            else "Compare the same statistics on both sides."
        )
        yield f"the distance of a style to itself is {same:.3g} and must be 0. {remedy}"
    if not same < other < float("inf"):
        yield (
            f"the distance of other features is {other:.3g}; it must be finite and larger than at the style. Measure "
            "more of the features."
        )


def positions_do_not_matter(trial: StyleTrial) -> Iterator[str]:
    """Features moved to other places are as far from the style."""
    loss, here = trial.loss, features(2)
    target = loss.blend([loss.measure(features(1))], [1.0])
    moved = here.flatten(2).flip(2).view_as(here)
    one, two = (float(loss.distance(loss.measure(each), target)) for each in (here, moved))
    if abs(one - two) > 1e-3 * max(abs(one), 1e-6):
        yield (
            f"the same features in other places are {two:.4g} from the style and not {one:.4g}. Average over all "
            "places."
        )


def gradients_reach_the_features(trial: StyleTrial) -> Iterator[str]:
    """The distance has a finite gradient, and a step against it comes nearer."""
    loss, leaf = trial.loss, features(2).requires_grad_(True)
    target = loss.blend([loss.measure(features(1))], [1.0])
    distance = loss.distance(loss.measure(leaf), target)
    slope = torch.autograd.grad(distance, leaf)[0] if distance.requires_grad else torch.zeros_like(leaf)
    before = float(distance.detach())
    if not bool(slope.any()) or not bool(torch.isfinite(slope).all()):
        yield (
            "the distance has no gradient to the features, or none that is finite: no image could be fitted by it. "
            "Detach nothing in measure() and distance()."
        )
        return
    nearer = (leaf - 1e-2 * slope / slope.square().mean().sqrt()).detach()
    after = float(loss.distance(loss.measure(nearer), target))
    if not after < before:
        yield (
            f"a small step against the gradient leads from {before:.4g} to {after:.4g}. The distance must fall: "
            "check its sign."
        )


def tiles_add_up(trial: StyleTrial) -> Iterator[str]:
    """The statistics of an additive loss add up over tiles to those of the whole."""
    loss, whole = trial.loss, features(2, 8, 12)
    if not loss.additive:
        return
    parts = [loss.measure(part) for part in (whole[..., :5], whole[..., 5:])]
    for place, (one, two, all_of_it) in enumerate(zip(*parts, loss.measure(whole), strict=True)):
        if not torch.allclose(one + two, all_of_it, rtol=1e-4, atol=1e-4):
            yield (
                f"statistic {place} of two tiles does not add up to that of the whole. Return sums over places and let "
                "the last be their number, or set additive = False."
            )
            return


PROPERTIES = (
    it_is_0_at_the_style_and_more_elsewhere,
    positions_do_not_matter,
    gradients_reach_the_features,
    tiles_add_up,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a style loss."""
    return found(unwaived(PROPERTIES, component), StyleTrial(component, plugins))
