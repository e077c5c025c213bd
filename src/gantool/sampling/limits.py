"""Limits of what a model draws, the same for commands and for Python."""

from gantool.errors import OptionError

MOST_TRUNCATION = 2.0
"""Beyond it the networks draw what they never learned."""
MOST_FRAMES = 100_000
MOST_PIXELS = 2**32
"""Pixels of all frames of a walk, which are held in memory."""


def check_truncation(psi: float) -> None:
    """Raise OptionError for a truncation that is none."""
    if not 0 <= psi <= MOST_TRUNCATION:
        raise OptionError(
            f"The truncation is from 0 for the mean picture to {MOST_TRUNCATION:g}, 1 for none; it cannot be {psi}."
        )
