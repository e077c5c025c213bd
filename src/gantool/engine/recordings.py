"""Recordings of a step: the device's part in making one, and the places that a replay reads and writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from gantool.api.networks import Labels
from gantool.engine.updates import Scalars

Made = TypeVar("Made")
Result = tuple[Scalars, Tensor | None]
"""The scalars of a step, and for the discriminator the logits of reals."""


@runtime_checkable
class Recorder(Protocol):
    """Records and times work on a device."""

    def warm(self, work: Callable[[], Made], look: bool = False) -> tuple[Made, str]:
        """Do the work as it has to be done before it is recorded.

        The text is where it waits for the device, if it does so and is looked at.
        """

    def record(self, work: Callable[[], Made]) -> tuple[Callable[[], None], Made]:
        """A function that does the work again, and where its results will be. The work is not done now.

        Raises RuntimeError for work that cannot be recorded; what was recorded before is then of no use either.
        """

    def forget(self) -> None:
        """Let go of the memory of all recordings, which nothing else holds any more."""

    def timed(self, work: Callable[[], Result]) -> tuple[Result, float]:
        """The result of the work, and the seconds until the device has done it."""

    def random_state(self) -> tuple[Tensor, ...]:
        """The state of the generators of host and device."""

    def set_random_state(self, state: tuple[Tensor, ...]) -> None:
        """Set what `random_state` returned."""


@dataclass
class Recording:
    """A step with places for batch and labels; `gradients` are what it leaves to an update by the host."""

    batch: Tensor
    labels: Labels
    replay: Callable[[], None] = field(repr=False)
    result: Result
    gradients: list[tuple[nn.Parameter, Tensor | None]] | None = None

    def play(self, batch: Tensor, labels: Labels) -> Result:
        """The step for this batch; its results are copies, since the next replay writes over their places."""
        self.batch.copy_(batch)
        if self.labels is not None and labels is not None:
            self.labels.copy_(labels)
        self.replay()
        for weight, gradient in self.gradients or ():
            weight.grad = gradient
        scalars, logits = self.result
        copied = torch.stack([value.float() for value in scalars.values()]).unbind()
        return dict(zip(scalars, copied, strict=True)), None if logits is None else logits.clone()
