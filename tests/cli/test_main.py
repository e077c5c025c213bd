import errno
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from gantool import __version__
from gantool.cli import app as cli
from gantool.cli.bash_words import joined
from gantool.errors import DataError, UnknownNameError

HEAVY = {"torch", "torchvision", "numpy", "PIL"}


def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gantool", *args], capture_output=True, text=True, env={**os.environ, **environ}
    )


def ending(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> int:
    """The exit code of a command line whose work is `action`."""

    def app(prog_name: str, standalone_mode: bool) -> None:
        action()

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


def fail(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("args", "more"),
    [
        (("--help",), ("pydantic",)),
        (("--version",), ("pydantic", "rich")),
        (("train", "--arch", "dcgan", "--help"), ()),
        (("plugins", "list"), ()),
    ],
    ids=str,
)
def test_pages_import_nothing_heavy(args: tuple[str, ...], more: tuple[str, ...]) -> None:
    code = (
        "import sys; from gantool.cli.main import main\n"
        f"sys.argv = ['gantool', *{args!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted({ {*HEAVY, *more}!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_lists_the_commands_and_version_is_the_packages() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "plugins" in done.stdout
    assert "--version" in done.stdout
    assert run("--version").stdout.strip() == f"gantool {__version__}"


def test_the_lines_of_a_docstring_are_none_on_a_help_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    page = CliRunner().invoke(cli.app, ["interpolate", "--help"]).stdout
    assert "goes from the one to the other, also for a single seed." in page
    assert "draws for it. `-o" not in page  # paragraphs stay


def test_a_wrong_command_is_wrong_usage_with_the_nearest_name() -> None:
    done = run("plugin")
    assert done.returncode == 2
    assert "plugins" in done.stderr
    assert done.stdout == ""


def test_errors_are_one_line_with_their_own_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(monkeypatch, fail(DataError("The folder [red]x[/red] is empty. " + "word " * 60))) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: The folder [red]x[/red] is empty. word ")
    assert err.count("\n") == 1
    assert ending(monkeypatch, fail(UnknownNameError("There is no loss 'x'."))) == 2
    assert capsys.readouterr().err == "Error: There is no loss 'x'.\n"


def test_an_unexpected_error_is_one_line_and_a_traceback_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GANTOOL_DEBUG", raising=False)
    assert ending(monkeypatch, fail(ZeroDivisionError("division\nby zero"))) == 1
    assert capsys.readouterr().err == (
        "Error: internal error: ZeroDivisionError: division by zero. "
        "This is a bug in gantool or a plugin; GANTOOL_DEBUG=1 shows where.\n"
    )
    monkeypatch.setenv("GANTOOL_DEBUG", "1")
    assert ending(monkeypatch, fail(ZeroDivisionError("division"))) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_torchvision_of_another_torch_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(monkeypatch, fail(RuntimeError("operator torchvision::nms does not exist"))) == 1
    said = capsys.readouterr().err
    assert "torch and torchvision are of different builds" in said
    assert "pip install --force-reinstall torch torchvision" in said


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")],
)
def test_memory_that_ran_out_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert ending(monkeypatch, fail(error)) == 1
    assert capsys.readouterr().err.startswith("Error: Memory ran out. Ask for less at once")


def test_a_path_of_a_thousand_folders_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(monkeypatch, fail(RecursionError("maximum recursion depth exceeded"))) == 1
    assert capsys.readouterr().err.startswith("Error: Something given is nested too deeply, as a path of a thousand")


@pytest.mark.parametrize("columns", ["9" * 5000, "²", "wide", ""])
def test_a_width_that_is_none_is_ignored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert ending(monkeypatch, fail(DataError("Nothing there."))) == 1
    assert capsys.readouterr().err == "Error: Nothing there.\n"


def test_a_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(monkeypatch, fail(OSError(errno.EACCES, "Permission denied", "/x/y"))) == 1
    assert capsys.readouterr().err == "Error: /x/y: Permission denied.\n"


def test_interruption_of_the_import_is_130_without_a_traceback() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a background job ignores
        "class Finder:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from gantool.cli.main import main; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_interruption_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ending(monkeypatch, fail(KeyboardInterrupt())) == 130


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    command = f"{sys.executable} -m gantool plugins list --json | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout == "["
    assert done.stderr == ""


def test_a_broken_plugin_costs_one_warning_line_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "broken_plugin.py").write_text("import nowhere_to_be_found")
    done = run("plugins", "list", "--json", GANTOOL_PLUGINS="broken_plugin", GANTOOL_PLUGINS_DIR=str(tmp_path))
    assert done.returncode == 0
    found = [plugin for plugin in json.loads(done.stdout) if plugin["name"] == "broken_plugin"]
    assert found[0]["status"] == "broken"
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Warning: Plugin broken_plugin is broken and left out: ModuleNotFoundError")


def test_colour_is_for_terminals_only() -> None:
    done = run("plugins", "show", "nothing-like-it")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: There is no component, plugin or distribution 'nothing-like-it'.")
    assert "\x1b" not in done.stdout + done.stderr


def test_completion_completes_commands_and_components() -> None:
    def complete(line: str, **environ: str) -> str:
        return run(_GANTOOL_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line, **environ).stdout

    assert "plugins" in complete("gantool pl")
    assert '"dcgan"' in complete("gantool plugins show dc")


def test_completion_in_bash_knows_that_bash_breaks_words() -> None:
    words = ["gantool", "train", "--arch", "dcgan", ":", "shrink", "=", "p"]
    environ = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1)}
    assert run(_GANTOOL_COMPLETE="complete_bash", **environ).stdout.split() == ["pool"]


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (["train", "--arch", ""], ["train", "--arch", ""]),
        (["--arch", "dcgan", ":"], ["--arch", "dcgan:"]),
        (["--arch", "dcgan", ":", "width", "=", "8,le"], ["--arch", "dcgan:width=8,le"]),
        (["--arch", "=", "dc"], ["--arch=dc"]),
        ([":"], [":"]),
    ],
)
def test_broken_words_are_put_together(words: list[str], whole: list[str]) -> None:
    assert joined(words) == whole


def test_program_ends_without_searching_all_objects_again_and_lets_go_of_what_nothing_holds() -> None:
    code = (
        "import atexit, gc, sys; from gantool.cli.main import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))  # after what main registers\n"
        "class Cycle:\n"
        "    def __del__(self): print('let go')\n"
        "gc.disable(); one = Cycle(); one.itself = one; del one\n"
        "sys.argv = ['gantool', '--version']; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0
    _, let_go, frozen = ended.stdout.splitlines()
    assert let_go == "let go"
    assert int(frozen) > 1000


def test_ctrl_c_when_the_last_line_is_told_leaves_no_traceback() -> None:
    code = (
        "import gc, os, signal, sys; from gantool.cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a background job ignores
        "class Cycle:\n"
        "    def __del__(self): os.kill(os.getpid(), signal.SIGINT)\n"
        "gc.disable(); one = Cycle(); one.itself = one; del one\n"
        "sys.argv = ['gantool', '--version']; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_many_calls_in_one_process_leave_it_once() -> None:
    code = (
        "import gc, sys; from gantool.cli.main import main\n"
        "gc.freeze = lambda: print('frozen')\n"
        "sys.argv = ['gantool', '--version']\n"
        "for _ in range(3):\n"
        "    try: main()\n"
        "    except SystemExit: pass\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.count("frozen") == 1


def test_no_object_is_frozen_beside_nanobind_which_would_list_them_as_leaked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "freeze", frozen := Mock())
    monkeypatch.setattr(signal, "signal", Mock())  # the tests go on
    cli._leave_soon()
    frozen.assert_called_once()
    kept = type("nb_func", (), {"__module__": "nanobind"})
    cli._leave_soon()
    frozen.assert_called_once()
    del kept
    gc.collect()


def test_the_guard_against_ctrl_c_stands_before_anything_is_imported():
    source = str(Path(cli.__file__).parents[2])
    code = f"import sys; sys.path.insert(0, {source!r}); import gantool.cli.main; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert "gantool.cli.main" in loaded
    assert not loaded & {"typing", "importlib", "signal", "enum", "re", "functools", "collections", "gantool.errors"}


def test_any_command_says_that_ctrl_c_stopped_it(monkeypatch: pytest.MonkeyPatch, gantool: Callable[..., Any]) -> None:
    def interrupted(run: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("gantool.run.folder.known", interrupted)
    ended = gantool("report", "runs/one")
    assert (ended.code, ended.out, ended.err) == (130, "", "Stopped by Ctrl-C.\n")
