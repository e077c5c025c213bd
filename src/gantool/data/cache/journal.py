"""What a build of the cache has done so far, so that one that was killed goes on where it stood. Imports no torch."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JOURNAL = "done.jsonl"
SECONDS = 5.0
"""Rows are on the disk, and noted as done, so often: a kill costs the work of so long at the most."""

Answer = dict[str, Any]


class Journal:
    """The answers of a build, in a file beside the pixels that it fills.

    Rows reach the disk before their answers do, so that a row that is noted is there after a power cut too. Answers
    with a `reason` are not noted: a file that could not be read is tried again.
    """

    def __init__(self, pixels: Path) -> None:
        self._pixels, self._file = pixels, pixels.with_name(JOURNAL)

    def done(self, count: int) -> dict[int, Answer]:
        """The answers noted so far, by the index of their picture among so many; what was cut short is dropped."""
        found: dict[int, Answer] = {}
        whole = 0
        lines = self._file.read_bytes().splitlines(keepends=True) if self._file.is_file() else []
        for line in lines:
            try:
                index, answer = json.loads(line)
            except (ValueError, TypeError):
                break
            if not line.endswith(b"\n") or not isinstance(answer, dict) or not 0 <= index < count:
                break
            found[index] = answer
            whole += len(line)
        if lines:
            os.truncate(self._file, whole)
        return found

    def noting(self, answers: Iterator[tuple[int, Answer]]) -> Iterator[tuple[int, Answer]]:
        """The same answers, noted as they come."""
        waiting: list[tuple[int, Answer]] = []
        noted = time.monotonic()
        try:
            for index, answer in answers:
                if "reason" not in answer:
                    waiting.append((index, answer))
                if time.monotonic() - noted >= SECONDS:
                    self._note(waiting)
                    waiting, noted = [], time.monotonic()
                yield index, answer
        finally:
            self._note(waiting)

    def _note(self, answers: list[tuple[int, Answer]]) -> None:
        if not answers:
            return
        with self._pixels.open("r+b") as rows:
            os.fsync(rows.fileno())
        with self._file.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(answer)}\n" for answer in answers)
            file.flush()
            os.fsync(file.fileno())
