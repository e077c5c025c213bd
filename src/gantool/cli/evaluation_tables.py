"""Evaluations as tables on standard output: of one model, of two side by side, of a run's checkpoints, of classes."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from gantool.api.metrics import Metric, is_error
from gantool.cli import wide_tables
from gantool.cli.output import page
from gantool.cli.wide_tables import Column
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import FEWEST, UNREAD, Values, best, better, in_digits, opposed
from gantool.render.wrapping import say as paragraph
from gantool.report.evaluations import distinct, told

BEST = "*"
OTHERS = "other reals"
MOST_CLASSES = 5
"""The most classes that have a sentence of their own."""
_SENTENCES, _NUMBER = re.compile(r"(?<=\.) "), re.compile(r"\d+(\.\d+)?")


def show(metrics: Mapping[str, Metric], evaluations: Sequence[Evaluation], data: str) -> None:
    """One model, or two with the better value marked; then what the numbers say, class by class where asked for."""
    screen, first = page(), evaluations[0]
    age = f" at {first.images_seen:,} images" if first.images_seen else ""  # of an imported model nobody knows it
    _headline(screen, first, data, f"{first.model}{age}")
    few = _few(screen, evaluations)
    _side_by_side(screen, metrics, evaluations, {})
    for one in evaluations:
        if len(evaluations) > 1 and not few:
            _say(screen, f"\n{one.model}")
        if one.scores.verdict and one.scores.verdict != few:
            _say(screen, one.scores.verdict, "bold")
        for sentence in _sentences(one):
            _say(screen, sentence)
    for one in evaluations:
        _classes(screen, one)
    for one in evaluations:
        if one.sheet is not None:
            _say(screen, f"The samples most like pictures of the data: {one.sheet}")


def show_compared(
    metrics: Mapping[str, Metric], evaluations: Sequence[Evaluation], data: str, facts: Mapping[str, Sequence[str]]
) -> None:
    """Models side by side: `facts` by title, one for each model, the values with the best marked, and the verdicts."""
    screen = page()
    _headline(screen, evaluations[0], data, f"{len(evaluations)} models")
    few = _few(screen, evaluations)
    _side_by_side(screen, metrics, evaluations, facts)
    for one in evaluations:
        if one.scores.verdict and one.scores.verdict != few:
            _say(screen, f"{one.model}: {one.scores.verdict}")


def _few(screen: Console, evaluations: Sequence[Evaluation]) -> str:
    """The verdict that pictures are too few, told once, before numbers that say nothing; "" where they are enough."""
    few = next((one.scores.verdict for one in evaluations if one.n < FEWEST), "")
    if few:
        _say(screen, few, "bold")
    return few


def _side_by_side(
    screen: Console,
    metrics: Mapping[str, Metric],
    evaluations: Sequence[Evaluation],
    facts: Mapping[str, Sequence[str]],
) -> None:
    scores, titles = [one.scores for one in evaluations], _titles(evaluations)
    bests = {(metric, name): best(metrics[metric], metric, name, scores) for metric, name in titles}
    columns = [
        Column(
            title,
            [Text(told_of[place]) for told_of in facts.values()]
            + [_cell(one.values, *each, place in bests[each]) for each in titles],
        )
        for place, (title, one) in enumerate(zip(_columns(evaluations), scores, strict=True))
    ]
    others = [Text("") for _ in facts] + [_cell(scores[0].reference, *each) for each in titles]
    wide_tables.show(
        screen, Column("", [Text(title) for title in [*facts, *titles.values()]]), [*columns, Column(OTHERS, others)]
    )
    if any(bests.values()):
        screen.print(Text(f"{BEST} nearer to what other reals have, by more than twice the errors", "dim"))
    if len(scores) == 2 and opposed(*scores):
        _say(screen, "KID and SWD disagree on which model is nearer to the data: judge by eye.", "bold")


def _sentences(one: Evaluation) -> Iterator[str]:
    """What the metrics say, those that say nothing here in one sentence."""
    unread = [name for name, said in one.scores.sentences.items() if said == f"{name}: {UNREAD}"]
    for metric, sentence in one.scores.sentences.items():
        if sentence and metric not in unread:
            yield told(metric, sentence)
    if unread:
        yield f"{', '.join(unread)}: {UNREAD}"


def show_curve(
    metrics: Mapping[str, Metric], evaluations: Sequence[Evaluation], data: str, model: str, chosen: int | None = None
) -> None:
    """A row for each checkpoint, the best values of each column marked, and a last row of real against real.

    Only values of which better ones are known have columns, or there were too many. The row of the checkpoint that has
    seen `chosen` images is named RUN/best.
    """
    screen = page()
    _headline(screen, evaluations[0], data, model)
    names = {each: title for each, title in _titles(evaluations).items() if each[1] in metrics[each[0]].better}
    scores = [one.scores for one in evaluations]
    bests = [best(metrics[metric], metric, name, scores) for metric, name in names]
    rows = [f"{one.images_seen:,}" + ("\nRUN/best" if one.images_seen == chosen else "") for one in evaluations]
    columns = [
        Column(
            title,
            [_cell(one.values, *each, row in found, "\n") for row, one in enumerate(scores)]
            + [_cell(scores[0].reference, *each, between="\n")],
        )
        for (each, title), found in zip(names.items(), bests, strict=True)
    ]
    wide_tables.show(screen, Column("images", [Text(row) for row in [*rows, OTHERS]]), columns)
    if any(bests):
        screen.print(Text(f"{BEST} nearest to what other reals have, or within twice the errors of it", "dim"))
    if evaluations[-1].scores.verdict:
        _say(screen, f"The last: {evaluations[-1].scores.verdict}", "bold")


def winners(metrics: Mapping[str, Metric], one: Evaluation, other: Evaluation) -> dict[str, dict[str, str | None]]:
    """The better model by metric and name of value; None where neither is."""
    found: dict[str, dict[str, str | None]] = {}
    for metric, name in _names([one, other]):
        place = better(metrics[metric], metric, name, one.scores, other.scores)
        found.setdefault(metric, {})[name] = (one.model, other.model, None)[place]
    return found


def _headline(screen: Console, one: Evaluation, data: str, model: str) -> None:
    by = f", features by {one.extractor.partition(':')[0]} ({one.flavour})" if one.extractor else ""
    what = f"{model}: {one.n:,} samples beside {one.n:,} of the {one.pictures:,} pictures of {data}{by}"
    _say(screen, what)


def _say(screen: Console, text: str, style: str = "") -> None:
    paragraph(screen, text, "", style)


def _columns(evaluations: Sequence[Evaluation]) -> list[str]:
    """A title for each: its model, without the folders that all of them lie in."""
    if len(evaluations) == 1:
        return ["samples"]
    folders = [one.model.split("/")[:-1] for one in evaluations]
    shared = next(
        (depth for depth, names in enumerate(zip(*folders, strict=False)) if len(set(names)) > 1),
        min(map(len, folders)),
    )
    return ["/".join(one.model.split("/")[shared:]) for one in evaluations]


def _names(evaluations: Sequence[Evaluation]) -> Iterator[tuple[str, str]]:
    """Metric and name of each value but errors, which stand beside their values."""
    found: dict[tuple[str, str], None] = {}
    for one in evaluations:
        for metric, values in one.scores.values.items():
            found |= dict.fromkeys((metric, name) for name in values if not is_error(name, values))
    yield from found


def _titles(evaluations: Sequence[Evaluation]) -> dict[tuple[str, str], str]:
    """The words for each value but errors, by metric and name, without the extractor, which the headline has."""
    own = f" ({evaluations[0].extractor.partition(':')[0]})"
    found = {
        (metric, name): next(
            one.titles[metric][name].replace(own, "") for one in evaluations if name in one.titles.get(metric, {})
        )
        for metric, name in _names(evaluations)
    }
    return distinct(found)


def _cell(values: Values, metric: str, name: str, marked: bool = False, between: str = " ") -> Text:
    """A value and its error, `between` which a line may end."""
    own = values.get(metric, {})
    if name not in own:
        return Text("-", "dim")
    value, error = in_digits(own, name)
    star = f" {BEST}" if marked else ""
    lone = between == "\n" or not error
    text = f"{value}{star if lone else ''}{between + error if error else ''}{'' if lone else star}"
    return Text(text, "bold" if marked else "")


def _classes(screen: Console, one: Evaluation) -> None:
    """The classes of a model, each value beside that of other reals."""
    if not one.classes:
        return
    names = {
        each: title
        for each, title in _titles([one]).items()
        if any(each[0] in _s.values for _s in one.classes.values())
    }
    _say(
        screen,
        "By class: n samples of it beside as many of its pictures; below each value that of other reals.",
        "dim",
    )
    columns = [
        Column(
            title,
            [
                Text.assemble(_cell(scores.values, *each), ("\nof ", "dim"), _cell(scores.reference, *each))
                for scores in one.classes.values()
            ],
        )
        for each, title in names.items()
    ]
    numbers = Column("n", [Text(str(scores.n)) for scores in one.classes.values()])
    wide_tables.show(screen, Column("class", [Text(label) for label in one.classes]), [numbers, *columns])
    strange = [
        f"{label}: {' '.join(own)}"
        for label, scores in one.classes.items()
        if (own := _out_of_line(scores.verdict, one.scores.verdict))
    ]
    for said in strange[:MOST_CLASSES]:
        _say(screen, said)
    if len(strange) > MOST_CLASSES:
        _say(screen, f"Of {len(strange) - MOST_CLASSES} more classes other things are true than of the whole.")


def _out_of_line(verdict: str, whole: str) -> list[str]:
    """The sentences on a class that say something else than those on all samples, numbers aside."""
    known = {_NUMBER.sub("", sentence) for sentence in _SENTENCES.split(whole)}
    return [sentence for sentence in _SENTENCES.split(verdict) if sentence and _NUMBER.sub("", sentence) not in known]
