import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from filelock import FileLock
from shard_sets import Server, serving, shards
from test_shards import COUNT, COUNTS, numbers, opened, source

from gantool import reading
from gantool.data.shards import indexing, places, urls
from gantool.data.shards.index import MEMBERS
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


def test_a_server_that_trickles_is_given_up_and_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.1)
    one = places.place(f"{server.url}/set-000000.tar")
    server.ills = ["trickle"]
    content = (server.root / "set-000000.tar").read_bytes()
    assert one.read(600, 1000) == content[600:1600]
    assert len(server.asked) == 2
    server.always = "trickle"
    with pytest.raises(DataError, match=r"in 3 trials, the last time: no more than \d bytes came within 0\.1"):
        one.read(600, 1000)
    monkeypatch.setattr(reading, "SLOWEST", 1)  # slow, and good enough
    assert one.read(600, 20) == content[600:620]


def test_faults_that_stay_are_told_at_once(server: Server) -> None:
    for url, words in (("gone.tar", "is not there .HTTP 404"), ("set-000000.tar", "whole files only")):
        server.always = "whole" if url != "gone.tar" else ""
        with pytest.raises(DataError, match=words):
            _ = places.place(f"{server.url}/{url}").size
    assert len(server.asked) == 2
    with pytest.raises(DataError, match="is not read: shards are files of this machine"):
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


@pytest.mark.parametrize("size", ["\u00b2", "9" * 5000])
def test_a_size_that_is_no_number_is_told(size: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer(nullcontext[None]):
        headers: ClassVar = {"Content-Range": f"bytes 0-0/{size}"}

        def __enter__(self) -> Any:
            return self

    one = places.WebFile(f"{server.url}/x.tar")
    monkeypatch.setattr(one, "_answer", lambda *_: Answer())
    with pytest.raises(DataError, match="does not tell its size"):
        _ = one.size


def test_members_that_do_not_fit_are_not_kept(server: Server, cache: Path) -> None:
    build_index(str(server.root), None)
    members = server.root / MEMBERS
    sound = members.read_bytes()
    for wrong, words in ((bytes(10**5), "has 100,000 bytes, and"), (b"x" * 500, "does not hold the 49 pictures")):
        members.write_bytes(wrong)
        with pytest.raises(DataError, match=words):
            source(f"{server.url}/")
    members.write_bytes(sound)
    assert len(source(f"{server.url}/")) == COUNT


@pytest.mark.parametrize("where", ["code", "response"])
@pytest.mark.parametrize(("status", "trials", "words"), [(403, 1, "could not be read: "), (None, 3, "in 3 trials")])
def test_errors_of_stores_are_told(status: int | None, trials: int, words: str, where: str) -> None:
    class StoreError(OSError if where == "response" else Exception):  # type: ignore[misc]
        pass

    setattr(StoreError, where, status if where == "code" else SimpleNamespace(status_code=status))

    class Store:
        asked = 0

        def info(self, path: str) -> dict[str, int]:
            self.asked += 1
            raise StoreError(path)

    one = object.__new__(places.StoredFile)
    store = Store()
    one._url, one._path, one._store = "s3://a/x", "a/x", store
    with pytest.raises(DataError, match=f"{words}.*StoreError: a/x"):
        _ = one.size
    assert store.asked == trials


def test_shards_of_a_store_are_those_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By fsspec's store in memory, which stands for those that need another machine."""
    store = pytest.importorskip("fsspec").filesystem("memory")
    monkeypatch.setattr(urls, "_READ", (*urls._READ, "memory"))
    folder = shards(tmp_path / "s", *COUNTS)
    build_index(str(folder), None)
    here = numbers(opened(source(folder)), 0, 2 * COUNT)
    for file in folder.iterdir():
        store.pipe_file(f"/{tmp_path.name}/{file.name}", file.read_bytes())
    for name in ("", "index.json", "set-{000000..000004}.tar"):
        stored = source(f"memory://{tmp_path.name}/{name}")
        assert stored.fingerprint == source(folder).fingerprint
        assert numbers(opened(stored), 0, 2 * COUNT) == here
    store.rm_file(f"/{tmp_path.name}/set-000001.tar")
    less = source(f"memory://{tmp_path.name}/")
    assert len(less) == COUNT - COUNTS[1]
    assert "set-000001.tar is not there" in less.notes[-1]
    with pytest.raises(DataError, match=r"The index memory://none/index\.json is not there"):
        source("memory://none/")


def test_folders_of_other_runs_are_kept_while_they_are_held(server: Server, cache: Path) -> None:
    build_index(str(server.root), None)
    for name in ("shards-of-a-99999999", "shards-of-b-99999999"):
        (cache / name).mkdir(parents=True)
        (cache / name / "x.owner").touch()
    with FileLock(cache / "shards-of-a-99999999" / "x.owner"):
        ours = [source(f"{server.url}/") for _ in range(2)]
        for one in ours:
            one.expect([0])
            assert one._files.file(0) is not None
    names = {path.name for path in cache.glob("shards-of-*")}
    assert len(names) == 3
    assert "shards-of-a-99999999" in names
    for path in cache.glob("shards-of-*"):
        shutil.rmtree(path)
    file = ours[0]._files.file(0)
    assert file is not None
    assert file.is_file()


def test_a_server_that_is_too_slow_is_told_with_its_address_and_what_helps(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TIMEOUT", 0.1)
    server.always = "slow"
    helps = "the last time: no answer came within 0.1 s. Try again when its server answers, or fetch the files"
    for url, file in ((f"{server.url}/", "index.json"), (f"{server.url}/set-{{000000..000001}}.tar", "set-000000.tar")):
        with pytest.raises(DataError, match=f"{server.url}/{file} could not be read in 3 trials, {helps}"):
            source(url)


def test_a_server_that_is_not_there_is_told_in_plain_words(server: Server) -> None:
    server.server_close()
    with pytest.raises(DataError, match=r"3 trials, the last time: Connection refused\. Try again when"):
        source(f"{server.url}/")


def test_many_remote_shards_are_looked_at_in_part(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_PROBED", 2)
    url = f"{server.url}/set-{{000000..000004}}.tar"
    source(url)
    asked = len(server.asked)
    source(url)
    assert len(server.asked) - asked == 4
    server.always = "503"
    with pytest.raises(DataError, match="Try again when its server answers"):
        source(url)
