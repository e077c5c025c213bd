"""Spans of time in words, and how far those of timed work may be off where other programs run."""

import math
import time

_UNITS = (("days", 86400), ("h", 3600), ("min", 60), ("s", 1))
_LEAST = 1.5
"""So many of a unit are told in it, and fewer in the next smaller one."""


MOST_FASTER, MOST_SLOWER = 0.8, 0.4
"""The largest share of other programs in the processor that may end, or come once more, after work was timed."""


def middle_of(low: float, high: float) -> float:
    """The time to speak of, by the same factor from both ends."""
    return math.sqrt(low * high)


def in_words(low: float, high: float) -> str:
    """What takes from `low` to `high` seconds: `about 14 min (12 to 17)`."""
    middle = middle_of(low, high)
    unit, seconds = next((each for each in _UNITS if middle >= _LEAST * each[1]), _UNITS[-1])
    least, about, most = (_short(value / seconds) for value in (low, middle, high))
    return f"about {about} {unit}" if least == most else f"about {about} {unit} ({least} to {most})"


def spent(seconds: float) -> str:
    """Time that has passed: `3 min 20 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Others:
    """The share that other programs have in the processor, in this thread's time since this was made."""

    def __init__(self) -> None:
        self._began, self._own = time.perf_counter(), time.thread_time()

    def spread(self) -> tuple[float, float]:
        """The shares by which work that was timed since may be faster, where they end, and slower, where more come."""
        share = max(0.0, 1 - (time.thread_time() - self._own) / max(time.perf_counter() - self._began, 1e-9))
        return min(MOST_FASTER, share), min(MOST_SLOWER, share)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
