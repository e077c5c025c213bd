"""Parquet files as picture files: each row group is read some rows at a time, and never a file as a whole."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import gantool
from gantool_hf_data.columns import ColumnError, Columns, columns_of

_ROWS = 32
"""Rows that are in memory together; fewer where one of them may be so large that these are more than _BYTES."""
_BYTES = 1 << 31
_BUFFER = 1 << 20
_TAIL = 1 << 16


@dataclass(frozen=True)
class Part:
    """A Parquet file: its name for messages, how it is opened, and whether that asks another machine.

    `state` is a text that changes with the content; None: it is found by size, time and the end of the file. `remedy`
    says what helps where the other machine does not answer again and again.
    """

    name: str
    open: Callable[[], BufferedReader]
    is_remote: bool = False
    state: str | None = None
    remedy: str = "a copy on this machine, given by its path, needs no network"


@dataclass(frozen=True)
class _Opened:
    part: Part
    metadata: pq.FileMetaData
    columns: Columns
    state: str


class ParquetFiles(gantool.PictureFiles):
    """The pictures of Parquet files of one schema, in the order of their rows; a row group is a group."""

    def __init__(self, place: str, parts: Sequence[Part], image: str, label: str, notes: Sequence[str] = ()) -> None:
        self.place = place
        self._parts, skipped = _usable(place, parts, image, label)
        self._columns = self._parts[0].columns
        self.skipped: Sequence[gantool.Skipped] = tuple(skipped)
        metadata = [one.metadata for one in self._parts]
        groups = [(part, group) for part, one in enumerate(metadata) for group in range(one.num_row_groups)]
        self._groups = [(part, group) for part, group in groups if metadata[part].row_group(group).num_rows > 0]
        self.groups: Sequence[int] = [metadata[part].row_group(group).num_rows for part, group in self._groups]
        self._starts = _starts(metadata)
        self._label = None if self._is_without_labels() else self._columns.label
        self.class_names: Sequence[str] = self._columns.class_names if self._label else ()
        told = repr((image, label, [one.state for one in self._parts]))
        self.fingerprint = hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()
        left = f"{len(skipped):,} of {len(parts):,} files are left out, as {skipped[0].path}." if skipped else ""
        self.notes: Sequence[str] = (*notes, *self._columns.notes, *([left] if left else []))

    @cached_property
    def classes(self) -> int:  # type: ignore[override]
        """The number of different labels: that of the names, or found by reading the column of labels alone."""
        if self._label is None or self.class_names:
            return len(self.class_names)
        found: set[Any] = set()
        for one in self._parts:
            try:
                with one.part.open() as file:
                    labels = pq.ParquetFile(file, metadata=one.metadata).read([self._label], use_threads=False)
                    found.update(labels.column(0).unique().to_pylist())
            except (pa.ArrowException, OSError) as error:
                if one.part.is_remote:  # which may answer again by when the pictures are read
                    raise self._unread(one.part, f"in its column {self._label}", error) from error
                continue  # reading the pictures will say so
        return len(found - {None})

    def read(self, group: int) -> Iterator[gantool.PictureFile]:
        """The rows of a group. Of a file that is damaged there, the rest of the group is left out."""
        place, number = self._groups[group]
        one, rows, done = self._parts[place], self.groups[group], 0
        names = [self._columns.image, *([self._label] if self._label else [])]
        start = self._starts[place][number]
        # A dictionary may repeat one value in every row, and no value is larger than the whole group.
        at_once = max(1, min(_ROWS, _BYTES // max(1, one.metadata.row_group(number).total_byte_size)))
        try:
            with one.part.open() as file:
                opened = pq.ParquetFile(file, metadata=one.metadata, buffer_size=_BUFFER, pre_buffer=False)
                for batch in opened.iter_batches(at_once, row_groups=[number], columns=names, use_threads=False):
                    for cell in self._cells(batch, one.part.name, start + done):
                        yield cell
                        done += 1
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            if one.part.is_remote:
                raise self._unread(one.part, f"at row {start + done:,}", error) from error
            for row in range(start + done, start + rows):
                why = f"lies in a part of the file that is damaged: {_line(error)}"
                yield gantool.PictureFile(_row(one.part.name, row), None, None, why)

    def _unread(self, part: Part, where: str, error: BaseException) -> gantool.DataError:
        """The error for a file of another machine, of which no row may be left out as if it were damaged."""
        named = part.name if self.place == part.name else f"{part.name} of {self.place}"
        return gantool.DataError(f"{named}, {where}, {_reason(error)}. {_again(part)}")

    def _cells(self, batch: pa.RecordBatch, name: str, first: int) -> Iterator[gantool.PictureFile]:
        pictures = batch.column(batch.schema.get_field_index(self._columns.image))
        labels = batch.column(batch.schema.get_field_index(self._label)) if self._label else None
        paths = None
        if pa.types.is_struct(pictures.type):
            fields = dict(zip((field.name for field in pictures.type), pictures.flatten(), strict=True))
            pictures, paths = fields["bytes"], fields.get("path")
        for row in range(batch.num_rows):
            content, path = pictures[row].as_py(), None if paths is None else paths[row].as_py()
            said = path if isinstance(path, str) else None
            label = None if labels is None else labels[row].as_py()
            why = "is null" if not said else f"names the file {said} and does not hold it"
            yield gantool.PictureFile(_row(name, first + row, said), content, label, "" if content is not None else why)

    def _is_without_labels(self) -> bool:
        """True if statistics say that no row has a label: test sets have -1 in each."""
        if self._columns.label is None:
            return True
        if not self._columns.class_names:
            return False
        for one in self._parts:
            place = _leaf(one.metadata, self._columns.label)
            for group in range(one.metadata.num_row_groups):
                known = one.metadata.row_group(group).column(place).statistics
                if known is None or not known.has_min_max or known.max >= 0:
                    return False
        return True


def _leaf(metadata: pq.FileMetaData, name: str) -> int:
    """The number of the column chunk of a column without parts."""
    paths = [metadata.schema.column(place).path for place in range(len(metadata.schema))]
    return paths.index(name)


def _usable(place: str, parts: Sequence[Part], image: str, label: str) -> tuple[list[_Opened], list[gantool.Skipped]]:
    """The files that can be opened and have the columns of the first such; the others with reasons."""
    opened: list[_Opened] = []
    skipped: list[gantool.Skipped] = []
    for part in parts:
        try:
            one = _opened(part, image, label)
            if opened and one.columns != opened[0].columns:
                raise ColumnError(f"has other columns or classes than {opened[0].part.name}")
            opened.append(one)
        except ColumnError as error:
            skipped.append(gantool.Skipped(part.name, str(error)))
    if not any(one.metadata.num_rows for one in opened):
        said = "; ".join(f"{one.path} {one.reason}" for one in skipped[:3]) or "no file has a row"
        raise gantool.DataError(f"There are no pictures in {place}: {said}.")
    return opened, skipped


def _opened(part: Part, image: str, label: str) -> _Opened:
    """A file's metadata and columns. Raises ColumnError for what cannot be used, DataError where a server fails."""
    try:
        with part.open() as file:
            metadata = pq.read_metadata(file)
            schema = metadata.schema.to_arrow_schema()
            state = part.state or _state(file)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if part.is_remote:
            raise gantool.DataError(f"{part.name} {_reason(error)}. {_again(part)}") from error
        raise ColumnError(_reason(error)) from error
    return _Opened(part, metadata, columns_of(schema, image, label), state)


def _state(file: BufferedReader) -> str:
    """Size, time, and a hash of the file's end, where Parquet has places and sizes of all that is in it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    digest = hashlib.sha256(file.read(_TAIL)).hexdigest()
    try:
        modified = os.fstat(file.fileno()).st_mtime_ns
    except OSError:  # it is of a server
        modified = 0
    return f"{size} {modified} {digest}"


def _reason(error: BaseException) -> str:
    text = _line(error)
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if any(word in text for word in ("magic bytes", "footer", "file size is", "too small")):
        return "is no Parquet file, or was cut short"
    if isinstance(error, OSError) and error.strerror is None and not isinstance(error, pa.ArrowException):
        return text if text.startswith(("is ", "could ", "may ", "has ")) else f"is damaged ({text})"
    return f"cannot be read as Parquet ({text})"


def _again(part: Part) -> str:
    return f"The same command tries again; {part.remedy}."


def _line(error: BaseException) -> str:
    """An error of Arrow in one line of sensible length."""
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= 160 else f"{text[:160]}..."


def _row(name: str, row: int, path: str | None = None) -> str:
    return f"{name} row {row}" + (f" ({path})" if path else "")


def _starts(metadata: Sequence[pq.FileMetaData]) -> list[list[int]]:
    """The number of the first row of each group in its file."""
    starts: list[list[int]] = []
    for one in metadata:
        row, of_file = 0, []
        for group in range(one.num_row_groups):
            of_file.append(row)
            row += one.row_group(group).num_rows
        starts.append(of_file)
    return starts
