import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import pictures
from shard_sets import SIDE, number_of, png, shards, tar

from gantool.api.data import Source
from gantool.builtin.sources.shards import ShardsSource, build, natural
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.data.pictures.options import FolderOptions
from gantool.data.shards import decoding, places, scanning, urls
from gantool.data.shards.index import INDEX, MEMBERS
from gantool.data.shards.indexing import build_index
from gantool.data.shards.options import ShardsOptions
from gantool.data.shards.writing import files_of, images_of, write_shards
from gantool.errors import DataError

COUNTS = (9, 12, 7, 10, 11)
COUNT = sum(COUNTS)
OURS = {"members": MEMBERS, "digest": "0" * 64, "class_names": []}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PAUSES", (0.0, 0.0))


def source(path: Path | str, **options: Any) -> ShardsSource:
    return build(ShardsOptions(path=str(path), **{"window": 2, "workers": 0, **options}), SIDE, 3)


def opened(one: ShardsSource, **changes: Any) -> ShuffledBatches:
    setting = {"name": "shards", "resolution": SIDE, "channels": 3, "seed": 1, "flip": False, "labels": True}
    return open_batches(one, **{**setting, "device": torch.device("cpu"), **changes})


def numbers(batches: ShuffledBatches, start: int, n: int) -> list[int]:
    return [number_of(image.numpy()) for image in batches.take(start, n)[0]]


def test_each_picture_comes_once_an_epoch_with_its_label(tmp_path: Path, cache: Path) -> None:
    batches = opened(source(shards(tmp_path / "s", *COUNTS)))
    assert batches.class_names == ("0", "1", "2")
    for epoch in range(2):
        images, labels = batches.take(epoch * COUNT, COUNT)
        seen = [number_of(image.numpy()) for image in images]
        assert sorted(seen) == list(range(COUNT))
        assert labels is not None
        assert labels.tolist() == [number % 3 for number in seen]
    assert not list(cache.rglob("pixels.u8"))  # nothing is cached whole


def test_the_order_is_that_of_windows_and_resumes_anywhere(tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", *COUNTS)
    whole = numbers(opened(source(folder)), 0, 90)
    assert [n for start in range(0, 90, 5) for n in numbers(opened(source(folder)), start, 5)] == whole
    shard_of = np.repeat(np.arange(len(COUNTS)), COUNTS)
    assert len(set(shard_of[whole[: 2 * min(COUNTS)]].tolist())) == 2
    for world in (2, 4):
        ranks = [opened(source(folder), rank=rank, world=world) for rank in range(world)]
        assert [n for one in ranks for n in numbers(one, 20, 20 // world)] == whole[20:40]


@pytest.mark.parametrize("workers", [1, 3])
def test_processes_decode_the_same_pictures(workers: int, tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", 5, 6)
    alone, together = source(folder), source(folder, workers=workers)
    indices = [3, 10, 0, 4, 7]
    expected, labels = alone.gather(indices)
    images, found = together.gather(indices)
    assert all(torch.equal(one, other) for one, other in zip(expected, images, strict=True))
    assert found == labels == [index % 3 for index in indices]


@pytest.mark.long
def test_a_picture_that_crashes_a_worker_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = source(shards(tmp_path / "s", 6), workers=2)
    one.gather([0, 1])
    for worker in one._decoders._workers:
        worker._process.kill()
        worker._process.wait()
    assert [number_of(image.numpy()) for image in one.gather([2, 3, 4])[0]] == [2, 3, 4]
    code = "import sys; sys.stdin.readline(); sys.exit(sys.stdin.readline() and 3)"
    monkeypatch.setattr(decoding, "COMMAND", [decoding.COMMAND[0], "-c", code])
    with pytest.raises(DataError, match="crashes the decoder, and 100 pictures"):
        source(tmp_path / "s", workers=1)[0]


def test_pictures_that_cannot_be_decoded_are_replaced_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tar(tmp_path / "a.tar", [("0.png", png(0)), ("1.png", b"no picture"), ("2.png", png(2))])
    one = source(tmp_path / "a.tar")
    with caplog.at_level(logging.WARNING, "gantool"):
        assert [number_of(image.numpy()) for image in one.gather([0, 1, 2])[0]] == [0, 2, 2]
    assert "Picture 1 of the shard" in caplog.text
    assert "is not a picture" in caplog.text
    assert one.replaced == 1


def test_shards_that_are_gone_or_cut_short_are_told_at_the_start(tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", *COUNTS)
    build_index(str(folder), None)
    whole = source(folder)
    (folder / "set-000001.tar").unlink()
    with (folder / "set-000003.tar").open("r+b") as file:
        file.truncate(5000)
    left = source(folder)
    assert len(left) == COUNT - 12 - 10
    assert [one.reason.partition(" ")[0] for one in left.skipped] == ["is", "has"]
    assert "Of 5 shards 3 can be used" in left.notes[0]
    assert left.fingerprint != whole.fingerprint
    assert sorted(numbers(opened(left), 0, len(left))) == [*range(9), *range(21, 28), *range(38, 49)]


def test_a_shard_that_goes_during_a_run_is_replaced_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = shards(tmp_path / "s", *COUNTS)
    one = source(folder)
    (folder / "set-000004.tar").unlink()
    with caplog.at_level(logging.WARNING, "gantool"):
        found = [number_of(image.numpy()) for image in one.gather([38, 39, 48, 0])[0]]
    assert found == [0, 1, 8, 0]  # as far into the next shard, which is the first
    assert caplog.text.count("others take the place of its 11 pictures (1 of 5 shards so far)") == 1
    assert [skipped.reason for skipped in one.skipped] == ["is not there"]
    for rest in folder.glob("*.tar"):
        rest.unlink()
    with pytest.raises(DataError, match="See that the shards are there"):
        one.gather([38])


def test_braces_and_folders_name_the_same_shards(tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", 2, 3, 4)
    (folder / "notes.txt").write_text("")
    assert len(source(folder)) == len(source(folder / "set-{000000..000002}.tar")) == 9
    assert len(source(folder / "set-00000{0,2}.tar")) == 6
    assert urls.expanded("a{08..11}b{x,y}") == [f"a{n}b{w}" for n in ("08", "09", "10", "11") for w in "xy"]
    with pytest.raises(DataError, match="stands for no numbers"):
        urls.expanded("a{5..1}")
    with pytest.raises(DataError, match=r"\{3\.\.\} is no range"):
        urls.expanded("a{3..}.tar")
    with pytest.raises(DataError, match="at most"):
        urls.expanded("{0..9999}{0..9999}")


def test_labels_are_numbers_words_or_json(tmp_path: Path) -> None:
    files = [(f"{n}.{end}", content) for n in range(3) for end, content in
             (("jpg", png(n)), ("json", json.dumps({"label": n * 10, "text": "x"}).encode()))]  # fmt: skip
    tar(tmp_path / "numbers" / "a.tar", files)
    assert source(tmp_path / "numbers").class_names == ("0", "10", "20")
    tar(tmp_path / "words" / "a.tar", [("0.png", png(0)), ("0.cls", b"dog\n"), ("1.png", png(1)), ("1.cls", b"cat")])
    words = source(tmp_path / "words")
    assert words.class_names == ("cat", "dog")
    assert words.gather([0, 1])[1] == [1, 0]
    tar(tmp_path / "some" / "a.tar", [("0.png", png(0)), ("0.cls", b"1"), ("1.png", png(1))])
    assert source(tmp_path / "some").class_names == ()


def test_what_is_written_is_read_again_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", *[f"{name}/{number}.png" for name in "ab" for number in range(9)])
    options = FolderOptions(path=str(folder))
    first = write_shards(files_of(options, None, 3), tmp_path / "one", 10_240, "data")
    write_shards(files_of(options, None, 3), tmp_path / "two", 10_240, "data")
    assert len(first.shards) > 3
    assert all(path.stat().st_size <= 10_240 for path in first.shards)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    one = source(tmp_path / "one")
    assert one.class_names == ("a", "b")
    found = sorted((image.numpy().tobytes(), label) for image, label in zip(*one.gather(range(18)), strict=True))
    from gantool.builtin.sources.folder import build as folder_of

    known = folder_of(options, SIDE, 3)
    assert found == sorted((image.numpy().tobytes(), label) for image, label in (known[index] for index in range(18)))
    with pytest.raises(DataError, match="not an empty folder"):
        write_shards(files_of(options, None, 3), tmp_path / "one", 10_240, "data")


def test_shards_are_written_at_a_resolution_without_what_is_broken(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "1.png", "2.png")
    (folder / "3.png").write_bytes(b"no picture")
    written = write_shards(files_of(FolderOptions(path=str(folder)), 4, 4), tmp_path / "s", 10**6, "data")
    assert written.pictures == 2
    assert written.skipped == [("3.png", "is not a picture, or of a kind that cannot be read")]
    assert natural(ShardsOptions(path=str(tmp_path / "s"))).pictures == 2


def test_an_index_is_the_one_of_wids_and_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shards(tmp_path / "s", 4, 5)
    before = source(folder).fingerprint
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "_scan", None)
        assert source(folder).fingerprint == before  # from the cache
    written = json.loads(build_index(str(folder), None).read_text())
    assert written["__kind__"] == "wids-shard-index-v1"
    assert [(one["url"], one["nsamples"]) for one in written["shardlist"]] == [
        ("set-000000.tar", 4),
        ("set-000001.tar", 5),
    ]
    monkeypatch.setattr(scanning, "_scan", None)
    assert source(folder).fingerprint == before  # wherever the index lies
    moved = folder.rename(tmp_path / "moved")
    assert source(moved / INDEX).fingerprint == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"__kind__": "other"}, "it is no wids-shard-index-v1"),
        ({"shardlist": [{"url": "/etc/passwd"}]}, "an index may name files beside it or below alone"),
        ({"shardlist": [{"url": "../x.tar"}]}, "an index may name files beside it or below alone"),
        ({"shardlist": [{"url": "file:///etc/passwd"}]}, "is not read: shards are files of this machine"),
        ({"shardlist": [{"url": "local:///etc/passwd"}]}, "is not read: shards are files of this machine"),
        ({"shardlist": [{"url": "s3://a/b::file:///etc/passwd"}]}, "is not read: shards are files of this machine"),
        ({"shardlist": [{"url": "C:/x.tar"}]}, "an index may name files beside it or below alone"),
        ({"shardlist": [{"url": "a\\..\\..\\x.tar"}]}, "an index may name files beside it or below alone"),
        ({"shardlist": [{"url": "a\0.tar"}]}, "an index may name files beside it or below alone"),
        ({"shardlist": []}, "it lists no shards"),
        ({"gantool": OURS | {"skipped": [1]}}, "skipped are no pairs of words"),
        ({"gantool": OURS | {"notes": 3}}, "notes are no words"),
        ({"gantool": OURS | {"digest": "/../../outside"}}, "digest is not 64 hexadecimal digits"),
        ({"gantool": OURS | {"digest": "\ud800" * 64}}, "digest is not 64 hexadecimal digits"),
        ({"shardlist": [{"url": "a.tar", "nsamples": -1, "filesize": 1}]}, "-1 is no size"),
        ({"shardlist": [{"url": "set-000000.tar", "nsamples": 3, "filesize": 1}]}, "is not what its index.json says"),
        ({"gantool": OURS | {"members": "../x"}}, "an index may name files beside it"),
        ({"gantool": OURS | {"members": INDEX}}, "is not what its index.json says"),
    ],
)
def test_an_index_that_lies_is_refused(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", 4)
    place = build_index(str(folder), None)
    place.write_text(json.dumps(json.loads(place.read_text()) | change))
    with pytest.raises(DataError, match=words):
        source(folder)


def test_members_beyond_their_shard_are_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = shards(tmp_path / "s", 4)
    build_index(str(folder), None)
    rows = np.load(folder / MEMBERS)
    rows["offset"][2] = 10**15
    np.save(folder / MEMBERS, rows)
    with pytest.raises(DataError, match="does not fit its index"):
        source(folder)[0]


def test_an_index_made_anew_asks_the_tars_and_not_the_old_one(tmp_path: Path) -> None:
    folder = shards(tmp_path / "s", 4)
    build_index(str(folder), None)
    tar(folder / "set-000001.tar", [("a.png", png(7)), ("a.cls", b"1")])
    old = source(folder)
    assert len(old) == 4
    assert "set-000001.tar is not in index.json: 'gantool data index' of its folder adds it" in old.notes[0]
    (folder / MEMBERS).write_bytes(b"damaged")
    build_index(str(folder), None)
    assert len(source(folder)) == 5
    assert source(folder).notes == ()


def test_pictures_of_one_name_and_those_without_a_label_are_told(tmp_path: Path) -> None:
    files = [(f"img.{n:03}.png", png(n)) for n in range(3)]
    tar(tmp_path / "a.tar", [*files, ("x.png", b""), ("y.png", png(4)), ("y.cls", b"cat")])
    one = source(tmp_path)
    assert len(one) == 2
    assert "Not used: 3 pictures, as img.001.png in " in one.notes[0]
    assert "No labels are used: 1 of 2 pictures have none, as img.000.png in " in one.notes[1]


def test_numbers_of_any_length_are_labels(tmp_path: Path) -> None:
    long = b"9" * 5000
    tar(tmp_path / "a.tar", [("0.png", png(0)), ("0.cls", long), ("1.png", png(1)), ("1.cls", b"10"),
                             ("2.png", png(2)), ("2.cls", b"9")])  # fmt: skip
    assert [len(name) for name in source(tmp_path)._index.class_names] == [1, 2, 5000]


def test_a_source_without_images_is_told() -> None:
    class Empty(Source):
        def __getitem__(self, index: int) -> Any:
            raise IndexError(index)

        def __len__(self) -> int:
            return 0

    with pytest.raises(DataError, match="empty has no images"):
        next(images_of(Empty(), "empty", (3, SIDE, SIDE)))
