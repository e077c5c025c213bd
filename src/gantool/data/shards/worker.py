"""A process that decodes pictures of shards: jobs come by standard input, pixels go by standard output. No torch."""

import json
import signal
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from gantool.data.pictures.complaints import Complaints
from gantool.data.pictures.decode import decode, quiet_pillow, reason
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import given_ranges
from gantool.files import open_file

Job = tuple[str, int, int]
"""A picture by the path of its shard, its place there, and the number of its bytes."""
Decoded = UInt8[np.ndarray, "c h w"] | str
"""Pixels, or the reason why there are none."""


def decoded(content: bytes, options: PictureOptions, resolution: int, channels: int) -> Decoded:
    """One picture at the training size."""
    try:
        return decode(BytesIO(content), options, resolution, channels, given_ranges(options.range))
    except Exception as error:
        return reason(error)


def decode_all(jobs: Sequence[Job], options: PictureOptions, resolution: int, channels: int) -> list[Decoded]:
    """The pictures of these jobs, in their order."""
    answers: list[Decoded] = []
    with quiet_pillow():
        for path, offset, size in jobs:
            try:
                with open_file(Path(path)) as file:
                    file.seek(offset)
                    content = file.read(size)
            except OSError as error:
                answers.append(reason(error))
                continue
            answers.append(decoded(content, options, resolution, channels))
    return answers


def main() -> None:
    """Decode each line's jobs: a line of reasons, null for pictures that follow as bytes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = json.loads(sys.stdin.readline())
    options = PictureOptions(**setup["options"])
    complaints = Complaints()
    out = sys.stdout.buffer
    for line in sys.stdin:
        answers = decode_all(json.loads(line), options, setup["resolution"], setup["channels"])
        complaints.take()
        out.write(json.dumps([one if isinstance(one, str) else None for one in answers]).encode() + b"\n")
        out.writelines(one.data for one in answers if not isinstance(one, str))
        out.flush()


if __name__ == "__main__":
    main()
