"""Which evaluations a page shows: of one run large, over its checkpoints, by class; of several runs side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import join

from gantool.report.evaluations import COMPARABLE, Evaluation, Key, Value
from gantool.report.facts import data_name
from gantool.report.record import Record

MOST_ROWS = 24


@dataclass(frozen=True)
class Listed:
    """A row in the table of a run's evaluations; `model` is what it measured."""

    one: Evaluation
    model: str
    data: str


@dataclass(frozen=True)
class Chosen:
    """What a page shows of a run's evaluations."""

    large: Evaluation
    strange: Sequence[str]
    """Sentences where that is not of the model that the page pictures, or not against the data of the run."""
    by_class: Evaluation | None
    course: Sequence[Evaluation]
    """Comparable ones of several checkpoints, by images seen; empty where there are none."""
    rows: Sequence[Listed]
    """All, the newest first, where there are several."""
    more: int
    """The number of those without a row."""
    columns: Mapping[Key, str]
    """Titles of the values in rows."""
    several_data: bool


@dataclass(frozen=True)
class Beside:
    """Evaluations of several runs that can be compared, by run, and why the other runs have none here."""

    each: Mapping[str, Evaluation]
    values: Sequence[tuple[str, Sequence[Value | None], str]]
    """Title, the value of each of these runs, and that of other real pictures."""
    words: Sequence[str]
    remedy: str
    """A command that evaluates one of the other runs alike."""


def chosen_of(record: Record) -> Chosen | None:
    """What to show of a run's evaluations; None where there are none."""
    every = record.evaluations
    large = largest(every, record.pictured)
    if large is None:
        return None
    of_model = [one for one in every if (one.images_seen, one.data) == (large.images_seen, large.data)]
    return Chosen(
        large,
        list(_strange(large, record)),
        max((one for one in of_model if one.classes), key=lambda one: one.n, default=None),
        _course(every, large),
        [Listed(one, _model(one, record), data_name(one.data)) for one in every[::-1][:MOST_ROWS]] if every[1:] else (),
        max(0, len(every) - MOST_ROWS),
        {value.key: value.title for measure in large.measures for value in _telling(measure.values)},
        len({one.data for one in every}) > 1,
    )


def _telling(values: Sequence[Value]) -> Sequence[Value]:
    """Those for a column: of many values of a metric, such as one for each resolution, the first."""
    return values if len(values) < 3 else values[:1]


def _strange(one: Evaluation, record: Record) -> Iterator[str]:
    """What a reader of a page of this run would not expect of its evaluation."""
    if one.images_seen != record.pictured:
        against = any(each.images_seen == record.pictured for each in record.evaluations)
        yield (
            f"These are the numbers of the checkpoint at {one.images_seen:,} images, not of the model that is pictured "
            f"above, at {record.pictured:,}, which has not been evaluated{' against the data of the run' * against}."
        )
    if not one.own:
        yield f"The numbers are against {_unlike(one, record)}, and it has not been evaluated against that."


def _unlike(one: Evaluation, record: Record) -> str:
    """The data of an evaluation, and that of the run, which is other data."""
    theirs, ours = data_name(one.data), data_name(record.config.data)
    return f"{theirs}, but {record.name} was trained on {'other data of that name' if theirs == ours else ours}"


def largest(evaluations: Sequence[Evaluation], pictured: int) -> Evaluation | None:
    """The one that tells most: of the run's own data, or else of other; of the pictured model, or else the last; by its
    samples and values; the newest."""
    of_data = [one for one in evaluations if one.own] or evaluations
    furthest = max((one.images_seen for one in of_data), default=0)
    of_model = [one for one in of_data if one.images_seen == pictured]
    of_model = of_model or [one for one in of_data if one.images_seen == furthest]
    return max(reversed(of_model), key=_tells, default=None)


def _tells(one: Evaluation) -> tuple[int, int]:
    return one.n * len(one.by_key), len(one.classes)


def _course(evaluations: Sequence[Evaluation], large: Evaluation) -> list[Evaluation]:
    """Of the kind with most checkpoints, the newest at each; of the run's own data, where there is one."""
    by_kind: dict[tuple[str, ...], dict[int, Evaluation]] = {}
    for one in evaluations:
        by_kind.setdefault(one.kind, {})[one.images_seen] = one
    kinds = [kind.values() for kind in by_kind.values() if len(kind) > 1]
    longest = max(kinds, key=lambda kind: _standing(list(kind), large), default=())
    return sorted(longest, key=lambda one: one.images_seen)


def _standing(kind: Sequence[Evaluation], large: Evaluation) -> tuple[bool, int, bool, int]:
    return kind[0].own, len(kind), kind[0].kind == large.kind, kind[0].n


def _model(one: Evaluation, record: Record) -> str:
    names = [name for name, seen in (("last", record.images_seen), ("best", record.best)) if one.images_seen == seen]
    return " and ".join(names)


def beside(records: Sequence[Record]) -> Beside | None:
    """The comparable evaluations of most runs: of one kind, and of the pictured models or at the same images seen.

    None where no run has been evaluated.
    """
    own = [largest(record.evaluations, record.pictured) for record in records]
    evaluated = [one for one in own if one is not None]
    if not evaluated:
        return None
    groups = [group for group in _groups(records) if sum(one is not None for one in group) > 1]
    if not groups:
        told = [f"{record.name} by {_made(one)}" for record, one in zip(records, own, strict=True) if one is not None]
        no = "No two of these runs have been evaluated alike, so that no values stand side by side"
        alike = [record for record in records if record.config.data == evaluated[0].data]
        return Beside({}, [], [f"{no}: {'; '.join(told)}."], _remedy(evaluated[0]) if len(alike) > 1 else "")
    best = max(groups, key=lambda group: _worth(group, records))
    found = {record.name: one for record, one in zip(records, best, strict=True) if one is not None}
    first = next(iter(found.values()))
    words, remedy = [], ""
    if any(one is not None and one.images_seen != record.pictured for one, record in zip(best, records, strict=True)):
        words.append(f"These are the checkpoints at {first.images_seen:,} images, not the models pictured above.")
    for record, one, other in zip(records, best, own, strict=True):
        if one is not None and not one.own:
            words.append(f"The numbers are against {_unlike(one, record)}.")
        if one is None:
            why = "it has not been evaluated." if other is None else _differs(other, first)
            words.append(f"{record.name} is left out: {why}")
            remedy = remedy or (_remedy(first) if record.config.data == first.data else "")
    return Beside(found, list(_values([*found.values()])), words, remedy)


def _groups(records: Sequence[Record]) -> Iterator[list[Evaluation | None]]:
    every = [one for record in records for one in record.evaluations]
    for kind in dict.fromkeys(one.kind for one in every):
        alike = [[one for one in record.evaluations if one.kind == kind] for record in records]
        yield [_at(own, record.pictured) for own, record in zip(alike, records, strict=True)]
        for seen in {one.images_seen for own in alike for one in own}:
            yield [_at(own, seen) for own in alike]


def _at(evaluations: Sequence[Evaluation], images_seen: int) -> Evaluation | None:
    return max((one for one in reversed(evaluations) if one.images_seen == images_seen), key=_tells, default=None)


def _worth(group: Sequence[Evaluation | None], records: Sequence[Record]) -> tuple[int, int, int, int]:
    found = [(one, record) for one, record in zip(group, records, strict=True) if one is not None]
    pictured = sum(one.images_seen == record.pictured for one, record in found)
    return len(found), sum(one.own for one, _ in found), pictured, sum(_tells(one)[0] for one, _ in found)


def _values(evaluations: Sequence[Evaluation]) -> Iterator[tuple[str, Sequence[Value | None], str]]:
    found = [one.by_key for one in evaluations]
    for key in dict.fromkeys(key for one in found for key in one):
        values = [one.get(key) for one in found]
        known = next(filter(None, values))
        yield known.title, values, known.reference


def _made(one: Evaluation) -> str:
    by = f", features by {one.extractor}" if one.extractor else ""
    return f"{one.n:,} samples at {one.images_seen:,} images beside {data_name(one.data)}{by}, seed {one.seed}"


def _differs(one: Evaluation, other: Evaluation) -> str:
    """In what an evaluation is not like another."""
    first, second = (dict(zip(COMPARABLE, each.kind, strict=True)) for each in (one, other))
    unlike = {name for name in COMPARABLE if first[name] != second[name]}
    words = {
        f"of {one.n:,} samples": {"n"},
        f"beside other data ({data_name(one.data)})": {"data", "fingerprint"},
        f"of other features ({one.extractor})": {"extractor", "extractor_digest", "flavour"},
        f"of seed {one.seed}": {"seed"},
        f"at truncation {first['truncation']}": {"truncation"},
    }
    told = [word for word, names in words.items() if unlike & names] or [f"at {one.images_seen:,} images"]
    return f"its evaluation is {', '.join(told)}."


def _remedy(one: Evaluation) -> str:
    """The command that evaluates a run as this one is."""
    features = ["--extractor", one.extractor] if one.extractor else []
    seed = ["--seed", str(one.seed)] if one.seed else []
    return join(["gantool", "evaluate", "RUN", "-n", str(one.n), *features, *seed])
