"""Charts of a run's metrics over images seen, as shapes for SVG: which there are, and what each has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gantool.report.record import SPEED, Curve, Record
from gantool.report.scale import Axis, Number, axis_of, images, percent, shown, tick_texts
from gantool.report.series import Point, thinned

WIDTH, HEIGHT = 460, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 452, 22, 184
"""The edges of the plot in the coordinates of the chart."""
RUN_STYLES = (0, 2, 3, 4, 5, 1)
"""The colours of several runs; of one run the lines are blue and grey."""
NUMBER_WIDTH = 12
MOST_MARKS = 60
MOST_CHARTS = 24
"""Charts of metrics that have no place of their own, such as those of a plugin."""


@dataclass(frozen=True)
class Kind:
    """A chart that every run has, if it has one of its metrics: each metric's name, and what the line is called."""

    title: str
    metrics: Mapping[str, str]
    note: str = ""
    share: bool = False
    """True for shares, shown in per cent."""
    top: float | None = None
    """The end of the vertical axis, where it is the same in all runs."""
    reference: str = ""
    """What the value 1 stands for, drawn as a line."""
    from_zero: bool = True
    log: bool = False
    """True for what is best seen on a logarithmic axis."""


MAIN = (
    Kind(
        "Distance to the data",
        {"swd": "SWD", "score": "score"},
        "Lower is better. The score is the SWD, divided by diversity where that is below the data's.",
        log=True,
    ),
    Kind(
        "Diversity of the samples",
        {"diversity": "diversity", "spacing": "spacing"},
        "Relative to as many of the training images.",
        share=True,
        reference="the data",
    ),
    Kind("Losses", {"loss_d": "discriminator", "loss_g": "generator"}, "Adversarial losses alone.", from_zero=False),
    Kind(
        "Accuracy of the discriminator",
        {"real_accuracy": "on reals", "fake_accuracy": "on fakes"},
        "Near 100% on both, it has won.",
        share=True,
        top=1.0,
    ),
    Kind(
        "Gradient norms",
        {"gradient_norm_d": "discriminator", "gradient_norm_g": "generator"},
        "Before clipping.",
        log=True,
    ),
    Kind("Speed", {SPEED: "images/s"}),
)
NOT_SHOWN = {"side", "skipped_steps", "level"}
"""Constants, and what is shown otherwise; skipped steps come with a warning."""


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
    area: str
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

    title: str
    note: str
    lines: Sequence[Line]
    across: Sequence[Label]
    up: Sequence[Label]
    axis_note: str
    """What there is to know of the vertical axis: that it is logarithmic, or leaves values out."""
    reference: Label | None = None
    stages: Sequence[Stage] = ()
    marks: Sequence[Mark] = ()
    best: Number | None = None
    words: str = ""
    """The first and last value of each line, for those who do not see the chart."""
    data: Mapping[str, Any] = field(default_factory=dict)


def charts_of(records: Sequence[Record]) -> tuple[list[Chart], list[Chart]]:
    """The charts of a run, or of several overlaid: those that matter first, and those of all other metrics."""
    across = Axis(0, max([1, *(record.images_seen for record in records)]), LEFT, RIGHT)
    kinds = [*MAIN, *_others(records)]
    if len(records) > 1:  # a chart for each metric, a line for each run
        kinds = [_alone(kind, metric) for kind in kinds for metric in kind.metrics]
    made = [(kind, chart) for kind in kinds if (chart := _chart(kind, records, across)) is not None]
    titles = {kind.title for kind in MAIN}
    main = [chart for kind, chart in made if kind.title.partition(": ")[0] in titles]
    more = [chart for kind, chart in made if kind.title.partition(": ")[0] not in titles]
    return main, more[:MOST_CHARTS]


def _alone(kind: Kind, metric: str) -> Kind:
    title = kind.title if len(kind.metrics) == 1 else f"{kind.title}: {kind.metrics[metric]}"
    return replace(kind, title=title, metrics={metric: kind.metrics[metric]})


def _others(records: Sequence[Record]) -> list[Kind]:
    """A chart for each metric that no other chart shows; those of one name at several resolutions share one."""
    names = list(dict.fromkeys(name for record in records for name in record.curves))
    taken = {*NOT_SHOWN, *(name for kind in MAIN for name in kind.metrics)}
    by_resolution = {name: f"{name[4:]} px" for name in names if name.startswith("swd_") and name[4:].isdecimal()}
    free = [name for name in names if name not in taken and name not in by_resolution]
    each = [Kind(name.replace("_", " "), {name: name.replace("_", " ")}, from_zero=False) for name in free]
    return [Kind("SWD by resolution", by_resolution, log=True), *each]


def _chart(kind: Kind, records: Sequence[Record], across: Axis) -> Chart | None:
    several = len(records) > 1
    found: list[tuple[str, int, list[Point]]] = []
    for number, record in enumerate(records):
        for style, (metric, label) in enumerate(kind.metrics.items()):
            points = thinned(record.curves.get(metric, Curve()))
            if points:
                found.append(
                    (
                        record.name if several else label,
                        RUN_STYLES[number % len(RUN_STYLES)] if several else style,
                        points,
                    )
                )
    if not found:
        return None
    text = percent if kind.share else shown
    means = [point.mean for _, _, points in found for point in points]
    up = axis_of([*means, 1.0] if kind.reference else means, BOTTOM, TOP, kind.from_zero, kind.log)
    if kind.top is not None:
        up = Axis(0, kind.top, BOTTOM, TOP)
    lines, ticks = [_line(label, style, points, across, up, text) for label, style, points in found], up.ticks()
    return Chart(
        kind.title, kind.note, lines,
        [Label(across.at(tick), images(tick)) for tick in across.ticks()],
        [Label(up.at(tick), one) for tick, one in zip(ticks, tick_texts(up, kind.share), strict=True)],
        _axis_note(means, up, text),
        Label(up.at(1.0), kind.reference) if kind.reference else None,
        () if several else _stages(records[0], across),
        () if several else _marks(records[0], across),
        None if several or not records[0].best else across.at(records[0].best),
        "; ".join(f"{line.label} from {line.data['text'][0]} to {line.data['text'][-1]}" for line in lines),
        {"title": kind.title, "high": across.high, "left": LEFT, "right": RIGHT,
         "lines": [{"label": line.label, "style": line.style, **line.data} for line in lines]},
    )  # fmt: skip


def _marks(record: Record, across: Axis) -> list[Mark]:
    every = [
        (seen, number, one.message) for number, one in enumerate(record.warnings, 1) for seen in one.times if seen > 0
    ]
    marks: list[Mark] = []
    for seen, number, message in sorted(every)[:MOST_MARKS]:
        at = across.at(seen)
        room = all(at - mark.at >= NUMBER_WIDTH for mark in marks if mark.numbered)
        marks.append(Mark(at, number, message, room))
    return marks


def _line(
    label: str, style: int, points: Sequence[Point], across: Axis, up: Axis, text: Callable[[Number], str]
) -> Line:
    places = [(across.at(point.seen), up.at(point.mean)) for point in points]
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in places)
    if len(points) == 1:
        path += "h0.1"  # a round cap makes it a dot
    area = ""
    if any(point.low != point.high for point in points):
        above = [f"{x:g},{up.at(point.high):g}" for (x, _), point in zip(places, points, strict=True)]
        below = [f"{x:g},{up.at(point.low):g}" for (x, _), point in zip(places, points, strict=True)]
        area = "M" + "L".join([*above, *reversed(below)]) + "Z"
    data = {"x": [point.seen for point in points], "y": [y for _, y in places], "text": [text(p.mean) for p in points]}
    return Line(label, style, path, area, data)


def _axis_note(values: Sequence[Number], up: Axis, text: Callable[[Number], str]) -> str:
    low, high = min(values), max(values)
    beyond = [f"to {text(high)}" for _ in range(high > up.high)] + [f"to {text(low)}" for _ in range(low < up.low)]
    cut = f"The axis is cut: values go {' and '.join(beyond)}." if beyond else ""
    return "Logarithmic axis." if up.log else cut


def _stages(record: Record, across: Axis) -> list[Stage]:
    """The stretches between changes of the resolution at which a growing run trains."""
    level = record.curves.get("level", Curve())
    starts = [
        (seen, value)
        for index, (seen, value) in enumerate(zip(level.seen, level.values, strict=True))
        if index == 0 or value != level.values[index - 1]
    ]
    if len(starts) < 2:
        return []
    edges = [0, *(seen for seen, _ in starts[1:]), across.high]
    return [
        Stage(across.at(edges[index]), across.at(edges[index + 1]), f"{value:g} px")
        for index, (_, value) in enumerate(starts)
    ]
