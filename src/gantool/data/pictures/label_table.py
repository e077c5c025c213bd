"""Files of labels as rows of (name, label): CSV and TSV, JSON in its usual forms, JSON lines."""

import csv
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from gantool.reading import parse_json

_NAMES = ("file_name", "filename", "file", "path", "image", "image_path", "name", "image_id", "id")
_LABELS = ("label", "labels", "class", "class_name", "category", "target", "y")


def rows_of(text: str, name: str, pictures: Collection[str]) -> list[tuple[Any, Any]]:
    """The rows of a file of labels by its suffix; `pictures` are the names that tell the column of files.

    Raises ValueError for what is no table of names and labels.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in (".json", ".jsonl"):
        lines = text.splitlines() if suffix == ".jsonl" else ()
        found = [parse_json(line) for line in lines if line.strip()] or parse_json(text, len(text))
        found = found["labels"] if isinstance(found, dict) and isinstance(found.get("labels"), list) else found
        if isinstance(found, dict):
            return list(found.items())
        if not isinstance(found, list):
            raise ValueError("it is neither a list nor a table of names and labels")
        return [_pair(row) for row in found]
    try:
        table = [row for row in csv.reader(text.lstrip("\ufeff").splitlines(), _dialect(text)) if row]
    except csv.Error as error:  # as of a field of more than 131,072 letters
        raise ValueError(f"it is no table of names and labels ({error})") from error
    if not table:
        raise ValueError("it is empty")
    titles = [cell.strip().lower() for cell in table[0]]
    of_file, known = _column_of_files(table, titles, pictures)
    titled = {*_NAMES, *_LABELS} & set(titles) or (known and not _is_picture(table[0][of_file], pictures))
    header = titles if titled else None
    of_label = _column_of_labels(header, of_file, len(table[0]))
    wide = max(of_file, of_label)
    return [(row[of_file], row[of_label]) for row in (table[1:] if header else table) if len(row) > wide]


def by_name(rows: Iterable[Sequence[Any]]) -> dict[str, str | None]:
    """Labels as text by the path of a picture with `/`; None where there is none. Raises ValueError for others."""
    labels = {}
    for name, label in rows:
        if not isinstance(name, str):
            raise ValueError(f"it has {name!r:.40} where the name of a picture should be")
        labels[name.strip().replace("\\", "/").removeprefix("./")] = _text(label)
    return labels


def _text(label: Any) -> str | None:
    one_hot = isinstance(label, list) and all(type(one) in (int, float) and one in (0, 1) for one in label)
    if one_hot and label.count(1) == 1:
        return str(label.index(1))
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if label is None or isinstance(label, str | int):
        return None if label is None or label == "" else str(label).strip()
    raise ValueError(f"{label!r:.40} is no class: a label is a word, a whole number or a list with one 1")


def _pair(row: Any) -> tuple[Any, Any]:
    if isinstance(row, list) and len(row) == 2:
        return row[0], row[1]
    if isinstance(row, Mapping):
        name = next((row[key] for key in _NAMES if key in row), None)
        if name is not None:
            return name, next((row[key] for key in _LABELS if key in row), None)
    raise ValueError(f"{json.dumps(row)[:60]} is no pair of a picture's name and its label")


def _dialect(text: str) -> Any:
    try:
        return csv.Sniffer().sniff(text[:10_000], ",;\t ")
    except csv.Error:
        return csv.excel


def _column_of_files(
    table: Sequence[Sequence[str]], titles: Sequence[str], pictures: Collection[str]
) -> tuple[int, bool]:
    """The column, and whether it holds names of pictures that there are."""
    hits = [0] * max(map(len, table))
    for row in table[:1000]:
        for column, cell in enumerate(row):
            hits[column] += _is_picture(cell, pictures)
    if any(hits):
        return hits.index(max(hits)), True
    return next((titles.index(name) for name in _NAMES if name in titles), 0), False


def _column_of_labels(header: Sequence[str] | None, of_file: int, columns: int) -> int:
    named = [header.index(name) for name in _LABELS if header and name in header]
    others = [column for column in range(columns) if column != of_file]
    if not named and not others:
        raise ValueError("it has one column only; it needs one of pictures and one of labels")
    return next((column for column in named if column != of_file), others[0])


def _is_picture(cell: str, pictures: Collection[str]) -> bool:
    return cell.strip().replace("\\", "/").rpartition("/")[2] in pictures
