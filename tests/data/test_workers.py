import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import pictures

from gantool.data.pictures import workers
from gantool.data.pictures.listing import Listing
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import list_pictures
from gantool.data.pictures.worker import Answer, Task, perform
from gantool.data.pictures.workers import spread
from gantool.errors import DataError
from gantool.progress import listening

CRASHING = """
import os, sys
from gantool.data.pictures import worker

inspect = worker.inspect
def crash(file):
    if b"CRASH" in file.read():
        os.abort()
    file.seek(0)
    return inspect(file)

worker.inspect = crash
worker.main()
"""


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    folder = pictures(tmp_path / "f", *(f"{index}.png" for index in range(5)))
    (folder / "2.png").write_bytes(b"CRASH")
    return list_pictures(folder)


def inspected(listing: Listing) -> dict[int, Answer]:
    return dict(spread(listing, Task(FolderOptions(path="")), "reading"))


def test_processes_answer_as_one_does(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = dict(perform(listing, dict(enumerate(listing.items)), Task(FolderOptions(path=""))))
    assert "reason" in expected[2]
    assert inspected(listing) == expected
    monkeypatch.setattr(workers, "ITEMS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    reports = []
    with listening(lambda label, done, total: reports.append((done, total))):
        assert inspected(listing) == expected
    assert reports == [(done, 5) for done in range(6)]


def test_processes_read_names_that_their_console_cannot_write(tmp_path, monkeypatch):
    """As on Windows, where a console may know 256 characters."""
    named = list_pictures(pictures(tmp_path / "动物", *(f"猫{index}😀.png" for index in range(4))))
    monkeypatch.setattr(workers, "ITEMS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    assert all("reason" not in answer for answer in inspected(named).values())


def test_a_picture_that_crashes_its_decoder_costs_itself_alone(
    listing: Listing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "crashing.py"
    script.write_text(CRASHING)
    monkeypatch.setattr(workers, "ITEMS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(workers, "COMMAND", [sys.executable, str(script)])
    answers = inspected(listing)
    assert sorted(answers) == [0, 1, 2, 3, 4]
    assert answers[2] == {"reason": "crashes the decoder"}
    assert [index for index in answers if "reason" in answers[index]] == [2]


def test_workers_that_cannot_start_are_done_without(listing: Listing, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = inspected(listing)
    monkeypatch.setattr(workers, "ITEMS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    for command in ([sys.executable, "-c", "raise SystemExit(3)"], ["/no/such/python"]):
        monkeypatch.setattr(workers, "COMMAND", command)
        assert inspected(listing) == expected


def test_rows_that_cannot_be_written_are_an_error(listing: Listing, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    task = Task(FolderOptions(path=""), resolution=8, channels=3, pixels=Path("/dev/full"))
    with pytest.raises(DataError, match="No space left on device"):
        list(spread(listing, task, "reading"))


def test_a_worker_imports_no_torch() -> None:
    code = "import sys, gantool.data.pictures.worker; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert json.loads(done.stdout.lower()) is False
