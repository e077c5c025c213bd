"""A setting is declared once, and its flag made from that."""

import os
import re
import subprocess
import sys
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from gantool.api.panels import RUN
from gantool.api.run_config import SETTINGS, Flag, RunConfig, flag_of
from gantool.cli.app import app
from gantool.cli.examples import EXAMPLES
from gantool.cli.settings import flag_names, parameter, takes_settings

OWN = (
    *("minutes", "resume", "name", "out", "dry_run", "config", "change", "accept_new_data", "verbose", "json", "quiet"),
    *("plugins_dir", "help"),
)
"""The options of train that are no settings."""


def test_every_setting_says_what_it_is() -> None:
    for name, field in SETTINGS.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert isinstance(flag_of(name), Flag)


@pytest.mark.parametrize(
    ("name", "annotation", "metavar"),
    [
        ("lr_end", float | None, "X"),
        ("horizon", int | None, "N"),
        ("channels", int | None, "1|3|4"),
        ("lr_schedule", str | None, "constant|linear|cosine"),
        ("flip", bool | None, None),
        ("log", list[str] | None, "NAME[:OPTIONS]"),
        ("lr", float | None, "X"),
    ],
)
def test_a_flag_has_the_type_of_its_setting(name: str, annotation: object, metavar: str | None) -> None:
    made = parameter(name)
    assert made.annotation.__origin__ == annotation
    assert made.annotation.__metadata__[0].metavar == metavar


def test_the_settings_that_were_given_arrive_in_one_mapping() -> None:
    seen: dict[str, object] = {}

    @takes_settings(lambda panel: panel != RUN)
    def command(settings: dict[str, object], own: Annotated[str, typer.Option()] = "x") -> None:
        seen.update(settings, own=own)

    own_app = typer.Typer()
    own_app.command()(command.whole())  # type: ignore[attr-defined]
    words = ["--lr", "0.1", "--images", "2k", "--penalty", "r1", "--penalty", "gp", "--no-flip", "--own", "y"]
    ended = CliRunner().invoke(own_app, words)
    assert ended.exit_code == 0, ended.output
    given = {name: value for name, value in seen.items() if value is not None}
    assert given == {"lr": 0.1, "images": 2000, "penalty": ["r1", "gp"], "flip": False, "own": "y"}
    assert "keep" not in seen


def test_the_flags_of_a_panel_stand_together() -> None:
    panels = [flag_of(name).panel for name in flag_names()]
    assert panels == sorted(panels, key=list(dict.fromkeys(panels)).index)
    assert set(flag_names()) - set(RunConfig.model_fields) == {"lr"}


@pytest.mark.parametrize("words", [("train", "--help"), ("--help",), ("plugins", "list")])
def test_a_reader_that_has_seen_enough_is_no_error(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # what `| head -1` does before the page is at its end
    try:
        ended = subprocess.run([sys.executable, "-m", "gantool", *words], stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def page_of(command: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    return CliRunner().invoke(app, [command, "--help"], prog_name="gantool").stdout.splitlines()


def test_a_page_begins_with_what_to_train_and_how_long_and_ends_with_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of("train", monkeypatch)
    flags = [found[1] for line in page if (found := re.match(r"\u2502 (--[a-z0-9-]+)", line))]
    first = ["--arch", "--data", "--resolution", "--images", "--minutes", "--resume", "--name", "--out", "--dry-run"]
    assert flags[: len(first)] == first
    options = flags[: flags.index("--help") + 1]
    assert options[-2:] == ["--plugins-dir", "--help"]
    assert set(options) == {f"--{name.replace('_', '-')}" for name in (*flag_names(), *OWN)}
    assert [line for line in page if line.strip()][-3:] == [f"   {line}" for line in EXAMPLES["train"]]


@pytest.mark.parametrize("command", ["train", "tune", "sample", "stylize", "evaluate", "report"])
def test_a_page_shows_no_type_of_flags_and_fits_a_terminal_of_80_columns(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(command, monkeypatch)
    assert not any("<bool>" in line for line in page)
    assert max(map(len, page)) <= 80
    assert all(line.endswith("\u2500\u2500\u256e") for line in page if line.startswith("\u256d"))  # no title is cut
    for line in EXAMPLES.get(command, ()):
        assert f"   {line}" in page
