"""Charts of a run's metrics over images seen: which there are, and what each has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gantool.report.drawing import Chart, Look, Mark, Series, Stage, across_to, drawn
from gantool.report.evaluations import Evaluation, Measure
from gantool.report.record import SPEED, Curve, Record
from gantool.report.scale import Axis
from gantool.report.series import Point, thinned

RUN_STYLES = (0, 2, 3, 4, 5, 1)
"""The colours of several runs; of one run the lines are blue and grey."""
NUMBER_WIDTH = 12
CHANCE = "swd_reals"
"""A metric of the data, which all its runs share."""
MOST_MARKS = 60
MOST_CHARTS = 24
"""Charts of metrics that have no place of their own, such as those of a plugin."""


@dataclass(frozen=True)
class Kind(Look):
    """A chart that every run has, if it has one of its metrics: each metric's name, and what the line is called."""

    metrics: Mapping[str, str] = field(default_factory=dict)


MAIN = (
    Kind(
        "Distance to the data",
        "By the sliced Wasserstein distance (SWD) of patches: lower is better. The score, by which the best checkpoint "
        "is chosen, is the SWD, divided by diversity or spacing where that is below the data's. Two sets of as many "
        "reals have a distance, too: scores that are less than half of it above the least are as good, and the latest "
        "of those is the best checkpoint.",
        log=True,
        metrics={"swd": "SWD", "score": "score", CHANCE: "two sets of reals", "chance": "chance alone, of the score"},
    ),
    Kind(
        "Diversity of the samples",
        "Diversity is how far two samples differ, spacing how far one differs from the most similar other. About 100% "
        "is good: less is less variety or duplicates, more is too much contrast.",
        share=True,
        reference="the data",
        metrics={"diversity": "diversity", "spacing": "spacing"},
    ),
    Kind(
        "Losses",
        "Adversarial losses alone. Neither needs to fall: each network works against the other.",
        from_zero=False,
        metrics={"loss_d": "discriminator", "loss_g": "generator"},
    ),
    Kind(
        "Accuracy of the discriminator",
        "The share of pictures that it judges rightly. Near 100% on both, it has won.",
        share=True,
        top=1.0,
        metrics={"real_accuracy": "on reals", "fake_accuracy": "on fakes"},
    ),
    Kind(
        "Gradient norms",
        "Length of all gradients of a network in a step, before clipping.",
        log=True,
        metrics={"gradient_norm_d": "discriminator", "gradient_norm_g": "generator"},
    ),
    Kind("Speed", "Images in a second.", metrics={SPEED: "images/s"}),
)
MORE = tuple(
    Kind(title, note, share=True, reference=reference, metrics={metric: title.lower()})
    for metric, title, note, reference in (
        ("contrast", "Contrast", "Standard deviation within a picture.", "the data"),
        ("detail", "Detail", "Edges, grain and noise of the finest size.", "the data"),
        ("color", "Colour", "Saturation.", "the data"),
        ("checkerboard", "Checkerboard", "The highest peak of the spectrum at a period of 2 or 4 pixels.", "the data"),
        ("clipped", "Clipped", "The share of values that are black or white, less that of the data.", ""),
        ("grey", "Grey", "The share of samples that are mid-grey in a quarter or more, less that of the data.", ""),
    )
)
"""What the watch measures beside, which matters where something looks wrong."""
NOT_SHOWN = {"side", "skipped_steps", "level"}
"""Constants, and what is shown otherwise; skipped steps come with a warning."""


def charts_of(records: Sequence[Record]) -> tuple[list[Chart], list[Chart]]:
    """The charts of a run, or of several overlaid: those that matter first, and those of all other metrics."""
    across = across_to(max(record.images_seen for record in records))
    kinds = [*MAIN, *_others(records)]
    if len(records) > 1:  # a chart for each metric, a line for each run
        kinds = [_alone(kind, metric) for kind in kinds for metric in kind.metrics if metric != CHANCE]
    made = [chart for kind in kinds if (chart := _chart(kind, records, across)) is not None]
    titles = {kind.title for kind in MAIN}
    main = [chart for chart in made if chart.look.title.partition(": ")[0] in titles]
    more = [chart for chart in made if chart.look.title.partition(": ")[0] not in titles]
    return main, more[:MOST_CHARTS]


def course_charts(course: Sequence[Evaluation], images_seen: int) -> list[Chart]:
    """A chart for each metric of comparable evaluations, with a line for each value, beside that of other reals."""
    across = across_to(images_seen)
    measures = {measure.metric: measure for one in course for measure in one.measures if measure.values}
    return [_evaluated(measure, course, across) for measure in measures.values()]


def _evaluated(measure: Measure, course: Sequence[Evaluation], across: Axis) -> Chart:
    series = []
    for style, value in enumerate(measure.values):
        found = [(one.images_seen, known) for one in course if (known := one.by_key.get(value.key)) is not None]
        points = [
            Point(seen, known.number, known.number - (known.deviation or 0), known.number + (known.deviation or 0))
            for seen, known in found
        ]
        series.append(Series(value.title, style, points, value.beside))
    titles = [value.title for value in measure.values]
    title = ", ".join(titles if len(titles) < 3 else titles[:1])
    note = "The band is a standard error to each side." if any(value.deviation for value in measure.values) else ""
    return drawn(Look(title[0].upper() + title[1:], note, reference="other reals", dots=True), series, across)


def _alone(kind: Kind, metric: str) -> Kind:
    title = kind.title if len(kind.metrics) == 1 else f"{kind.title}: {kind.metrics[metric]}"
    return replace(kind, title=title, metrics={metric: kind.metrics[metric]})


def _others(records: Sequence[Record]) -> list[Kind]:
    """A chart for each metric that no other chart shows; those of one name at several resolutions share one."""
    names = list(dict.fromkeys(name for record in records for name in record.curves))
    taken = {*NOT_SHOWN, *(name for kind in (*MAIN, *MORE) for name in kind.metrics)}
    by_resolution = {name: f"{name[4:]} px" for name in names if name.startswith("swd_") and name[4:].isdecimal()}
    free = [name for name in names if name not in taken and name not in by_resolution]
    each = [Kind(name.replace("_", " "), from_zero=False, metrics={name: name.replace("_", " ")}) for name in free]
    fine = "SWD of patches at each size of the pictures: fine ones are texture, coarse ones layout and colour."
    return [Kind("SWD by resolution", fine, log=True, metrics=by_resolution), *MORE, *each]


def _chart(kind: Kind, records: Sequence[Record], across: Axis) -> Chart | None:
    several = len(records) > 1
    series = [
        Series(
            record.name if several else label, RUN_STYLES[number % len(RUN_STYLES)] if several else style, points,
            1.0 if kind.reference else None,
        )
        for number, record in enumerate(records)
        for style, (metric, label) in enumerate(kind.metrics.items())
        if (points := thinned(record.curves.get(metric, Curve())))
    ]  # fmt: skip
    if not series:
        return None
    chart = drawn(kind, series, across)
    if several:
        return chart
    record = records[0]
    best = across.at(record.best) if record.best else None
    return replace(chart, stages=_stages(record, across), marks=_marks(record, across), best=best)


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
