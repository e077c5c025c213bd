"""The job of `gantool stylize`, and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gantool.style.settings import Settings
from gantool.style.transfer import State


@dataclass(frozen=True)
class Job:
    """The arguments of the command."""

    content: Path
    styles: Sequence[str]
    out: Path
    extractor: str
    size: int | None
    settings: Settings
    style_loss: str
    masks: Sequence[Path]
    start: Path | None
    sheet: Path | None
    save_every: int | None
    device: str
    precision: str
    overwrite: bool
    quiet: bool


@dataclass(frozen=True)
class Drawn:
    """A picture that was finished, or interrupted: its files, its last state and the seconds that it took."""

    files: list[Path]
    last: State
    seconds: float
