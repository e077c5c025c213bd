"""The entry point of the command `gantool`: from here on Ctrl-C ends it without a traceback, also while it is imported.

It imports as little as it can before that; `cli/app` has the commands.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: an exception might come up inside a library's import, and be told or swallowed there."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command line; the exit code is that of the error, 130, 143 or 129 when interrupted."""
    try:
        ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not so in a shell's background job
        if ours:
            signal.signal(signal.SIGINT, _leave)
        try:
            from gantool.cli import app
        finally:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
        app.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
