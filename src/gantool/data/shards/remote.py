"""A remote file as Python reads files, for sources that read a part of it here and there."""

import io

from gantool.arguments import type_checked
from gantool.data.shards.places import Place, place
from gantool.data.shards.tar import ShardError

_AT_ONCE = 1 << 20


class _RemoteFile(io.RawIOBase):
    def __init__(self, one: Place) -> None:
        self._place, self._size, self._position = one, one.size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]  # Buffer is of 3.12
        count = max(0, min(len(buffer), self._size - self._position))
        try:
            content = self._place.read(self._position, count)
        except ShardError as error:
            raise OSError(str(error)) from error
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


@type_checked
def open_url(url: str) -> io.BufferedReader:
    """The file of a URL as a file to read and seek: by HTTP ranges, or of a store that fsspec knows (s3, gs, hf).

    A read that fails for a while is tried again after 0.5, 1, 2, 4 and 8 seconds. Raises OSError whose text is the
    reason, to follow the URL in a sentence ("is not there"), and DataError for a kind of URL that cannot be read here.
    """
    try:
        return io.BufferedReader(_RemoteFile(place(url)), _AT_ONCE)
    except ShardError as error:
        raise OSError(str(error)) from error
