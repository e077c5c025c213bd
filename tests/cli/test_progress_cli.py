import re
from collections.abc import Iterator

import pytest

from gantool.cli.progress import SECONDS_BETWEEN_LINES, plain_lines, showing_progress
from gantool.progress import report


def lines_of(reports: list[tuple[float, int]], total: int = 100) -> list[str]:
    clock: Iterator[float] = iter([seconds for seconds, _ in reports])
    written: list[str] = []
    listen = plain_lines(lambda: next(clock), written.append)
    for _, done in reports:
        listen("reading", done, total)
    return written


def test_quick_work_writes_nothing() -> None:
    assert lines_of([(0, 1), (0.5, 50), (1, 100)]) == []


def test_long_work_writes_a_line_every_few_seconds_and_a_last_one() -> None:
    step = SECONDS_BETWEEN_LINES
    assert lines_of([(0, 1), (step, 20), (step + 1, 25), (2 * step, 40), (2 * step + 1, 100)]) == [
        "reading: 20 of 100 (20 %), 0:00:21 left",
        "reading: 40 of 100 (40 %), 0:00:15 left",
        "reading: 100 of 100 (100 %)",
    ]


def test_work_without_parts_says_how_long_it_took() -> None:
    assert lines_of([(0.0, 0), (30.0, 1)], total=1) == ["reading: done in 0:00:30"]


def test_work_that_only_waits_says_for_how_long_and_not_that_it_is_done() -> None:
    assert lines_of([(0.0, 0), (6.0, 0), (12.0, 0)], total=1) == ["reading: for 0:00:06", "reading: for 0:00:12"]


def test_the_same_label_may_begin_again() -> None:
    step = SECONDS_BETWEEN_LINES
    assert lines_of([(0, 1), (1, 100), (100, 1), (100 + step, 2)]) == ["reading: 2 of 100 (2 %), 0:08:10 left"]


def test_without_a_terminal_nothing_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress():
        report("reading", 1, 2)
        report("reading", 2, 2)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_there_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with showing_progress():
        report("reading", 1, 2)
        report("reading", 2, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading" in err
    assert "2/2" in err


def test_bars_leave_room_for_the_letters_of_ctrl_c(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("NO_COLOR", "1"), ("COLUMNS", "60")):
        monkeypatch.setenv(name, value)
    with showing_progress():
        report("measuring which precision is faster here", 2, 2)
    lines = [
        line for line in re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", capsys.readouterr().err).splitlines() if "2/2" in line
    ]
    assert lines
    assert max(map(len, lines)) <= 60 - len("^C") - 1
