"""File names of pictures: of samples, different for different classes, and of results, by what they were made from."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

_CLASS_BYTES = 80
_SHEET_BYTES = 120


def words_of(class_names: Sequence[str]) -> dict[str, str]:
    """Each class as a part of a file name: its letters and digits, and `+INDEX` where those alone would not tell it."""
    clean = [re.sub(r"[^\w.]+", "-", name).strip("-") for name in class_names]
    short = [text.encode()[:_CLASS_BYTES].decode(errors="ignore") or "class" for text in clean]
    times = Counter(text.casefold() for text in short)  # some file systems know no case
    words = {}
    for index, (name, text, whole) in enumerate(zip(class_names, short, clean, strict=True)):
        words[name] = text if text == whole and times[text.casefold()] == 1 else f"{text}+{index}"
    return words


def of_classes(words: Sequence[str]) -> str:
    """The part of a file name for pictures of these classes; of many, their number and a digest."""
    if not words:
        return ""
    text = ",".join(words)
    if len(text.encode()) > _SHEET_BYTES:
        text = f"{len(words)}-classes-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return f"-{text}"


def of_options(truncation: float, level: int | None, scale: int, moves: str = "") -> str:
    """A suffix for the options that change a picture of the same seed and class."""
    parts = (f"-truncation{truncation:g}" * (truncation != 1), f"-level{level}" * (level is not None))
    return "".join(parts) + moves + f"-x{scale}" * (scale != 1)


def of_results(paths: Sequence[str]) -> list[str]:
    """A PNG file for each path, different for different paths: `a.png`, or `a.jpg.png` where others have its stem."""
    short = [str(PurePosixPath(path).with_suffix(".png")) for path in paths]
    whole = {f"{path}.png".casefold() for path in paths}  # some file systems know no case
    times = Counter(text.casefold() for text in short)
    return [
        text if times[text.casefold()] == 1 and text.casefold() not in whole else f"{path}.png"
        for path, text in zip(paths, short, strict=True)
    ]
