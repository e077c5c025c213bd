"""What torch writes reaches the disk whole, or is an error."""

import io
from io import FileIO

import pytest
import torch

from gantool.engine import whole_file
from gantool.engine.whole_file import WholeFile, save_whole


class Short(FileIO):
    """A file of a disk that takes few bytes at once, and so many in all."""

    room = 10_000

    def write(self, content):
        """Write some of it."""
        if not self.room:
            raise OSError(28, "No space left on device")
        written = super().write(content[: min(1000, self.room)])
        self.room -= written
        return written


class Whole(WholeFile, Short):
    """The same file, written whole."""


@pytest.fixture(autouse=True)
def short_of_room(monkeypatch):
    monkeypatch.setattr(whole_file, "WholeFile", Whole)


def test_a_write_that_is_cut_short_is_gone_on_with(tmp_path):
    state = {"moments": torch.arange(1000.0)}
    save_whole(tmp_path / "state.pt", state)
    expected = io.BytesIO()
    torch.save(state, expected)
    assert (tmp_path / "state.pt").read_bytes() == expected.getvalue()


def test_a_disk_that_fills_up_is_told_by_the_systems_error(tmp_path):
    with pytest.raises(OSError, match="No space left"):
        save_whole(tmp_path / "state.pt", {"moments": torch.arange(10_000.0)})
