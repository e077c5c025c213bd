"""Parquet files: the columns of pictures and labels, by schema, type or name."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_sets import STRUCT, built, cells, declared, labelled, png, write

import gantool
from gantool_hf_data import ParquetOptions
from gantool_hf_data.sources import parquet_shape


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


def test_words_of_a_column_of_captions_are_cut(tmp_path, gantool_cli):
    table = pa.table({"image": pa.array([png(0), png(1)], pa.binary()), "label": ["x" * 5000, "y" * 5000]})
    pq.write_table(table, tmp_path / "a.parquet")
    said = gantool_cli("data", "check", f"parquet:{tmp_path / 'a.parquet'}").out
    assert max(map(len, said.splitlines())) < 500
