"""Files read at any place: of this machine, by HTTP ranges, or of a store that fsspec knows; what fails is retried."""

import http.client
import logging
import re
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gantool.data.shards.tar import PassingError, ShardError
from gantool.data.shards.urls import STORES, is_remote, scheme
from gantool.errors import DataError, printable
from gantool.files import open_file
from gantool.reading import Pace

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further trial of a read that failed."""
TIMEOUT = 30.0
_AT_ONCE = 1 << 23
_TRANSIENT = frozenset([408, 425, 429, 500, 502, 503, 504])
Got = TypeVar("Got")
_log = logging.getLogger("gantool")


class Place(ABC):
    """A file that is read in parts."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of its bytes. Raises ShardError when it is not there."""

    @abstractmethod
    def read(self, offset: int, count: int) -> bytes:
        """So many bytes from `offset` on. Raises ShardError when there are fewer, or reading fails again and again."""


class _TransientError(Exception):
    """A fault that may be over the next time."""


def place(url: str) -> Place:
    """The file of this path or URL. Raises DataError for a kind of URL that cannot be read here."""
    if not is_remote(url):
        return LocalFile(Path(url))
    kind = scheme(url)
    return WebFile(url) if kind in ("http", "https") else StoredFile(url, kind)


class LocalFile(Place):
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """See `Place`."""
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise ShardError(_absent(error)) from error

    def read(self, offset: int, count: int) -> bytes:
        """See `Place`."""
        try:
            with open_file(self._path) as file:
                file.seek(offset)
                return _whole(file.read(count), count)
        except OSError as error:
            raise ShardError(_absent(error)) from error


class WebFile(Place):
    """A file of a server that answers ranges."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def size(self) -> int:
        """See `Place`."""
        return insistently(self._url, self._length)

    def read(self, offset: int, count: int) -> bytes:
        """See `Place`."""
        return insistently(self._url, partial(self._range, offset, count)) if count else b""

    def _length(self) -> int:
        with self._answer(0, 1) as answer:
            _, _, size = answer.headers.get("Content-Range", "").rpartition("/")
            if re.fullmatch("[0-9]{1,18}", size) is None:
                raise ShardError("is of a server that does not tell its size")
            return int(size)

    def _range(self, offset: int, count: int) -> bytes:
        content, pace = bytearray(), Pace()
        with self._answer(offset, count) as answer:
            while part := answer.read1(count - len(content)):  # nothing, where all has come
                content += part
                pace.came(len(part))
        if len(content) < count:
            raise _TransientError(f"{len(content):,} of {count:,} bytes came")
        return bytes(content)

    def _answer(self, offset: int, count: int) -> Any:
        asked = urllib.request.Request(
            self._url, headers={"Range": f"bytes={offset}-{offset + count - 1}", "User-Agent": "gantool"}
        )
        try:
            answer = urllib.request.urlopen(asked, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _TRANSIENT:
                raise _TransientError(f"HTTP {error.code}") from error
            if error.code == 416:
                raise ShardError("is shorter than its index says") from error
            raise ShardError(f"is not there (HTTP {error.code} {error.reason})") from error
        if answer.status != 206:
            answer.close()
            raise ShardError("is of a server that sends whole files only, without ranges")
        return answer


class StoredFile(Place):
    """A file of a store that fsspec knows: s3://, gs://, hf:// and the like."""

    def __init__(self, url: str, kind: str) -> None:
        try:
            import fsspec

            self._store, self._path = fsspec.core.url_to_fs(url)
        except Exception as error:  # of many packages, each with errors of its own
            package = STORES.get(kind)
            remedy = f"install it: pip install 'gantool[shards]' {package}" if package else "fetch the shards first"
            raise DataError(f"{printable(url)} cannot be read here ({error}); {remedy}.") from error
        self._url = url

    @property
    def size(self) -> int:
        """See `Place`."""
        return insistently(self._url, partial(_of_store, self._length))

    def read(self, offset: int, count: int) -> bytes:
        """See `Place`."""
        return insistently(self._url, partial(_of_store, partial(self._range, offset, count))) if count else b""

    def _length(self) -> int:
        size = self._store.info(self._path)["size"]
        if not isinstance(size, int):
            raise ShardError("is of a store that does not tell its size")
        return size

    def _range(self, offset: int, count: int) -> bytes:
        content: bytes = self._store.cat_file(self._path, start=offset, end=offset + count)
        if len(content) < count:
            raise _TransientError(f"{len(content):,} of {count:,} bytes came")
        return content


def _of_store(work: Callable[[], Got]) -> Got:
    """The result of a store, whose packages have errors of their own: those of the request stay, others may pass."""
    try:
        return work()
    except (FileNotFoundError, PermissionError, ShardError, _TransientError):
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        answer = getattr(error, "response", None)  # botocore has a dict there, gcsfs and adlfs a number of their own
        of_botocore = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
        told = of_botocore or getattr(answer, "status_code", None)  # as that of huggingface_hub, whose error is OSError
        status = told or getattr(error, "status_code", None) or getattr(error, "code", None)
        if isinstance(status, int) and 400 <= status < 500 and status not in _TRANSIENT:
            raise ShardError(f"could not be read: {said}") from error
        raise _TransientError(said) from error


def insistently(url: str, work: Callable[[], Got]) -> Got:
    """The result of reading, tried again after pauses. Raises ShardError when it fails each time."""
    for pause in (*PAUSES, None):
        try:
            return work()
        except FileNotFoundError as error:
            raise ShardError("is not there") from error
        except PermissionError as error:
            raise ShardError("may not be read: permission denied") from error
        except (_TransientError, OSError, http.client.HTTPException) as error:
            reason = _reason(error)
            if pause is None:
                raise PassingError(f"could not be read in {len(PAUSES) + 1} trials, the last time: {reason}") from error
            _log.info("%s: %s; trying again in %s s.", printable(url), reason, pause)
            time.sleep(pause)
    raise AssertionError


def _reason(error: BaseException) -> str:
    """What happened on the way to a server, or what it answered."""
    found = getattr(error, "reason", error)  # what urllib wraps
    if isinstance(found, TimeoutError):
        return f"no answer came within {TIMEOUT:g} s"
    return (isinstance(found, OSError) and found.strerror) or str(found) or type(found).__name__


def _whole(content: bytes, count: int) -> bytes:
    if len(content) < count:
        raise ShardError("is shorter than its index says")
    return content


def _absent(error: OSError) -> str:
    return "is not there" if isinstance(error, FileNotFoundError) else f"could not be read: {error.strerror or error}"


def copied(url: str, file: Path, size: int | None = None, most: int | None = None) -> None:
    """Copy a file of `size` bytes, or of `most` at the most, some at a time. Raises ShardError for another size."""
    one = place(url)
    found = one.size
    if size is not None and found != size:
        raise ShardError(f"has {found:,} bytes and not {size:,} as indexed")
    if most is not None and found > most:
        raise ShardError(f"has {found:,} bytes, and {most:,} at the most fit its index.json")
    with file.open("wb") as out:
        for start in range(0, found, _AT_ONCE):
            out.write(one.read(start, min(_AT_ONCE, found - start)))


def buffered(read: Callable[[int, int], bytes], size: int, at_once: int = 1 << 20) -> Callable[[int, int], bytes]:
    """A reader that reads much at once, for small parts in a row."""
    start, content = 0, b""

    def parts(offset: int, count: int) -> bytes:
        nonlocal start, content
        if not start <= offset <= offset + count <= start + len(content):
            start, content = offset, read(offset, max(count, min(at_once, size - offset)))
        return content[offset - start : offset - start + count]

    return parts
