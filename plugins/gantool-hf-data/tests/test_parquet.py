"""Parquet files: damage, addresses, and the same images as those of a folder with the same files."""

import gc
import http.server
import threading
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_sets import STRUCT, built, cells, declared, deep, labelled, png, write

import gantool
from gantool import commands
from gantool.testing import check_source
from gantool_hf_data import ParquetOptions
from gantool_hf_data.reading import ParquetFiles
from gantool_hf_data.sources import parquet_files


def test_it_conforms(tmp_path):
    check_source(f"parquet:{labelled(tmp_path / 'train.parquet', 12)}")


def test_parquet_of_a_folder_has_the_fingerprint_of_the_folder(tmp_path):
    rows = [(seed, "ab"[seed >= 5]) for seed in range(10)]
    for seed, name in rows:
        file = tmp_path / "folder" / name / f"{seed}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(seed))
    columns = {"image": cells(10), "label": [int(name == "b") for _, name in rows]}
    types = {"image": STRUCT, "label": pa.int64()}
    file = write(tmp_path / "train.parquet", columns, types, declared(image=None, label=["a", "b"]))
    ours, folder = built(file), commands.open_source(str(tmp_path / "folder"), 8, 3)
    assert ours.fingerprint == folder.fingerprint
    words = {"image": cells(10), "label": [name for _, name in rows]}
    file = write(tmp_path / "words.parquet", words, {"image": pa.struct(list(STRUCT)), "label": pa.string()}, group=3)
    assert built(file).fingerprint == folder.fingerprint


def test_files_of_a_folder_a_pattern_and_one_alone(tmp_path):
    for part in range(3):
        labelled(tmp_path / "set" / "data" / f"train-{part}.parquet", 4, 4 * part)
    labelled(tmp_path / "set" / ".hidden" / "x.parquet", 4)
    whole = built(tmp_path / "set")
    assert len(whole) == 12
    assert [whole[index][1] for index in range(4)] == [0, 1, 0, 1]
    assert built(tmp_path / "set" / "data" / "train-?.parquet").fingerprint == whole.fingerprint
    assert len(built(tmp_path / "set" / "data" / "train-1.parquet")) == 4
    for place, why in (("none.parquet", "does not exist"), ("x*.parquet", "No file fits"), (".", "no .parquet file")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(gantool.DataError, match=why):
            built(tmp_path / "empty" / place)


def test_cells_that_hold_no_picture_are_left_out_and_listed(tmp_path):
    values = [
        None,
        {"bytes": None, "path": "https://example.org/a.png"},
        {"bytes": b"", "path": None},
        {"bytes": b"words", "path": "../../b.png"},
        {"bytes": png(0)[:70], "path": None},
        {"bytes": png(0), "path": None},
        {"bytes": deep(4000), "path": "deep.png"},
    ]
    file = write(tmp_path / "a.parquet", {"image": values}, {"image": STRUCT}, group=3)
    source = built(file)
    assert len(source) == 2
    assert "1 picture of integers from 0 to 4,000, taken as 12 bits" in source.notes[0]
    found = {one.path: one.reason for one in source.skipped}
    assert found["a.parquet row 0"] == "is null"
    assert found["a.parquet row 1 (https://example.org/a.png)"].endswith("and does not hold it")
    assert found["a.parquet row 2"] == "is empty (0 bytes)"
    assert "is not a picture" in found["a.parquet row 3 (../../b.png)"]
    assert "ends too early" in found["a.parquet row 4"]


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "footer"])
def test_a_file_that_is_no_parquet_is_a_sentence_or_left_out_beside_others(tmp_path, damage):
    good = labelled(tmp_path / "set" / "b.parquet")
    content = good.read_bytes()
    broken = {
        "cut": content[: len(content) // 2],
        "empty": b"",
        "text": b"name,label\n" * 99,
        "footer": content[:-8] + b"\xff\xff\xff\x7fPAR1",
    }
    file = tmp_path / "set" / "a.parquet"
    file.write_bytes(broken[damage])
    with pytest.raises(gantool.DataError, match=r"There are no pictures in .*: a\.parquet is no Parquet file, or"):
        built(file)
    source = built(tmp_path / "set")
    assert len(source) == 10
    assert source.notes == ("1 of 2 files are left out, as a.parquet.",)
    assert [one.path for one in source.skipped] == ["a.parquet"]


def test_a_row_group_that_is_damaged_costs_its_pictures_alone(tmp_path):
    file = labelled(tmp_path / "a.parquet", 12)
    chunk = pq.read_metadata(file).row_group(1).column(0)
    content = bytearray(file.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    file.write_bytes(content)
    source = built(file)
    assert len(source) == 8
    assert [one.path for one in source.skipped] == [f"a.parquet row {row}" for row in range(4, 8)]
    assert source.skipped[0].reason.startswith("lies in a part of the file that is damaged: ")


def test_rows_come_a_few_at_a_time(tmp_path):
    """The Arrow memory in use while a group of 20 MB is read stays far below it."""
    value = png(0, (256, 256))
    file = write(tmp_path / "a.parquet", {"image": [value] * 100}, {"image": pa.binary()}, group=100)
    files = parquet_files(ParquetOptions(path=str(file)))
    assert files.groups == [100]
    gc.collect()
    before, most = pa.total_allocated_bytes(), 0
    for one in files.read(0):
        assert len(one.content or b"") == len(value)
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 60 * len(value)


def test_a_changed_file_is_read_anew(tmp_path):
    file = labelled(tmp_path / "a.parquet")
    first = built(file)
    labelled(tmp_path / "a.parquet", 10, 3)
    assert built(file).fingerprint != first.fingerprint


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Files by ranges; `down` has it answer 503."""

    down = False

    def log_message(self, *_):
        pass

    def do_GET(self):
        content = (self.server.folder / self.path.strip("/")).read_bytes() if not Ranges.down else None
        start, stop = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        if content is None:
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        part = content[start : stop + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr("gantool.data.shards.places.PAUSES", (0.01,))
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    served.folder, Ranges.down = tmp_path, False
    thread = threading.Thread(target=partial(served.serve_forever, 0.01))
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()
    thread.join()


def test_a_file_of_a_server_is_read_by_ranges_and_a_failure_is_no_damage(tmp_path, server):
    file = labelled(tmp_path / "a.parquet")
    source = built(f"{server}/a.parquet")
    assert source.fingerprint == built(file).fingerprint
    files = parquet_files(ParquetOptions(path=f"{server}/a.parquet"))
    assert isinstance(files, ParquetFiles)
    Ranges.down = True
    with pytest.raises(gantool.DataError, match=r"a\.parquet, at row 4, could not be read in 2 trials, .*503") as told:
        list(files.read(1))
    assert str(told.value).endswith("tries again; a copy on this machine, given by its path, needs no network.")
    with pytest.raises(gantool.DataError, match=r"a\.parquet could not be read in 2 trials"):
        built(f"{server}/a.parquet", label="none")


def test_labels_that_a_server_does_not_give_are_not_counted_as_none(tmp_path, server):
    columns = {"image": cells(6), "label": ["cat", "dog"] * 3}
    write(tmp_path / "a.parquet", columns, {"image": STRUCT, "label": pa.string()})
    files = parquet_files(ParquetOptions(path=f"{server}/a.parquet"))
    Ranges.down = True
    with pytest.raises(gantool.DataError, match=r"a\.parquet, in its column label, could not be read in 2 trials"):
        _ = files.classes
    Ranges.down = False
    assert files.classes == 2


def test_plain_paths_and_addresses_name_this_source(tmp_path):
    file = labelled(tmp_path / "set" / "a.parquet")
    for place, told in (
        (str(file), f"--data parquet:path={file}"),
        (str(file.parent), f"--data parquet:path={file.parent}"),
        (f"{file.parent}/*.parquet", f"--data 'parquet:path={file.parent}/*.parquet'"),
        ("https://example.org/a.parquet", "--data parquet:path=https://example.org/a.parquet"),
        ("https://huggingface.co/datasets/me/cats", "--data hf:me/cats"),
    ):
        with pytest.raises(gantool.GantoolError) as caught:
            commands.open_source(place, 8, 3)
        assert "gantool-hf-data" in str(caught.value)
        assert told in str(caught.value)


def test_a_run_on_labels_resumes_bit_for_bit_and_shards_hold_the_files(tmp_path, gantool_cli):
    file = labelled(tmp_path / "a.parquet", 12)
    quick = ("--arch", "mlp", "--resolution", "8", "--batch", "4", "--device", "cpu", "--precision", "float32", "-q")

    def trained(name, images):
        data = ("--data", f"parquet:{file},fit=pad", "--labels", "--name", name, "--images", str(images))
        done = gantool_cli("train", *quick, *data, "--out", str(tmp_path / "runs"))
        assert done.code == 0, done.err
        return (tmp_path / "runs" / name / "generator.safetensors").read_bytes()

    trained("halves", 8)
    assert trained("halves", 16) == trained("whole", 16)
    done = gantool_cli("data", "shard", f"parquet:{file}", "-o", str(tmp_path / "shards"))
    assert done.code == 0, done.err
    assert len(commands.open_source(f"shards:{tmp_path / 'shards'},workers=0", 8, 3)) == 12
    done = gantool_cli("data", "check", f"parquet:{file}", "--json")
    assert '"PNG": 12' in done.out


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("~no-such-user/a.parquet", "is in the home of a user that there is not"),
        ("/a**b?.parquet", "is no pattern of paths|No file fits the pattern"),
    ],
)
def test_a_path_that_cannot_be_is_told_as_such(path, told):
    with pytest.raises(gantool.GantoolError, match=told):
        commands.open_source(f"parquet:path={path}", 8, 3)
