"""A style network learns one style from photos, by the losses of a transfer (Johnson et al. 2016)."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from gantool.api.features import Extractor, StyleLoss
from gantool.engine.cadence import derived_seed
from gantool.errors import CheckpointError, StyleError
from gantool.pixels import to_float
from gantool.style.layers import balance_of, network_of
from gantool.style.lesson import Lesson
from gantool.style.network import STRIDE, TransformNet, redrawn
from gantool.style.objective import Balance, Objective
from gantool.style.pyramid import shrunk

LEARNING_RATE, WARM_UP, LEFT_AT_THE_END = 3e-3, 0.03, 0.02
"""Adam's highest rate, the share of training in which it is reached, and the share of it that is left at the end."""
MOST_STRENGTH = 2.0
"""The most of an extractor's `style_strength`: a network does not begin with the photo, and by 5 drew the sky black."""
STABILITY = 50.0
"""The factor that a weight of 1 stands for."""
NOISE = 0.04
"""The deviation of the noise to which a picture should not react, in units of [-1, 1]: five levels of 256."""
AVERAGE = 0.98
"""The decay of the running average of weights, by step, once training is under way."""
MOMENTS = ("exp_avg", "exp_avg_sq")
"""Adam's state of each weight, by torch's names."""

Take = Callable[[int, int], UInt8[Tensor, "n 3 s s"]]
"""A function from the number of photos seen and a number to the next so many photos."""


@dataclass(frozen=True)
class Progress:
    """The state of training after a step: the averaged network, the photos seen, and the losses of the step.

    `tensors` gives all that a training needs to go on exactly, beside the photos and seconds so far.
    """

    network: TransformNet
    images_seen: int
    seconds: float
    share: float
    content: float
    style: float
    stability: float
    tensors: Callable[[], dict[str, Tensor]]


@dataclass(frozen=True)
class Resumed:
    """A training to go on with."""

    tensors: Mapping[str, Tensor]
    images_seen: int
    seconds: float


def learn(
    style: Float[Tensor, "1 3 _ _"],
    take: Take,
    extractor: Extractor,
    style_loss: StyleLoss,
    lesson: Lesson,
    *,
    begin: TransformNet | None = None,
    resumed: Resumed | None = None,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Progress]:
    """Train on the style image's device; yields after every step, and the caller may stop at any.

    `begin` is a network whose weights are the first ones. A training that goes on with `resumed` is that which was
    never interrupted, bit for bit on a CPU, if it ends by images: what is drawn at random follows from the seed and the
    photos seen. Raises OptionError where the extractor does not suit, CheckpointError where the tensors of `resumed` do
    not, and StyleError when the loss or its gradient is not finite; the network of the last step is unharmed then.
    """
    learner = _Learner(style, extractor, style_loss, lesson, begin, autocast)
    seen, seconds = 0, 0.0
    if resumed is not None:
        seen, seconds = resumed.images_seen, resumed.seconds
        learner.restore(resumed.tensors, seen // lesson.batch)
    began = time.monotonic() - seconds
    while (share := lesson.done(seen, seconds)) < 1:
        content, style_off, change = learner.step(take(seen, lesson.batch), share, seen)
        seen, seconds = seen + lesson.batch, time.monotonic() - began
        now = lesson.done(seen, seconds)
        yield Progress(learner.average, seen, seconds, now, content, style_off, change, learner.tensors)


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
        self._lesson, self._device, self._style_loss = lesson, style.device, style_loss
        self._balance = balance_of(extractor, lesson.settings, style_loss, MOST_STRENGTH)
        self._objective = objective_of(style, extractor, style_loss, self._balance, lesson, autocast)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(lesson.seed)
            self._network = TransformNet(lesson.width, lesson.blocks).to(style.device)
        if begin is not None:
            self._network.load_state_dict(begin.state_dict())
        self.average = copy.deepcopy(self._network).requires_grad_(False)
        self._optimizer = torch.optim.Adam(self._network.parameters(), betas=(0.9, 0.99))

    def tensors(self) -> dict[str, Tensor]:
        """The weights, their running average, and Adam's moments."""
        moments = {
            f"{moment}.{name}": self._optimizer.state[weight][moment]
            for moment in MOMENTS
            for name, weight in self._network.named_parameters()
        }
        networks = {"network": self._network, "average": self.average}
        weights = {f"{name}.{key}": value for name, net in networks.items() for key, value in net.state_dict().items()}
        return weights | moments

    def restore(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Continue from what `tensors` gave after so many steps. Raises CheckpointError unless they fit."""
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, **{moment: {} for moment in MOMENTS}}
        wanted = self._network.state_dict()
        if {name: value.shape for name, value in tensors.items()} != {
            f"{part}.{name}": value.shape for part in parts for name, value in wanted.items()
        }:
            raise CheckpointError("The state of the training does not fit its network: begin anew, without --resume.")
        for name, value in tensors.items():
            part, _, key = name.partition(".")
            parts[part][key] = value.to(self._device)
        self._network.load_state_dict(parts["network"])
        self.average.load_state_dict(parts["average"])
        for name, weight in self._network.named_parameters():
            moments = {moment: parts[moment][name] for moment in MOMENTS}
            self._optimizer.state[weight] = {"step": torch.tensor(float(steps)), **moments}

    def step(self, pixels: UInt8[Tensor, "n 3 s s"], share: float, seen: int) -> list[float]:
        """Learn from these photos, when this share is done and so many are seen: content, style, change."""
        photos = to_float(pixels).to(self._device)
        self._style_loss.seed(derived_seed(self._lesson.seed, seen, 1))
        with torch.enable_grad():
            total, losses = self._losses(photos, derived_seed(self._lesson.seed, seen, 0))
            self._optimizer.zero_grad()
            torch.autograd.backward(total)
        gradients = [weight.grad for weight in self._network.parameters() if weight.grad is not None]
        # Before the step, which would carry the fault into the weights, the average and whatever file they go to.
        *told, _, _ = _finite([*losses, total, torch.nn.utils.get_total_norm(gradients)])
        for group in self._optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate(share)
        self._optimizer.step()
        steps = seen // self._lesson.batch + 1
        keep = min(AVERAGE, 1 - 10 / (10 + steps))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self._network.parameters()), 1 - keep)
        return told

    def _losses(self, photos: Float[Tensor, "n 3 s s"], seed: int) -> tuple[Float[Tensor, ""], list[Float[Tensor, ""]]]:
        """The weighted sum, and three of its parts."""
        balance, one = self._balance, photos[:1]
        draw = torch.Generator().manual_seed(seed)
        down, right = torch.randint(STRIDE, (2,), generator=draw).tolist()
        noise = NOISE * torch.randn(one.shape, generator=draw).to(one)
        self._objective.set_content(photos)
        photos = torch.cat([photos, moved(one + noise, down, right)])
        pictures, shaken = redrawn(self._network, photos).tensor_split([len(photos) - 1])
        _finite([pictures.sum()])  # some style losses fail by themselves on such pictures
        content, style, rough = self._objective.parts(pictures)
        height, width = one.shape[-2] - down, one.shape[-1] - right
        change = (pictures[:1, :, :height, :width] - shaken[..., down:, right:]).square().mean()
        total = balance.content * content + balance.style * style + balance.tv * rough
        return total + STABILITY * self._lesson.stability * change, [content, style, change]


def moved(images: Float[Tensor, "n 3 h w"], down: int, right: int) -> Float[Tensor, "n 3 h w"]:
    """The images so many pixels further down and right; what moves in repeats the border."""
    height, width = images.shape[-2:]
    return F.pad(images, (right, 0, down, 0), mode="replicate")[..., :height, :width]


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
