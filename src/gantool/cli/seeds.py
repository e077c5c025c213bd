"""Seeds on the command line: `0-63`, `1,5,9-12`."""

import re

from gantool.errors import OptionError

MOST_SEEDS = 1_000_000
LARGEST_SEED = 2**32 - 1
MOST_DIGITS = 100


def parse_seeds(text: str, flag: str = "--seeds") -> list[int]:
    """The seeds in the order given. Raises OptionError for an invalid seed, an empty range, or too many seeds."""
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]+)\s*(?:-\s*([0-9]+)\s*)?", part)
        if match is None:
            raise OptionError(f"{flag} takes numbers and ranges as in 0-63 or 1,5,9-12; {part.strip()!r} is neither.")
        if max(len(match[1]), len(match[2] or "")) > MOST_DIGITS:
            raise OptionError(f"{flag}: seeds go from 0 to {LARGEST_SEED}; {part.strip()[:40]} is too large.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise OptionError(f"{flag}: the range {part.strip()} runs backwards; write {last}-{first}.")
        if last > LARGEST_SEED:
            raise OptionError(f"{flag}: seeds go from 0 to {LARGEST_SEED}; {last} is too large.")
        if len(seeds) + last - first + 1 > MOST_SEEDS:
            raise OptionError(f"{flag}: {text} is more than {MOST_SEEDS:,} seeds; draw them in several calls.")
        seeds.extend(range(first, last + 1))
    return seeds


def format_seeds(seeds: list[int]) -> str:
    """The shortest text for these seeds; many scattered ones become first, last and number."""
    parts: list[str] = []
    start = 0
    for stop in range(1, len(seeds) + 1):
        if stop == len(seeds) or seeds[stop] != seeds[stop - 1] + 1:
            parts.append(str(seeds[start]) if stop - start == 1 else f"{seeds[start]}-{seeds[stop - 1]}")
            start = stop
    text = ",".join(parts)
    return text if len(text) <= 60 else f"{seeds[0]}-to-{seeds[-1]}-{len(seeds)}"
