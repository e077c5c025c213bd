"""The model card's mark: the digest by which a later push knows a card that nobody has edited since."""

import hashlib
import re

CARD = "README.md"
_SAYS = "gantool replaces this card only while nobody has edited it:"
_MARK = re.compile(rf"\n<!-- {_SAYS} ([0-9a-f]{{64}}) -->\Z")
_BLANK = re.compile(r"---\n(license: [^\n]*\n)?---|")
"""What the Hub itself writes for a repository that is made on its pages: the licence at most."""


def marked(text: str) -> bytes:
    """The card as a file, with its mark as the last line."""
    plain = _plain(text)
    return f"{plain}\n\n<!-- {_SAYS} {_digest(plain)} -->\n".encode()


def is_edited(card: bytes) -> bool:
    """True for a card in which anybody has written: all but one as `marked` made it, and one that says nothing yet."""
    text = _plain(card.decode("utf-8-sig", errors="replace"))
    found = _MARK.search(text)
    if found is None:
        return _BLANK.fullmatch(text) is None
    return found[1] != _digest(_plain(text[: found.start()]))


def _plain(text: str) -> str:
    """The text without what an editor changes by itself: the ends of lines, and empty ones around it."""
    return text.replace("\r\n", "\n").strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
