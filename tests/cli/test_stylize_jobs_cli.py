"""`gantool stylize` beyond one picture: folders, films, masks, sheets, and the pictures on the way."""

import json
import shlex
import shutil
import struct
import zipfile
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.cli import stylize_film, stylize_jobs
from gantool.errors import DataError, OptionError
from gantool.style.job import as_image, read_mask, stylize
from gantool.style.transfer import State

QUICK = ("--extractor", "random:filters=8,size=3,scales=2", "--steps", "3", "--size", "32")


def draw(name, size, seed):
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8))
    picture = coarse.resize(size, Image.Resampling.BICUBIC)
    picture.save(name)
    return picture


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A photo and two paintings in the working directory."""
    monkeypatch.chdir(tmp_path)
    for seed, (name, size) in enumerate({"photo.png": (48, 32), "wave.png": (40, 40), "scream.png": (30, 50)}.items()):
        draw(name, size, seed)
    return tmp_path


def test_a_folder_is_drawn_picture_by_picture_and_what_is_there_is_kept(gantool, here):
    (here / "photos" / "sub").mkdir(parents=True)
    draw("photos/a.jpg", (40, 20), 3)
    draw("photos/sub/b.png", (20, 40), 4)
    (here / "photos" / "broken.png").write_bytes(b"\x89PNG\r\n nothing")
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--json")
    assert ended.code == 0, ended.err
    assert sorted(json.loads(ended.out)["files"]) == ["drawn/a.png", "drawn/sub/b.png"]
    assert "Skipped: photos/broken.png" in ended.err
    assert pixels("drawn/a.png").shape == (16, 32, 3)
    again = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--json")
    assert json.loads(again.out)["files"] == []
    assert "drawn/a.png exists and is kept" in again.err


def test_a_folder_of_which_nothing_can_be_read_is_an_error_and_no_result(gantool, here):
    (here / "photos").mkdir()
    (here / "photos" / "broken.png").write_bytes(b"\x89PNG\r\n nothing")
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn")
    assert (ended.code, ended.out) == (1, "")
    assert "No picture of photos could be read: nothing was drawn in drawn." in ended.err


def test_a_folder_for_one_picture_is_answered_by_the_file_and_for_a_pattern_by_the_folder(gantool, here):
    (here / "photos").mkdir()
    names = [f"photos/{name}.png" for name in "ab"]
    for name in names:
        draw(name, (20, 20), 1)
    ended = gantool("stylize", *names, "wave.png", *QUICK, "-o", "drawn")  # as a shell makes of photos/*.png
    assert (
        "give a file, as in -o drawn.png. To draw many photos give their folder: gantool stylize photos " in ended.err
    )
    ended = gantool("stylize", "photo.png", "wave.png", *QUICK, "-o", "photos")
    assert ended.err.endswith("the photo is one picture, photo.png; give a file, as in -o photos/photo.png.\n")


def test_a_folder_goes_on_after_ctrl_c_with_the_picture_that_was_not_finished(gantool, here, interrupting_at):
    (here / "photos").mkdir()
    for seed, name in enumerate("abc"):
        draw(f"photos/{name}.png", (20, 20), seed)
    command = ("stylize", "photos", "wave.png", *QUICK, "--size", "20", "-o")
    interrupting_at(0)  # never
    assert gantool(*command, "whole").code == 0
    interrupting_at(5)  # the second of three steps of the second picture
    ended = gantool(*command, "drawn")
    assert ended.code == 130
    assert "Stopped; 1 of 3 pictures are drawn in drawn. The same command goes on with the others." in ended.err
    assert [path.name for path in (here / "drawn").iterdir()] == ["a.png"]
    interrupting_at(3)  # the last step of the second picture, which is whole by then
    ended = gantool(*command, "drawn")
    assert "Stopped; 2 of 3 pictures are drawn in drawn." in ended.err
    interrupting_at(0)
    assert gantool(*command, "drawn").code == 0
    for name in "abc":
        assert (here / "drawn" / f"{name}.png").read_bytes() == (here / "whole" / f"{name}.png").read_bytes()


def test_a_folder_whose_only_picture_is_interrupted_is_stopped_and_not_unreadable(gantool, here, interrupting_at):
    (here / "photos").mkdir()
    draw("photos/a.png", (20, 20), 1)
    interrupting_at(1)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn")
    assert ended.code == 130, ended.err
    assert "Stopped; 0 of 1 pictures are drawn in drawn." in ended.err


def test_a_film_that_is_interrupted_says_how_many_frames_it_has(gantool, here, interrupting_at):
    photo = draw("photo.png", (20, 20), 1)
    photo.save("in.gif", save_all=True, append_images=[photo.rotate(90), photo.rotate(180)], duration=100)
    interrupting_at(4)  # in the second frame: those after the first take one step, after which they are whole
    ended = gantool("stylize", "in.gif", "wave.png", *QUICK, "-o", "out.gif")
    assert "Stopped after 2 of 3 frames; the film so far is in out.gif." in ended.err


@pytest.fixture
def frames(here):
    """A folder of four frames."""
    (here / "frames").mkdir()
    for number in range(1, 5):
        draw(f"frames/f{number}.png", (48, 32), number)
    return here / "frames"


def test_a_frame_of_another_size_is_told_before_any_is_drawn(gantool, frames):
    draw("frames/f4.png", (32, 32), 4)
    ended = gantool("stylize", "frames", "wave.png", *QUICK, "-o", "out.gif")
    assert ended.code == 1
    assert "frames/f4.png is 32 x 32 pixels and the first frame, frames/f1.png, is 48 x 32" in ended.err
    assert "take it out of the folder" in ended.err
    assert "frame 1" not in ended.err


def test_frames_that_are_of_one_size_once_they_are_reduced_and_upright_are_drawn(gantool, frames):
    exif = Image.Exif()
    exif[0x0112] = 6
    draw("frames/f2.png", (96, 64), 2)
    draw("frames/f3.png", (32, 48), 3).save("frames/f3.png", exif=exif)
    draw("frames/f4.png", (96, 65), 4)  # by a header 32 x 22, and so looked at as a whole
    ended = gantool("stylize", "frames", "wave.png", *QUICK, "-o", "out.gif")
    assert "frames/f4.png is 96 x 65 pixels" in ended.err
    (frames / "f4.png").unlink()
    assert gantool("stylize", "frames", "wave.png", *QUICK, "-o", "out.gif").code == 0


def test_an_error_in_a_film_leaves_the_frames_before_it_and_says_where(gantool, frames):
    whole = (frames / "f4.png").read_bytes()
    (frames / "f4.png").write_bytes(whole[: len(whole) // 2])
    ended = gantool("stylize", "frames", "wave.png", *QUICK, "-o", "out.webp")
    assert ended.code == 1
    assert "Error: frames/f4.png ends too early" in ended.err
    assert "The film so far, 3 of 4 frames, is in out.webp." in ended.err
    with Image.open("out.webp") as made:
        assert made.n_frames == 3


def test_pictures_of_one_stem_have_a_result_each(gantool, here):
    (here / "photos").mkdir()
    for seed, name in enumerate(["beach.jpg", "beach.png", "beach.webp", "Hill.png", "hill.jpg", "tree.png"]):
        draw(f"photos/{name}", (20, 20), seed)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--json")
    assert sorted(Path(file).name for file in json.loads(ended.out)["files"]) == [
        "Hill.png.png", "beach.jpg.png", "beach.png.png", "beach.webp.png", "hill.jpg.png", "tree.png",
    ]  # fmt: skip
    assert len({Path(file).read_bytes() for file in json.loads(ended.out)["files"]}) == 6


def test_results_are_never_drawn_themselves(gantool, here):
    (here / "photos").mkdir()
    draw("photos/a.jpg", (40, 20), 3)
    for _ in range(2):
        ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "photos/drawn", "--overwrite", "--json")
        assert json.loads(ended.out)["files"] == ["photos/drawn/a.png"]
    for out in ("photos", "photos/drawn/.."):
        ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", out)
        assert ended.code == 2
        assert "would lie among the pictures of photos" in ended.err
    for _ in range(2):
        ended = gantool("stylize", "photos/drawn", "wave.png", *QUICK, "-o", "photos/drawn/a.gif", "--overwrite")
        assert ended.code == 0
        assert "frame 1 of 1" in ended.err


def test_one_picture_is_no_result_for_a_folder(gantool, here):
    (here / "photos").mkdir()
    draw("photos/a.jpg", (40, 20), 3)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn.png")
    assert ended.code == 2
    assert "drawn.png is one picture, and photos is a folder" in ended.err


@pytest.mark.parametrize("out", ["drawn", "drawn.png"])
def test_an_archive_of_photos_is_refused_with_the_command_that_unpacks_it(gantool, here, out):
    with zipfile.ZipFile("my photos.zip", "w") as archive:
        archive.write("photo.png")
    ended = gantool("stylize", "my photos.zip", "wave.png", *QUICK, "-o", out)
    assert ended.code == 2
    assert "python -m zipfile -e 'my photos.zip' 'my photos'" in ended.err


@pytest.fixture
def unchanged(monkeypatch, here):
    """A transfer that changes nothing, and sprite.png: yellow, half transparent, on transparent black."""

    def states(content, *_):
        yield State(as_image(content, torch.device("cpu")), 1, 1, 1.0, None)

    for module in (stylize_jobs, stylize_film):
        monkeypatch.setattr(module, "states", states)
    sprite = Image.new("RGBA", (24, 24))
    sprite.paste((250, 201, 40, 160), (6, 6, 18, 18))
    sprite.save("sprite.png")
    return sprite


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
def test_soft_edges_keep_their_colour_where_the_result_is_transparent(gantool, unchanged, suffix):
    ended = gantool("stylize", "sprite.png", "wave.png", *QUICK, "--size", "original", "-o", f"out.{suffix}")
    assert ended.code == 0, ended.err
    with Image.open(f"out.{suffix}") as made:
        found = np.asarray(made.convert("RGBA")).astype(int)
    seen = found[found[..., 3] > 0]
    assert len(seen) == 144
    assert np.abs(seen[:, :3] - (250, 201, 40)).max() <= 1


def test_a_result_without_transparency_and_the_sheet_show_white_below_it(gantool, unchanged):
    words = ["stylize", "sprite.png", "wave.png", *QUICK, "--size", "original"]
    assert gantool(*words, "-o", "out.png", "--sheet", "sheet.png").code == 0
    shown = pixels("sheet.png")[8:32]
    assert np.abs(shown[:, -32:-8] - shown[:, 8:32]).max() <= 1
    assert (shown[0, -32] == 255).all()
    assert gantool(*words, "-o", "out.jpg").code == 0
    with Image.open("out.jpg") as made:
        twice = np.asarray(unchanged.convert("RGB"), dtype=float)[12, 12] * (160 / 255) ** 2
        assert np.abs(np.asarray(made)[12, 12] - twice - 255 * (1 - (160 / 255) ** 2)).max() < 4
        assert np.asarray(made)[1, 1].min() > 240


def test_what_is_transparent_of_a_mask_is_black(here):
    layer = np.full((8, 12, 4), 255, dtype=np.uint8)
    layer[:, 4:8, 3], layer[:, 8:, 3] = 102, 0
    Image.fromarray(layer).save("mask.png")
    assert read_mask(here / "mask.png", 8, 12)[0, 0, 4, ::4].tolist() == pytest.approx([1, 0.4, 0])
    Image.new("RGBA", (12, 8)).save("empty.png")
    with pytest.raises(DataError, match="black, as which transparency counts"):
        read_mask(here / "empty.png", 8, 12)


@pytest.mark.parametrize("suffix", ["gif", "webp", "apng"])
def test_an_animation_keeps_times_repetitions_and_transparency(gantool, here, suffix):
    frames = [Image.new("RGBA", (24, 16), (200, 60 * index, 90, 255)) for index in range(3)]
    for index, frame in enumerate(frames):
        frame.paste((0, 0, 0, 0), (8 * index, 0, 8 * index + 8, 16))
    frames[0].save("in.gif", save_all=True, append_images=frames[1:], duration=[10, 70, 250], loop=2, disposal=2)
    ended = gantool("stylize", "in.gif", "wave.png", *QUICK, "-o", f"out.{suffix}")
    assert ended.code == 0, ended.err
    with Image.open(f"out.{suffix}") as made:
        assert made.info["loop"] == (2 if suffix == "gif" else 3)
        for index, milliseconds in enumerate([100, 70, 250]):
            made.seek(index)
            clear = np.asarray(made.convert("RGBA").resize((24, 16)))[..., 3] < 128
            assert made.info["duration"] == milliseconds
            assert clear[:, 8 * index + 1 : 8 * index + 7].all()
            assert clear.sum() <= 12 * 16


def test_a_film_keeps_its_sound_or_says_that_it_is_dropped(gantool, here):
    av = pytest.importorskip("av")
    with av.open("in.mov", "w") as film:
        pictures, sound = film.add_stream("mpeg4", rate=Fraction(30000, 1001)), film.add_stream("aac", rate=8000)
        pictures.width, pictures.height = 32, 32
        for index in range(2):
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), index * 99, np.uint8))))
        film.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        film.mux(sound.encode(frame))
        film.mux(sound.encode(None))
    words = ["stylize", "in.mov", "wave.png", *QUICK, "-o"]
    assert "sound" not in gantool(*words, "out.mp4").err
    with av.open("out.mp4") as made:
        assert made.streams.video[0].average_rate == Fraction(30000, 1001)
        assert sum(packet.size > 0 for packet in made.demux(made.streams.audio[0])) == 5
    ended = gantool(*words, "out.webp")
    assert ended.code == 0
    assert "The sound of in.mov is not in out.webp; out.mp4 would have it." in ended.err


def test_the_sheet_of_a_folder_has_a_row_for_each_picture_with_those_of_former_calls(gantool, here):
    (here / "photos").mkdir()
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        draw(f"photos/{name}", (40, 20), seed)
    words = ["stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--sheet", "sheet.png", "--overwrite", "--json"]
    ended = gantool(*words)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["files"] == ["drawn/a.png", "drawn/b.png", "drawn/c.png", "sheet.png"]
    sheet = pixels("sheet.png")
    assert sheet.shape == (3 * 16 + 4 * 8, 32 + 16 + 32 + 4 * 8, 3)
    for row, name in enumerate("abc"):
        top = 8 + 24 * row
        assert np.array_equal(sheet[top : top + 16, -40:-8], pixels(f"drawn/{name}.png"))
    again = [word for word in words if word != "--overwrite"]
    for gone in ("drawn/b.png", "sheet.png"):  # the sheet of the former call is replaced
        Path(gone).unlink()
        assert gantool(*again).code == 0
        assert np.array_equal(pixels("sheet.png"), sheet)
    shutil.rmtree("drawn")
    refused = gantool(*again)
    assert refused.code == 2
    assert "sheet.png is there already" in " ".join(refused.err.split())


def test_a_link_that_leads_nowhere_is_skipped_with_a_warning(gantool, here):
    for folder in ("photos", "styles"):
        (here / folder).mkdir()
        draw(f"{folder}/a.png", (20, 20), 3)
        (here / folder / "gone.png").symlink_to("nowhere.png")
        (here / folder / "round").symlink_to("round")
    for out in ("drawn", "drawn.gif"):
        ended = gantool("stylize", "photos", "styles", *QUICK, "-o", out)
        assert ended.code == 0
        for folder in ("photos", "styles"):
            assert f"Warning: Skipped: {folder}/gone.png may not be read: it is no regular file, or a link" in ended.err
            assert ended.err.count(f"Skipped: {folder}/round may not be read") == 1
    for number in range(7):
        (here / "styles" / f"{number}.png").symlink_to("nowhere.png")
    ended = gantool("stylize", "photos/a.png", "styles", *QUICK, "-o", "a.png")
    assert "Skipped: 4 more files in styles." in ended.err


def test_names_of_files_are_printed_on_one_line(gantool, here):
    (here / "photos").mkdir()
    name = "photos/a\nb.png"
    first = draw(name, (20, 20), 3)
    first.save("photos/c\nd.gif", save_all=True, append_images=[first.rotate(90)], duration=100)
    Path("photos/e\nf.png").write_bytes(b"nothing")
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn")
    assert ended.code == 0
    lines = (ended.err + gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn").err).splitlines()
    for told in (r"a\nb.png: ", r"photos/c\nd.gif has 2", r"Skipped: photos/e\nf.png", r"drawn/a\nb.png exists"):
        assert any(told in line for line in lines)
    assert not any(line.startswith(("b.png", "d.gif", "f.png")) for line in lines)


def test_an_error_in_a_folder_leaves_the_sheet_of_what_was_drawn(gantool, here, monkeypatch):
    (here / "photos").mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        draw(f"photos/{name}", (40, 20), seed)
    drawn = []

    def fails_at_second(*args):
        drawn.append(args)
        if len(drawn) == 2:
            raise OptionError("The picture has no finite values.")
        yield from stylize(*args)

    monkeypatch.setattr(stylize_jobs, "states", fails_at_second)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--sheet", "sheet.png")
    assert ended.code != 0
    assert np.array_equal(pixels("sheet.png")[8:24, -40:-8], pixels("drawn/a.png"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "drawn", "--sheet", "photos/sheet.png"], "would lie among the pictures of photos"),
        (["-o", "drawn", "--save-every", "1"], "is for one picture"),
        (["-o", "film.gif", "--sheet", "sheet.png"], "not for a film"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(gantool, here, words, said):
    (here / "photos").mkdir()
    draw("photos/a.png", (40, 20), 1)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, *words)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_a_folder_of_styles_is_all_of_them(gantool, here):
    (here / "styles").mkdir()
    draw("styles/one.png", (40, 40), 1)
    draw("styles/two.png", (30, 50), 2)
    for styles, name in ((["styles"], "a.png"), (["styles/one.png", "styles/two.png"], "b.png")):
        words = ["--precision", "float32", "-q", "-o", name]  # which auto chooses by timing
        assert gantool("stylize", "photo.png", *styles, *QUICK, *words).code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))


def test_a_sheet_and_the_pictures_on_the_way(gantool, here):
    words = ["stylize", "photo.png", "wave.png", "scream.png", *QUICK, "-o", "a.png"]
    ended = gantool(*words, "--sheet", "sheet.png", "--save-every", "1", "--json")
    assert ended.code == 0, ended.err
    files = ["a.png", "a-step00001.png", "a-step00002.png", "sheet.png"]
    assert json.loads(ended.out)["files"] == files
    height, width = pixels("sheet.png").shape[:2]
    assert height == 21 + 16
    assert width == 32 + 21 + 12 + 32 + 5 * 8
    assert np.array_equal(pixels("sheet.png")[8:29, -40:-8], pixels("a.png"))


def test_each_style_in_its_own_region(gantool, here):
    for name, colour in {"red.png": (255, 0, 0), "blue.png": (0, 0, 255)}.items():
        Image.new("RGB", (40, 40), colour).save(name)
    left = np.zeros((32, 48), dtype=np.uint8)
    left[:, :24] = 255
    Image.fromarray(left).save("left.png")
    Image.fromarray(255 - left).save("right.png")
    words = [*QUICK[:2], "--steps", "25", "--size", "48", "--content-weight", "0", "--style-loss", "covariance"]
    ended = gantool(
        "stylize",
        "photo.png",
        "red.png",
        "blue.png",
        "--mask",
        "left.png",
        "--mask",
        "right.png",
        *words,
        "-o",
        "a.png",
    )
    assert ended.code == 0, ended.err
    red, _, blue = pixels("a.png").transpose(2, 0, 1)
    assert (red - blue)[:, :20].mean() > 60
    assert (blue - red)[:, 28:].mean() > 60
    one = gantool("stylize", "photo.png", "red.png", "blue.png", "--mask", "left.png", *words, "-o", "b.png")
    assert one.code == 2
    assert "1 mask for 2 styles" in one.err
    draw("square.png", (32, 32), 0)
    other = gantool("stylize", "photo.png", "red.png", "--mask", "square.png", *words, "-o", "b.png")
    assert other.code == 1
    assert "square.png is 32 x 32 pixels" in other.err


def test_of_a_film_that_is_to_be_one_picture_the_first_frame_is_drawn_and_that_is_said(gantool, here):
    photo = Image.open("photo.png")
    turned = photo.transpose(Image.Transpose.ROTATE_180)
    photo.save("film.gif", save_all=True, append_images=[turned, photo], duration=100)
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "still.png")
    assert ended.code == 0
    command = "gantool stylize film.gif wave.png --extractor random:filters=8,size=3,scales=2 --size 32 --steps 3"
    assert f"film.gif has 3 frames; the first is drawn. For all of them: {command} -o still.gif\n" in ended.err
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "film.png")
    assert "-o film-drawn.gif\n" in ended.err  # not the film itself
    assert "frames" not in gantool("stylize", "photo.png", "wave.png", *QUICK, "-o", "one.png").err


def test_a_phones_photo_with_a_preview_is_no_film(gantool, here):
    Image.open("photo.png").save("photo.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (6, 4))])
    for out in ("still.png", "moving.webp"):
        ended = gantool("stylize", "photo.jpg", "wave.png", *QUICK, "-o", out)
        assert ended.code == 0, ended.err
        assert "frame" not in ended.err


@pytest.mark.parametrize("side", [0, 10_000, 20_000])
def test_a_kept_result_that_cannot_be_read_is_said_to_be_missing_on_the_sheet(gantool, here, side):
    for name in ("photos", "drawn"):
        (here / name).mkdir()
        draw(f"{name}/a.png", (16, 16), 3)
        draw(f"{name}/b.png", (16, 16), 3)
    size = struct.pack(">II", side, side)
    content = (here / "drawn/a.png").read_bytes()
    checked = b"IHDR" + size + content[24:29]
    (here / "drawn/a.png").write_bytes(content[:12] + checked + struct.pack(">I", zlib.crc32(checked)) + content[33:])
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--sheet", "sheet.png")
    assert ended.code == 0, ended.err
    assert "Warning: Not on the sheet: drawn/a.png " in ended.err
    assert pixels("sheet.png").shape[0] < 64


@pytest.mark.parametrize(
    ("others", "film"), [((), "drawn/ball.gif"), (("ball.jpg",), "drawn/ball.gif"), (("ball.png",), "drawn/ball.gif")]
)
def test_for_a_film_in_a_folder_the_command_that_draws_it_is_told(gantool, here, others, film):
    (here / "photos").mkdir()
    first = draw("photos/still.png", (20, 20), 0)
    first.save("photos/ball.gif", save_all=True, append_images=[first.rotate(90)], duration=100)
    for name in others:
        draw(f"photos/{name}", (20, 20), 1)
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--size", "original")
    (line,) = (line for line in ended.err.splitlines() if "has 2 frames" in line)
    command = shlex.split(line.partition("For all of them: ")[2])
    assert command[:4] == ["gantool", "stylize", "photos/ball.gif", "wave.png"]
    assert command[-2:] == ["-o", film]
    assert gantool(*command[1:]).code == 0
    with Image.open(film) as made:
        assert (made.n_frames, made.size) == (2, (20, 20))


def test_a_gif_is_drawn_frame_by_frame_and_still_frames_stay_still(gantool, here):
    photo = Image.open("photo.png")
    photo.save(
        "film.gif", save_all=True, append_images=[photo, photo.transpose(Image.Transpose.ROTATE_180)], duration=100
    )
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "drawn.webp", "--overwrite")
    assert ended.code == 0, ended.err
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "drawn.gif", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["files"] == ["drawn.gif"]
    with Image.open("drawn.gif") as drawn:
        assert drawn.n_frames in (2, 3)
        assert drawn.size == (32, 21)


def test_colours_and_layers_and_a_start_of_ones_own(gantool, here):
    words = ["stylize", "photo.png", "wave.png", *QUICK, "-q", "--overwrite"]
    for more in (
        ["--preserve-color", "luminance"],
        ["--start", "scream.png"],
        ["--style-layer", "scale1:2", "--style-layer", "scale2", "--content-layer", "edges1"],
        ["--style-loss", "covariance", "--optimizer", "adam"],
    ):
        assert gantool(*words, *more, "-o", "a.png").code == 0
    wrong = gantool(*words, "--style-layer", "scale1:much", "-o", "a.png")
    assert wrong.code == 2
    assert "weight after the colon must be a number" in wrong.err
