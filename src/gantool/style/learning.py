"""A style network learns one style from photos, by the losses of a transfer (Johnson et al. 2016)."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from math import inf

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gantool.api.features import Extractor, StyleLoss
from gantool.errors import OptionError, StyleError
from gantool.pixels import to_float
from gantool.style.layers import balance_of, network_of
from gantool.style.network import BLOCKS, WIDTHS, TransformNet, redrawn
from gantool.style.objective import Balance, Objective
from gantool.style.pyramid import shrunk
from gantool.style.settings import Settings

LEARNING_RATE, WARM_UP, LEFT_AT_THE_END = 3e-3, 0.03, 0.02
"""Adam's highest rate, the share of training in which it is reached, and the share of it that is left at the end."""
STABILITY = 50.0
"""The factor that a weight of 1 stands for."""
NOISE = 0.04
"""The deviation of the noise to which a picture should not react, in units of [-1, 1]: five levels of 256."""
AVERAGE = 0.98
"""The decay of the running average of weights, by step, once training is under way."""

Take = Callable[[int, int], UInt8[Tensor, "n 3 s s"]]
"""A function from the number of photos seen and a number to the next so many photos."""
LIMITS = {
    "size": (32, 1024), "style_size": (2, inf), "images": (1, inf), "minutes": (0.01, inf), "batch": (1, 256),
    "width": WIDTHS, "blocks": BLOCKS, "stability": (0, inf), "seed": (0, inf),
}  # fmt: skip
"""The least and the most of each setting; none may be infinite itself."""


@dataclass(frozen=True)
class Lesson:
    """The settings by which a network learns a style.

    `size` is the side of the photos in pixels, `style_size` the longer side of the style image (None: twice that).
    Training ends after `images` photos or after `minutes`, whichever comes first of those given. The weights are those
    of `Settings`; `stability` weighs the change that slight noise in the photo makes.
    """

    size: int = 256
    style_size: int | None = None
    images: int | None = 40_000
    minutes: float | None = None
    batch: int = 2
    width: int = 16
    blocks: int = 5
    stability: float = 1.0
    seed: int = 0
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (least <= value <= most and value < inf):
                limit = f"from {least:g} to {most:g}" if most < inf else f"a number of at least {least:g}"
                raise OptionError(f"{name} is {limit}, not {value}.")
        if self.images is None and self.minutes is None:
            raise OptionError("A lesson ends after so many images or minutes: give one of them.")

    def done(self, images_seen: int, seconds: float) -> float:
        """The share of the training that is done after so many photos and seconds."""
        by_images = 0.0 if self.images is None else images_seen / self.images
        by_time = 0.0 if self.minutes is None else seconds / (60 * self.minutes)
        return min(1.0, max(by_images, by_time))

    @property
    def longest(self) -> int:
        """The longer side at which the style image is measured, at most."""
        return self.style_size or 2 * self.size


@dataclass(frozen=True)
class Progress:
    """The state of training after a step: the averaged network, the photos seen, and the losses of the step."""

    network: TransformNet
    images_seen: int
    share: float
    content: float
    style: float
    stability: float


def learn(
    style: Float[Tensor, "1 3 _ _"],
    take: Take,
    extractor: Extractor,
    style_loss: StyleLoss,
    lesson: Lesson,
    *,
    begin: TransformNet | None = None,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Progress]:
    """Train on the style image's device; yields after every step, and the caller may stop at any.

    `begin` is a network whose weights are the first ones. Raises OptionError where the extractor does not suit, and
    StyleError when the loss or its gradient is not finite; the network of the last step is unharmed then.
    """
    learner = _Learner(style, extractor, style_loss, lesson, begin, autocast)
    began, seen, share = time.monotonic(), 0, 0.0
    while share < 1:
        losses = learner.step(take(seen, lesson.batch), share)
        seen += lesson.batch
        share = lesson.done(seen, time.monotonic() - began)
        yield Progress(learner.average, seen, share, *losses)


class _Learner:
    """The network that learns, its running average, and the objective."""

    def __init__(
        self,
        style: Float[Tensor, "1 3 _ _"],
        extractor: Extractor,
        style_loss: StyleLoss,
        lesson: Lesson,
        begin: TransformNet | None,
        autocast: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._lesson, self._device, self._steps = lesson, style.device, 0
        self._balance = balance_of(extractor, lesson.settings, style_loss)
        self._objective = objective_of(style, extractor, style_loss, self._balance, lesson, autocast)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(lesson.seed)
            self._network = TransformNet(lesson.width, lesson.blocks).to(style.device)
        if begin is not None:
            self._network.load_state_dict(begin.state_dict())
        self.average = copy.deepcopy(self._network).requires_grad_(False)
        self._optimizer = torch.optim.Adam(self._network.parameters(), betas=(0.9, 0.99))
        self._noises = torch.Generator().manual_seed(lesson.seed)

    def step(self, pixels: UInt8[Tensor, "n 3 s s"], share: float) -> list[float]:
        """Learn from these photos, when this share of training is done: content, style and change by noise."""
        photos = to_float(pixels).to(self._device)
        with torch.enable_grad():
            total, losses = self._losses(photos)
            self._optimizer.zero_grad()
            torch.autograd.backward(total)
        gradients = [weight.grad for weight in self._network.parameters() if weight.grad is not None]
        # Before the step, which would carry the fault into the weights, the average and whatever file they go to.
        *told, _, _ = _finite([*losses, total, torch.nn.utils.get_total_norm(gradients)])
        for group in self._optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate(share)
        self._optimizer.step()
        self._objective.turn()
        self._steps += 1
        keep = min(AVERAGE, 1 - 10 / (10 + self._steps))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self._network.parameters()), 1 - keep)
        return told

    def _losses(self, photos: Float[Tensor, "n 3 s s"]) -> tuple[Float[Tensor, ""], list[Float[Tensor, ""]]]:
        """The weighted sum, and three of its parts."""
        balance, one = self._balance, photos[:1]
        noise = NOISE * torch.randn(one.shape, generator=self._noises).to(one)
        self._objective.set_content(photos)
        pictures, shaken = redrawn(self._network, torch.cat([photos, one + noise])).tensor_split([len(photos)])
        _finite([pictures.sum()])  # some style losses fail by themselves on such pictures
        content, style, rough = self._objective.parts(pictures)
        change = (pictures[:1] - shaken).square().mean()
        total = balance.content * content + balance.style * style + balance.tv * rough
        return total + STABILITY * self._lesson.stability * change, [content, style, change]


def _finite(values: Sequence[Float[Tensor, ""]]) -> list[float]:
    """The numbers. Raises StyleError if one is not finite."""
    numbers: list[float] = torch.stack([value.detach() for value in values]).tolist()
    if not all(map(math.isfinite, numbers)):
        raise StyleError("The loss is no longer finite: try a lower --style-weight, or --precision float32.")
    return numbers


def rate(share: float) -> float:
    """The share of the highest learning rate when this share of training is done: a ramp, then half a cosine."""
    if share < WARM_UP:
        return 0.1 + 0.9 * share / WARM_UP
    fall = 0.5 + 0.5 * math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))
    return LEFT_AT_THE_END + (1 - LEFT_AT_THE_END) * fall


def objective_of(
    style: Float[Tensor, "1 3 _ _"],
    extractor: Extractor,
    style_loss: StyleLoss,
    balance: Balance,
    lesson: Lesson,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Objective:
    """The losses of pictures against a style; their contents are yet to be set."""
    features = network_of(extractor, balance.layers)
    if isinstance(features, torch.nn.Module):
        features = features.to(style.device)
    style_loss.seed(lesson.seed)
    objective = Objective(features, balance.layers, balance, style_loss, autocast)
    objective.set_styles([shrunk(style, float(lesson.longest))], [1.0])
    return objective
