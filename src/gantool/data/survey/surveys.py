"""The pictures of a folder looked at one by one for `gantool data check`, before anything is counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gantool.api.data import PictureFiles
from gantool.api.specs import ImageShape
from gantool.data.pictures.archive import list_archive
from gantool.data.pictures.complaints import with_complaints
from gantool.data.pictures.decode import Header
from gantool.data.pictures.labels import labelled
from gantool.data.pictures.listing import Listing, is_archive_name
from gantool.data.pictures.natural import natural_resolution
from gantool.data.pictures.options import FolderOptions, PictureOptions
from gantool.data.pictures.ranges import Kind, Range, described, given_ranges, on_halved, own_ranges
from gantool.data.pictures.spool import Spooled
from gantool.data.pictures.tree import unpacking
from gantool.data.pictures.worker import Answer, Task
from gantool.data.pictures.workers import spread
from gantool.errors import GantoolError

_ARCHIVES = 10
"""Archives in a folder that are looked into."""
Listed = Sequence[tuple[str, str]]
"""Files with a reason for each."""


@dataclass(frozen=True)
class Survey:
    """A source, and the facts about each of its usable pictures, which have a path each.

    `classes` are those of the pictures, None if one has none; `class_names` are in the order of their labels.
    """

    name: str
    paths: Sequence[str]
    answers: Sequence[Answer]
    natural: ImageShape
    classes: Sequence[str] | None = None
    class_names: Sequence[str] = ()
    notes: Sequence[str] = ()
    broken: Listed = ()
    suspect: Listed = ()
    unlabelled: Listed = ()
    others: Sequence[str] = ()
    fit: str = ""
    ranges: Mapping[Kind, Range] = field(default_factory=dict)


def survey_files(files: PictureFiles, options: PictureOptions, name: str) -> Survey:
    """Every picture of these files, read once."""
    spool = Spooled(files)
    answers = sorted(spool.answers(Task(options), "reading images"), key=lambda pair: pair[0])

    def classes(kept: Sequence[int]) -> tuple[list[str] | None, Sequence[str], Sequence[str]]:
        labels, names, notes = spool.classes(kept)
        return None if labels is None else [names[label] for label in labels], names, notes

    return _survey(
        name, options, answers, lambda index: spool.names[index], classes, files.notes,
        [(one.path, one.reason) for one in files.skipped],
    )  # fmt: skip


def survey_folder(options: FolderOptions) -> Survey:
    """Every picture of `options.path`, read once. Raises DataError if there is none."""
    pictures = labelled(options)
    listing = pictures.listing
    answers = sorted(spread(listing, Task(options), "reading images"), key=lambda pair: pair[0])

    def classes(kept: Sequence[int]) -> tuple[Sequence[str] | None, Sequence[str], Sequence[str]]:
        found, notes = pictures.classes(kept)
        return found, pictures.names(found or ()), notes

    found = _survey(
        options.path, options, answers, lambda index: listing.items[index].path, classes, (), listing.skipped
    )
    notes = [*found.notes, *_archives(listing)]
    return replace(found, notes=notes, unlabelled=pictures.unlabelled, others=listing.ignored)


def _survey(
    name: str,
    options: PictureOptions,
    all_answers: Sequence[tuple[int, Answer]],
    path: Callable[[int], str],
    classes: Callable[[Sequence[int]], tuple[Sequence[str] | None, Sequence[str], Sequence[str]]],
    notes: Sequence[str],
    skipped: Listed,
) -> Survey:
    """The survey of pictures of these answers; `classes` gives the class of each usable one, all names, and notes."""
    answers: dict[int, Answer] = {}
    broken, suspect = list(skipped), []
    for index, answer in all_answers:
        why = with_complaints(answer)
        if "reason" in answer:
            broken.append((path(index), str(why)))
            continue
        answers[index] = answer
        suspect += [(path(index), why)] if why else []
    found, paths = list(answers.values()), [path(index) for index in answers]
    of_each, names, said = classes(list(answers))
    wide = [answer["extremes"] for answer in found if "extremes" in answer]
    ranges = (given_ranges(options.range) or own_ranges(wide)) if wide else {}
    halved = [path for path, answer in zip(paths, found, strict=True) if "halved" in answer]
    headers = list(map(header_of, found))
    return Survey(
        name, paths, found,
        ImageShape(natural_resolution(headers), 1 if headers and all(header.is_grey for header in headers) else 3, 0),
        of_each, names, [*notes, *said, *([described(ranges, wide)] if wide else []), *on_halved(halved)],
        broken, suspect, fit=options.fit, ranges=ranges,
    )  # fmt: skip


def _archives(listing: Listing) -> Iterator[str]:
    """A sentence on each of the first archives beside the pictures, whose own pictures are not used."""
    names = [name for name in listing.ignored if is_archive_name(name)]
    if listing.kind in ("zip", "tar"):
        for name in names[:_ARCHIVES]:
            yield f"{name} is an archive in the archive, and is not opened. {unpacking(listing, name)}"
    for name in names[: _ARCHIVES if listing.kind == "folder" else 0]:
        try:
            inside = list_archive(listing.root / name)
        except (GantoolError, OSError):  # it is damaged, and nobody asked for it
            continue
        if inside is not None and inside.items:
            count = len(inside.items)
            what, them = ("1 picture, which is", "it") if count == 1 else (f"{count:,} pictures, which are", "them")
            yield f"{name} is an archive of {what} not used: to use {them}, give {listing.root / name}"


def header_of(answer: Mapping[str, Any]) -> Header:
    """The header among the facts about a picture file."""
    return Header(answer["format"], answer["mode"], answer["width"], answer["height"], answer["alpha"])
