import subprocess
import sys

import pytest

from gantool.errors import ResumeError
from gantool.files import RunLock

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
