"""Limits of what a model draws, the same for commands and for Python."""

from collections.abc import Sequence

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


def check_shape(what: str, shape: Sequence[int], wanted: Sequence[int], architecture: str) -> None:
    """Raise OptionError for latents, or moves of them, of another shape than those that a model takes."""
    if list(shape) != list(wanted):
        raise OptionError(
            f"These {what} are of shape {list(shape)}; this {architecture} takes {list(wanted)}: they are of another "
            "model."
        )
