"""A setting is declared once, and its flag made from that."""

import os
import subprocess
import sys
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from gantool.api.run_config import RUN, SETTINGS, Flag, RunConfig, flag_of
from gantool.cli.settings import flag_names, parameter, takes_settings


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
        ("log", list[str] | None, "NAME[:option=value,...]"),
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

    app = typer.Typer()
    app.command()(command.whole())  # type: ignore[attr-defined]
    words = ["--lr", "0.1", "--images", "2k", "--penalty", "r1", "--penalty", "gp", "--no-flip", "--own", "y"]
    ended = CliRunner().invoke(app, words)
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
