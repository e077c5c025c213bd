"""Names of runs beside others, and the commands that have them."""

from pathlib import Path

import pytest

from gantool.engine.commands import anew_command


@pytest.mark.parametrize(("run", "out"), [("runs/one", ""), ("other/one", "--out other "), (".", "--out {} ")])
def test_a_run_that_begins_anew_has_the_next_free_name_beside_the_run(tmp_path, monkeypatch, run, out):
    monkeypatch.chdir(tmp_path)
    for taken in ("runs/one-2", "other/one-2", "one-2", "one"):
        Path(taken).mkdir(parents=True)
    if run == ".":
        monkeypatch.chdir("one")
    assert anew_command(Path(run), {}).endswith(f"config.toml {out.format(tmp_path)}--name one-3")
