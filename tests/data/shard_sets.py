"""Little sets of shards for tests, and a server of files by ranges that can be slow, ill or short."""

import io
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 8


def png(number: int) -> bytes:
    """A plain picture of a colour of its own: red and green are the number."""
    content = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (number % 256, number // 256, 7)).save(content, "PNG")
    return content.getvalue()


def number_of(image: np.ndarray) -> int:
    """The inverse of `png`, of pixels [3, h, w]."""
    return int(image[0, 0, 0]) + 256 * int(image[1, 0, 0])


def tar(path: Path, files: Sequence[tuple[str, bytes]]) -> Path:
    """A tar of these files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def shards(folder: Path, *counts: int, labels: bool = True) -> Path:
    """Shards of so many numbered pictures each, whose label is the number modulo 3."""
    first = 0
    for shard, count in enumerate(counts):
        files = []
        for number in range(first, first + count):
            files.append((f"{number:06}.png", png(number)))
            files += [(f"{number:06}.cls", str(number % 3).encode())] if labels else []
        tar(folder / f"set-{shard:06}.tar", files)
        first += count
    return folder


class Ranges(BaseHTTPRequestHandler):
    """Answers ranges of files below `server.root`; `server.ills` are faults for the next answers, taken one by one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(self.path)
        file = server.root / self.path.lstrip("/")
        ill = server.ills.pop(0) if server.ills else server.always
        if ill == "503":
            self.send_error(503)
            return
        if ill == "slow":
            server.pause.wait(5)
        if not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        if int(first) >= len(content):
            self.send_error(416)
            return
        part = content[int(first) : int(last) + 1]
        self.send_response(200 if ill == "whole" else 206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if ill == "trickle":
            for number in range(len(part)):
                if server.pause.wait(0.02):
                    return
                self.wfile.write(part[number : number + 1])
            return
        self.wfile.write(part[: len(part) // 2] if ill == "short" else part)
        if ill == "short":
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """A server of files on this machine."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Ranges)
        self.root = root
        self.ills: list[str] = []
        self.always = ""
        self.asked: list[str] = []
        self.pause = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what some tests want."""


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """A server of the files below a folder, for as long as the block lasts."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.pause.set()
        server.shutdown()
        server.server_close()
        thread.join()
