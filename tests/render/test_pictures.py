"""Picture files: exact pixels, no foreign file lost."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.data.pictures.whole import read_square
from gantool.errors import OptionError
from gantool.render.pictures import save_pictures, save_sheet, to_pil, upscale


def picture(value: int, channels: int = 3) -> Image.Image:
    generator = torch.Generator().manual_seed(value)
    return to_pil(torch.randint(0, 256, (channels, 8, 8), dtype=torch.uint8, generator=generator))


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_png_and_webp_keep_every_pixel(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / "new" / f"a{suffix}"
    save_pictures([picture(0, channels)], [path])
    with Image.open(path) as opened:
        assert np.array_equal(np.asarray(opened.convert("RGB")), np.asarray(picture(0, channels).convert("RGB")))


def test_another_picture_is_never_replaced_unasked(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index}.png" for index in range(3)]
    save_pictures([picture(2)], paths[2:])
    theirs = paths[2].read_bytes()
    with pytest.raises(OptionError, match=r"2\.png.*--overwrite"):
        save_pictures([picture(0), picture(1), picture(0)], paths)
    assert paths[2].read_bytes() == theirs
    assert not paths[0].exists()
    save_pictures([picture(0), picture(1), picture(0)], paths, overwrite=True)
    assert paths[2].read_bytes() == paths[0].read_bytes() != theirs


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_sheet_keeps_every_pixel_and_replaces_an_older_one(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "new" / "000000640.png"
    for number in range(2):
        save_sheet(picture(number, channels), path)
    with Image.open(path) as opened:
        assert np.array_equal(np.asarray(opened), np.asarray(picture(1, channels)))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_picture_again_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    save_pictures([picture(0)], [path])
    save_pictures([picture(0)], [path])
    assert [file.name for file in tmp_path.iterdir()] == ["a.jpg"]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="file"):
        save_pictures([picture(0)], [tmp_path / "file" / "a.png"])


def test_upscaling_is_by_whole_pixels() -> None:
    image = torch.tensor([[[1, 2]]], dtype=torch.uint8)
    assert upscale(image, 2).tolist() == [[[1, 1, 2, 2], [1, 1, 2, 2]]]
    assert upscale(image, 1) is image


def test_alpha_is_kept_and_read_again_to_the_same_pixels(tmp_path: Path) -> None:
    alpha = torch.arange(256).view(1, 16, 16)
    share = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))
    made = torch.cat([(alpha * share).round(), alpha]).to(torch.uint8)
    for suffix in (".png", ".webp"):
        path = tmp_path / f"a{suffix}"
        save_pictures([to_pil(made)], [path])
        with Image.open(path) as opened:
            assert opened.mode == "RGBA"
        assert torch.equal(read_square(path, 16, 4), made)


def test_jpeg_lays_transparency_on_white(tmp_path: Path) -> None:
    save_pictures([to_pil(torch.zeros(4, 8, 8, dtype=torch.uint8))], [tmp_path / "a.jpg"])
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.getpixel((4, 4)) == (255, 255, 255)


def test_odd_channels_are_refused() -> None:
    with pytest.raises(OptionError, match="2"):
        to_pil(torch.zeros(2, 4, 4, dtype=torch.uint8))
