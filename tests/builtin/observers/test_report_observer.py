import pytest

from fakes import started
from gantool.api.events import Checkpoint, Finished, Warned
from gantool.builtin.observers import ReportOptions, report
from gantool.builtin.observers.report import Report
from gantool.engine.announcer import Announcer


@pytest.fixture
def clock(monkeypatch):
    """The time, in a list of one number."""
    now = [0.0]
    monkeypatch.setattr(report.time, "monotonic", lambda: now[0])
    return now


def test_the_page_is_written_at_checkpoints_and_at_the_end(tmp_path, clock) -> None:
    observer, page = Report(ReportOptions()), tmp_path / "report.html"
    observer(started(tmp_path, 0, 1000))
    clock[0] = 1000.0
    assert observer(Checkpoint(500, tmp_path)) is None
    assert page.is_file()
    page.unlink()
    assert observer(Finished(1000, tmp_path, False)) is None
    assert page.is_file()


def test_on_the_way_it_takes_no_more_than_its_share_of_the_time(tmp_path, clock, monkeypatch) -> None:
    written = []

    def slow(*_):
        written.append(clock[0])
        clock[0] += 2.0

    monkeypatch.setattr(Report, "_page", slow)
    observer = Report(ReportOptions())
    observer(started(tmp_path, 0, 1000))
    for now in range(1, 3001, 10):
        clock[0] = max(clock[0], float(now))
        observer(Checkpoint(now, tmp_path))
    assert 2 * len(written) <= report.SHARE * 3000
    assert len(written) >= 5


def test_it_fails_in_one_warning(tmp_path, clock, monkeypatch) -> None:
    def broken(*_):
        raise ValueError("odd")

    monkeypatch.setattr("gantool.report.page.page_of", broken)
    seen = []
    tell = Announcer([Report(ReportOptions()), seen.append])
    tell(started(tmp_path, 0, 1000))
    for now in (1e3, 2e3, 3e3):
        clock[0] = now
        tell(Checkpoint(int(now), tmp_path))
    tell(Finished(3000, tmp_path, False))
    [warning] = [event for event in seen if isinstance(event, Warned)]
    assert warning.message.startswith("report.html failed: ValueError: odd. The run goes on")


def test_a_full_disk_does_not_stop_the_run_for_a_report(tmp_path, clock, monkeypatch) -> None:
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    observer = Report(ReportOptions())
    observer(started(tmp_path, 0, 1000))
    clock[0] = 1e3
    [warning] = observer(Checkpoint(500, tmp_path))
    assert "The disk is full" in warning.message


def test_the_page_of_a_run_that_did_nothing_stays_as_it_is(tmp_path) -> None:
    (tmp_path / "report.html").write_text("of before")
    observer = Report(ReportOptions())
    observer(started(tmp_path, 1000, 1000))
    observer(Finished(1000, tmp_path, False))
    assert (tmp_path / "report.html").read_text() == "of before"


def test_it_can_be_switched_off(tmp_path) -> None:
    observer = Report(ReportOptions(off=True))
    observer(started(tmp_path, 0, 1000))
    observer(Finished(1000, tmp_path, False))
    assert not (tmp_path / "report.html").exists()
