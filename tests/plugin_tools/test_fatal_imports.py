"""Plugins that end, crash or hang the process that imports them, beside a sound one: what is left of the commands."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from gantool.errors import UsageError
from gantool.plugin_tools import child_process, fatal_imports
from gantool.plugin_tools.doctor import candidates, wanted
from gantool.plugins import host as host_module
from gantool.plugins.loading import Candidate, Key
from sites import Site

SOUND = """
import gantool
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component("mild", "A loss", gantool.Options, "{module}:build")]
@gantool.hookimpl
def gantool_commands():
    return [gantool.Command("greet", "Say hello.", "{module}:build")]
"""
FATAL = {
    "crash": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "importing it crashed the process (SIGSEGV)"),
    "exit": (
        "import os; print('bye', flush=True); os._exit(3)",
        "importing it ended the process (exit code 3; its last words: bye)",
    ),
    "kill": ("import os\nos.kill(os.getpid(), 9)", "importing it crashed the process (SIGKILL)"),
}
HANG = "import time; time.sleep(600)"
Cli = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one sound plugin and those that end the process; each command is a process of its own for a user."""
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.setenv("GANTOOL_PLUGINS", "crash,exit,hang,kill,sound")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "sound.py").write_text(SOUND.replace("{module}", "sound"))
    for name, (source, _) in FATAL.items():
        (tmp_path / f"{name}.py").write_text(source)
    return tmp_path


def fatal(folders: list[Path], seconds: float = fatal_imports.SECONDS) -> dict[Key, str]:
    return fatal_imports.fatal_imports(wanted(candidates(folders)), seconds)


def test_the_list_names_those_that_end_the_process_and_the_others_as_they_are(gantool: Cli, folder: Path) -> None:
    ended = gantool("plugins", "list", "--json", "--plugins-dir", folder)
    assert ended.code == 0, ended.err
    listed = {plugin["name"]: plugin for plugin in json.loads(ended.out)}
    assert {name: listed[name]["error"] for name in FATAL} == {name: cause for name, (_, cause) in FATAL.items()}
    assert {listed[name]["status"] for name in FATAL} == {"broken"}
    assert listed["sound"]["provides"]["losses"] == ["mild"]
    warnings = [line for line in ended.err.splitlines() if line.startswith("Warning: ")]
    assert len([line for line in warnings if "is called so" not in line]) == len(FATAL)
    assert "GANTOOL_PLUGINS names 'hang', and no plugin is called so." in ended.err


def test_help_and_show_start_no_process(gantool: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FATAL:
        (folder / f"{name}.py").unlink()
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(folder))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    assert "Say hello. (sound)" in gantool("--help").out
    assert "A loss" in gantool("plugins", "show", "mild").out


@pytest.mark.long
def test_what_hangs_is_stopped_and_named(folder: Path) -> None:
    for name in FATAL:
        (folder / f"{name}.py").unlink()
    (folder / "hang.py").write_text(HANG)
    began = time.monotonic()
    found = fatal([folder], seconds=2.0)
    assert found == {
        ("hang", "hang", str(folder / "hang.py")): "importing it took longer than 2 seconds, so it was stopped"
    }
    assert time.monotonic() - began < 30


THREADS = """
import threading, time
from concurrent.futures import ThreadPoolExecutor
{what}
"""
LINGERS = "importing it started a thread that does not end ('mine' still ran 2 seconds later)"


@pytest.mark.long
def test_a_thread_that_keeps_the_process_from_ending_is_named_and_nothing_waits_for_it(folder: Path) -> None:
    for name in FATAL:
        (folder / f"{name}.py").unlink()
    start = "threading.Thread(target=time.sleep, args=({seconds},), name='mine', daemon={daemon}).start()"
    (folder / "hang.py").write_text(THREADS.format(what=start.format(seconds=600, daemon=False)))
    (folder / "kill.py").write_text(THREADS.format(what=start.format(seconds=600, daemon=True)))
    (folder / "exit.py").write_text(THREADS.format(what=start.format(seconds=0.5, daemon=False)))
    (folder / "crash.py").write_text(THREADS.format(what="ThreadPoolExecutor(1).submit(str).result()"))
    began = time.monotonic()
    assert fatal([folder]) == {("hang", "hang", str(folder / "hang.py")): LINGERS}
    assert time.monotonic() - began < fatal_imports.SECONDS


def test_a_process_is_left_when_its_work_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        import sys, threading, time
        from gantool.plugin_tools.child_process import serve
        threading.Thread(target=time.sleep, args=(600,)).start()
        serve(sys.argv[1:], lambda request, write: write({"said": request}))
    """
    (tmp_path / "stayer.py").write_text(dedent(source))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    began = time.monotonic()
    assert child_process.run("stayer", "hello", lambda line: 30.0) == ([{"said": "hello"}], None)
    assert time.monotonic() - began < 20


def test_nothing_is_started_where_there_is_no_plugin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fatal_imports, "run", lambda *_: pytest.fail("a process was started"))
    monkeypatch.setenv("GANTOOL_PLUGINS", "")
    assert fatal_imports.cached_fatal_imports([folder]) == {}
    with pytest.raises(UsageError, match="There is no plugin folder"):
        fatal_imports.cached_fatal_imports([folder / "absent"])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The plugins of each call that the child process would answer; it finds that none but "bad" is fatal."""
    calls: list[list[str]] = []

    def answer(found: Sequence[Candidate]) -> dict[Key, str]:
        calls.append([each.name for each in found])
        return {each.key: "importing it hurts" for each in found if each.name == "bad"}

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fatal_imports, "fatal_imports", answer)
    return calls


def test_the_answer_is_remembered_until_something_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[list[str]]
) -> None:
    site = Site(tmp_path)
    site.add("gantool-bad", "")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("GANTOOL_PLUGINS", "bad,late")
    first = fatal_imports.cached_fatal_imports([])
    assert first == {("bad", "gantool-bad", "installed"): "importing it hurts"}
    assert fatal_imports.cached_fatal_imports([]) == first
    site.add("gantool-late", "")
    assert fatal_imports.cached_fatal_imports([]) == first
    assert asked == [["bad"], ["bad", "late"]]
    monkeypatch.setenv("GANTOOL_PLUGINS", "bad")
    fatal_imports.cached_fatal_imports([])
    (tmp_path / "cache" / next((tmp_path / "cache").iterdir()).name).write_text("{")  # as a full disk leaves it
    assert fatal_imports.cached_fatal_imports([]) == first
    assert len(asked) == 4


def test_code_that_may_change_is_asked_about_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[list[str]]
) -> None:
    (tmp_path / "good.py").touch()
    monkeypatch.setenv("GANTOOL_PLUGINS", "bad,good")
    for _ in range(2):
        assert fatal_imports.cached_fatal_imports([tmp_path]) == {}
    assert len(asked) == 1
    (tmp_path / "bad.py").touch()
    for _ in range(2):
        assert len(fatal_imports.cached_fatal_imports([tmp_path])) == 1
    assert len(asked) == 3


def test_one_that_ends_the_process_in_a_hook_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path)
    site.add("gantool-late", "import gantool, os\n@gantool.hookimpl\ndef gantool_losses():\n    os._exit(0)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("GANTOOL_PLUGINS", "late")
    (cause,) = fatal([]).values()
    assert cause == "importing it ended the process (exit code 0)"
