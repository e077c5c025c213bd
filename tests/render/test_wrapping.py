"""Paragraphs on a terminal: broken between words, commands whole; in a pipe as they are."""

import io

import pytest
from rich.console import Console

from gantool.render.wrapping import say, wrapped

COMMAND = "gantool train --resume 'runs/my first one' --lr 0.0001 --images 20k"


def test_lines_end_between_words_and_no_word_is_lost():
    text = "The discriminator knows nearly all pictures by heart. " * 6
    lines = wrapped(text.strip(), 40).split("\n")
    assert max(map(len, lines)) <= 40
    assert min(map(len, lines[:-1])) > 25
    assert " ".join(lines) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        f"It stopped. Go on with: {COMMAND}",
        f"Go on with: {COMMAND}. Or leave it as it is, which is no mistake either.",
        f"Other programs use the cores; OMP_WAIT_POLICY=PASSIVE {COMMAND}",
        f"Give it up ('{COMMAND.replace(chr(39), '')}' does), or wait for a better time than this.",
        f"Install it (pip install a-plugin-of-a-very-long-name-that-nobody-knows), then: {COMMAND}",
    ],
)
@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_command_stays_whole(text, width):
    broken = wrapped(text, width)
    assert COMMAND in broken or COMMAND.replace("'", "") in broken
    assert broken.replace("\n", " ") == text
    assert "\n" in broken


def test_prose_about_the_program_is_no_command():
    text = "gantool has no plugin of that name; python 3.11 or newer is needed. To begin anew, gantool train is called"
    lines = wrapped(text, 20).split("\n")
    assert max(map(len, lines)) <= 20
    assert " ".join(lines) == text
    either = f"Install it: pip install gantool-a-plugin or {COMMAND} to go on"
    assert wrapped(either, 24).split("\n")[1:] == ["pip install gantool-a-plugin or", f"{COMMAND} to", "go on"]


def test_prose_goes_on_where_the_terminal_left_a_long_command():
    command = "gantool sample " + "x" * 30 + "."  # 46 columns: a whole line of 40, and 6 of the next
    assert wrapped(f"Draw: {command} Then look at all of it", 40) == f"Draw:\n{command} Then look at all of it"
    assert wrapped(f"Draw: {command} Then look at all of it again and again", 40).endswith(" and\nagain")


def test_short_lines_indents_and_wide_letters_keep_their_places():
    assert wrapped("  two  spaces\n\n\tlines", 40) == "  two  spaces\n\n\tlines"
    assert wrapped("  indented words", 11) == "  indented\nwords"
    assert wrapped("画像 画像 画像", 10) == "画像 画像\n画像"
    assert not wrapped(" " * 12, 10).strip()
    assert wrapped("a terminal of no width", 0) == "a terminal of no width"


@pytest.mark.parametrize(("terminal", "lines"), [(True, 4), (False, 1)])
def test_only_terminals_are_given_line_ends(terminal, lines):
    out = io.StringIO()
    say(
        Console(file=out, force_terminal=terminal, width=20, highlight=False),
        "Warning: ",
        "word " * 9 + "[b]end[/b]",
        "red",
    )
    assert len(out.getvalue().splitlines()) == lines + terminal * 1 or len(out.getvalue().splitlines()) == lines
    assert "[b]end[/b]" in out.getvalue()
