from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for each test alone."""
    folder = tmp_path / "cache of this test"
    monkeypatch.setenv("GANTOOL_CACHE", str(folder))
    return folder
