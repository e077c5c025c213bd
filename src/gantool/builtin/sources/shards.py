"""The source `shards`: tars in the manner of WebDataset, read picture by picture in the order of their windows."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Skipped, Source
from gantool.api.specs import Look
from gantool.data.names import distinct
from gantool.data.pictures.decode import Header, UndecodableError, peek, quiet_pillow
from gantool.data.pictures.natural import PEEKED, natural_resolution, why_so_large
from gantool.data.shards.decoding import Decoders, usual_workers
from gantool.data.shards.fetching import Fetching
from gantool.data.shards.index import Index, Shard
from gantool.data.shards.indexing import find_index
from gantool.data.shards.options import ShardsOptions
from gantool.data.shards.places import place
from gantool.data.shards.tar import ShardError
from gantool.data.shards.urls import is_remote
from gantool.data.shards.worker import Decoded, Job, decoded
from gantool.errors import DataError, printable

_log = logging.getLogger("gantool")
_MOST_INSTEAD = 100
"""Pictures in a row that may be unusable before reading gives up, and shards too."""
_THREADS = 16
_SAID = 5


class ShardsSource(Source):
    """The pictures of an index at the training size; one that cannot be read is replaced by the next one that can."""

    cached = False

    def __init__(self, index: Index, options: ShardsOptions, resolution: int, channels: int) -> None:
        self._index, self._shape = index, (channels, resolution, resolution)
        self.groups: Sequence[int] = [shard.count for shard in index.shards]
        self._ends = np.cumsum(self.groups)
        self.window = options.window
        self.class_names: Sequence[str] = distinct(index.class_names)
        told = options.model_dump(exclude={"path", "cache", "workers"})
        digest = hashlib.sha256(repr((told, index.digest, self._shape)).encode()).hexdigest()
        self.fingerprint: str | None = f"shards-{digest}"
        self.skipped: Sequence[Skipped] = tuple(Skipped(printable(path), printable(why)) for path, why in index.skipped)
        self.notes: Sequence[str] = tuple(_notes(index))
        self._files = Fetching(index)
        workers = usual_workers() if options.workers is None else options.workers
        self.decoding = options.decoding
        self._decoders = Decoders(options.decoding, resolution, channels, workers)
        self._decode_here = partial(decoded, options=options.decoding, resolution=resolution, channels=channels)
        self._remote = any(is_remote(shard.url) for shard in index.shards)
        self._bad: dict[int, str] = {}
        self.replaced = 0

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        images, labels = self.gather([index])
        return images[0], None if labels is None else labels[0]

    def gather(self, indices: Sequence[int]) -> tuple[Any, Any]:
        """Decoded by all worker processes at once."""
        with self._readers() if len(indices) > 1 else nullcontext() as readers:
            found = list((readers.map if readers else map)(self._found, indices))
        jobs = [one for one in found if isinstance(one, tuple)]
        answers = iter(self._decoders(jobs))
        images, labels = [], []
        for index, one in zip(indices, found, strict=True):
            answer = next(answers) if isinstance(one, tuple) else self._here(one)
            if isinstance(answer, str) and isinstance(one, tuple) and not Path(one[0]).exists():
                answer = self._here(self._found(index))  # another process has dropped the shard: it is fetched again
            pixels, used = self._sound(answer, index)
            images.append(torch.from_numpy(pixels))
            labels.append(self._label(used))
        return images, labels if self.class_names else None

    def expect(self, groups: Sequence[int]) -> None:
        """Remote shards are fetched by threads."""
        self._files.expect([group for group in groups if group not in self._bad])

    def _readers(self) -> AbstractContextManager[ThreadPoolExecutor | None]:
        """Threads that wait for a server side by side; none for files of this machine."""
        return ThreadPoolExecutor(_THREADS) if self._remote else nullcontext()

    def _found(self, index: int) -> "Job | bytes | str":
        """A picture for a worker to read, its bytes where its shard is not at hand, or why there are none."""
        shard, row = self._place(index)
        try:
            return self._job(shard, row)
        except ShardError as error:
            self._leave_out(shard, str(error))
            return str(error)

    def _here(self, found: "Job | bytes | str") -> Decoded:
        if isinstance(found, tuple):
            return self._decoders([found])[0]
        return found if isinstance(found, str) else self._decode_here(found)

    def _place(self, index: int) -> tuple[int, int]:
        """The shard of a picture, and its row there."""
        shard = int(np.searchsorted(self._ends, index, "right"))
        return shard, index - (int(self._ends[shard - 1]) if shard else 0)

    def _job(self, shard: int, row: int) -> Job | bytes:
        if (why := self._bad.get(shard)) is not None:
            raise ShardError(why)
        found = self._index.rows(shard)[row]
        offset, size = int(found["offset"]), int(found["size"])
        file = self._files.file(shard)
        if file is not None:
            return str(file), offset, size
        return place(self._index.shards[shard].url).read(offset, size)

    def _label(self, index: int) -> int | None:
        shard, row = self._place(index)
        label = int(self._index.rows(shard)[row]["label"])
        return None if label < 0 else label

    def _sound(self, answer: Decoded, index: int) -> tuple[UInt8[np.ndarray, "c h w"], int]:
        """The pixels of a picture and its index; or of the next one that can be used, a function of the index alone."""
        tried, first = index, answer
        for _ in range(_MOST_INSTEAD):
            if not isinstance(answer, str):
                return answer, tried
            self._tell(tried, answer)
            tried = self._following(tried)
            answer = self._here(self._found(tried))
        raise DataError(
            f"{printable(self._index.shards[self._place(index)[0]].url)} {first}, and {_MOST_INSTEAD} pictures in "
            "other places cannot be read either. See that the shards are there; the same command then goes on."
        )

    def _following(self, index: int) -> int:
        """The picture to use in place of another: the next one, or the one as far into the next shard."""
        shard, row = self._place(index)
        if shard not in self._bad:
            return (index + 1) % len(self)
        following = (shard + 1) % len(self.groups)
        start = int(self._ends[following]) - self.groups[following]
        return (start + min(row, max(self.groups[following] - 1, 0))) % len(self)

    def _leave_out(self, shard: int, why: str) -> None:
        if shard not in self._bad:
            self._bad[shard] = why
            url, count = self._index.shards[shard].url, self.groups[shard]
            _log.warning(
                "The shard %s %s: others take the place of its %s pictures (%s of %s shards so far).",
                printable(url), why, f"{count:,}", len(self._bad), f"{len(self.groups):,}",
            )  # fmt: skip
            self.skipped = (*self.skipped, Skipped(printable(url), why))

    def _tell(self, index: int, why: str) -> None:
        self.replaced += 1
        shard, row = self._place(index)
        known = self._index.shards[shard]
        if shard not in self._bad and not is_remote(known.url):  # perhaps the picture is not to blame
            try:
                if (size := place(known.url).size) != known.size:
                    self._leave_out(shard, f"has {size:,} bytes and not {known.size:,} as indexed")
            except ShardError as error:
                self._leave_out(shard, str(error))
        if shard not in self._bad and self.replaced <= _SAID:
            _log.warning(
                "Picture %s of the shard %s %s: the next one takes its place.",
                f"{row:,}", printable(self._index.shards[shard].url), why,
            )  # fmt: skip


def build(options: ShardsOptions, resolution: int, channels: int) -> ShardsSource:
    """The pictures of all shards at `options.path` that can be used.

    Raises DataError when there are none, or the shards of four windows are larger than `options.cache`.
    """
    index = find_index(options.path)
    remote = sorted((shard.size for shard in index.shards if is_remote(shard.url)), reverse=True)
    needed = sum(remote[: 4 * options.window]) / 1e9
    if needed > options.cache:
        raise DataError(
            f"Four windows of {options.window} shards take {needed:,.1f} GB, and cache={options.cache:g} allows less. "
            f"Give shards:cache={needed:.0f} or more, or a smaller window."
        )
    return ShardsSource(index, options, resolution, channels)


def natural(options: ShardsOptions) -> Look:
    """The default shape to train at, from the headers of a few pictures of the first shard."""
    index = find_index(options.path)
    headers = _headers(index, index.shards[0])
    resolution = natural_resolution(headers)
    channels = 1 if headers and all(header.is_grey for header in headers) else 3
    why, pictures = why_so_large(resolution, headers), sum(shard.count for shard in index.shards)
    return Look(resolution, channels, len(index.class_names), why=why, pictures=pictures)


def _headers(index: Index, shard: Shard) -> list[Header]:
    headers = []
    with quiet_pillow():
        for row in index.rows(0)[: PEEKED if not is_remote(shard.url) else PEEKED // 4]:
            try:
                headers.append(peek(BytesIO(place(shard.url).read(int(row["offset"]), int(row["size"])))))
            except (UndecodableError, ShardError):
                continue
    return headers


def _notes(index: Index) -> Iterator[str]:
    yield from index.notes
    if index.skipped:
        url, why = index.skipped[0]
        more = f" and {len(index.skipped) - 1:,} more" if len(index.skipped) > 1 else ""
        total = len(index.shards) + len(index.skipped)
        yield f"Of {total:,} shards {len(index.shards):,} can be used: {printable(url)} {why}{more}."
