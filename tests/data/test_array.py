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
        built(saved(tmp_path, a=PIXELS, b=PIXELS[:, :4]))
    np.save(tmp_path / "few.npy", np.arange(3))
    with pytest.raises(DataError, match="3 labels of int64 for 6 pictures"):
        built(saved(tmp_path, a=PIXELS), labels="few.npy")
    monkeypatch.setattr(array, "_MOST_BYTES", 1000)
    with pytest.raises(DataError, match="read in place"):
        built(tmp_path / "f.npz")
    with zipfile.ZipFile(tmp_path / "z.npz", "w"):
        pass
    with pytest.raises(DataError, match="holds no pictures: nothing"):
        built(tmp_path / "z.npz")
