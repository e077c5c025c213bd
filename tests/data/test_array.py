import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gantool.builtin.sources import ArrayOptions, array
from gantool.builtin.sources.array import ArraySource, build, natural
from gantool.data.batches import open_batches
from gantool.data.pictures.tree import list_pictures
from gantool.errors import DataError
from gantool.plugins.host import host
from gantool.run.components import resolve_source

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)


def built(path: Path, channels: int = 3, **options: str) -> ArraySource:
    return build(ArrayOptions(path=str(path), **options), resolution=8, channels=channels)


def saved(folder: Path, **arrays: NDArray) -> Path:
    np.savez_compressed(folder / "f.npz", **arrays)
    return folder / "f.npz"


def images(source: ArraySource) -> NDArray:
    return np.stack([source[index][0].numpy() for index in range(len(source))])


@pytest.mark.parametrize("first", [False, True])
def test_channels_may_be_first_or_last(tmp_path: Path, first: bool) -> None:
    np.save(tmp_path / "f.npy", PIXELS.transpose(0, 3, 1, 2) if first else PIXELS)
    source = built(tmp_path / "f.npy")
    assert (images(source) == PIXELS.transpose(0, 3, 1, 2)).all()
    assert source[0][1] is None
    look = natural(ArrayOptions(path=str(tmp_path / "f.npy")))
    assert (look.resolution, look.channels, look.classes, look.pictures) == (16, 3, 0, 6)


def test_grey_pictures_have_one_channel_and_bits_are_black_and_white(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", PIXELS[..., 0] > 127)
    assert set(np.unique(images(built(tmp_path / "f.npy", 1)))) == {0, 255}
    assert natural(ArrayOptions(path=str(tmp_path / "f.npy"))).channels == 1


@pytest.mark.parametrize(
    ("values", "options", "ends"),
    [
        (np.linspace(-1, 1, 6 * 64 * 3, dtype=np.float32), {}, (0, 255)),
        (np.linspace(0, 1, 6 * 64 * 3), {}, (0, 255)),
        (np.linspace(0, 4095, 6 * 64 * 3).astype(np.uint16), {}, (0, 255)),
        (np.linspace(0, 4095, 6 * 64 * 3).astype(np.int64), {"range": "full"}, (0, 16)),
        (np.linspace(0, 1, 6 * 64 * 3), {"range": "0-2"}, (0, 128)),
    ],
)
def test_other_numbers_are_scaled_by_the_range_of_all(
    tmp_path: Path, values: NDArray, options: dict[str, str], ends: tuple[int, int]
) -> None:
    np.save(tmp_path / "f.npy", values.reshape(6, 8, 8, 3))
    source = built(tmp_path / "f.npy", **options)
    pixels = images(source)
    assert (pixels.min(), pixels.max()) == ends
    assert source.notes[0].startswith("Arrays of ")
    assert "is black" in source.notes[0]


def test_the_parts_of_a_set_are_joined_with_their_labels(tmp_path: Path) -> None:
    labels = {"y_test": np.array([[7], [5]]), "y_train": np.array([5, 7, 7, 9])}
    path = saved(tmp_path, x_test=PIXELS[:2], x_train=PIXELS[2:], **labels)
    source = built(path)
    assert len(source) == 6
    assert source.class_names == ("5", "7", "9")
    assert [source.class_names[source[index][1]] for index in range(6)] == ["7", "5", "5", "7", "7", "9"]
    assert (source[5][0].numpy() == PIXELS[5].transpose(2, 0, 1)).all()
    assert len(built(path, key="x_train")) == 4
    assert built(path, labels="none").class_names == ()


def test_labels_may_be_words_and_lie_beside_a_npy(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", PIXELS)
    np.save(tmp_path / "l.npy", np.array(["b", "a", "a", "b", "b", "b"]))
    source = built(tmp_path / "f.npy", labels="l.npy")
    assert source.class_names == ("a", "b")
    assert [source[index][1] for index in range(3)] == [1, 0, 0]


def test_labels_that_changed_in_their_own_file_are_other_data(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", PIXELS)
    np.save(tmp_path / "l.npy", np.array([0, 1, 0, 1, 0, 1]))
    first, again = (built(tmp_path / "f.npy", labels="l.npy").fingerprint for _ in range(2))
    np.save(tmp_path / "l.npy", np.array([1, 0, 1, 0, 1, 0]))
    changed = built(tmp_path / "f.npy", labels="l.npy").fingerprint
    assert first == again != changed
    assert len({first, changed, built(tmp_path / "f.npy").fingerprint}) == 3


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.bool_])
def test_one_hot_labels_are_the_classes_of_their_ones(tmp_path: Path, kind: type) -> None:
    source = built(saved(tmp_path, images=PIXELS, labels=np.eye(4)[[3, 1, 1, 0, 2, 3]].astype(kind)))
    assert source.class_names == ("0", "1", "2", "3")
    assert [source[index][1] for index in range(6)] == [3, 1, 1, 0, 2, 3]


@pytest.mark.parametrize(
    "labels",
    [np.array(3), np.zeros(0, int), np.arange(7), np.ones((6, 2), int), np.zeros((6, 2), int), np.full((6, 2), 0.5),
     np.arange(6.0), np.zeros((6, 2, 1, 1, 1), int)],
)  # fmt: skip
def test_labels_of_another_form_are_refused_by_name_and_left_out_at_auto(tmp_path: Path, labels: NDArray) -> None:
    path = saved(tmp_path, images=PIXELS, labels=labels)
    with pytest.raises(DataError, match=r"^labels has \[.*\] values of .* as labels of 6 pictures; they are"):
        built(path, labels="labels")
    source = built(path)
    assert source.class_names == ()
    assert "They are not used." in source.notes[1]


def test_arrays_belong_together_by_their_names_alone(tmp_path: Path) -> None:
    source = built(saved(tmp_path, photos=PIXELS, ids=np.arange(6)))
    assert source.class_names == ()
    assert source.notes == (
        "Pictures are those of photos.", "None of ids is by its name their labels (labels=NAME uses one).",
    )  # fmt: skip
    parts = built(saved(tmp_path, train_images=PIXELS, test_images=PIXELS, train_labels=np.arange(6) % 2,
                        test_labels=np.arange(6) % 3))  # fmt: skip
    assert parts.notes == (
        "Pictures are those of train_images and test_images.", "Labels are those of train_labels and test_labels.",
    )  # fmt: skip
    assert len(built(saved(tmp_path, batch_1=PIXELS, batch_2=PIXELS))) == 12
    for names in (("images", "masks"), ("arr_0", "arr_1")):
        path = saved(tmp_path, **dict.fromkeys(names, PIXELS))
        with pytest.raises(DataError, match=rf"may be the pictures: .*array:path=.*,key={names[0]}\."):
            built(path)
        assert len(built(path, key=names[1])) == 6


def test_pictures_that_are_not_finite_are_refused_by_their_number(tmp_path: Path) -> None:
    pixels = PIXELS / 255.0
    for wrong in (np.nan, np.inf):
        np.save(tmp_path / "f.npy", np.where(np.arange(6).reshape(6, 1, 1, 1) == 4, wrong, pixels))
        with pytest.raises(DataError, match=r"Picture 4 of .*f\.npy holds values that are not finite"):
            built(tmp_path / "f.npy")


def test_a_single_picture_in_colour_is_not_taken_for_many_narrow_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", PIXELS[0])
    with pytest.raises(DataError, match=r"shape \[8, 8, 3\].* save it as \[1, h, w, c\]"):
        built(tmp_path / "f.npy")


def test_a_file_of_labels_may_lie_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    np.save(tmp_path / "f.npy", PIXELS)
    np.save(tmp_path / "here" / "l.npy", np.arange(6) % 2)
    monkeypatch.chdir(tmp_path / "here")
    options = ArrayOptions(path="../f.npy", labels="l.npy")
    assert options.labels == str(tmp_path / "here" / "l.npy")
    assert len(build(options, resolution=8, channels=3).class_names) == 2
    np.savez(tmp_path / "several.npz", a=np.arange(6), b=np.arange(6))
    with pytest.raises(DataError, match="none is named labels"):
        built(tmp_path / "f.npy", labels="several.npz")
    with pytest.raises(DataError, match=r"no labels severl\.npz: neither an array .* Did you mean 'several\.npz'"):
        built(tmp_path / "f.npy", labels="severl.npz")


def test_a_path_means_the_source_and_it_is_cached(tmp_path: Path) -> None:
    path = saved(tmp_path, images=PIXELS, labels=np.arange(6) % 2)
    chosen = resolve_source(host(), str(path))
    assert chosen.spec.name == "array"
    batches = open_batches(
        chosen.build(resolution=8, channels=3), name="a", resolution=8, channels=3, seed=0, flip=False, labels=True,
        device=torch.device("cpu"),
    )  # fmt: skip
    found, labels = batches.take(0, 6)
    assert sorted(found.sum((1, 2, 3)).tolist()) == sorted(PIXELS.sum((1, 2, 3), dtype=np.int64).tolist())
    assert labels is not None
    assert sorted(labels.tolist()) == [0, 0, 0, 1, 1, 1]
    with pytest.raises(DataError, match="holds arrays"):
        list_pictures(path)


def test_what_cannot_be_used_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "flat.npy", np.zeros((5, 5)))
    (tmp_path / "cut.npz").write_bytes(saved(tmp_path, a=PIXELS).read_bytes()[:200])
    (tmp_path / "text.npy").write_text("words")
    for name, reason in {
        "o": "Objects are not",
        "flat": r"flat \[5, 5\]",
        "text": "cannot be",
        "gone": "No such",
    }.items():
        with pytest.raises(DataError, match=reason):
            built(tmp_path / f"{name}.npy")
    with pytest.raises(DataError, match=r"cut\.npz cannot be read as arrays"):
        built(tmp_path / "cut.npz")
    with pytest.raises(DataError, match=r"no array 'b'.*It holds a \[6, 8, 8, 3\] of uint8"):
        built(tmp_path / "f.npz", key="b")
    with pytest.raises(DataError, match="several shapes or types"):
        built(saved(tmp_path, a_1=PIXELS, a_2=PIXELS[:, :4]))
    np.save(tmp_path / "few.npy", np.arange(3))
    with pytest.raises(DataError, match=r"few\.npy has \[3\] values of int64 as labels of 6 pictures"):
        built(saved(tmp_path, a=PIXELS), labels="few.npy")
    monkeypatch.setattr(array, "_MOST_BYTES", 1000)
    with pytest.raises(DataError, match="read in place"):
        built(tmp_path / "f.npz")
    with zipfile.ZipFile(tmp_path / "z.npz", "w"):
        pass
    with pytest.raises(DataError, match="holds no pictures: nothing"):
        built(tmp_path / "z.npz")
