"""Kinds of steps, each of which is recorded by itself, and one step that is to be played."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gantool.api.networks import Labels
from gantool.engine.host_state import HostState
from gantool.engine.recordings import Recording


@dataclass
class Kind:
    """What is known of one kind of step."""

    played: int = 0
    recording: Recording | None = None
    refused: bool = False
    seconds: list[tuple[float, float]] = field(default_factory=list)
    """Those of the step, and of its replay with the look at the host before it."""


@dataclass(frozen=True)
class OneStep:
    """One step that is to be played, and what it found on the host."""

    side: str
    batch: Tensor
    labels: Labels
    step: int
    noise: float
    weights: tuple[object, ...]
    host: HostState
    key: tuple[Any, ...]
    seconds_of_look: float
