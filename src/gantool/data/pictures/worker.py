"""A worker process that decodes its share of pictures into rows of a file, or inspects them. It imports no torch."""

import json
import signal
import sys
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from gantool.data.pictures.archive import Opener
from gantool.data.pictures.complaints import Complaints, may_complain
from gantool.data.pictures.decode import decode_with_facts, quiet_pillow, reason
from gantool.data.pictures.inspection import inspect
from gantool.data.pictures.listing import Item, Listing
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import Ranges
from gantool.data.pictures.tree import read

Answer = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Decode at `resolution` and `channels` into the rows of the file `pixels`; without that file, inspect instead.

    Without `ranges`, pictures of more than 8 bits are reduced from their own, and the answer has their `extremes`.
    With `aside`, TIFFs are left to a worker process: their answer is `aside`.
    """

    options: PictureOptions
    resolution: int = 0
    channels: int = 0
    pixels: Path | None = None
    ranges: Ranges | None = None
    aside: bool = False


class _OutputError(Exception):
    """An error in writing the rows, which is no picture's fault."""


def perform(source: Listing, share: Mapping[int, Item], task: Task) -> Generator[tuple[int, Answer], None, None]:
    """Each index of the share, which is a part of `source`, with its answer, in the order of the share.

    `reason` in an answer says why a picture cannot be used; `fatal` says that the work cannot go on.
    """
    indices = iter(share)
    rows = task.pixels.open("r+b", buffering=0) if task.pixels else nullcontext()
    with rows as file, quiet_pillow():
        try:
            for item, opener in read(source, list(share.values())):
                index = next(indices)
                yield index, _answer(item, opener, index, task, file)
        except _OutputError as error:
            yield -1, {"fatal": str(error)}
            return
        except Exception as error:  # the archive itself breaks off here
            broken = reason(error)
            for index in indices:
                yield index, {"reason": f"lies in a part of the archive that {broken}"}


def to_json(source: Listing, share: Mapping[int, Item], task: Task) -> str:
    """The job as JSON, for `main` to read."""
    items = [[index, *astuple(item)] for index, item in share.items()]
    return json.dumps({
        "root": str(source.root.absolute()), "kind": source.kind, "items": items,
        "options": task.options.decoding.model_dump(),
        "resolution": task.resolution, "channels": task.channels, "pixels": str(task.pixels) if task.pixels else None,
        "ranges": task.ranges,
    })  # fmt: skip


def main() -> None:
    """Read one job from stdin and answer a line of JSON per picture; the parent process alone handles Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = json.load(sys.stdin)
    source = Listing(Path(job["root"]), job["kind"], ())
    share = {index: Item(*fields) for index, *fields in job["items"]}
    pixels = Path(job["pixels"]) if job["pixels"] else None
    task = Task(PictureOptions(**job["options"]), job["resolution"], job["channels"], pixels, job["ranges"])
    _say({"ready": True})
    complaints = Complaints()
    for index, answer in perform(source, share, task):
        _say({"index": index, **answer, **complaints.take()})


def _say(words: Answer) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _answer(item: Item, opener: Opener, index: int, task: Task, rows: FileIO | None) -> Answer:
    if item.size == 0:
        return {"reason": "is empty (0 bytes)"}
    try:
        with opener() as file:
            if task.aside and may_complain(file):
                return {"aside": True}
            if rows is None:
                return inspect(file)
            pixels, facts = decode_with_facts(file, task.options, task.resolution, task.channels, task.ranges)
    except Exception as error:
        return {"reason": reason(error)}
    try:
        rows.seek(index * pixels.size)
        rows.write(pixels.data)
    except OSError as error:
        raise _OutputError(f"{task.pixels} could not be written: {error.strerror or error}.") from error
    return facts


if __name__ == "__main__":
    main()
