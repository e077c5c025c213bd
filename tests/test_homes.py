"""Paths as users write them, some with `~`, and as they are told."""

from pathlib import Path

import pytest

from gantool.homes import at_home, folder_of


def test_a_home_takes_the_place_of_its_sign(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert at_home("~/photos") == tmp_path / "photos"
    assert at_home(Path("photos")) == Path("photos")


def test_the_folder_of_a_path_is_no_dot_at_the_end_of_a_sentence(monkeypatch, tmp_path, gantool):
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert folder_of("photo.jpg") == tmp_path / "inner"
    assert folder_of("../photo.jpg") == tmp_path
    assert folder_of("sub/photo.jpg") == Path("sub")
    Path("photo.jpg").touch()
    told = gantool("data", "check", "photo.jpg").err
    assert f"photo.jpg is a single picture. Give the folder that holds it: {tmp_path / 'inner'}.\n" in told


@pytest.mark.parametrize("source", ["{}", "folder:path={}", "array:path={}.npy", "shards:path={}", "shapes --init {}"])
def test_a_home_of_nobody_is_a_path_that_is_not_there(gantool, source):
    ended = gantool("train", "--dry-run", "--arch", "mlp", "--data", *source.format("~no-such-user/x").split())
    assert ended.code in (1, 2)
    assert "internal error" not in ended.err
    assert "~no-such-user/x" in ended.err


def test_labels_and_checks_of_nobody_are_told_as_well(gantool, tmp_path):
    assert "no-such-user" in gantool("data", "check", "~no-such-user/x").err
    (tmp_path / "photos").mkdir()
    ended = gantool("data", "check", f"folder:path={tmp_path / 'photos'},labels=~no-such-user/x.csv")
    assert "internal error" not in ended.err


@pytest.mark.parametrize("words", ["plugins list --plugins-dir {}", "plugins install {}", "compare {} {}"])
def test_so_are_folders_of_plugins(gantool, words, monkeypatch):
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", "~no-such-user/plugins")
    assert "internal error" not in gantool(*words.format(*["~no-such-user/x"] * 2).split()).err
