import os
import signal

import pytest

from gantool.cli.interrupts import interruptible
from gantool.cli.output import say
from gantool.cli.pipes import forgiving

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")


def test_a_terminal_that_closes_asks_once_however_often_it_says_so():
    asked = []
    with interruptible(lambda: asked.append(True)) as caught:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
    assert (asked, caught.exit_code) == ([True], 129)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_twice_at_once_as_from_timeout_asks_once_and_a_later_one_ends_it(number, monkeypatch):
    def twice():
        with interruptible(lambda: asked.append(number)) as caught:
            for _ in range(2):
                os.kill(os.getpid(), number)
            return caught

    asked = []
    assert (list(twice()), asked) == ([number], [number])
    monkeypatch.setattr("gantool.signals.ECHO", 0.0)
    with pytest.raises(KeyboardInterrupt):
        twice()


class Closed:
    """A terminal that is gone."""

    def write(self, text):
        raise OSError(5, "Input/output error")

    flush = lambda self: self.write("")  # noqa: E731
    encoding = "utf-8"

    def isatty(self):
        return False

    def fileno(self):
        return self.file

    def __init__(self, file):
        self.file = file


def test_nobody_reading_is_no_error(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w") as file:
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(f"sys.{name}", Closed(file.fileno()))
        with forgiving("stderr", OSError), forgiving("stdout", BrokenPipeError):
            say("Stopped and saved.")
            print("runs/one", flush=True)
