"""Picture files given as bytes, in groups: decoded from a file that holds some of them at a time, and cached."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedWriter, BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from gantool.api.data import PictureFile, PictureFiles, Source
from gantool.api.specs import Look
from gantool.data.cache.build import cached
from gantool.data.cache.store import CacheContents, CacheSpec
from gantool.data.pictures.archive import MAX_FILE_BYTES, too_many_bytes
from gantool.data.pictures.decode import Header, UndecodableError, peek, quiet_pillow
from gantool.data.pictures.filling import Classes, filled
from gantool.data.pictures.listing import Item, Listing
from gantool.data.pictures.natural import PEEKED, natural_resolution, why_so_large
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import given_ranges
from gantool.data.pictures.worker import Answer, Task
from gantool.data.pictures.workers import spread_items
from gantool.errors import DataError, GantoolError, cause
from gantool.progress import report

_AT_ONCE = 1 << 28
"""Bytes of pictures that are decoded together: several row groups, so that processes are worth their start."""
_PLACES = 4

Label = int | str | None


def cached_pictures(files: PictureFiles, options: PictureOptions, resolution: int, channels: int) -> Source:
    """The pictures of these files at the training size, from the cache or decoded now as those of a folder are.

    Files that cannot be used are left out and listed. No more than a group is asked for at a time. Raises DataError
    when none can be used.
    """
    told = options.decoding
    digest = hashlib.sha256(repr((told.model_dump(), files.fingerprint, list(files.class_names))).encode())
    wanted = CacheSpec(
        PurePosixPath(files.place).stem, repr((files.place, told.model_dump())), digest.hexdigest(),
        sum(files.groups), channels, resolution,
    )  # fmt: skip
    ranges = given_ranges(told.range)
    work = f"preparing images{wanted.told}"
    source = cached(wanted, lambda rows: _fill(files, Task(told, resolution, channels, rows, ranges), work))
    source.leave_out((one.path, one.reason) for one in files.skipped)
    source.note(files.notes)
    return source


def natural_shape(files: PictureFiles) -> Look:
    """The default shape to train at, from the headers of a few files in a few groups."""
    headers: list[Header] = []
    places = sorted({len(files.groups) * place // _PLACES for place in range(_PLACES)})
    with quiet_pillow():
        for group in places if files.groups else ():
            for one in islice(files.read(group), PEEKED // len(places)):
                try:
                    headers += [peek(BytesIO(one.content))] if one.content else []
                except UndecodableError:
                    continue
    resolution = natural_resolution(headers)
    channels = 1 if headers and all(header.is_grey for header in headers) else 3
    classes = len(files.class_names) or files.classes
    return Look(resolution, channels, classes, why=why_so_large(resolution, headers), pictures=sum(files.groups))


class Spooled:
    """Picture files that are decoded or inspected; the labels of all are known afterwards, and the names of some.

    Names are kept where there is something to say of a picture: its answer is not empty.
    """

    def __init__(self, files: PictureFiles) -> None:
        self.names: dict[int, str] = {}
        self.labels: list[Label] = [None] * sum(files.groups)
        self._files, self._read = files, False

    def answers(self, task: Task, work: str, only: Collection[int] | None = None) -> Iterator[tuple[int, Answer]]:
        """The index of each picture, or of `only` some, and its answer, as `workers.spread` gives them."""
        total, done = len(self.labels) if only is None else len(only), 0
        with _spool(task.pixels) as file:
            spool = Listing(file, "spool", ())
            waiting = self._waiting(only)
            while share := dict(self._share(waiting, spool.root)):
                refused = {index: one for index, one in share.items() if isinstance(one, str)}
                items = {index: one for index, one in share.items() if isinstance(one, Item)}
                yield from ((index, {"reason": why}) for index, why in refused.items())
                for index, answer in spread_items(spool, items, task, work, done + len(refused), total):
                    if not answer:
                        self.names.pop(index, None)
                    yield index, answer
                done += len(share)

    def _share(self, waiting: Iterator[tuple[int, PictureFile]], file: Path) -> Iterator[tuple[int, Item | str]]:
        """The next pictures, written to a file: the place of each there, or why it is left out."""
        with file.open("wb") as out:
            for index, one in waiting:
                yield index, _written(one, out)
                if out.tell() >= _AT_ONCE:
                    return

    def _waiting(self, only: Collection[int] | None) -> Iterator[tuple[int, PictureFile]]:
        """Those wanted; all are read the first time, since names and labels are known by reading alone."""
        first, wanted = 0, None if only is None else set(only)
        for group, count in enumerate(self._files.groups):
            indices = range(first, first + count)
            if wanted is None or not self._read or not wanted.isdisjoint(indices):
                for index, one in zip(indices, _whole(self._files, group, count), strict=True):
                    self.names[index], self.labels[index] = one.name, self._label(one)
                    if wanted is None or index in wanted:
                        yield index, one
            first += count
        self._read = True

    def _label(self, one: PictureFile) -> Label:
        names = self._files.class_names
        known = not names or (isinstance(one.label, int) and 0 <= one.label < len(names))
        return one.label if known else None

    def written(self, out: BufferedWriter, work: str) -> Iterator[Item | str]:
        """All files, written one after another: the place of each there, or why it is left out."""
        for done, (_, one) in enumerate(self._waiting(None), 1):
            yield _written(one, out)
            report(work, done, len(self.labels))

    def classes(self, kept: Sequence[int]) -> Classes:
        """The label of each of these pictures, if all have one: numbers of `class_names`, or of those found."""
        found = [label for index in kept if (label := self.labels[index]) is not None]
        if len(found) < len(kept):
            bare = f"{len(kept) - len(found):,} of {len(kept):,} pictures have no label, so there are no classes."
            return None, (), [bare] if found else []
        used = sorted(set(found), key=lambda label: (isinstance(label, str), label))
        names = list(self._files.class_names)
        if not names:
            number = {label: place for place, label in enumerate(used)}
            return [number[label] for label in found], [str(label) for label in used], ()
        taken = set(used)
        unused = [name for place, name in enumerate(names) if place not in taken]
        note = f"{len(unused):,} of {len(names):,} classes have no picture, as {unused[0]}." if unused else ""
        return [int(label) for label in found], names, [note] if note else []


def _fill(files: PictureFiles, task: Task, work: str) -> CacheContents:
    read = Spooled(files)
    return filled(
        lambda task, only: read.answers(task, work, only),
        task, len(read.labels), lambda index: read.names[index], files.place, read.classes,
    )  # fmt: skip


@contextmanager
def _spool(pixels: Path | None) -> Iterator[Path]:
    """The file for pictures that wait: beside the rows, where a build that goes on removes what a kill left."""
    if pixels is None:
        with TemporaryDirectory() as folder:
            yield Path(folder) / "spool"
        return
    file = pixels.with_name("spool")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _written(one: PictureFile, out: BufferedWriter) -> Item | str:
    if one.content is None:
        return one.reason or "has no content"
    if len(one.content) > MAX_FILE_BYTES:
        return str(too_many_bytes(len(one.content)))
    start = out.tell()
    out.write(one.content)
    return Item(one.name, start, len(one.content), 0)


def _whole(files: PictureFiles, group: int, count: int) -> Iterator[PictureFile]:
    """The files of a group. Raises DataError when there are not `count` of them, or reading fails."""
    number = 0
    try:
        for one in files.read(group):
            number += 1
            if number <= count:
                yield one
    except GantoolError:
        raise
    except Exception as error:
        raise DataError(f"{files.place}: reading group {group} failed with {cause(error)}.") from error
    if number != count:
        raise DataError(f"{files.place}: group {group} gave {number:,} pictures, and {count:,} were announced.")
