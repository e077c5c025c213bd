"""Pictures decoded into the rows of a cache: which of them can be used, from what range, and of which classes."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from gantool.data.cache.journal import Journal
from gantool.data.cache.store import CacheContents
from gantool.data.pictures.complaints import with_complaints
from gantool.data.pictures.ranges import described, on_halved, own_ranges
from gantool.data.pictures.worker import Answer, Task
from gantool.errors import DataError, none_usable

_SHOWN = 3

Decode = Callable[[Task, Collection[int] | None], Iterable[tuple[int, Answer]]]
"""Decodes all pictures, or some, by a task: the index of each and its answer, in any order."""
Classes = tuple[Sequence[int] | None, Sequence[str], Sequence[str]]
"""The label of each picture or None, the names of the classes, and notes."""


def filled(
    decode: Decode,
    task: Task,
    count: int,
    path: Callable[[int], str],
    place: str,
    classes: Callable[[Sequence[int]], Classes],
) -> CacheContents:
    """The rows that `count` pictures of a place fill, once decoded; `classes` is asked for those that can be used.

    Those that a killed build has decoded are not decoded again. Raises DataError when none can be used.
    """
    assert task.pixels is not None
    journal = Journal(task.pixels)
    done = journal.done(count)
    left = set(range(count)) - done.keys() if done else None
    answers = {index: answer for index, answer in done.items() if answer}
    answers |= {index: answer for index, answer in journal.noting(iter(decode(task, left))) if answer}
    found = {index: answer["extremes"] for index, answer in answers.items() if "extremes" in answer}
    ranges = own_ranges(list(found.values()))
    again = [index for index, one in found.items() if own_ranges([one])[one[0]] != ranges[one[0]]]
    if again:  # the range of all is another than their own, from which they were reduced
        answers |= dict(decode(replace(task, ranges=ranges), again))
    kept = [index for index in range(count) if "reason" not in answers.get(index, ())]
    listed = [(index, why) for index in sorted(answers) if (why := with_complaints(answers[index])) is not None]
    used = set(kept)
    listed.sort(key=lambda one: one[0] in used)  # those that are used come last
    skipped = [(path(index), why) for index, why in listed]
    if not kept:
        first = "; ".join(f"{path} {why}" for path, why in skipped[:_SHOWN])
        raise DataError(none_usable(count, "picture", f" in {place}", first))
    labels, names, notes = classes(kept)
    halved = [path(index) for index in kept if "halved" in answers.get(index, ())]
    ranged = [described(ranges, list(found.values()))] if found else []
    return CacheContents(kept, labels, names, skipped, [*ranged, *on_halved(halved), *notes])
