"""The range from black to white of pictures of more than 8 bits. Imports no numpy or Pillow."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

Range = tuple[float, float]
"""The values that become black and white."""
Kind = Literal["integers", "colours", "floats"]
"""Grey of up to 16 bits or more, colours of 16 bits, floats."""
Ranges = Mapping[Kind, Range]

FULL: Ranges = {"integers": (0.0, 65535.0), "colours": (0.0, 65535.0), "floats": (0.0, 1.0)}
SENSORS = (1023.0, 4095.0, 16383.0)
"""White of scans and cameras, by which colours are known for data of 10, 12 or 14 bits."""
_USUAL: Mapping[Kind, tuple[Range, ...]] = {
    "integers": tuple((0.0, 2.0**bits - 1) for bits in range(8, 17)),
    "colours": (),
    "floats": ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (0.0, 65535.0)),
}
_BETWEEN = re.compile(r"(-?[\d.]+(?:e[-+]?\d+)?)-(-?[\d.]+(?:e[-+]?\d+)?)")


def own_range(kind: Kind, all_extremes: Iterable[Range]) -> Range:
    """The range of pictures with these extremes: a usual one that they fill by half or more, else just theirs.

    Usual are 0 to 2^n - 1 for integers, n from 8 to 16; 0 to 1, -1 to 1, 0 to 255 and 0 to 65535 for floats. Colours of
    16 bits are those of a display, and dark ones are meant to be dark: theirs is the full range, unless the greatest is
    exactly the white of 10, 12 or 14 bits.
    """
    lows, highs = zip(*all_extremes, strict=True)
    low, high = min(lows), max(highs)
    if kind == "colours":
        return (0.0, high) if high in SENSORS else FULL["colours"]
    holding = [(black, white) for black, white in _USUAL[kind] if black <= low and high <= white]
    filled = [(black, white) for black, white in holding if high - low >= (white - black) / 2]
    if filled or low == high:
        return (filled or holding or [(low, low + 1)])[0]
    return (low, high)


def read_range(text: str) -> Range | None:
    """The range that the text gives as in 0-4095 or -1-1, or None. Raises ValueError for one that is not rising."""
    match = _BETWEEN.fullmatch(text)
    if match is None:
        return None
    low, high = float(match[1]), float(match[2])
    if not low < high:
        raise ValueError(f"{match[2]} is not above {match[1]}")
    return low, high


def checked_range(text: str) -> str:
    """The text, if the option `range` may be so. Raises ValueError for any other."""
    if text not in ("auto", "full") and read_range(text) is None:
        raise ValueError("write auto, full, or two numbers as in 0-4095 or -1-1")
    return text


def given_ranges(text: str) -> Ranges | None:
    """The ranges that the option `range` names; None for "auto", where the pictures decide."""
    if text == "full":
        return FULL
    known = read_range(text)
    return None if known is None else dict.fromkeys(FULL, known)


def own_ranges(found: Sequence[Sequence[Any]]) -> Ranges:
    """The range of each kind of pictures; `found` has kind and extremes of each."""
    kinds: list[Kind] = sorted({kind for kind, _ in found})
    return {kind: own_range(kind, [(low, high) for other, (low, high) in found if other == kind]) for kind in kinds}


def described(ranges: Ranges, found: Sequence[Sequence[Any]], noun: str = "") -> str:
    """A sentence on how pictures with these extremes become 8 bits; `noun` is what they are, in place of a count."""
    parts = []
    for kind in sorted({kind for kind, _ in found}):
        these = [extremes for other, extremes in found if other == kind]
        low, high = min(low for low, _ in these), max(high for _, high in these)
        black, white = ranges[kind]
        count = f"{len(these):,} picture{'s' * (len(these) > 1)}"
        of = "colours of 16 bits" if kind == "colours" else kind
        bits = math.log2(white + 1) if kind != "floats" and black == 0 else 0.5
        depth = f", taken as {bits:.0f} bits" if bits.is_integer() else ""
        held = f"{noun or count} of {of} from {low:,.6g} to {high:,.6g}{depth}"
        parts.append(f"{held}: {black:,.6g} is black and {white:,.6g} is white")
    return f"{'; '.join(parts)} (range=full or range=MIN-MAX sets another)."


def on_halved(paths: Sequence[str]) -> list[str]:
    """A sentence on pictures whose colours lose their low bytes, if there are any."""
    if not paths:
        return []
    named = paths[0] if len(paths) == 1 else f"{len(paths):,} pictures, as {paths[0]}"
    return [f"Only the high 8 of the 16 bits of each colour are read in {named}; as PNG all would be."]
