"""report.html: the run as one page, written again at checkpoints and at the end."""

import time
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from gantool.api.events import Checkpoint, Event, Finished, Started, Warned
from gantool.api.observers import Observer
from gantool.builtin.observers import ReportOptions
from gantool.engine.run_names import REPORT
from gantool.errors import GantoolError, cause, sentence

if TYPE_CHECKING:
    from gantool.report.frames import Encoder

SHARE = 0.005
"""The share of a run's time for reports on the way, and as much again for the last one."""
FIRST_SECONDS = 0.5
"""What a report takes, until one has been timed."""


class Report(Observer):
    """Writes the page of a run; it fails in one line of warning, and never stops the run.

    On the way it is left out where it would take more than its share of the time.
    """

    def __init__(self, options: ReportOptions) -> None:
        self._off = options.off
        self._started: Started | None = None
        self._encoder: Encoder | None = None
        self._spent, self._last = 0.0, FIRST_SECONDS
        self._failed = False

    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Write the page where the event calls for it."""
        if self._off:
            return None
        if isinstance(event, Started):
            self._started, self._encoder, self._began = event, None, time.monotonic()
        elif isinstance(event, Finished) or (isinstance(event, Checkpoint) and self._affordable()):
            return self._write(event) if self._is_stale(event) else None
        return None

    def _is_stale(self, event: Checkpoint | Finished) -> bool:
        """False if the run did nothing and has its page already."""
        started = self._started
        return started is not None and (
            event.images_seen != started.images_seen or not (started.run / REPORT).is_file()
        )

    def _affordable(self) -> bool:
        return self._spent + self._last <= SHARE * (time.monotonic() - self._began)

    def _write(self, event: Checkpoint | Finished) -> Sequence[Event] | None:
        begins = time.monotonic()
        try:
            self._page(max(SHARE * (begins - self._began), 0.2) if isinstance(event, Finished) else inf)
        except Exception as error:
            return self._warning(event.images_seen, error)
        finally:
            self._last = time.monotonic() - begins
            self._spent += self._last
        return None

    def _page(self, seconds: float) -> None:
        # Imported here, so that what is missing or broken is a warning, too.
        from gantool.report.frames import Encoder
        from gantool.report.page import write_report
        from gantool.report.record import read_record

        if self._started is None:
            return
        self._encoder = self._encoder or Encoder()
        run = self._started.run
        record = read_record(run, self._started.config)
        write_report(run / REPORT, [record], self._encoder, self._started.plugins, seconds)

    def _warning(self, images_seen: int, error: Exception) -> Sequence[Event] | None:
        if self._failed:
            return None
        self._failed = True
        why = str(error) if isinstance(error, GantoolError) else sentence(f"{REPORT} failed: {cause(error)}")
        return [Warned(images_seen, f"{why} The run goes on without a report; `gantool report` makes one later.")]
