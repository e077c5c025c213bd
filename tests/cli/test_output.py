import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from gantool.cli import output
from gantool.errors import GantoolError
from gantool.testing.fixtures import CommandResult


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


def test_an_error_about_an_absurdly_long_word_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    output.error(f"no folder {'a/' * 2000}end.")
    assert capsys.readouterr().err == f"Error: no folder {'a/' * 200}...{('a/' * 2000 + 'end.')[-400:]}\n"
    path = "/".join(["a long name"] * 60)
    output.error(f"no folder {path}.")
    assert capsys.readouterr().err == f"Error: no folder {path}.\n"


def test_a_pipe_gets_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    output.warn("word " * 100 + "end")
    assert capsys.readouterr().err.count("\n") == 1


def test_a_terminal_gets_colour_unless_no_color_is_set_and_ends_lines_between_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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
    assert "\x1b[1;31mError:\x1b[0m word" in shown()
    assert [len(line.strip()) for line in shown().splitlines()[1:]] == [59, 39]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in shown()


def test_a_page_is_as_wide_as_its_terminal_and_wide_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert output.page().width == output.WIDTH_OF_A_PIPE
    monkeypatch.setenv("COLUMNS", "72")
    assert output.page().width == 72


def test_nothing_foreign_reaches_a_terminal_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = "name\x1b[31m\x07\x9b2J\u202e"
    output.warn(foreign)
    assert capsys.readouterr().err == "Warning: name\\x1b[31m\\x07\\x9b2J\\u202e\n"
    assert str(GantoolError(f"{foreign}\nmore")) == "name\\x1b[31m\\x07\\x9b2J\\u202e\nmore"
    output.result(foreign)
    assert capsys.readouterr().out == f"{foreign}\n"  # a program gets a path as it is
    output.result_words(f"the run {foreign}")
    assert capsys.readouterr().out == "the run name\\x1b[31m\\x07\\x9b2J\\u202e\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output.result_json([foreign, "é"])
    document = capsys.readouterr().out
    assert document == '[\n  "name\\u001b[31m\\u0007\\u009b2J\\u202e",\n  "é"\n]\n'
    assert json.loads(document) == [foreign, "é"]
    output.result(foreign)
    assert capsys.readouterr().out == "name\\x1b[31m\\x07\\x9b2J\\u202e\n"


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_words_that_cannot_be_written_change_nothing() -> None:
    def gantool(*words: str, **streams: int | IO[str]) -> tuple[int, bytes | None, bytes | None]:
        ended = subprocess.run([sys.executable, "-m", "gantool", *words], **streams)  # type: ignore[call-overload]
        return ended.returncode, ended.stdout, ended.stderr

    with Path("/dev/full").open("w") as full:
        code, out, _ = gantool("plugins", "list", stdout=subprocess.PIPE, stderr=full)
        assert (code, b"dcgan" in (out or b"")) == (0, True)
        assert gantool("train", "--arch", "none", stderr=full)[0] == 2
        lost = gantool("plugins", "list", stdout=full, stderr=subprocess.PIPE)
        assert lost == (1, None, b"Error: No space left on device.\n")  # results are worth an error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_training_goes_on_though_its_progress_cannot_be_written(
    gantool: Callable[..., CommandResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = "train --arch mlp --data shapes --resolution 8 --images 64 --batch 8 --precision float32 --name one"
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
        patch.setattr("sys.stderr", full)
        ended = gantool(*words.split())
    assert (ended.code, ended.out) == (0, "runs/one\n")
    assert (tmp_path / "runs" / "one" / "generator.safetensors").is_file()


def test_what_is_said_beside_a_live_display_stands_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    with Live(Text("the bar"), console=Console(stderr=True, force_terminal=True, width=80), auto_refresh=False):
        output.say("finishing the step")
    text = written.getvalue()
    assert text.count("finishing the step\n") == 1
    assert text.rindex("the bar") > text.rindex("finishing the step")


def test_a_command_said_beside_a_live_display_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    command = f"gantool sample {'runs-with-a-long-name/' * 4}one --grid"
    with Live(Text("the bar"), console=output.console(), auto_refresh=False):
        output.say(f"Draw more: {command}")
    assert command in written.getvalue()
