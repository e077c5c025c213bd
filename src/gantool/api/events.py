"""The events that observers receive: frozen facts about a run, in the order in which they happen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.run_config import RunConfig


@dataclass(frozen=True)
class Started:
    """A run begins, or resumes from `images_seen`.

    `reals(n)` gives the first n pictures of the run's shuffled sequence, fewer where there are not so many: at full
    resolution, on the CPU. `config` has all settings of the run, components with every option; `brief` has the settings
    that name a component, with the options alone that are not at their defaults, as for a command. `plugins` are
    folders of plugins that a command on the run needs. `seconds` are the least and the most that the run is expected to
    take. With `class_names` the picture of seed n is one of class n modulo their number. `pictures` is the number of
    training images, 0 where it is not told.
    """

    run: Path
    architecture: str
    images_seen: int
    images_goal: int
    device: str
    precision: str
    batch: int
    resolution: int
    config: RunConfig
    reals: Callable[[int], UInt8[Tensor, "n c h w"]] | None = None
    plugins: tuple[Path, ...] = ()
    seconds: tuple[float, float] | None = None
    class_names: tuple[str, ...] = ()
    brief: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    pictures: int = 0


@dataclass(frozen=True)
class Tick:
    """A fixed number of images has passed: means over it in `scalars`; `status` has the numbers of `status()`."""

    images_seen: int
    images_goal: int
    seconds: float
    images_per_second: float
    scalars: Mapping[str, float]
    status: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """Images of the averaged generator from the run's fixed latents: every level, coarse to fine.

    `draw(n)` gives its images of seeds 0 to n in the same way, for as long as the event is delivered; the run's own
    random state is left alone.
    """

    images_seen: int
    images: tuple[UInt8[Tensor, "n c _ _"], ...]
    draw: Callable[[int], tuple[UInt8[Tensor, "n c _ _"], ...]] | None = None


@dataclass(frozen=True)
class Measured:
    """Measurements of a snapshot. A lower `score` is better; None means that it has no score.

    Scores that lie less than `chance` apart cannot be told from one another: of all so near the least, the latest is
    the best checkpoint. A score that is not finite counts as none. No value is named images_seen, images_per_second,
    score, chance or warning, which lines of metrics.jsonl have for something else.
    """

    images_seen: int
    values: Mapping[str, float]
    score: float | None = None
    chance: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint is on disk."""

    images_seen: int
    path: Path


class Advice(str):
    """A warning of a run that begins, in a sentence; `instead` has the values that it advises, by setting."""

    instead: Mapping[str, float]

    def __new__(cls, message: str, instead: Mapping[str, float]) -> "Advice":
        """The sentence with these values."""
        made = super().__new__(cls, message)
        made.instead = instead
        return made


@dataclass(frozen=True)
class Warned:
    """A warning for the user, in a sentence with its remedy; `instead` has the values that it advises, by setting."""

    images_seen: int
    message: str
    instead: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The run stops: at its goal, because it was `interrupted`, or because it `failed` with an error."""

    images_seen: int
    run: Path
    interrupted: bool
    failed: bool = False


Event = Started | Tick | Snapshot | Measured | Checkpoint | Warned | Finished
