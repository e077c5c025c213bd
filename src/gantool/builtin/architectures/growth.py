"""The growth of a progressive network: level and alpha as pure functions of images seen. It imports no torch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gantool.api.specs import AUTO, Setting
from gantool.builtin.architectures import ProgressiveOptions, widths

SMALLEST = 4
"""Side of the coarsest level."""
LONGEST_KIMG = 600
"""Thousands of images for each level, and for each fade-in, in the authors' code (800 in the paper)."""
FINAL_SHARE = 0.5
"""The share of a run with an `auto` schedule that the full resolution gets after its fade-in."""
LEAST_BATCH = 4
"""The smallest batch size, that of the authors' code at 1024 pixels."""


def sides(resolution: int) -> tuple[int, ...]:
    """The levels, coarse to fine: 4, 8, ... up to the resolution."""
    return tuple(SMALLEST * 2**power for power in range((resolution // SMALLEST).bit_length()))


def along(modules: str, levels: Iterable[int]) -> dict[str, int]:
    """The sides of the modules in a list, by their names."""
    return {f"{modules}.{number}": side for number, side in enumerate(levels)}


@dataclass(frozen=True)
class Growth:
    """The growth of the networks: the newest level, by number, and its blending weight alpha."""

    level: int
    alpha: float = 1.0


@dataclass(frozen=True)
class Period:
    """A period that begins at `start` images, in which `level` fades in or trains."""

    start: int
    level: int
    fades: bool


@dataclass(frozen=True)
class Schedule:
    """Each level trains for `stabilise` images, then the next fades in for `fade` images; the last has no end."""

    levels: int
    stabilise: int
    fade: int

    def at(self, images_seen: int) -> Growth:
        """Level and alpha of a step that begins at `images_seen`; alpha grows from exactly 0 to exactly 1."""
        now = max((p for p in self.periods() if p.start <= images_seen), key=lambda p: (p.start, p.level, not p.fades))
        return Growth(now.level, (images_seen - now.start) / self.fade if now.fades else 1.0)

    def periods(self) -> Iterator[Period]:
        """All periods in order; without fade-ins if `fade` is 0."""
        yield Period(0, 0, fades=False)
        for level in range(1, self.levels):
            start = level * self.stabilise + (level - 1) * self.fade
            if self.fade:
                yield Period(start, level, fades=True)
            yield Period(start + self.fade, level, fades=False)


def schedule_of(options: ProgressiveOptions, resolution: int) -> Schedule:
    """The schedule for a resolution; a remaining `auto` means that of the authors' code."""
    kimg = [LONGEST_KIMG if value == AUTO else float(value) for value in (options.stabilise_kimg, options.fade_kimg)]
    stabilise, fade = (round(value * 1000) for value in kimg)
    return Schedule(len(sides(resolution)), stabilise, fade)


def settle(options: ProgressiveOptions, setting: Setting) -> tuple[ProgressiveOptions, str]:
    """Options with `auto` replaced: half of the run for the full resolution, the rest for all else in equal parts.

    No part is longer than in the authors' code. Widths depend on the run's length too.
    """
    auto = [name for name in ("stabilise_kimg", "fade_kimg") if getattr(options, name) == AUTO]
    given = sum(float(value) for value in (options.stabilise_kimg, options.fade_kimg) if value != AUTO)
    steps_up = len(sides(setting.resolution)) - 1
    part = (
        (setting.images * (1 - FINAL_SHARE) / 1000 / steps_up - given) / max(len(auto), 1) if steps_up else LONGEST_KIMG
    )
    kimg = min(LONGEST_KIMG, max(round(part, 3), 0.001))
    reasons = [f"half of {setting.images:,} images at the full size, the rest in equal parts"] if auto else []
    options = options.model_copy(update=dict.fromkeys(auto, kimg))
    if AUTO in (options.fmap_base, options.fmap_max):
        options, why = widths.settle(options, setting)
        reasons.append(why)
    return options, "; ".join(reasons)


def batch_at(options: ProgressiveOptions, side: int, batch: int) -> int:
    """The batch size: `--batch` up to `batch_halves_beyond` pixels, half as much per level beyond, but at least 4."""
    beyond = options.batch_halves_beyond
    halvings = sum(level > beyond for level in sides(side)) if beyond else 0
    return max(batch >> halvings, min(batch, LEAST_BATCH))
