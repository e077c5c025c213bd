"""The entry point of the command `gantool`: from here on Ctrl-C ends it without a traceback, also while it is imported.

It imports only what Python has loaded by itself before that, so no `signal`, which needs more than a millisecond;
`cli/app` has the commands.
"""

import _signal  # type: ignore[import-not-found]
import os
import sys

INTERRUPTED = 130


def _leave(number: int, frame: object) -> None:
    """End at once: an exception might come up inside a library's import, and be told or swallowed there."""
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command line; the exit code is that of the error, 130, 143 or 129 when interrupted."""
    try:
        ours = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler  # not so in a shell's background job
        if ours:
            _signal.signal(_signal.SIGINT, _leave)
        try:
            from gantool.cli import app
        finally:
            if ours:
                _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        app.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
