"""Evaluations as tables on standard output: of one model, of two side by side, of a run's checkpoints, of classes."""

from collections.abc import Iterator, Mapping, Sequence
from math import floor, inf, isfinite, isnan, log10

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gantool.api.metrics import Metric
from gantool.cli.output import page
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import Scores, Values, better, loss
from gantool.report.evaluations import distinct, told

BEST = "*"
ERROR = "_error"


def show(metrics: Mapping[str, Metric], evaluations: Sequence[Evaluation], data: str) -> None:
    """One model, or two with the better value marked; then what the numbers say, class by class where asked for."""
    screen, first = page(), evaluations[0]
    _headline(screen, first, data, f"{first.model} at {first.images_seen:,} images")
    table = _table("", *_columns(evaluations), "other reals")
    scores = [one.scores for one in evaluations]
    for (metric, name), title in _titles(evaluations).items():
        marked = _winner(metrics[metric], metric, name, scores) if len(scores) == 2 else -1
        cells = [_cell(one.values, metric, name, marked == place) for place, one in enumerate(scores)]
        table.add_row(title, *cells, _cell(first.scores.reference, metric, name))
    screen.print(table)
    if len(evaluations) == 2:
        screen.print(Text(f"{BEST} the better one, where they differ by more than their errors", "dim"))
    for one, column in zip(evaluations, _columns(evaluations), strict=True):
        prefix = f"{column}: " if len(evaluations) > 1 else ""
        if one.scores.verdict:
            _say(screen, prefix + one.scores.verdict, "bold")
        for metric, sentence in one.scores.sentences.items():
            if sentence:
                _say(screen, prefix + told(metric, sentence))
    for one in evaluations:
        _classes(screen, one)
    for one in evaluations:
        if one.sheet is not None:
            _say(screen, f"The samples most like pictures of the data: {one.sheet}")


def show_curve(metrics: Mapping[str, Metric], evaluations: Sequence[Evaluation], data: str, model: str) -> None:
    """A row for each checkpoint, the best value of each column marked, and a last row of real against real.

    Only values of which better ones are known have columns, without their errors, or there were too many.
    """
    screen = page()
    _headline(screen, evaluations[0], data, model)
    names = [(metric, name) for metric, name in _names(evaluations) if name in metrics[metric].better]
    table = _table("images", *distinct({each: each[1].replace("_", " ") for each in names}).values())
    bests = [_best(metrics[metric], metric, name, evaluations) for metric, name in names]
    for row, one in enumerate(evaluations):
        cells = [
            _cell(_without_errors(one.scores.values), *each, best == row)
            for each, best in zip(names, bests, strict=True)
        ]
        table.add_row(f"{one.images_seen:,}", *cells)
    table.add_row("other reals", *(_cell(_without_errors(evaluations[0].scores.reference), *each) for each in names))
    screen.print(table)
    screen.print(Text(f"{BEST} the best of its column", "dim"))


def winners(metrics: Mapping[str, Metric], one: Evaluation, other: Evaluation) -> dict[str, dict[str, str | None]]:
    """The better model by metric and name of value; None where neither is."""
    found: dict[str, dict[str, str | None]] = {}
    for metric, name in _names([one, other]):
        place = _winner(metrics[metric], metric, name, [one.scores, other.scores])
        found.setdefault(metric, {})[name] = (one.model, other.model, None)[place]
    return found


def _winner(metric: Metric, key: str, name: str, scores: Sequence[Scores]) -> int:
    return better(metric, name, _of(scores[0], key), _of(scores[1], key), scores[0].reference.get(key, {}))


def _best(metric: Metric, key: str, name: str, evaluations: Sequence[Evaluation]) -> int:
    """The place of the best of several; -1 where none is better than all others."""
    reference = evaluations[0].scores.reference.get(key, {})
    losses = [loss(metric, name, _of(one.scores, key), reference) for one in evaluations]
    known = [place for place, value in enumerate(losses) if not isnan(value)]
    ranked = sorted(known, key=lambda place: losses[place])
    tied = len(ranked) > 1 and losses[ranked[0]] == losses[ranked[1]]
    return -1 if tied or not ranked else ranked[0]


def _of(scores: Scores, metric: str) -> Mapping[str, float]:
    return scores.values.get(metric, {})


def _headline(screen: Console, one: Evaluation, data: str, model: str) -> None:
    by = f", features by {one.extractor.partition(':')[0]} ({one.flavour})" if one.extractor else ""
    what = f"{model}: {one.n:,} samples beside {one.n:,} of the {one.pictures:,} pictures of {data}{by}"
    _say(screen, what)


def _say(screen: Console, text: str, style: str = "") -> None:
    """A paragraph, wrapped on terminals alone, so that files of output can be searched."""
    screen.print(Text(text, style), soft_wrap=not screen.is_terminal)


def _columns(evaluations: Sequence[Evaluation]) -> list[str]:
    return ["samples"] if len(evaluations) == 1 else [one.model for one in evaluations]


def _names(evaluations: Sequence[Evaluation]) -> Iterator[tuple[str, str]]:
    """Metric and name of each value but errors, which stand beside their values."""
    found: dict[tuple[str, str], None] = {}
    for one in evaluations:
        for metric, values in one.scores.values.items():
            found |= dict.fromkeys((metric, name) for name in values if not _is_error(name, values))
    yield from found


def _without_errors(values: Values) -> Values:
    return {metric: {name: own[name] for name in own if not _is_error(name, own)} for metric, own in values.items()}


def _is_error(name: str, values: Mapping[str, float]) -> bool:
    return name.endswith(ERROR) and name.removesuffix(ERROR) in values


def _titles(evaluations: Sequence[Evaluation]) -> dict[tuple[str, str], str]:
    """The words for each value but errors, by metric and name."""
    found = {
        (metric, name): next(one.titles[metric][name] for one in evaluations if name in one.titles.get(metric, {}))
        for metric, name in _names(evaluations)
    }
    return distinct(found)


def _cell(values: Mapping[str, Mapping[str, float]], metric: str, name: str, best: bool = False) -> Text:
    own = values.get(metric, {})
    if name not in own:
        return Text("-", "dim")
    text = _number(own[name], own.get(f"{name}{ERROR}"))
    return Text(f"{text} {BEST}", "bold") if best else Text(text)


def _number(value: float, error: float | None) -> str:
    """Three digits, or those down to the first of a standard error."""
    if error is None or not 0 < error < inf or not isfinite(value):
        return f"{value:.3g}"
    decimals = max(0, -floor(log10(error)))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _table(first: str, *rest: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, overflow="fold")
    for column in rest:
        table.add_column(column, justify="right", overflow="fold")
    return table


def _classes(screen: Console, one: Evaluation) -> None:
    """The classes of a model, each value beside that of other reals."""
    if not one.classes:
        return
    names = {
        each: title
        for each, title in _titles([one]).items()
        if any(each[0] in _s.values for _s in one.classes.values())
    }
    table = _table("class", "n", *names.values())
    for label, scores in one.classes.items():
        cells = [
            Text.assemble(_cell(scores.values, *each), (" of ", "dim"), _cell(scores.reference, *each))
            for each in names
        ]
        table.add_row(label, str(scores.n), *cells)
    screen.print(table)
