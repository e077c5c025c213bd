from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures import wide, workers
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import own_range
from gantool.data.survey.check import check


def scans(folder: Path, dtype: str, *levels: tuple[float, float]) -> Path:
    """Pictures whose left half has the first level, and whose right half the second."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, (left, right) in enumerate(levels):
        pixels = np.repeat([[left] * 4 + [right] * 4], 8, 0).astype(dtype)
        Image.fromarray(pixels).save(folder / f"{index}.tif")
    return folder


def built(folder: Path, **options: str) -> CachedSource:
    return build(FolderOptions(path=str(folder), filter="box", **options), resolution=8, channels=1)


def ends(source: CachedSource) -> list[tuple[int, int]]:
    return [(int(image[0, 0, 0]), int(image[0, 0, 7])) for image, _ in (source[index] for index in range(len(source)))]


@pytest.mark.parametrize(
    ("kind", "low", "high", "found"),
    [
        ("integers", 0, 4095, (0, 4095)),
        ("integers", 12, 2900, (0, 4095)),
        ("integers", 0, 255, (0, 255)),
        ("integers", 0, 65535, (0, 65535)),
        ("integers", -1000, 3000, (-1000, 3000)),
        ("integers", 30000, 31000, (30000, 31000)),
        ("colours", 0, 11_966, (0, 65535)),
        ("colours", 0, 30_000, (0, 65535)),
        ("colours", 7, 4095, (0, 4095)),
        ("floats", 0.01, 0.98, (0, 1)),
        ("floats", -0.9, 0.97, (-1, 1)),
        ("floats", 0, 250, (0, 255)),
        ("floats", 0, 2.7, (0, 2.7)),
        ("floats", 0.5, 0.5, (0, 1)),
        ("integers", 70000, 70000, (70000, 70001)),
    ],
)
def test_the_own_range_is_a_usual_one_or_just_what_there_is(
    kind: str, low: float, high: float, found: tuple[float, float]
) -> None:
    assert own_range(kind, [(float(low), float((low + high) / 2)), (float(low), float(high))]) == found


@pytest.mark.long
def test_twelve_bits_in_sixteen_are_as_bright_as_they_were(tmp_path: Path) -> None:
    source = built(scans(tmp_path / "f", "uint16", (0, 4095), (2048, 1024)))
    assert ends(source) == [(0, 255), (128, 64)]  # one range for all pictures
    (note,) = source.notes
    assert note.startswith("2 pictures of integers from 0 to 4,095, taken as 12 bits: 0 is black and 4,095 is white")
    assert check(FolderOptions(path=str(tmp_path / "f"))).notes == [note]
    assert built(tmp_path / "f").notes == (note,)  # from the cache


def test_the_negative_half_of_floats_is_kept(tmp_path: Path) -> None:
    assert ends(built(scans(tmp_path / "f", "float32", (-1, 1), (0, -0.5)))) == [(0, 255), (128, 64)]


@pytest.mark.long
def test_a_range_can_be_given(tmp_path: Path) -> None:
    folder = scans(tmp_path / "f", "uint16", (0, 4095), (2048, 1024))
    assert ends(built(folder, range="full")) == [(0, 16), (8, 4)]
    assert ends(built(folder, range="1024-2048")) == [(0, 255), (255, 0)]
    assert ends(built(scans(tmp_path / "g", "float32", (-2, 2)), range="-2-2")) == [(0, 255)]
    for wrong in ("9-3", "wide", "3"):
        with pytest.raises(ValueError, match="range"):
            FolderOptions(path="f", range=wrong)


def test_pictures_of_eight_bits_beside_them_stay_as_they_are(tmp_path: Path) -> None:
    folder = scans(tmp_path / "f", "uint16", (0, 1023))
    Image.new("L", (8, 8), 77).save(folder / "9.png")
    Image.fromarray(np.full((8, 8), 0.5, np.float32)).save(folder / "a.tif")
    assert ends(built(folder)) == [(0, 255), (77, 77), (128, 128)]


@pytest.mark.long
def test_a_broken_scan_is_left_out_and_worker_processes_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scans(tmp_path / "f", "uint16", (0, 4095), (2048, 1024))
    (folder / "1a.tif").write_bytes((folder / "1.tif").read_bytes()[:150])
    here = built(folder)
    monkeypatch.setattr(workers, "ITEMS_PER_WORKER", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    there = built(folder, background="black")  # decoded anew
    assert ends(here) == ends(there) == [(0, 255), (128, 64)]
    assert [one.path for one in there.skipped] == ["1a.tif"]


def test_strips_make_what_the_whole_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (37, 11)).astype(np.uint16)
    image = Image.fromarray(pixels)
    image.info["transparency"] = int(pixels[20, 5])
    whole = np.asarray(wide.Wide(image).eight_bits())
    image.info["transparency"] = int(pixels[20, 5])
    monkeypatch.setattr(wide, "_STRIP", 50)
    assert (np.asarray(wide.Wide(image).eight_bits()) == whole).all()
    assert whole.shape == (37, 11, 2)
    assert whole[20, 5, 1] == 0
    assert wide.Wide(image).extremes() == (pixels.min(), pixels.max())
