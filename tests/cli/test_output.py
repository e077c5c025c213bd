import io
import json
from pathlib import Path

import pytest

from gantool.cli import output


def test_results_go_to_standard_output_and_words_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    output.result("a/path [red]as it is[/red]")
    output.result_json({"files": [Path("a.png")], "name": "é"})
    output.say("saying")
    output.warn("take [care]")
    output.error("no such thing")
    out, err = capsys.readouterr()
    first, document = out.split("\n", 1)
    assert first == "a/path [red]as it is[/red]"
    assert json.loads(document) == {"files": ["a.png"], "name": "é"}
    assert "é" in document
    assert err == "saying\nWarning: take [care]\nError: no such thing\n"


def test_a_pipe_gets_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    output.warn("word " * 100 + "end")
    assert capsys.readouterr().err.count("\n") == 1


def test_a_terminal_gets_colour_and_wrapping_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown() -> str:
        screen = Terminal()
        monkeypatch.setattr("sys.stderr", screen)
        output.error("word " * 30)
        return screen.getvalue()

    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    assert "\x1b[1;31mError: " in shown()
    assert all(len(line) <= 80 for line in shown().splitlines())
    assert shown().count("\n") > 2
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in shown()


def test_a_page_is_as_wide_as_its_terminal_and_wide_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert output.page().width == output.WIDTH_OF_A_PIPE
    monkeypatch.setenv("COLUMNS", "72")
    assert output.page().width == 72
