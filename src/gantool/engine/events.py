"""What observers are told: frozen facts about a run, in the order they happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxtyping import UInt8
from torch import Tensor


@dataclass(frozen=True)
class Started:
    """A run begins, or goes on from `images_seen`."""

    run: Path
    architecture: str
    images_seen: int
    images_goal: int
    device: str
    precision: str
    batch: int
    resolution: int


@dataclass(frozen=True)
class Tick:
    """A fixed number of images has passed; `scalars` are means over the tick, `status` is that of a growing Gan."""

    images_seen: int
    images_goal: int
    seconds: float
    images_per_second: float
    scalars: Mapping[str, float]
    status: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """What the averaged generator makes of the run's fixed latents: every level, coarse to fine."""

    images_seen: int
    images: tuple[UInt8[Tensor, "n c _ _"], ...]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint lies safely on disk."""

    images_seen: int
    path: Path


@dataclass(frozen=True)
class Warned:
    """Something a user should know, in a sentence with its remedy."""

    images_seen: int
    message: str


@dataclass(frozen=True)
class Finished:
    """The run stops: at its goal, because it was `interrupted`, or because it `failed` with an error."""

    images_seen: int
    run: Path
    interrupted: bool
    failed: bool = False


Event = Started | Tick | Snapshot | Checkpoint | Warned | Finished
