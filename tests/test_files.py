import os
import subprocess
import sys
from pathlib import Path

import pytest

from gantool import files
from gantool.errors import ResumeError, TrainingError
from gantool.files import RunLock, write_folder_atomically, write_text

HOLDER = "import sys; from pathlib import Path; from gantool.files import RunLock; " + (
    "lock = RunLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that has the run until it ends."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_run_that_another_process_has_is_refused_until_that_is_killed(tmp_path, holder):
    with pytest.raises(ResumeError, match=f"Another process is training the run {tmp_path}.*--name"):
        RunLock(tmp_path)
    holder.kill()
    holder.wait()
    RunLock(tmp_path).release()


def test_a_lock_is_free_after_its_context_and_can_be_taken_again(tmp_path):
    first = RunLock(tmp_path)
    first.take()
    with pytest.raises(ResumeError):
        RunLock(tmp_path)
    with first:
        pass
    with RunLock(tmp_path), pytest.raises(ResumeError):
        first.take()
    first.take()


def test_a_lock_that_is_dropped_is_free(tmp_path):
    lock = RunLock(tmp_path)
    with pytest.raises(ResumeError):
        RunLock(tmp_path)
    del lock
    assert RunLock(tmp_path) is not None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".lock").mkdir()
    with pytest.raises(ResumeError, match=f"The run {tmp_path} cannot be written: Is a directory"):
        RunLock(tmp_path)


@pytest.fixture
def no_folder_opens(monkeypatch):
    """As on Windows."""
    opened = os.open

    def refusing(path, flags, *more, **named):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refusing)


@pytest.mark.usefixtures("no_folder_opens")
def test_files_and_folders_are_written_where_no_folder_can_be_opened(tmp_path):
    write_text(tmp_path / "a", "one\ntwo\n")
    write_folder_atomically(tmp_path / "b", lambda folder: (folder / "c").write_text("three") and None)
    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "b" / "c").read_text() == "three"


@pytest.mark.parametrize(("windows", "times", "written"), [(True, 3, True), (True, 99, False), (False, 1, False)])
def test_a_file_in_use_is_replaced_a_moment_later_on_windows(tmp_path, monkeypatch, windows, times, written):
    refusals, replace = iter(range(times)), Path.replace

    def busy(path, target):
        if next(refusals, None) is not None:
            raise PermissionError(13, "Access is denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", busy)
    monkeypatch.setattr(files, "WINDOWS", windows)
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    if written:
        write_text(tmp_path / "a", "text")
        assert (tmp_path / "a").read_text() == "text"
    else:
        with pytest.raises(TrainingError, match="a could not be written"):
            write_text(tmp_path / "a", "text")
    assert not list(tmp_path.glob(".*"))
