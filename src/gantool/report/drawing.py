"""A chart as shapes for SVG: lines over images seen, axes, and what stands beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gantool.report.scale import Axis, Number, axis_of, images, percent, shown, tick_texts
from gantool.report.series import Point

WIDTH, HEIGHT = 460, 222
LEFT, RIGHT, TOP, BOTTOM = 46, 452, 34, 196
"""The edges of the plot in the coordinates of the chart."""
ROW = 12
"""The height of the names of stages, above the plot and the marks."""


@dataclass(frozen=True)
class Look:
    """How a chart looks, whatever it shows."""

    title: str
    note: str = ""
    share: bool = False
    """True for shares, shown in per cent."""
    top: float | None = None
    """The end of the vertical axis, where it is the same in all runs."""
    reference: str = ""
    """What the dashed lines stand for."""
    from_zero: bool = True
    log: bool = False
    """True for what is best seen on a logarithmic axis."""
    dots: bool = False
    """True for lines of few values, each shown by a dot."""


@dataclass(frozen=True)
class Series:
    """What a line shows: its points, and the value that it is compared with."""

    label: str
    style: int
    points: Sequence[Point]
    reference: float | None = None


@dataclass(frozen=True)
class Label:
    """A text at a coordinate of an axis."""

    at: Number
    text: str


@dataclass(frozen=True)
class Line:
    """One line of a chart: its path, the area between the lowest and highest values, and its points for tooltips."""

    label: str
    style: int
    path: str
    dots: str
    area: str
    reference: Number | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Stage:
    """A stretch of a growing run: its edges in the chart, and the resolution."""

    start: Number
    end: Number
    text: str


@dataclass(frozen=True)
class Mark:
    """A warning: where it came, its number in the list, and what it says."""

    at: Number
    number: int
    message: str
    numbered: bool
    """False where the number has no room beside the last one."""


@dataclass(frozen=True)
class Chart:
    """A chart, ready to draw."""

    look: Look
    lines: Sequence[Line]
    across: Sequence[Label]
    up: Sequence[Label]
    axis_note: str
    """What there is to know of the vertical axis: that it is logarithmic, or leaves values out."""
    words: str
    """The first and last value of each line, for those who do not see the chart."""
    data: Mapping[str, Any] = field(default_factory=dict)
    stages: Sequence[Stage] = ()
    marks: Sequence[Mark] = ()
    best: Number | None = None


def across_to(images_seen: int) -> Axis:
    """The horizontal axis, up to so many images."""
    return Axis(0, max(1, images_seen), LEFT, RIGHT)


def drawn(look: Look, series: Sequence[Series], across: Axis) -> Chart:
    """The chart of lines that have points; what they all had before the first image does not stretch the axis."""
    text = percent if look.share else shown
    points = [point for one in series for point in one.points]
    trained = [point.mean for point in points if point.seen > 0] or [point.mean for point in points]
    values = [*trained, *(one.reference for one in series if one.reference is not None)]
    up = axis_of(values, BOTTOM, TOP, look.from_zero, look.log)
    if look.top is not None:
        up = Axis(0, look.top, BOTTOM, TOP)
    lines, ticks = [_line(one, across, up, text, look.dots) for one in series], up.ticks()
    return Chart(
        look, lines,
        [Label(across.at(tick), images(tick)) for tick in across.ticks()],
        [Label(up.at(tick), one) for tick, one in zip(ticks, tick_texts(up, look.share), strict=True)],
        _axis_note(points, up, text),
        "; ".join(f"{line.label} from {line.data['text'][0]} to {line.data['text'][-1]}" for line in lines),
        {"title": look.title, "high": across.high, "left": LEFT, "right": RIGHT,
         "lines": [{"label": line.label, "style": line.style, **line.data} for line in lines]},
    )  # fmt: skip


def _line(one: Series, across: Axis, up: Axis, text: Callable[[Number], str], dotted: bool) -> Line:
    places = [(across.at(point.seen), up.at(point.mean)) for point in one.points]
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in places)
    dots = "".join(f"M{x:g},{y:g}h.1" for x, y in places) if dotted else ""
    area = ""
    if any(point.low != point.high for point in one.points):
        above = [f"{x:g},{up.at(point.high):g}" for (x, _), point in zip(places, one.points, strict=True)]
        below = [f"{x:g},{up.at(point.low):g}" for (x, _), point in zip(places, one.points, strict=True)]
        area = "M" + "L".join([*above, *reversed(below)]) + "Z"
    data = {
        "x": [point.seen for point in one.points],
        "y": [y for _, y in places],
        "text": [text(point.mean) for point in one.points],
    }
    return Line(one.label, one.style, path, dots, area, None if one.reference is None else up.at(one.reference), data)


def _axis_note(points: Sequence[Point], up: Axis, text: Callable[[Number], str]) -> str:
    """That the axis is logarithmic, and how far values go beyond it."""
    beyond = []
    for when, before in (("", False), (" at 0 images", True)):
        means = [point.mean for point in points if before is (point.seen == 0)]
        beyond += [f"{text(max(means))}{when}" for _ in range(max(means, default=up.high) > up.high)]
        beyond += [f"{text(min(means))}{when}" for _ in range(min(means, default=up.low) < up.low)]
    cut = f"the axis is cut: values go to {' and to '.join(beyond)}" if beyond else ""
    said = ", ".join(filter(None, ["logarithmic axis" if up.log else "", cut]))
    return f"{said[0].upper()}{said[1:]}." if said else ""
