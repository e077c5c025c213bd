"""What a reader wants to know of a run first: a line that describes it, and a few figures."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from gantool.api.run_config import COLORS
from gantool.engine.best import Best, apart, is_clearly_better
from gantool.engine.spans import spent
from gantool.report.record import SPEED, Curve, Record
from gantool.report.scale import percent, shown


@dataclass(frozen=True)
class Fact:
    """A figure of a run, and what it is compared with."""

    name: str
    value: str
    note: str = ""


def summary_of(record: Record) -> str:
    """The run in a line: architecture, data, resolution, device."""
    config = record.config
    size = f"{config.resolution} × {config.resolution} pixels in {COLORS[config.channels]}"
    machine = f"batch {config.batch}, on {config.device} in {config.precision}"
    return f"{config.arch.partition(':')[0]} on {data_name(config.data)}, {size}, {machine}"


def data_name(data: str) -> str:
    """The data as a person calls it: names of folders and archives without their places, or the source's own name."""
    paths = [quoted or plain for quoted, plain in re.findall(r'path="*(?:([^",]+)"+|([^",]+))', data)]
    return " and ".join(PurePath(path).name for path in paths) or data.partition(":")[0]


def model_at(images_seen: int, record: Record) -> str:
    """The model of a sheet in words."""
    names = {"last model": record.images_seen, "best checkpoint": record.best}
    known = [name for name, seen in names.items() if images_seen == seen]
    return f"the {' and '.join(known)}, at {images_seen:,} images" if known else f"the model at {images_seen:,} images"


def best_is_clearly_better(record: Record) -> bool:
    """True where commands name the best checkpoint, not the last model, as those at the end of a run do."""
    score = record.curves.get("score", Curve())
    best = score.at(record.best) if record.best else None
    return best is not None and is_clearly_better(best, score.values[-1])


def gave_up(record: Record) -> bool:
    """True where a run ended by its patience, so that to go on as before would end at once."""
    best, score = Best(), record.curves.get("score", Curve())
    for seen, value in zip(score.seen, score.values, strict=True):
        if seen:  # no score of untrained networks counts
            best.take(seen, value)
    return best.gave_up(record.config.patience)


def facts_of(record: Record) -> list[Fact]:
    """The figures of a run, those of its samples by the last measurement."""
    seen, goal = record.images_seen, record.config.images
    facts = [Fact("Images seen", f"{seen:,}", "the whole run" if seen >= goal else f"of {goal:,}")]
    if (seconds := record.seconds) >= 1:
        speed = f"{seen / seconds:,.0f} images/s" if record.curves.get(SPEED) else ""
        facts.append(Fact("Training time", spent(seconds), speed))
    score, swd, diversity = (record.curves.get(name, Curve()) for name in ("score", "swd", "diversity"))
    if record.best and (best := score.at(record.best)) is not None:
        facts.append(Fact("Best checkpoint", f"{record.best:,} images", _scores(best, score, record.best)))
    if len(swd):
        chance = record.curves.get("swd_reals", Curve())
        beside = f"; two sets of as many reals have {shown(chance.values[-1])}" if len(chance) else ""
        facts.append(Fact("Distance to the data (SWD)", shown(swd.values[-1]), f"of the last sheet{beside}"))
    if len(diversity):
        facts.append(
            Fact("Diversity", percent(diversity.values[-1]), "of the data's, by few samples; about 100% is good")
        )
    times = [seen for one in record.warnings for seen in one.times]
    last_warned = f"the last at {max(times):,} images" if max(times, default=0) else ""
    facts.append(Fact("Warnings", f"{len(times) or 'none'}", last_warned))
    return facts


def _scores(best: float, score: Curve, seen: int) -> str:
    """The score of the best checkpoint and the last one, which is better where the run ended between snapshots."""
    last = score.values[-1]
    if score.seen[-1] == seen:
        return f"score {shown(best)}"
    texts = shown(best), shown(last)
    first, second = texts if texts[0] != texts[1] else apart(best, last)
    return f"score {first}, the last has {second}" + (", but is between snapshots" if last < best else "")
