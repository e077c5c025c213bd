"""Shapes are checked in every test: jaxtyping's annotations, by beartype. No test meets the user's own files.

Each process of tests computes by one thread: several that share cores with the next process take many times as long.
"""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from jaxtyping import install_import_hook
from typer.main import get_command

from headless import started_browser
from shape_checks import use_quick_checks
from two_processes import TwoProcesses

os.environ.setdefault("OMP_NUM_THREADS", "1")  # heeded only if it is set before torch is imported

# Under nohup, or in the background of a shell, they are ignored, here and in every process that a test starts.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (getattr(signal, "SIGHUP", None), signal.SIG_DFL),
):
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

use_quick_checks()
install_import_hook(["gantool", "mode_coverage", "shapes_recognise"], "beartype.beartype")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One cache folder for the whole run, no third-party plugins of this machine, and little waiting."""
    patch = pytest.MonkeyPatch()
    patch.setattr("os.fsync", lambda _: None)  # of which no test sees more than the delay
    patch.setattr("gantool.run.trial_steps.BLOCK_SECONDS", 0.02)
    patch.setattr(
        "typer.main.get_command", cache(get_command)
    )  # the commands of gantool are made once, not for each call
    patch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("GANTOOL_PLUGINS", "")
    patch.setenv("OMP_WAIT_POLICY", "PASSIVE")  # else runs warn of other programs, such as tests beside them


@pytest.fixture
def gantool(gantool_cli: Callable[..., object]) -> Callable[..., object]:
    """Runs the command `gantool` in this process, border and exit code included."""
    return gantool_cli


@pytest.fixture
def interrupting_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A function: Ctrl-C comes at the n-th step of `gantool stylize` that is shown, counted from this call on."""
    from gantool.cli import stylize_display

    monkeypatch.setattr(stylize_display, "SECONDS_BETWEEN_LINES", 0.0)

    def at(wanted: int) -> None:
        shown: list[bool] = []

        def interrupting(*_: object) -> tuple[()]:
            shown.append(True)
            if len(shown) == wanted:
                os.kill(os.getpid(), signal.SIGINT)
            return ()

        monkeypatch.setattr(stylize_display, "status", interrupting)

    return at


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Runs begin without the trial steps that tell how long they will take, and with one sample grid, at their end.

    For files whose subject is not what a run expects of its time; tests marked `timed` in them have the trial.
    """
    if request.node.get_closest_marker("timed") is not None:
        return
    from gantool.run.duration import Duration
    from gantool.run.intervals import Cost

    expected = Duration(low=1.0, high=3.0, last=(0.01, 0.01), tried={}, grid=Cost(grid=1.0, image=0.01))
    monkeypatch.setattr(
        "gantool.run.start.duration",
        lambda prepared, _, since, *__: expected if since < prepared.config.images else None,
    )


@pytest.fixture(scope="session")
def two_processes() -> Iterator[TwoProcesses]:
    """Calls `function(rank, ...)` in two processes at once: `two_processes(function, ...)`."""
    both = TwoProcesses()
    yield both
    both.end()


def pytest_collection_finish() -> None:
    """What is imported by now stays: searches for garbage pass over torch's objects, as in gantool's own processes."""
    gc.collect()
    gc.freeze()


browser = pytest.fixture(scope="module")(started_browser)
