"""What was asked of `gantool stylize`, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gantool.style.settings import Settings
from gantool.style.transfer import State


@dataclass(frozen=True)
class Job:
    """What was asked for."""

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
    """A picture that was made, or begun: the files, the last state of it and how long it took."""

    files: list[Path]
    last: State
    seconds: float
