"""Captions of classes below pictures, in ASCII: the font of sheets has no other letters."""

from collections import Counter
from collections.abc import Iterable, Sequence

from gantool.letters import without_accents


def captions_of(class_names: Sequence[str], labels: Iterable[int]) -> list[str]:
    """The names of these classes without accents; the number alone of a class whose name has other letters.

    Names that are equal then are told apart by a number before them.
    """
    texts = [_in_ascii(name) or str(index) for index, name in enumerate(class_names)]
    times = Counter(texts)
    told = [text if times[text] == 1 or text == str(index) else f"{index} {text}" for index, text in enumerate(texts)]
    return [told[label] for label in labels]


def numbers_told(class_names: Sequence[str], labels: Iterable[int]) -> str:
    """Which class is which, of those of these labels that have a number alone: `1 is 光`; empty without any.

    Of a class without a name the number is all there is to tell.
    """
    numbers = sorted({label for label in labels if class_names[label].strip() and not _in_ascii(class_names[label])})
    return ", ".join(f"{number} is {class_names[number]}" for number in numbers)


def _in_ascii(name: str) -> str:
    """The name without accents, or nothing where it is blank or has letters that ASCII lacks."""
    plain = without_accents(name.strip())
    return plain if plain.isascii() else ""
