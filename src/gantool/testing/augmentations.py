"""The checks of an augmentation."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from gantool.api.networks import Images
from gantool.api.strategies import Augmentation
from gantool.engine.trial import try_augmentation, try_state
from gantool.errors import cause
from gantool.pixels import ALPHA_CHANNELS
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, placed
from gantool.testing.homes import grounds
from gantool.testing.networks import same, seeded
from gantool.testing.seeding import SEEDS, repeats, seeds_torch
from gantool.testing.trials import REMEDY, OnNetworks, faults_by, used_and_restored

N = 8
DRAWS = 6
LONG = 100
"""Steps of many reals after which an augmentation that adapts should have done so."""
MANY = 4096
WILD = 50.0
"""Contrast and brightness may go far beyond 1; pixels in [0, 255] lie beyond this."""


class AugmentationTrial(OnNetworks[Augmentation]):
    """An augmentation, and pictures of some shape."""

    def images(self, seed: int = 1) -> Images:
        """Smooth pictures, which look alike at all levels."""
        with seeded(seed):
            coarse = torch.rand(N, self.shape.channels, 4, 4) * 2 - 1
        side = self.shape.resolution
        smooth = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
        return self.gan.view(smooth)

    def drawn(self, seed: int) -> Images:
        """The same pictures, augmented by the draw of a seed."""
        with seeded(seed):
            return self.new.draw(N)(self.images())


def it_keeps_the_contract(trial: AugmentationTrial) -> Iterator[str]:
    """It gives new pictures of the same shapes, finite and with a gradient."""
    augmentation = trial.new
    try_state(augmentation, trial.component.title)
    try_augmentation(augmentation, trial.component.title, trial.gan, trial.shape, torch.device("cpu"))
    yield from ()


def a_draw_is_the_same_for_reals_and_fakes(trial: AugmentationTrial) -> Iterator[str]:
    """One draw does the same each time it is applied, whatever was in between."""
    with seeded(0):
        for _ in range(DRAWS):
            apply = trial.new.draw(N)
            first, _, again = apply(trial.images()), apply(trial.images(seed=2)), apply(trial.images())
            if not same(first, again):
                yield (
                    "one draw(n) does something else each time it is applied: reals and fakes would differ by their "
                    "augmentation alone. Draw the random numbers once, in draw(n) or at its first call."
                )
                return


def transparency_is_taken(trial: AugmentationTrial) -> Iterator[str]:
    """Pictures of four channels, with alpha, are augmented too."""
    images = tuple(level[:, :1].repeat(1, ALPHA_CHANNELS, 1, 1) for level in trial.images())
    with seeded(0):
        seen = trial.new.draw(N)(images)
    if [level.shape for level in seen] != [level.shape for level in images]:
        yield "of four channels, RGB multiplied by alpha and alpha, it returns another number. Change colours alone."


def draws_differ(trial: AugmentationTrial) -> Iterator[str]:
    """Two draws differ, unless it leaves pictures as they are."""
    draws = [trial.drawn(seed) for seed in range(DRAWS)]
    if all(same(draws[0], other) for other in draws[1:]) and not same(draws[0], trial.images()):
        yield "every draw(n) does the same to the same pictures. Draw by torch, anew in each draw(n)"


def a_seed_gives_the_same_draw(trial: AugmentationTrial) -> Iterator[str]:
    """Under the same seed of torch's, it draws the same."""
    for seed in range(DRAWS):
        if not repeats(partial(trial.drawn, seed)):
            yield (
                "it draws something else under the same seed of torch's. Draw by torch, not by numpy or random: a "
                "resumed run could not repeat it."
            )
            return


def torch_is_not_seeded(trial: AugmentationTrial) -> Iterator[str]:
    """It does not seed torch's generator."""
    augmentation, images = trial.new, trial.images()

    def use() -> None:
        augmentation.draw(N)(images)
        augmentation.observe(torch.linspace(-1, 1, N))

    if seeds_torch(use):
        yield f"it {SEEDS}"


def pixels_stay_in_range(trial: AugmentationTrial) -> Iterator[str]:
    """Pixels stay about [-1, 1]."""
    most = max(float(level.abs().max()) for seed in range(DRAWS) for level in trial.drawn(seed))
    if most > WILD:
        yield f"it makes pixels of size {most:.3g} from pictures in [-1, 1]. Check what range it takes and gives."


def levels_get_the_same_draw(trial: AugmentationTrial) -> Iterator[str]:
    """All levels of a pyramid get the same transformation."""
    if len(trial.images()) < 2:
        return
    apart = together = 0.0
    draws = [trial.drawn(seed) for seed in range(DRAWS)]
    for one, other in pairwise(draws):
        shrunk = F.interpolate(one[-1], size=one[0].shape[-2:], mode="area")
        together += float((shrunk - one[0]).abs().mean())
        apart += float((shrunk - other[0]).abs().mean())
    if together > 0.6 * apart:
        yield (
            "the levels of a pyramid get different transformations: shrunk, the finest is not like the coarsest. Use "
            "one draw for all, with lengths as shares of the side."
        )


def it_can_be_differentiated_twice(trial: AugmentationTrial) -> Iterator[str]:
    """It has a second derivative, which penalties on gradients take."""
    leaves = tuple(level.clone().requires_grad_(True) for level in trial.images())
    with seeded(1):
        seen = trial.new.draw(N)(leaves)
    first = torch.autograd.grad([level.square().sum() for level in seen], leaves, create_graph=True)
    try:
        second = torch.autograd.grad([slope.square().sum() for slope in first], leaves, allow_unused=True)
    except RuntimeError as error:
        yield (
            f"its second derivative by the pictures is missing ({cause(error)}). Build a backward of your own "
            "from differentiable functions too, and replace functions of torch that have no second derivative."
        )
        return
    if not all(slope is not None and bool(torch.isfinite(slope).all()) for slope in second):
        yield "its second derivative by the pictures is missing or not finite. Detach nothing, and divide by no 0."


def state_comes_back(trial: AugmentationTrial) -> Iterator[str]:
    """With its state restored, it draws what it would have drawn."""

    def use(augmentation: Augmentation) -> Images:
        with seeded(0):
            seen = augmentation.draw(N)(trial.images())
        for _ in range(LONG):
            augmentation.observe(torch.ones(MANY))
        return seen

    used, again = used_and_restored(lambda: trial.new, use)
    if not all(same(use(used), use(again)) for _ in range(DRAWS)):
        yield f"it holds state that is not saved: {REMEDY}"


def state_stays_finite(trial: AugmentationTrial) -> Iterator[str]:
    """Its buffers stay finite when a step is not."""
    augmentation = trial.new
    if not isinstance(augmentation, nn.Module):
        return
    for logits in (torch.randn(N), torch.full((N,), float("nan")), torch.full((N,), float("inf"))):
        for _ in range(4):
            augmentation.observe(logits)
    odd = [name for name, buffer in augmentation.named_buffers() if not bool(torch.isfinite(buffer).all())]
    if odd:
        yield (
            f"its buffer {odd[0]} is not finite after logits that were not. Leave it unchanged: such a step is skipped."
        )


PROPERTIES = (
    a_draw_is_the_same_for_reals_and_fakes,
    draws_differ,
    a_seed_gives_the_same_draw,
    torch_is_not_seeded,
    pixels_stay_in_range,
    levels_get_the_same_draw,
    transparency_is_taken,
    it_can_be_differentiated_twice,
    state_comes_back,
    state_stays_finite,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of an augmentation."""
    return placed(
        (words, faults_by(it_keeps_the_contract, PROPERTIES, AugmentationTrial(component, plugins, gan, shape)))
        for words, gan, shape in grounds(component, plugins)
    )
