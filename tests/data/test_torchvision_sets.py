import importlib
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.datasets
from PIL import Image

from gantool.builtin.sources import torchvision_sets
from gantool.builtin.sources.builtin_sets import SPECS, TorchvisionOptions, TrainTestOptions
from gantool.errors import DataError

SETS = [spec for spec in SPECS if spec.name != "shapes"]


class FakeSet:
    """Like a torchvision set: three grey pictures, present only after a download into `root`."""

    classes = ["cat", "dog"]
    fails: Exception | None = None

    def __init__(self, root: Path, train: bool = True, download: bool = False) -> None:
        marker = Path(root) / "downloaded"
        if download and self.fails is not None:
            raise self.fails
        if download:
            print("Downloading, on standard output as torchvision does")
            marker.touch()
        if not marker.exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.value = 10 if train else 200

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.new("L", (40, 30), self.value + index), index % 2


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeSet]:
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", FakeSet)
    monkeypatch.setattr(FakeSet, "fails", None)
    return FakeSet


def cifar10(root: Path, resolution: int = 32, channels: int = 3, **options: Any) -> torchvision_sets.TorchvisionSource:
    return torchvision_sets.cifar10(
        TrainTestOptions(root=str(root), **options), resolution=resolution, channels=channels
    )


def write_idx(file: Path, array: np.ndarray) -> None:
    """The MNIST format: a magic number with the number of dimensions, the dimensions, the bytes."""
    header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
    file.write_bytes(header + array.tobytes())


@pytest.mark.parametrize("spec", SETS, ids=lambda spec: spec.name)
def test_every_set_in_the_catalogue_can_be_built_and_names_a_class_of_torchvision(spec: Any) -> None:
    for place in (spec.factory, spec.natural):
        module, _, name = place.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
    known = torchvision_sets._SETS[spec.name]
    assert hasattr(torchvision.datasets, known.torchvision)
    for split in [*known.splits, "all"]:
        assert isinstance(spec.options(split=split), TorchvisionOptions)
    with pytest.raises(ValueError, match="split"):
        spec.options(split="everything")


def test_what_is_missing_is_fetched_once_and_nothing_is_said_on_standard_output(
    tmp_path: Path, fake: type[FakeSet], capsys: pytest.CaptureFixture[str]
) -> None:
    source = cifar10(tmp_path)
    assert capsys.readouterr().out == ""
    assert len(source) == 3
    assert source.class_names == ("cat", "dog")
    fake.fails = OSError("no second download")
    assert cifar10(tmp_path).fingerprint == source.fingerprint


def test_pictures_come_at_the_wanted_shape_with_labels(tmp_path: Path, fake: type[FakeSet]) -> None:
    image, label = cifar10(tmp_path, resolution=16)[1]
    assert (image.dtype, tuple(image.shape), label) == (torch.uint8, (3, 16, 16), 1)
    assert image.unique().tolist() == [11]
    assert cifar10(tmp_path, channels=1)[0][0].shape == (1, 32, 32)
    assert (cifar10(tmp_path, channels=4)[0][0][3] == 255).all()


def test_all_is_the_parts_one_after_the_other(tmp_path: Path, fake: type[FakeSet]) -> None:
    source = cifar10(tmp_path, split="all")
    assert [int(source[index][0][0, 0, 0]) for index in range(len(source))] == [10, 11, 12, 200, 201, 202]
    assert int(source[-1][0][0, 0, 0]) == 202
    with pytest.raises(IndexError, match="picture 6 of 6"):
        source[6]


def test_parts_and_shapes_have_fingerprints_of_their_own(tmp_path: Path, fake: type[FakeSet]) -> None:
    sources = [
        cifar10(tmp_path),
        cifar10(tmp_path, split="test"),
        cifar10(tmp_path, split="all"),
        cifar10(tmp_path, resolution=64),
        cifar10(tmp_path, channels=1),
    ]
    assert len({source.fingerprint for source in sources}) == len(sources)


def test_without_files_and_without_download_the_error_says_where_to_put_them(
    tmp_path: Path, fake: type[FakeSet]
) -> None:
    with pytest.raises(DataError) as error:
        cifar10(tmp_path, download=False)
    for words in ("cifar-10-python.tar.gz", str(tmp_path), "download=no", "--data FOLDER", "--data shapes"):
        assert words in str(error.value)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OSError("Name or service not known"), "Name or service not known. By hand"),
        (RuntimeError("To download files from GDrive, 'gdown' is required."), "pip install gdown"),
        (
            ModuleNotFoundError("No module named 'scipy'", name="scipy"),
            "cannot be read without scipy: pip install scipy",
        ),
        (EOFError(), "EOFError. By hand"),
        (
            RuntimeError("Tried https://a, got: <urlopen error [Errno -2] Name unknown> Tried b: <urlopen error late>"),
            "its server cannot be reached from this machine (Name unknown, late). By hand",
        ),
    ],
)
def test_a_failed_download_is_explained(tmp_path: Path, fake: type[FakeSet], failure: Exception, words: str) -> None:
    fake.fails = failure
    with pytest.raises(DataError) as error:
        cifar10(tmp_path)
    assert words in str(error.value)
    assert "--data shapes" in str(error.value)


def test_a_root_that_cannot_be_a_folder_is_explained(tmp_path: Path, fake: type[FakeSet]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cifar10 could not be fetched or read"):
        cifar10(tmp_path / "file" / "below")


def test_mnist_files_put_there_by_hand_are_read(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    digits = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    for part in ("train", "t10k"):
        write_idx(raw / f"{part}-images-idx3-ubyte", digits)
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.array([7, 3], np.uint8))
    options = TrainTestOptions(root=str(tmp_path), download=False)
    source = torchvision_sets.mnist(options, resolution=28, channels=1)
    image, label = source[0]
    assert torch.equal(image[0], torch.from_numpy(digits[0]))
    assert (label, source.class_names[7], len(source)) == (7, "7 - seven", 2)


def test_files_that_a_download_left_cut_short_are_to_be_removed(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        write_idx(raw / f"{part}-images-idx3-ubyte", np.zeros((2, 28, 28), np.uint8))
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.zeros(2, np.uint8))
    images = raw / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-5])
    with pytest.raises(DataError, match=f"cut short, remove its files in {tmp_path}: the same command fetches"):
        torchvision_sets.mnist(TrainTestOptions(root=str(tmp_path)), 8, 1)


def test_parts_without_labels_have_no_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = SimpleNamespace(classes=["cat"])
    monkeypatch.setattr(torchvision_sets, "_part", lambda *_: FakeList(part.classes))
    spec = next(spec for spec in SETS if spec.name == "stl10")
    for split, names in (("train", ("cat",)), ("unlabeled", ()), ("all", ())):
        source = torchvision_sets.stl10(spec.options(split=split), resolution=64, channels=3)
        assert source.class_names == names
        assert source[0][1] == (0 if names else None)


class FakeList(list[tuple[Image.Image, int]]):
    def __init__(self, classes: list[str]) -> None:
        super().__init__([(Image.new("RGB", (96, 96)), 0)])
        self.classes = classes
