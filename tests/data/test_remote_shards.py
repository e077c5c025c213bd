from collections.abc import Iterator
from pathlib import Path

import pytest
from shard_sets import Server, serving, shards
from test_shards import COUNT, COUNTS, numbers, opened, source

from gantool.data.shards import places
from gantool.data.shards.indexing import build_index
from gantool.errors import DataError


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PAUSES", (0.0, 0.0))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(shards(tmp_path / "s", *COUNTS)) as one:
        yield one


def test_remote_shards_are_fetched_ahead_and_dropped(server: Server, cache: Path) -> None:
    build_index(str(server.root), None)
    here = numbers(opened(source(server.root)), 0, 2 * COUNT)
    remote = source(f"{server.url}/")
    batches = opened(remote)
    most, seen = 0, []
    for start in range(0, 2 * COUNT, 7):
        seen += numbers(batches, start, 7)
        most = max(most, len(list(cache.glob("shards-of-*/*.tar"))))
    assert seen == here
    assert most <= len(COUNTS)
    assert all("set-" in path or "index" in path for path in server.asked)
    assert remote.fingerprint == source(server.root).fingerprint


def test_shards_without_an_index_are_looked_through_once(server: Server) -> None:
    url = f"{server.url}/set-{{000000..000004}}.tar"
    assert len(source(url)) == COUNT
    asked = len(server.asked)
    assert len(source(url)) == COUNT
    assert len(server.asked) - asked == 2 * len(COUNTS)  # their sizes alone


@pytest.mark.parametrize("ill", ["503", "short", "slow"])
def test_faults_that_pass_are_tried_again(ill: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "TIMEOUT", 0.1)
    one = places.place(f"{server.url}/set-000000.tar")
    server.ills = [ill, ill]
    content = (server.root / "set-000000.tar").read_bytes()
    assert one.read(600, 1000) == content[600:1600]
    assert len(server.asked) == 3
    server.always = ill
    with pytest.raises(DataError, match="could not be read in 3 trials, the last time: "):
        one.read(600, 1000)


def test_faults_that_stay_are_told_at_once(server: Server) -> None:
    for url, words in (("gone.tar", "is not there .HTTP 404"), ("set-000000.tar", "whole files only")):
        server.always = "whole" if url != "gone.tar" else ""
        with pytest.raises(DataError, match=words):
            _ = places.place(f"{server.url}/{url}").size
    assert len(server.asked) == 2
    with pytest.raises(DataError, match="without file://"):
        places.place("file:///etc/passwd")


def test_a_shard_that_cannot_be_fetched_is_replaced(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    build_index(str(server.root), None)
    remote = source(f"{server.url}/")
    (server.root / "set-000002.tar").unlink()
    remote.expect([2, 3])
    assert list(remote.gather([21, 28])[1]) == [28 % 3, 28 % 3]
    assert "set-000002.tar is not there" in caplog.text


def test_a_cache_that_is_too_small_is_told(server: Server) -> None:
    with pytest.raises(DataError, match="Four windows of 2 shards take"):
        source(f"{server.url}/set-{{000000..000004}}.tar", cache=1e-9)
