"""The plugins of this project, which are packages of their own in its folder `plugins`: what each brings, and how."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path("plugins")


@dataclass(frozen=True)
class Companion:
    """A plugin of this project: its components by kind, and the resolutions of its architecture.

    `beside` tells in words of components that are too many to be named.
    """

    distribution: str
    provides: Mapping[str, tuple[str, ...]]
    resolutions: tuple[int, ...] = ()
    beside: str = ""

    @property
    def way(self) -> str:
        """The command that installs it: from this copy of gantool's repository, or from one to be made."""
        here = Path(__file__).parents[3] / _FOLDER / self.distribution
        if (here / "pyproject.toml").is_file():
            near = os.path.relpath(here)
            return f"gantool plugins install {here if near.startswith('..') else Path(os.curdir) / near}"
        return f"gantool plugins install ./{_FOLDER / self.distribution} in a copy of gantool's repository"

    @property
    def brings(self) -> str:
        """What it provides, in words."""
        names = (name for provided in self.provides.values() for name in provided)
        return ", ".join(filter(None, (*names, self.beside)))

    def is_called(self, name: str) -> bool:
        """True if the name means this plugin: that of its distribution, with or without `gantool-`."""
        return name in (self.distribution, self.distribution.removeprefix("gantool-"))


COMPANIONS = (
    Companion("gantool-faststyle", {"style-network": ("any-picture",)}, beside="26 styles"),
    Companion(
        "gantool-stylegan2",
        {"architecture": ("stylegan2",), "command": ("mix", "project", "import")},
        (32, 64, 128, 256, 512, 1024),
    ),
    Companion(
        "gantool-r3gan", {"architecture": ("r3gan",), "penalty": ("r1-falling", "r2-falling")}, (32, 64, 128, 256)
    ),
    Companion("gantool-projected", {"architecture": ("fastgan", "projected")}, (32, 64, 128, 256, 512, 1024)),
    Companion("gantool-hf-data", {"source": ("parquet", "hf")}),
    Companion("gantool-tensorboard", {"observer": ("tensorboard",)}),
    Companion("gantool-trackio", {"observer": ("trackio",)}),
    Companion("gantool-vae", {"architecture": ("vae",), "command": ("reconstruct",)}),
)

FEW, FOR_FEW = 1_000, "projected"
"""Below so many pictures this architecture is worth a try: of 300 it learned more in equal minutes than the others
(docs/gallery.md), and of 100 and 1,000 in five no less (docs/training.md)."""


def providing(kind: str) -> dict[str, Companion]:
    """The components of a kind that companions bring, by name."""
    return {name: each for each in COMPANIONS for name in each.provides.get(kind, ())}


def absent(present: Collection[str]) -> Iterator[Companion]:
    """The companions of which neither the distribution nor a component is among these names."""
    for each in COMPANIONS:
        names = {each.distribution, *(name for provided in each.provides.values() for name in provided)}
        if not names & set(present):
            yield each


def explained(kind: str, name: str) -> str:
    """A sentence about a component that a companion brings; "" for others."""
    brings = providing(kind).get(name)
    if brings is None:
        return ""
    return f"{kind.capitalize()} {name!r} comes with {brings.distribution}, which is not installed: {brings.way}"


def for_few(pictures: int, resolution: int, present: Collection[str]) -> str:
    """The architecture to try for so few pictures, among those present or with what installs it; "" for others."""
    brings = providing("architecture")[FOR_FEW]
    if not 0 < pictures < FEW or resolution not in brings.resolutions:
        return ""
    way = f"--arch {FOR_FEW}" if FOR_FEW in present else brings.way
    return f"with {pictures:,} pictures try {FOR_FEW}, too, which learned more from 300 in equal time: {way}"
