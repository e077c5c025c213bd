"""Spans of time in words."""

_UNITS = (("days", 86400), ("h", 3600), ("min", 60), ("s", 1))
_LEAST = 1.5
"""So many of a unit are told in it, and fewer in the next smaller one."""


def in_words(low: float, high: float) -> str:
    """What takes from `low` to `high` seconds: `about 14 min (12 to 17)`."""
    middle = (low + high) / 2
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


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
