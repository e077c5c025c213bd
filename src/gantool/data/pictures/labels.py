"""The class of each picture: by a file of labels, or by the folder that it lies in."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from gantool.api.run_config import NONE
from gantool.data.pictures.classes import folder_classes
from gantool.data.pictures.label_table import by_name, rows_of
from gantool.data.pictures.listing import Listing
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import text_inside, usable_listing
from gantool.errors import DataError, counted, did_you_mean, nearest_beside
from gantool.homes import at_home
from gantool.reading import parse_json, read_text

STYLEGAN = "dataset.json"
MOST_BYTES = 2**26
"""The size of a file of labels: about a million pictures."""
_SHOWN = 3


@dataclass(frozen=True)
class LabelledListing:
    """A listing, the label of each item by a file of labels (None where folders decide), and notes on both.

    `unlabelled` has (path, reason) of pictures that are left out, since the file has no label for them.
    """

    listing: Listing
    given: tuple[str | None, ...] | None = None
    notes: tuple[str, ...] = ()
    unlabelled: tuple[tuple[str, str], ...] = ()

    def classes(self, indices: Sequence[int]) -> tuple[list[str] | None, tuple[str, ...]]:
        """The class of each of these items, None if one of them has none, and the notes on it."""
        if self.given is None:
            classes, notes = folder_classes([self.listing.items[index].path for index in indices])
            return classes, (*self.notes, *notes)
        labels = [label for index in indices if (label := self.given[index]) is not None]
        return labels if len(labels) == len(indices) and labels else None, self.notes

    def names(self, classes: Sequence[str]) -> list[str]:
        """The different classes in the order of their labels: numbers of a file by value, all others by letter."""
        numbers = self.given is not None and all(name.isdecimal() for name in classes)
        return sorted(set(classes), key=int) if numbers else sorted(set(classes))


def unlabelled(place: object, notes: Sequence[str], init: str = NONE) -> DataError:
    """The error that there are no classes in a place, after notes on what there is.

    A run has labels of its own, or those of the model that it begins with.
    """
    cause, remedy = "--labels was given", "leave --labels out"
    if init != NONE:
        cause, remedy = f"--init {init} has classes", "give --no-labels"
    return DataError(
        f"{cause}, but there are no classes in {place}. {' '.join((*notes, ''))}A folder needs a "
        "sub-folder for each class (cats/, dogs/) and no pictures beside them, or a file of labels "
        f"(folder:labels=FILE); without labels, {remedy}."
    )


def labelled(options: FolderOptions) -> LabelledListing:
    """The pictures at `options.path` with the labels that `options.labels` names.

    By a file of labels, pictures without one are left out. Raises DataError when there are no pictures, or the file is
    missing, cannot be read, or knows none of them.
    """
    listing = usable_listing(options.path)
    if options.labels == "folders":
        return _drawn(LabelledListing(listing), options)
    return _drawn(_by_stylegan(listing) if options.labels == "auto" else _by_file(listing, options.labels), options)


def _drawn(pictures: LabelledListing, options: FolderOptions) -> LabelledListing:
    """So many pictures, those whose paths have the least hashes: more pictures in the folder change few of them."""
    items, count = pictures.listing.items, options.count
    if count is None:
        return pictures
    if count >= len(items):
        note = f"{len(items):,} of the {count:,} pictures asked for by count: there are no more."
        return pictures if count == len(items) else replace(pictures, notes=(*pictures.notes, note))
    hashes = [hashlib.sha256(f"{options.seed} {item.path}".encode(errors="surrogateescape")).digest() for item in items]
    chosen = sorted(sorted(range(len(items)), key=hashes.__getitem__)[:count])
    listing = replace(pictures.listing, items=tuple(items[index] for index in chosen))
    given = None if pictures.given is None else tuple(pictures.given[index] for index in chosen)
    note = f"{count:,} of {len(items):,} pictures, drawn by seed {options.seed}."
    return replace(pictures, listing=listing, given=given, notes=(*pictures.notes, note))


def _by_stylegan(listing: Listing) -> LabelledListing:
    """By the dataset.json that StyleGAN's tools write; its numbered folders are no classes, labels or not."""
    place = next((path for path in listing.ignored if PurePosixPath(path).name == STYLEGAN), None)
    if place is None:
        return LabelledListing(listing)
    try:
        found = parse_json(text_inside(listing, place, MOST_BYTES), MOST_BYTES)
        rows = found["labels"] or ()
        labels = by_name([(name, label) for name, label in rows])
    except (OSError, ValueError, KeyError, TypeError):  # it is of another tool
        return LabelledListing(listing)
    listing = _without(listing, place)
    given = tuple(_matched(listing, labels, PurePosixPath(place).parent))
    if labels and None not in given:
        return LabelledListing(listing, given, (f"Labels are those of {place}, not the folders.",))
    lacking = f"labels for {len(given) - given.count(None):,} of {len(given):,} pictures" if labels else "no labels"
    return LabelledListing(listing, (None,) * len(given), (f"{place} has {lacking}, so there are no classes.",))


def _by_file(listing: Listing, name: str) -> LabelledListing:
    inside = name if name in listing.ignored else None
    try:
        text = text_inside(listing, name, MOST_BYTES) if inside else read_text(_outside(listing, name), MOST_BYTES)
        names = {one for item in listing.items for one in _names(item.path)}
        labels = by_name(rows_of(text, name, names))
    except OSError as error:
        near = did_you_mean(name, listing.ignored) or nearest_beside(listing.root.absolute().parent / name)
        raise DataError(f"The file of labels {name} cannot be read: {error.strerror or error}.{near}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"The file of labels {name} cannot be used: {error}.") from error
    return _with(labels, name, _without(listing, inside), bool(inside))


def _with(labels: Mapping[str, str | None], name: str, listing: Listing, inside: bool) -> LabelledListing:
    """The pictures that have a label in the file `name`. Raises DataError if none has."""
    paths = [item.path for item in listing.items]
    given = list(_matched(listing, labels, PurePosixPath(name).parent if inside else PurePosixPath()))
    bare = [path for path, label in zip(paths, given, strict=True) if label is None]
    if len(bare) == len(given):
        raise DataError(
            f"{name} has {counted(len(labels), 'label')}, but none for a picture in {listing.root}: it names "
            f"{', '.join(list(labels)[:_SHOWN])}, and the pictures are {', '.join(paths[:_SHOWN])}."
        )
    kept = [item for item, label in zip(listing.items, given, strict=True) if label is not None]
    unlabelled = tuple((path, f"has no label in {name}") for path in bare)
    notes = [f"Labels are those of {name}."]
    if bare:
        notes.append(f"Left out without one: {counted(len(bare), 'picture')}, as {bare[0]}.")
    elif len(labels) > len(kept):
        notes.append(f"It names {counted(len(labels) - len(kept), 'picture')} not found there.")
    labels_of_kept = tuple(label for label in given if label is not None)
    return LabelledListing(replace(listing, items=tuple(kept)), labels_of_kept, (" ".join(notes),), unlabelled)


def _names(path: str) -> tuple[str, str]:
    return PurePosixPath(path).name, PurePosixPath(path).stem


def _outside(listing: Listing, name: str) -> Path:
    """A file of labels beside the data, or any other."""
    beside = listing.root.absolute().parent / name
    return beside if beside.is_file() else at_home(name)


def _without(listing: Listing, used: str | None) -> Listing:
    return replace(listing, ignored=tuple(path for path in listing.ignored if path != used))


def _matched(listing: Listing, labels: Mapping[str, str | None], folder: PurePosixPath) -> Any:
    """The label of each picture: by its path, by that from the file's folder on, or by its name if only one has it."""
    paths = [PurePosixPath(item.path) for item in listing.items]
    names = [path.name for path in paths]
    stems = [path.stem for path in paths]
    alone = {one for every in (names, stems) for one, count in _counts(every).items() if count == 1}
    bases = {key.rpartition("/")[2]: label for key, label in labels.items()}
    for path in paths:
        relative = path.relative_to(folder) if path.is_relative_to(folder) else path
        ways = (str(path), str(relative), str(relative.with_suffix("")))
        found = next((labels[way] for way in ways if labels.get(way) is not None), None)
        if found is None:
            found = next((bases[one] for one in (path.name, path.stem) if one in alone and one in bases), None)
        yield found


def _counts(names: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts
