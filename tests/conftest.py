"""Shapes are checked in every test: jaxtyping's annotations, by beartype. No test meets the user's own files."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook("gantool", "beartype.beartype")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One cache folder for the whole run, and no third-party plugins of this machine."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("GANTOOL_PLUGINS", "")


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def gantool(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Runs the command `gantool` in this process, border and exit code included."""
    from gantool.cli import main

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["gantool", *map(str, arguments)])
        code: int | str | None = 0
        try:
            main.main()
        except SystemExit as ended:
            code = ended.code
        written = capsys.readouterr()
        assert isinstance(code, int | None)
        return Ended(code or 0, written.out, written.err)

    return run
