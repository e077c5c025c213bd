import json
import zipfile
from pathlib import Path

import pytest
from pictures import pictures

from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures.natural import natural
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import list_pictures
from gantool.data.survey.check import check
from gantool.data.survey.report import as_text
from gantool.errors import DataError

STYLEGAN = ("00000/a.png", "00000/b.png", "00001/c.png")


def built(path: Path, **options: str) -> CachedSource:
    return build(FolderOptions(path=str(path), **options), resolution=8, channels=3)


def labels(source: CachedSource) -> list[str | None]:
    found = [source[index][1] for index in range(len(source))]
    return [None if label is None else source.class_names[label] for label in found]


def stylegan(folder: Path, found: object) -> Path:
    pictures(folder, *STYLEGAN)
    (folder / "dataset.json").write_text(json.dumps({"labels": found}))
    return folder


def zipped(folder: Path, separator: str = "/") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, str(file.relative_to(folder)).replace("/", separator))
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_labels_of_stylegan_are_read_and_its_folders_are_no_classes(tmp_path: Path, packed: bool) -> None:
    folder = stylegan(tmp_path / "f", [[name, number] for name, number in zip(STYLEGAN, (10, 9, 10), strict=True)])
    path = zipped(folder) if packed else folder
    source = built(path)
    assert source.class_names == ("9", "10")  # by value
    assert labels(source) == ["10", "9", "10"]
    assert source.notes == ("Labels are those of dataset.json, not the folders.",)
    assert source.skipped == ()  # what is used is not left out
    assert natural(FolderOptions(path=str(path))).classes == 2
    assert check(FolderOptions(path=str(path))).classes == {"9": 1, "10": 2}


@pytest.mark.parametrize("found", [None, [[STYLEGAN[0], 1]]])
def test_numbered_folders_of_stylegan_without_labels_for_all_are_unlabelled(tmp_path: Path, found: object) -> None:
    source = built(stylegan(tmp_path / "f", found))
    assert source.class_names == ()
    assert len(source) == 3
    assert "dataset.json has" in source.notes[0]
    assert built(tmp_path / "f", labels="folders").class_names == ("00000", "00001")


def test_a_dataset_json_of_another_tool_is_just_another_file(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a/1.png", "b/1.png")
    for text in ("[1]", '{"labels": 5}', "{", "[" * 5000):
        (folder / "dataset.json").write_text(text)
        assert built(folder).class_names == ("a", "b")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.csv", "a.png,cat\nb.png,dog\nsub/c.png,cat\n"),
        ("l.csv", "\ufeffid;breed\na;cat\nb;dog\nc;cat\n"),
        ("l.csv", "breed,image\ncat,x/a.png\ndog,x/b.png\ncat,x\\c.png\n"),
        ("l.tsv", "file\tsize\tlabel\na.png\t7\tcat\nb.png\t7\tdog\nsub/c.png\t7\tcat\n"),
        ("l.json", '{"a.png": "cat", "b.png": "dog", "sub/c.png": "cat"}'),
        ("l.json", '[["./a.png", "cat"], ["b.png", "dog"], ["sub/c.png", "cat"]]'),
        ("l.jsonl", '{"file_name": "a.png", "label": "cat"}\n{"file_name": "b.png", "label": "dog"}\n'
                    '{"file_name": "c.png", "label": "cat"}\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_labels_come_from_a_file_in_its_usual_forms(tmp_path: Path, name: str, text: str, packed: bool) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png", "sub/c.png")
    (folder / name).write_text(text)
    assert labels(built(zipped(folder) if packed else folder, labels=name)) == ["cat", "dog", "cat"]


def test_pictures_without_a_label_are_left_out_and_named(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png", "c.png")
    (tmp_path / "l.csv").write_text("a.png,cat\nc.png,dog\nz.png,cat\n")  # beside the folder
    source = built(folder, labels="l.csv")
    assert labels(source) == ["cat", "dog"]
    assert [(one.path, one.reason) for one in source.skipped] == [("b.png", "has no label in l.csv")]
    assert source.notes == ("Labels are those of l.csv. Left out without one: 1 picture, as b.png.",)


def test_other_labels_are_other_data(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    (folder / "l.csv").write_text("a.png,cat\nb.png,dog\n")
    first = built(folder, labels="l.csv")
    (folder / "l.csv").write_text("a.png,dog\nb.png,cat\n")
    second = built(folder, labels="l.csv")
    assert labels(second) == ["dog", "cat"]
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("a.png\nb.png\n", "one column"),
        ("x.png,1\ny.png,2\n", "none for a picture in .*x.png.*a.png"),
        ('{"a.png": {"x": 1}}', "is no class"),
        ('{"a.png": 0.5}', "is no class"),
        ("[1]", "is no pair"),
        ('{"a.png": ["x", 1]}', "is no class"),
        ('{"a.png": [null, 1]}', "is no class"),
        ('{"a.png": [true, false]}', "is no class"),
        (f"a.png,{'x' * 200_000}", "is no table .*field larger"),
        ("7", "neither a list nor a table"),
    ],
)
def test_a_file_of_labels_that_cannot_be_used_is_explained(tmp_path: Path, text: str, reason: str) -> None:
    name = "l.json" if text[:1] in ("{", "[", "7") else "l.csv"
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=reason):
        built(folder, labels=name)
    (tmp_path / "beside.csv").write_text(text)
    for wrong, near in (("l.cvs", ""), ("besid.csv", r".* Did you mean 'beside\.csv'\?")):
        with pytest.raises(DataError, match=rf"labels {wrong} cannot be read: No such file{near}"):
            built(folder, labels=wrong)


def test_a_file_named_from_the_working_folder_is_found_from_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    (folder / "in.csv").write_text("")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "out.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert FolderOptions(path="f", labels="f/in.csv").labels == "in.csv"
    assert FolderOptions(path="f", labels="here/out.csv").labels == str(tmp_path / "here" / "out.csv")
    assert FolderOptions(path="f", labels="in.csv").labels == "in.csv"


def test_parts_of_a_set_are_no_classes_and_that_is_said(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "train/cats/1.png", "train/dogs/1.png", "test/cats/1.png")
    source = built(folder)
    assert labels(source) == ["cats", "cats", "dogs"]
    assert source.notes == ("The folders test, train are parts of one set, not classes; all are used.",)
    assert source.notes[0] in as_text(check(FolderOptions(path=str(folder))))


def test_a_picture_beside_class_folders_is_named(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "cats/1.png", "dogs/1.png", "preview.png")
    (note,) = built(folder).notes
    assert note.startswith("preview.png lies beside the folders cats, dogs, so these are no classes")


def test_a_backslash_in_a_zip_is_a_separator(tmp_path: Path) -> None:
    path = zipped(pictures(tmp_path / "f", "cats/1.png", "dogs/1.png"), "\\")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("empty\\", b"")
    listing = list_pictures(path)
    assert [item.path for item in listing.items] == ["cats/1.png", "dogs/1.png"]
    assert listing.ignored == ()
    assert built(path).class_names == ("cats", "dogs")
