import io
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from gantool.data.pictures import decode as module
from gantool.data.pictures.decode import UndecodableError, decode, peek
from gantool.data.pictures.options import FolderOptions

RED, BLUE = (255, 0, 0), (0, 0, 255)


def saved(image: Image.Image, format: str = "PNG", **more: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format, **more)
    file.seek(0)
    return file


def decoded(file: io.BytesIO, resolution: int = 8, channels: int = 3, **options: str) -> np.ndarray:
    return decode(file, FolderOptions(path="", **options), resolution, channels)


def noise(size: tuple[int, int], seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


def colour(pixels: np.ndarray, x: int = 4, y: int = 4) -> tuple[int, ...]:
    return tuple(int(value) for value in pixels[:, y, x])


def test_a_picture_of_the_right_size_is_kept_bit_for_bit() -> None:
    image = noise((8, 8))
    assert (decoded(saved(image)) == np.asarray(image).transpose(2, 0, 1)).all()


def halves(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def test_crop_takes_the_center_pad_keeps_all_stretch_distorts() -> None:
    image = Image.new("RGB", (24, 8), RED)
    image.paste(BLUE, (8, 0, 16, 8))
    assert {colour(decoded(saved(image)), x, y) for x in range(8) for y in range(8)} == {BLUE}
    padded = decoded(saved(image), 24, fit="pad", background="#00ff00")
    assert colour(padded, 2, 12) == RED
    assert colour(padded, 12, 12) == BLUE
    assert colour(padded, 12, 2) == (0, 255, 0)
    stretched = decoded(saved(image), 24, fit="stretch")
    assert colour(stretched, 2, 2) == RED
    assert colour(stretched, 12, 22) == BLUE


CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.parametrize(("orientation", "corner"), CORNERS.items())
def test_exif_orientation_is_applied(orientation: int, corner: tuple[int, int]) -> None:
    image = Image.new("RGB", (16, 16), BLUE)
    image.paste(RED, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decoded(saved(image, exif=exif.tobytes()), 16)
    assert colour(pixels, corner[0] * 15, corner[1] * 15) == RED


def test_broken_exif_costs_nothing() -> None:
    assert colour(decoded(saved(Image.new("RGB", (9, 9), RED), exif=b"Exif\0\0MM\0*\xff\xff\xff"))) == RED


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "GIF"])
def test_transparency_lies_on_the_background(format: str) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 8, 4))
    pixels = decoded(saved(image, format, **({"lossless": True} if format == "WEBP" else {})), background="blue")
    assert colour(pixels, 4, 1) == BLUE
    assert colour(pixels, 4, 7) in (RED, (254, 0, 0))


def ball(hidden: tuple[int, int, int]) -> Image.Image:
    """A red disc with a soft edge; its transparent surroundings have a colour that nobody sees."""
    mask = Image.new("L", (64, 64))
    ImageDraw.Draw(mask).ellipse((8, 8, 56, 56), fill=255)
    mask = mask.resize((61, 61), Image.Resampling.BICUBIC)
    image = Image.new("RGBA", mask.size, (*RED, 255))
    image.putalpha(mask)
    pixels = np.asarray(image).copy()
    pixels[pixels[..., 3] == 0] = (*hidden, 0)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("filter", ["lanczos", "bicubic", "box"])
def test_resizing_leaves_no_fringe_of_hidden_colours(fit: str, filter: str) -> None:
    seen = [decoded(saved(ball(hidden)), 16, 4, fit=fit, filter=filter) for hidden in ((0, 0, 0), (255, 255, 255))]
    assert (seen[0] == seen[1]).all()
    red, green, blue, alpha = seen[0].astype(int)
    assert abs(red - alpha).max() <= 1  # pure red at every alpha, multiplied by it
    assert max(green.max(), blue.max()) <= 1
    assert alpha[0, 0] == 0
    assert alpha[8, 8] == 255
    assert ((alpha > 20) & (alpha < 235)).any()


def test_alpha_is_kept_where_there_is_none_and_pads_are_transparent() -> None:
    opaque = decoded(saved(noise((8, 4)), "JPEG"), 8, 4, fit="pad")
    assert (opaque[3, 2:6] == 255).all()
    assert (opaque[:, :2] == 0).all()
    assert (opaque[:3, 2:6] == decoded(saved(noise((8, 4)), "JPEG"), 8, 3, fit="pad")[:, 2:6]).all()


@pytest.mark.parametrize("mode", ["LA", "P", "PA", "L", "1", "I;16", "RGB"])
def test_every_kind_of_transparency_becomes_alpha(mode: str) -> None:
    alpha = Image.new("L", (8, 8), 255)
    alpha.paste(0, (0, 0, 8, 4))
    more = {}
    if mode in ("LA", "PA"):
        image = Image.new(mode, (8, 8), 200)
        image.putalpha(alpha)
    else:
        values = np.where(np.asarray(alpha) > 0, 255, 0).astype(np.uint16 if mode == "I;16" else np.uint8)
        image = Image.fromarray(values)
        image = image.convert(mode) if mode in ("1", "RGB", "P") else image
        more = {"transparency": (0, 0, 0) if mode == "RGB" else 0}
    pixels = decoded(saved(image, "TIFF" if mode == "PA" else "PNG", **more), 8, 4)
    assert colour(pixels, 4, 1) == (0, 0, 0, 0)
    assert colour(pixels, 4, 7)[3] == 255


@pytest.mark.parametrize("mode", ["L", "I;16", "1"])
def test_a_transparent_grey_level_is_transparent(mode: str) -> None:
    grey = Image.fromarray(np.repeat([[0] * 4 + [255] * 4], 8, 0).astype(np.uint16 if mode == "I;16" else np.uint8))
    image = grey.convert("1") if mode == "1" else grey
    pixels = decoded(saved(image, transparency=0), background="#0000ff")
    assert colour(pixels, 1) == BLUE
    assert colour(pixels, 7) == (255, 255, 255)  # 16 bits of 0 to 255 only are 8 bits


def wide(values: list[float], dtype: type) -> io.BytesIO:
    return saved(Image.fromarray(np.array([values] * 2, dtype)).resize((2, 2)), "TIFF")


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 65535], np.uint16),
        ([0, 65535], np.int32),
        ([0, 1.0], np.float32),
        ([0, 255.0], np.float32),
        ([float("nan"), 1.0], np.float32),
    ],
)
def test_wide_pixels_are_scaled_to_eight_bits(values: list[float], dtype: type) -> None:
    pixels = decoded(wide(values, dtype), 2, 1)
    assert pixels[0, 0].tolist() == [0, 255]


def test_sixteen_bits_are_scaled_by_their_range_not_by_the_picture() -> None:
    assert decoded(wide([0, 32768], np.uint16), 2, 1)[0, 0].tolist() == [0, 128]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_other_colour_spaces_become_rgb(mode: str) -> None:
    image = Image.new("RGB", (8, 8), RED)
    if mode == "LAB":
        srgb, cie = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        lab = ImageCms.profileToProfile(image, srgb, cie, outputMode=mode)
        assert lab is not None
        file = saved(lab, "TIFF")
    else:
        file = saved(image.convert(mode), "TIFF")
    assert np.abs(np.array(colour(decoded(file))) - RED).max() < 12


def test_a_colour_profile_is_converted_to_srgb_and_a_broken_one_ignored() -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (8, 8), (100, 50, 25))
    assert np.abs(np.array(colour(decoded(saved(image, icc_profile=srgb)))) - (100, 50, 25)).max() <= 1
    for useless in (b"no profile", linear.tobytes()):
        assert colour(decoded(saved(image, icc_profile=useless))) == (100, 50, 25)


def test_a_profile_that_swaps_gamma_changes_the_pixels() -> None:
    dark = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert dark.count(b"para") >= 1  # the tone curve: sRGB's gamma 2.4, in 16.16 fixed point
    gamma, steeper = (0x26666).to_bytes(4, "big"), (0x40000).to_bytes(4, "big")
    assert gamma in dark
    changed = bytes(dark.replace(gamma, steeper))
    image = Image.new("RGB", (8, 8), (128, 128, 128))
    assert colour(decoded(saved(image, icc_profile=changed)))[0] < 100


def test_the_first_frame_of_an_animation_is_used() -> None:
    frames = [Image.new("RGB", (8, 8), RED), Image.new("RGB", (8, 8), BLUE)]
    assert colour(decoded(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))) in (RED, (254, 0, 0))


def test_grey_and_colour_channels() -> None:
    assert decoded(saved(Image.new("L", (8, 8), 77))).reshape(3, -1).T.tolist() == [[77] * 3] * 64
    assert decoded(saved(Image.new("L", (8, 8), 77)), channels=1).tolist() == [[[77] * 8] * 8]


def test_a_big_jpeg_is_decoded_small_and_right() -> None:
    pixels = decoded(saved(halves(1600, 1600), "JPEG"), 16)
    assert np.abs(np.array(colour(pixels, 2)) - RED).max() < 4
    assert np.abs(np.array(colour(pixels, 13)) - BLUE).max() < 4


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_file_cut_short_is_refused_never_half_used(format: str) -> None:
    whole = saved(noise((64, 64)), format).getvalue()
    with pytest.raises(UndecodableError):
        decoded(io.BytesIO(whole[: len(whole) // 2]))


@pytest.mark.parametrize("start", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P6 -1 -1 255\n", b"GIF89a"])
def test_what_is_no_picture_is_refused_with_a_reason(start: bytes) -> None:
    with pytest.raises(UndecodableError, match=r"^(is|ends) "):
        decoded(io.BytesIO(start))


def test_a_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 63)
    for read in (decoded, peek):
        with pytest.raises(UndecodableError, match="too large to decode safely"):
            read(saved(noise((8, 8))))


@pytest.mark.parametrize("error", [SyntaxError, OverflowError, MemoryError, RecursionError, KeyError])
def test_whatever_pillow_raises_is_a_reason(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Image.Image, "resize", fail)
    with pytest.raises(UndecodableError):
        decoded(saved(noise((8, 8))))


def test_an_extreme_shape_is_fitted_all_the_same() -> None:
    for fit in ("crop", "pad", "stretch"):
        assert decoded(saved(noise((500, 1))), fit=fit).shape == (3, 8, 8)


def test_peek_reads_the_header_alone() -> None:
    header = peek(saved(Image.new("LA", (5, 9))))
    assert (header.format, header.mode, header.width, header.height) == ("PNG", "LA", 5, 9)
    assert header.has_alpha
    assert header.is_grey


def test_quiet_pillow_hides_warnings_and_gives_them_back() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with module.quiet_pillow():
            warnings.warn("hidden", stacklevel=1)
        warnings.warn("seen", stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["seen"]


def test_background_takes_any_colour_name_and_says_which_it_does_not() -> None:
    assert FolderOptions(path="", background="rebeccapurple").background == "rebeccapurple"
    with pytest.raises(ValueError, match="unknown color specifier: 'blurple'"):
        FolderOptions(path="", background="blurple")
