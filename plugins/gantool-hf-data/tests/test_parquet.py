"""Parquet files: columns, labels, damage, and the same images as those of a folder with the same files."""

import gc
import http.server
import threading
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_sets import STRUCT, cells, declared, deep, labelled, png, write

import gantool
from gantool import commands
from gantool.testing import check_source
from gantool_hf_data import ParquetOptions
from gantool_hf_data.reading import ParquetFiles
from gantool_hf_data.sources import parquet, parquet_files, parquet_shape


def built(path, **options):
    return parquet(ParquetOptions(path=str(path), **options), 8, 3)


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


@pytest.mark.parametrize("kind", [STRUCT, pa.struct([("bytes", pa.large_binary())]), pa.binary(), pa.large_binary()])
@pytest.mark.parametrize("name", ["image", "whatever"])
def test_the_column_of_pictures_is_found_by_its_type(tmp_path, kind, name):
    pictures = [png(seed) for seed in range(4)]
    values = [{"bytes": one} for one in pictures] if pa.types.is_struct(kind) else pictures
    file = write(tmp_path / "a.parquet", {"id": range(4), name: values}, {"id": pa.int64(), name: kind})
    assert len(built(file)) == 4
    assert built(file).class_names == ()


def test_columns_are_found_by_the_schema_and_may_be_named(tmp_path):
    columns = {"thumb": cells(4, 4), "image": cells(4), "fine_label": [0, 1, 2, 0], "coarse_label": [0, 1, 1, 0]}
    types = {"thumb": STRUCT, "image": STRUCT, "fine_label": pa.int64(), "coarse_label": pa.int64()}
    names = {"fine_label": ["x", "y", "z"], "coarse_label": ["p", "q"]}
    file = write(tmp_path / "a.parquet", columns, types, declared(image=None, thumb=None, **names))
    source = built(file)
    assert source.class_names == ("x", "y", "z")
    assert "Labels are those of the column fine_label; coarse_label may be had by label=." in source.notes
    assert built(file, label="coarse_label").class_names == ("p", "q")
    assert built(file, label="none").class_names == ()
    assert built(file, image="thumb").fingerprint != source.fingerprint
    with pytest.raises(gantool.DataError, match="has no column 'pixels'; it has thumb"):
        built(file, image="pixels")
    with pytest.raises(gantool.DataError, match="has no pictures in its column 'fine_label': it is of type int64"):
        built(file, image="fine_label")
    with pytest.raises(gantool.DataError, match="has no labels in its column 'image', as words or integers"):
        built(file, label="image")
    types = {"one": STRUCT, "two": STRUCT}
    file = write(tmp_path / "b.parquet", {"one": cells(2), "two": cells(2)}, types)
    with pytest.raises(gantool.DataError, match="several columns of pictures, one, two: name one by image=one"):
        built(file)


@pytest.mark.parametrize(
    ("labels", "kind", "names"),
    [
        ([3, 1, 3, 1], pa.int32(), ("1", "3")),
        (["b", "a", "b", "a"], pa.string(), ("a", "b")),
        (["b", "a", "b", "a"], pa.dictionary(pa.int8(), pa.string()), ("a", "b")),
        ([True, False, True, False], pa.bool_(), ("False", "True")),
    ],
)
def test_labels_of_other_writers_are_a_column_by_its_name(tmp_path, labels, kind, names):
    file = write(tmp_path / "a.parquet", {"image": cells(4), "label": labels}, {"image": STRUCT, "label": kind})
    source = built(file)
    assert source.class_names == names
    assert [source[index][1] for index in range(4)] == [1, 0, 1, 0]
    assert parquet_shape(ParquetOptions(path=str(file))).classes == 2


def test_a_test_set_whose_labels_are_all_missing_has_no_classes(tmp_path):
    types, known = {"image": STRUCT, "label": pa.int64()}, declared(image=None, label=["a", "b"])
    file = write(tmp_path / "a.parquet", {"image": cells(6), "label": [-1] * 6}, types, known)
    assert parquet_shape(ParquetOptions(path=str(file))).classes == 0
    assert built(file).class_names == ()
    assert built(file).notes == ()
    file = write(tmp_path / "b.parquet", {"image": cells(6), "label": [0, 1, None, 0, 7, 1]}, types, known)
    assert built(file).class_names == ()
    assert built(file).notes == ("2 of 6 pictures have no label, so there are no classes.",)


def test_metadata_may_be_anything(tmp_path):
    types = {"image": STRUCT, "label": pa.int64()}
    columns = {"image": cells(4), "label": [0, 1, 0, 1]}
    for number, text in enumerate(
        ['{"info": 3}', "[" * 5000, "{}", '{"info": {"features": {"label": "x", "image": 1}}}']
    ):
        file = write(tmp_path / f"{number}.parquet", columns, types, {"huggingface": text})
        assert built(file).class_names == ("0", "1")
    for names in ("ab", [1, 2], ["a", "a"], None):
        file = write(tmp_path / "x.parquet", columns, types, declared(image=None, label=names))
        assert built(file).class_names == ("0", "1")


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


def test_files_without_pictures_or_of_another_schema(tmp_path):
    only = write(tmp_path / "a.parquet", {"text": ["x"], "list": [[png(0)]]}, {
        "text": pa.string(), "list": pa.list_(pa.binary()),
    })  # fmt: skip
    with pytest.raises(
        gantool.DataError, match=r"no column of pictures, as bytes or struct<bytes, path>; it has text \(s"
    ):
        built(only)
    labelled(tmp_path / "set" / "a.parquet")
    labelled(tmp_path / "set" / "b.parquet", classes=("x", "y", "z"))
    write(tmp_path / "set" / "c.parquet", {"text": ["x"]}, {"text": pa.string()})
    source = built(tmp_path / "set")
    assert len(source) == 10
    reasons = {one.path: one.reason for one in source.skipped}
    assert reasons["b.parquet"] == "has other columns or classes than a.parquet"
    assert reasons["c.parquet"].startswith("has no column of pictures")
    nothing = write(tmp_path / "n.parquet", {"image": []}, {"image": STRUCT})
    with pytest.raises(gantool.DataError, match=r"There are no pictures in .*: no file has a row"):
        built(nothing)


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
    with pytest.raises(gantool.DataError, match=r"a\.parquet could not be read: could not be read in 2 trials, .*503"):
        list(files.read(0))
    with pytest.raises(gantool.DataError, match=r"a\.parquet could not be read in 2 trials"):
        built(f"{server}/a.parquet", label="none")


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


def test_words_of_a_column_of_captions_are_cut(tmp_path, gantool_cli):
    table = pa.table({"image": pa.array([png(0), png(1)], pa.binary()), "label": ["x" * 5000, "y" * 5000]})
    pq.write_table(table, tmp_path / "a.parquet")
    said = gantool_cli("data", "check", f"parquet:{tmp_path / 'a.parquet'}").out
    assert max(map(len, said.splitlines())) < 500
