"""The pictures of a folder looked at one by one for `gantool data check`, before anything is counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gantool.api.specs import ImageShape
from gantool.data.pictures.archive import list_archive
from gantool.data.pictures.complaints import with_complaints
from gantool.data.pictures.decode import Header
from gantool.data.pictures.labels import labelled
from gantool.data.pictures.listing import Listing, is_archive_name
from gantool.data.pictures.natural import natural_resolution
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import Kind, Range, described, given_ranges, on_halved, own_ranges
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


def survey_folder(options: FolderOptions) -> Survey:
    """Every picture of `options.path`, read once. Raises DataError if there is none."""
    pictures = labelled(options)
    listing = pictures.listing
    answers: dict[int, Answer] = {}
    broken, suspect = list(listing.skipped), []
    for index, answer in sorted(spread(listing, Task(options), "reading images"), key=lambda pair: pair[0]):
        path, why = listing.items[index].path, with_complaints(answer)
        if "reason" in answer:
            broken.append((path, str(why)))
            continue
        answers[index] = answer
        suspect += [(path, why)] if why else []
    found, paths = list(answers.values()), [listing.items[index].path for index in answers]
    classes, notes = pictures.classes(list(answers))
    wide = [answer["extremes"] for answer in found if "extremes" in answer]
    ranges = (given_ranges(options.range) or own_ranges(wide)) if wide else {}
    halved = [path for path, answer in zip(paths, found, strict=True) if "halved" in answer]
    headers = list(map(header_of, found))
    return Survey(
        options.path, paths, found,
        ImageShape(natural_resolution(headers), 1 if headers and all(header.is_grey for header in headers) else 3, 0),
        classes, pictures.names(classes or ()),
        [*notes, *([described(ranges, wide)] if wide else []), *on_halved(halved), *_archives(listing)],
        broken, suspect, pictures.unlabelled, listing.ignored, options.fit, ranges,
    )  # fmt: skip


def _archives(listing: Listing) -> Iterator[str]:
    """A sentence on each of the first archives with pictures beside those of a folder, which are not used."""
    names = [name for name in listing.ignored if listing.kind == "folder" and is_archive_name(name)]
    for name in names[:_ARCHIVES]:
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
