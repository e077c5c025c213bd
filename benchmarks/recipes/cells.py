"""The cells of the grid: one architecture's variant, on so many pictures, for so long, by one seed."""

import re
import shlex
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantool.errors import UsageError

DEFAULT = "default"
"""The name of the variant that is the bare recipe."""
CORES = 2
"""A cell of N minutes has the processor time of N minutes on so many cores."""
FAR = 1_000_000_000
"""Images that no cell sees: a run of so many is stopped when its time is used up."""
SELDOM = "1000000000"
"""Images between sample grids, and between checkpoints, of which a cell needs the last alone."""


@dataclass(frozen=True)
class Variant:
    """A recipe to measure. `fitted`: its course depends on the length of the run, which must be known before."""

    architecture: str
    name: str
    flags: tuple[str, ...]
    fitted: bool


@dataclass(frozen=True)
class Cell:
    """One run. It ends after `minutes` on two cores or after `images`, of which one is 0; `number`: 0 for all pictures.

    `flags` are those of all cells, which its variant's follow.
    """

    pictures: str
    source: str
    number: int
    minutes: float
    images: int
    variant: Variant
    seed: int
    flags: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        """The name of the cells that differ by their seed alone."""
        length = f"{self.images}images" if self.images else f"{self.minutes:g}min"
        return f"{self.pictures}-{self.number or 'all'}-{length}-{self.variant.architecture}-{self.variant.name}"

    @property
    def name(self) -> str:
        """The name of the run."""
        return f"{self.setting}-{self.seed}"

    @property
    def processor_minutes(self) -> float:
        """The processor time of the cell, 0 where it ends by images."""
        return CORES * self.minutes

    @property
    def is_fitted(self) -> bool:
        """True if the number of images that its time is enough for must be known before it begins."""
        return self.variant.fitted and not self.images

    def command(self, images: int = FAR) -> list[str]:
        """What `gantool train` is given, without a length where `images` is 0."""
        own = ["--arch", self.variant.architecture, *self.flags, *self.variant.flags]
        length = ["--images", str(self.images or images)] if self.images or images else []
        seldom = ["--snapshot-every", SELDOM, "--checkpoint-every", SELDOM, "--keep", "1"]
        return ["--data", part_of(self.source, self.number), *own, *length, "--seed", str(self.seed), *seldom]


def part_of(source: str, number: int) -> str:
    """So many pictures of a source, by its option `count`; all for 0."""
    if not number:
        return source
    return f"{source}{',' if re.search(r':[a-z_]+=', source) else ':'}count={number}"


def read_variants(file: Path, installed: Collection[str]) -> tuple[list[Variant], list[str]]:
    """The variants of the architectures that are installed, in the file's order, and the names of the others.

    Raises UsageError where the file cannot be read as a grid.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        found = {architecture: list(_variants(architecture, table)) for architecture, table in tables.items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{file} cannot be read as a grid: {error!r}. See the comment in grid.toml.") from error
    here = [variant for architecture, variants in found.items() if architecture in installed for variant in variants]
    return here, [architecture for architecture in found if architecture not in installed]


def _variants(architecture: str, table: Mapping[str, Any]) -> Iterator[Variant]:
    fitted = table.get("fitted", [])
    if next(iter(table["variants"].items())) != (DEFAULT, ""):
        raise ValueError(f"the first variant of {architecture} is not {DEFAULT} with no flags")
    for name, flags in table["variants"].items():
        yield Variant(architecture, name, tuple(flags.split()), fitted is True or name in fitted)
    if fitted is not True and (unknown := set(fitted) - set(table["variants"])):
        raise ValueError(f"{architecture} has no variant {', '.join(sorted(unknown))}, which is said to be fitted")


def cells(
    variants: Sequence[Variant],
    sources: Mapping[str, str],
    numbers: Sequence[int],
    lengths: Sequence[tuple[float, int]],
    seeds: int,
    flags: Sequence[str] = (),
) -> list[Cell]:
    """All cells, those that are short first, and of each length all with one seed before the next."""
    return [
        Cell(name, source, number, minutes, images, variant, seed, tuple(flags))
        for minutes, images in sorted(lengths)
        for seed in range(1, seeds + 1)
        for name, source in sources.items()
        for number in numbers
        for variant in variants
    ]


def picked(planned: Sequence[Cell], part: str) -> list[Cell]:
    """Those whose name holds this. Raises UsageError when there is none."""
    found = [cell for cell in planned if part in cell.name]
    if not found:
        names = ", ".join(dict.fromkeys(f"{one.variant.architecture}-{one.variant.name}" for one in planned))
        raise UsageError(f"No cell of the grid has {part!r} in its name. There are: {names or 'none'}.")
    return found


def listed(cell: Cell) -> str:
    """A cell's name and the command that trains it."""
    if cell.images:
        words, told = cell.command(), ""
    elif cell.is_fitted:
        words = [*cell.command(0), "--minutes", f"{cell.processor_minutes:g}"]
        told = "  # in as many images as that is here, by timing"
    else:
        words, told = cell.command(), f"  # stopped after {cell.processor_minutes:g} processor minutes"
    return f"{cell.name}: gantool train {shlex.join(words)}{told}"


def total(planned: Sequence[Cell], done: int, left: Sequence[Cell]) -> str:
    """How many cells there are, and their processor time."""
    minutes, to_go = (sum(cell.processor_minutes for cell in some) for some in (planned, left))
    if images := sum(cell.images for cell in planned):
        return f"{len(planned):,} cells, {images:,} images; {done:,} are there"
    return (
        f"{len(planned):,} cells, {minutes:,.0f} processor minutes of training ({minutes / 60 / CORES:,.1f} hours on "
        f"{CORES} cores); {done:,} are there, {to_go:,.0f} minutes are left"
    )
