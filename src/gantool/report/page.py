"""The page of a run, or of several compared: one file that loads nothing, made by a template."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import inf
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from gantool.engine.commands import Folders, repeat_command, resume_command, sample_command
from gantool.engine.run_names import CONFIG
from gantool.errors import printable
from gantool.files import write_text
from gantool.reading import read_text
from gantool.report import drawing, inline
from gantool.report.charts import RUN_STYLES, charts_of, course_charts
from gantool.report.chosen import Chosen, beside, chosen_of
from gantool.report.facts import Fact, best_is_clearly_better, facts_of, gave_up, model_at, summary_of
from gantool.report.frames import Encoder, Frame
from gantool.report.record import Record, Warned
from gantool.report.settings import Row, by_panel, changes, differing, explained

MOST_WARNINGS = 60
_FLAG = re.compile(r"(--[a-z0-9]+(?:-[a-z0-9]+)*)")


@dataclass(frozen=True)
class Command:
    """A command that leads on from the run, and what it does."""

    what: str
    text: str


@dataclass(frozen=True)
class Figures:
    """A figure of several runs; None where a run has none."""

    name: str
    facts: Sequence[Fact | None]


@dataclass(frozen=True)
class RunView:
    """What the page shows of one run."""

    name: str
    summary: str
    facts: Sequence[Fact]
    frames: Sequence[Frame]
    captions: Mapping[int, str]
    """Which model each frame is of, by images seen."""
    best: int
    warnings: Sequence[Warned]
    more_warnings: int
    explained: Sequence[Row]
    panels: Mapping[str, Sequence[Row]]
    changes: Sequence[tuple[int, str]]
    chosen: Chosen | None
    """What is shown of its evaluations."""
    course_charts: Sequence[drawing.Chart]
    commands: Sequence[Command]
    config: str


def write_report(
    path: Path, records: Sequence[Record], encoder: Encoder, plugins: Folders = (), seconds: float = inf
) -> None:
    """Write the page of these runs atomically; `seconds` are those that encoding pictures may take.

    Raises TrainingError when the file cannot be written.
    """
    write_text(path, page_of(records, encoder, plugins, seconds))


def page_of(records: Sequence[Record], encoder: Encoder, plugins: Folders = (), seconds: float = inf) -> str:
    """The page of a run, or of several compared, as HTML."""
    views = [_view(record, encoder, plugins, seconds / len(records)) for record in records]
    main, more = charts_of(records)
    several = len(records) > 1
    every = [*main, *more, *([] if several else views[0].course_charts)]  # in the order of the page
    marks = [] if several else [
        {"number": number, "seen": one.times, "message": one.message.partition("\n")[0]}
        for number, one in enumerate(views[0].warnings, 1)
    ]  # fmt: skip
    style, script = inline.text_of("base.css", "report.css"), inline.text_of("report.js")
    return _template().render(
        title=" and ".join(view.name for view in views) if len(views) < 3 else f"{len(views)} runs",
        runs=views,
        several=several,
        plays=len({frame.images_seen for view in views for frame in view.frames}) > 1,
        numbers=_numbers(views),
        beside=beside(records) if several else None,
        differing=differing(records) if several else (),
        unlike=len({(one.config.data, one.config.resolution, one.config.channels) for one in records}) > 1,
        charts=main,
        averaged=any(line.area for chart in (*main, *more) for line in chart.lines),
        more=more,
        data={
            "charts": [chart.data for chart in every], "warnings": marks,
            "width": drawing.WIDTH, "top": drawing.TOP, "bottom": drawing.BOTTOM,
        },
        width=drawing.WIDTH, height=drawing.HEIGHT, row=drawing.ROW, left=drawing.LEFT, right=drawing.RIGHT,
        top=drawing.TOP, bottom=drawing.BOTTOM, run_styles=RUN_STYLES,
        style=style, script=script, style_hash=inline.digest(style), script_hash=inline.digest(script),
        version=version("gantool"), written=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    )  # fmt: skip


def _view(record: Record, encoder: Encoder, plugins: Folders, seconds: float) -> RunView:
    chosen = chosen_of(record)
    return RunView(
        name=printable(record.name),
        summary=summary_of(record),
        facts=facts_of(record),
        frames=encoder.frames(record.sheets, seconds, record.best),
        captions={seen: model_at(seen, record) for seen in record.sheets},
        best=record.best,
        warnings=record.warnings[:MOST_WARNINGS],
        more_warnings=max(0, len(record.warnings) - MOST_WARNINGS),
        explained=explained(record),
        panels=by_panel(record),
        changes=list(changes(record.config)),
        chosen=chosen,
        course_charts=course_charts(chosen.course, record.images_seen) if chosen is not None else (),
        commands=_commands(record, plugins),
        config=_config(record.run / CONFIG),
    )


def _commands(record: Record, plugins: Folders) -> list[Command]:
    from_best = best_is_clearly_better(record)
    best, last = "Draw from the best checkpoint, clearly better than the last model", "Draw more from the last model"
    drawn = Command(best if from_best else last, sample_command(record.run, plugins, best=from_best))
    unfinished = record.images_seen < record.config.images
    resumed = resume_command(record.run, plugins) + " --patience 0" * gave_up(record)
    on = [Command("Go on with the run", resumed)] if unfinished else []
    return [drawn, *on, Command("Repeat the run from its settings", repeat_command(record.run, plugins))]


def _config(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError):
        return ""


def _numbers(views: Sequence[RunView]) -> list[Figures]:
    names = dict.fromkeys(fact.name for view in views for fact in view.facts)
    told = [{fact.name: fact for fact in view.facts} for view in views]
    return [Figures(name, [one.get(name) for one in told]) for name in names]


@cache
def _template() -> Template:
    return inline.template("report.html.jinja", breakable=_breakable, flagged=_flagged)


def _flagged(text: str) -> Markup:
    """Text whose flags do not break behind their hyphens."""
    flag = Markup('<span class="flag">{}</span>')
    parts = enumerate(_FLAG.split(text))  # every second one is a flag
    return Markup("").join(flag.format(part) if index % 2 else part for index, part in parts)


def _breakable(text: str) -> Markup:
    """Text that may break behind each comma, such as a component with its options."""
    return Markup(",<wbr>").join(text.split(","))
