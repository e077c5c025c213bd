"""Letters without their accents, for names of folders and for captions."""

import unicodedata

_SPELT = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
     "đ": "d", "Đ": "D", "’": "'", "–": "-"}
)  # fmt: skip
"""Letters that are no letter of ASCII with an accent."""


def without_accents(text: str) -> str:
    """The text with plain letters where there are some: `Straße, żółć` is `Strasse, zolc`; other letters stay."""
    apart = unicodedata.normalize("NFKD", text.translate(_SPELT))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
