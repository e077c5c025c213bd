"""Two processes that stay for all tests of a session, since importing torch takes longer than what tests do in them."""

import os
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import Any


class TwoProcesses:
    """`two(function, ...)` calls `function(rank, ...)` in both processes at once, each of which waits for the other."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __call__(self, function: Callable[..., None], *arguments: Any) -> None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"))
        futures = [self._pool.submit(_called, function, rank, *arguments) for rank in range(2)]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        failed = next((future for future in done if future.exception() is not None), None)
        if failed is not None:
            self.end()  # the other one would wait for ever
            failed.result()

    def end(self) -> None:
        """Kill both; the next call starts new ones."""
        if self._pool is not None:
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _called(function: Callable[..., None], *arguments: Any) -> None:
    environment = dict(os.environ)
    try:
        function(*arguments)
    finally:
        os.environ.clear()
        os.environ |= environment
