"""Limits of what a model draws, the same for commands and for Python."""

MOST_TRUNCATION = 2.0
"""Beyond it the networks draw what they never learned."""
MOST_FRAMES = 100_000
MOST_PIXELS = 2**32
"""Pixels of all frames of a walk, which are held in memory."""
