"""`gantool style train` and `gantool stylize` by the network: one journey, films, and what is refused."""

import hashlib
import json
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.cli import style_train, stylize_setup
from gantool.errors import StyleError
from gantool.style.lesson import Lesson
from gantool.style.network import TransformNet
from gantool.style.network_file import StyleCard, load_style_network, save_style_network

QUICK = (
    "--extractor", "random:filters=8,size=3,scales=2", "--style-loss", "covariance",
    "--size", "32", "--width", "4", "--blocks", "1", "--batch", "1",
)  # fmt: skip
TRAIN = ("style", "train", "wave.png", "--data", "photos", *QUICK)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A painting and a folder of photos in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(style_train, "FEW_DIFFERENT", 2)
    draw = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for name in ("wave.png", "photos/a.png", "photos/b.png", "photos/c.png"):
        coarse = Image.fromarray(draw.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        coarse.resize((48, 32), Image.Resampling.BICUBIC).save(name)
    return tmp_path


@pytest.fixture
def network(here):
    """A network that changes every photo."""
    torch.manual_seed(0)
    made = TransformNet(4, 1)
    card = StyleCard(
        width=4, blocks=1, style="wave.png", style_sha256="00", style_size=64, extractor="random", style_loss="gram",
        size=32, content_weight=1.0, style_weight=1.0, tv_weight=1.0, stability=1.0, seed=0, images_seen=8,
    )  # fmt: skip
    save_style_network(here / "x.safetensors", made, card)
    return made


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_painting_and_photos_become_a_network_that_draws_photos(gantool, here):
    ended = gantool(*TRAIN, "--images", "6", "-o", "out/x.safetensors", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["files"] == ["out/x.safetensors"]
    assert (told["images_seen"], told["extractor"], told["interrupted"]) == (6, "random", False)
    assert set(told["losses"]) == {"content", "style", "stability"}
    assert "from 3 photos" in ended.err
    assert "100%" in ended.err
    _, card = load_style_network(here / "out/x.safetensors")
    assert (card.style, card.width, card.size, card.style_size) == ("wave.png", 4, 32, 64)
    ended = gantool("stylize", "photos/a.png", "out/x.safetensors", "--size", "40", "-o", "a.png", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["width"], told["height"], told["steps"]) == (40, 27, 1)
    assert pixels("a.png").shape == (27, 40, 3)
    again = gantool(*TRAIN, "--images", "2", "--init", "out/x.safetensors", "-q", "-o", "y.safetensors")
    assert (again.code, again.err, again.out) == (0, "", "y.safetensors\n")


def interrupting(state):
    """What is told of a state, with a Ctrl-C at the second photo."""
    if state.images_seen == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return ()


def test_ctrl_c_saves_the_network_so_far(gantool, here, monkeypatch):
    from gantool.cli import style_train

    monkeypatch.setattr(style_train, "_told", interrupting)
    ended = gantool(*TRAIN, "--images", "400", "-o", "x.safetensors")
    assert ended.code == 130
    assert "The same command with --resume goes on" in ended.err
    assert load_style_network(here / "x.safetensors")[1].images_seen == 2
    drawn = gantool("stylize", "wave.png", "x.training.safetensors", "-o", "a.png")
    assert "is a training of a style network" in drawn.err
    refused = gantool(*TRAIN, "--images", "6", "-o", "x.safetensors", "--resume")
    assert "has other settings: images 400, not 6" in refused.err


@pytest.mark.parametrize("begun", [(), ("--init", "begun.safetensors")])
def test_an_interrupted_training_goes_on_exactly_by_the_same_command(gantool, here, monkeypatch, begun):
    from gantool.cli import style_train

    words = (*TRAIN, "--images", "5", "-q", *begun)
    if begun:
        assert gantool(*TRAIN, "--images", "1", "--width", "8", "-o", begun[1]).code == 0
    assert gantool(*words, "-o", "whole.safetensors").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(style_train, "_told", interrupting)
        assert gantool(*words, "-o", "x.safetensors").code == 130
    ended = gantool(*words, "-o", "x.safetensors", "--resume")
    assert (ended.code, ended.err) == (0, "")
    whole, both = (load_style_network(here / f"{name}.safetensors") for name in ("whole", "x"))
    assert whole[1] == both[1]  # by the digest of the weights
    assert not (here / "x.training.safetensors").exists()
    assert "No training of x.safetensors was interrupted" in gantool(*words, "-o", "x.safetensors", "--resume").err


def test_a_training_that_will_see_too_few_photos_says_so_before_it_starts(gantool, here, monkeypatch):
    few = gantool(*TRAIN, "--images", "6", "-o", "a.safetensors", "-q").err
    assert few.startswith("Warning: --images 6 are too few to learn a style: expect smears.")
    assert "1,200 photos are the fewest by which one was learnt: give more." in few
    monkeypatch.setattr("gantool.cli.style_train.ENOUGH", 6)
    assert gantool(*TRAIN, "--images", "6", "-o", "b.safetensors", "-q").err == ""


@pytest.mark.parametrize(("each", "told"), [(1.0, True), (0.01, False)])
def test_the_photos_of_a_time_are_told_by_the_second_step(monkeypatch, capsys, each, told):
    lesson = Lesson(images=None, minutes=1.0, batch=1)
    states = [SimpleNamespace(images_seen=seen, seconds=5 + each * (seen - 1)) for seen in (1, 2, 3)]
    assert [state.images_seen for state in style_train._forewarned(iter(states), lesson)] == [1, 2, 3]
    said = capsys.readouterr().err
    assert ("In 1 minute about 56 photos are seen here. These are too few to learn a style" in said) == told
    assert (
        "1,200 photos are the fewest by which one was learnt, and take about 20 min (16 to 26) here" in said
    ) == told


def test_one_photo_is_told_to_be_few(gantool, here):
    for name in ("b", "c"):
        (here / f"photos/{name}.png").unlink()
    said = gantool(*TRAIN, "--images", "2", "-o", "a.safetensors").err
    assert "by random from 1 photo\n" in said
    assert "Warning: 1 photo is few to learn from" in said


def test_a_training_that_was_interrupted_is_named_where_its_file_would_be_replaced(gantool, here, monkeypatch):
    words = (*TRAIN, "--images", "400", "-q", "-o", "x.safetensors")
    with monkeypatch.context() as while_interrupting:
        while_interrupting.setattr(style_train, "_told", interrupting)
        assert gantool(*words).code == 130
    again = gantool(*words)
    assert again.code == 2
    assert "x.safetensors is there already, and its training was interrupted: --resume goes on with it" in again.err
    (here / "x.training.safetensors").unlink()
    assert "choose another name, or replace it with --overwrite" in gantool(*words).err


def test_a_training_does_not_go_on_with_other_photos(gantool, here, monkeypatch):
    from gantool.cli import style_train

    monkeypatch.setattr(style_train, "_told", interrupting)
    words = (*TRAIN, "--images", "400", "-q", "-o", "x.safetensors")
    assert gantool(*words).code == 130
    Image.new("RGB", (48, 32), "red").save("photos/b.png")
    ended = gantool(*words, "--resume")
    assert (ended.code, "has seen other photos" in ended.err) == (1, True)


def test_a_ctrl_c_in_the_last_step_is_the_end(gantool, here, monkeypatch):
    from gantool.cli import style_train

    monkeypatch.setattr(style_train, "_told", interrupting)
    ended = gantool(*TRAIN, "--images", "2", "-o", "x.safetensors")
    assert (ended.code, "--resume" in ended.err) == (0, False)
    assert not (here / "x.training.safetensors").exists()


def test_a_training_that_fails_saves_what_it_had_and_says_so_though_the_painting_is_gone(gantool, here, monkeypatch):
    from gantool.cli import style_train

    digest = hashlib.sha256((here / "wave.png").read_bytes()).hexdigest()

    def failing(state):
        if state.images_seen == 2:
            (here / "wave.png").unlink()
            raise StyleError("The loss is no longer finite.")
        return ()

    monkeypatch.setattr(style_train, "_told", failing)
    ended = gantool(*TRAIN, "--images", "400", "-o", "x.safetensors")
    assert ended.code == 1
    assert "The network of the 2 photos before is in x.safetensors" in ended.err
    network, card = load_style_network(here / "x.safetensors")
    assert (card.images_seen, card.style_sha256) == (2, digest)
    assert all(weight.isfinite().all() for weight in network.state_dict().values())


def test_a_folder_and_its_sheet_strength_and_the_photos_colours(gantool, here, network):
    words = ("stylize", "photos", "x.safetensors")
    ended = gantool(*words, "-o", "drawn", "--sheet", "sheet.png")
    assert ended.code == 0, ended.err
    photo, whole = pixels("photos/a.png"), pixels("drawn/a.png")
    assert sorted(path.name for path in (here / "drawn").iterdir()) == ["a.png", "b.png", "c.png"]
    assert np.abs(whole - photo).mean() > 5
    assert pixels("sheet.png").shape[0] > 3 * 32
    assert gantool(*words, "-o", "half", "--strength", "0.5").code == 0
    assert np.abs(pixels("half/a.png") - (photo + whole) / 2).max() <= 1
    assert gantool(*words, "-o", "kept", "--preserve-color", "luminance").code == 0
    assert np.abs(np.diff(pixels("kept/a.png") - photo)).max() <= 2


@pytest.mark.parametrize(
    ("content", "out", "pictures", "left"),
    [
        ("photos/a.png", "a.png", 1, None),
        ("photos", "drawn", 3, "1 of 3 pictures are drawn in drawn. The same command goes on"),
        ("photos", "film.webp", 3, "after 1 of 3 frames; the film so far is in film.webp"),
    ],
)
def test_what_a_network_has_finished_when_ctrl_c_comes_is_finished(
    gantool, here, network, interrupting_at, content, out, pictures, left
):
    words = ("stylize", content, "x.safetensors", "-o", out, "--json", "--overwrite")
    words = words[:-1] if out == "drawn" else words
    if left:
        interrupting_at(1)
        ended = gantool(*words)
        assert (ended.code, json.loads(ended.out)["interrupted"]) == (130, True)
        assert f"Stopped; {left}" in ended.err or f"Stopped {left}" in ended.err
    interrupting_at(pictures - (out == "drawn"))  # where the first is there already
    ended = gantool(*words)
    assert (ended.code, json.loads(ended.out)["interrupted"]) == (0, False)
    assert f"Nothing was left to stop: {out} is finished." in ended.err
    assert "Stopped" not in ended.err


def test_a_film_keeps_its_sound_and_still_frames_stay_still(gantool, here, network):
    av = pytest.importorskip("av")
    tone = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000).astype(np.float32)[None]
    still = pixels("photos/a.png").astype(np.uint8)
    with av.open("in.mov", "w") as film:
        pictures, sound = film.add_stream("png", rate=10), film.add_stream("aac", rate=8000)
        pictures.width, pictures.height, pictures.pix_fmt = 48, 32, "rgb24"
        for _ in range(4):
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(still)))
        film.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 8000
        film.mux(sound.encode(frame))
        film.mux(sound.encode(None))
    assert gantool("stylize", "in.mov", "x.safetensors", "-q", "-o", "out.mp4").err == ""
    with av.open("out.mp4") as made:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in made.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.fft.rfftfreq(len(heard), 1 / 8000)[spectrum.argmax()] == pytest.approx(440, abs=5)
    assert gantool("stylize", "in.mov", "x.safetensors", "-q", "-o", "out.webp").code == 0
    with Image.open("out.webp") as made:
        frames = []
        for index in range(made.n_frames):
            made.seek(index)
            frames.append(np.asarray(made.convert("RGB")).astype(int))
    assert max(np.abs(frame - frames[0]).max() for frame in frames) <= 1
    assert np.abs(frames[0] - still).mean() > 5


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("stylize", "photos/a.png", "x.safetensors", "--steps", "5"), "--steps: for style images"),
        (("stylize", "photos/a.png", "x.safetensors", "--mask", "wave.png", "--tile", "9"), "--mask, --tile: for"),
        (("stylize", "photos/a.png", "x.safetensors", "--preserve-color", "match"), "give luminance"),
        (("stylize", "photos/a.png", "x.safetensors:0.5"), "alone and without a weight"),
        (("stylize", "photos/a.png", "x.safetensors", "wave.png"), "alone and without a weight"),
        (
            ("stylize", "x.safetensors", "wave.png"),
            "is no picture. A style network comes behind the photo: gantool styl",
        ),
        (("stylize", "photos/a.png", "y.safetensors"), "There is no file y.safetensors"),
        (("stylize", "photos/a.png", "wave.png", "--strength", "0.5"), "--strength is for a style network"),
        (("sample", "x.safetensors"), "is a style network, and a generator is needed"),
        ((*TRAIN, "-o", "a.pth"), "a style network is a .safetensors file"),
        ((*TRAIN, "-o", "x.safetensors"), "--overwrite"),
        ((*TRAIN, "-o", "y.safetensors", "--width", "999"), "width is from 2 to 64"),
        ((*TRAIN, "-o", "y.safetensors", "--init", "z.safetensors"), "There is no file z.safetensors"),
        (
            ("style", "train", "photos", "--data", "photos", "-o", "y.safetensors"),
            "photos is a folder, and one file is",
        ),
        (("style", "train", "wav.png", "--data", "photos", "-o", "y.safetensors"), "There is no file wav.png"),
        (("style", "train", "wave.png", "--data", "phots/", "-o", "y.safetensors"), "photos"),
    ],
)
def test_what_cannot_be_is_a_sentence(gantool, here, network, words, named):
    out = () if words[0] in ("style", "sample") else ("-o", "a.png")
    ended = gantool(*words, *out)
    assert ended.code in (1, 2)
    assert named in ended.err
    assert "Traceback" not in ended.err
    assert not (here / "a.png").exists()


STYLES = """
import gantool

class Inverse(gantool.StyleNetwork):
    stride, least_side = 16, 48

    def __init__(self, options):
        self.style = None

    def __call__(self, photos):
        assert photos.shape[-1] % 16 == photos.shape[-2] % 16 == 0 and min(photos.shape[-2:]) >= 48
        return -photos if self.style is None else self.style.mean(dim=(2, 3), keepdim=True).expand_as(photos)

    def set_style(self, style):
        self.style = style

@gantool.hookimpl
def gantool_style_networks():
    return [
        gantool.Component("inverse", "The negative", gantool.Options, "styles:Inverse"),
        gantool.Component("tint", "The mean colour", gantool.Options, "styles:Inverse", traits=("any-style",)),
    ]
"""


@pytest.fixture
def styles(here, gantool_host):
    """A plugin with two style networks; a function that loads another with such networks, its texts replaced."""

    def load(name, *others):
        (here / name).mkdir()
        text = STYLES.replace("styles:", f"{name}:")
        for before, after in others:
            text = text.replace(before, after)
        (here / name / f"{name}.py").write_text(text)
        gantool_host.load_folder(here / name)

    load("styles")
    return load


def test_a_plugins_network_draws_by_its_name_or_in_the_style_of_a_picture(gantool, here, styles):
    ended = gantool("stylize", "photos/a.png", "inverse", "--fast", "-o", "a.png", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["network"], told["distribution"], told["width"]) == ("inverse", "styles", 48)
    assert np.abs(pixels("a.png") + pixels("photos/a.png") - 255).max() <= 1
    for number, words in enumerate((("wave.png",), ("tint", "wave.png"))):
        assert gantool("stylize", "photos/a.png", *words, "--fast", "-o", f"{number}.png", "-q").err == ""
        assert np.abs(pixels(f"{number}.png") - pixels("wave.png").mean(axis=(0, 1))).max() <= 1
    words = ("stylize", "photos", "inverse", "--fast", "--strength", "0.5", "--sheet", "sheet.png", "-o", "drawn")
    assert gantool(*words).code == 0
    assert np.abs(pixels("drawn/b.png") - 127.5).max() <= 1
    assert gantool("stylize", "photos", "tint", "wave.png", "--fast", "-o", "film.webp").code == 0


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("invers", "--fast"), "Did you mean 'inverse'?"),
        (("inverse", "wave.png", "--fast"), "inverse has one style of its own"),
        (("inverse:x=1", "--fast"), "has no option 'x'"),
        (("tint", "--fast"), "give one, as in 'tint painting.jpg'"),
        (("wave.png", "photos/a.png", "--fast"), "the style of one picture"),
        (("wav.png", "--fast"), "There is no file wav.png. Did you mean 'wave.png'?"),
        (("photos", "--fast"), "photos is a folder: with --fast give one picture"),
        (("inverse", "--fast", "--steps", "5"), "--steps: for style images"),
        (("inverse",), "There is no file inverse. It names a style network: add --fast."),
    ],
)
def test_what_fast_cannot_take_is_a_sentence(gantool, here, styles, words, named):
    ended = gantool("stylize", "photos/a.png", *words, "-o", "a.png")
    assert ended.code in (1, 2)
    assert named in ended.err
    assert "Traceback" not in ended.err
    assert not (here / "a.png").exists()


def test_of_two_networks_that_take_any_picture_one_is_named(gantool, here, styles):
    styles("more", ("tint", "stain"), ('"inverse"', '"negative"'))
    ended = gantool("stylize", "photos/a.png", "wave.png", "--fast", "-o", "a.png")
    assert "tint and stain draw in the style of any picture: name one before it" in ended.err
    assert gantool("stylize", "photos/a.png", "stain", "wave.png", "--fast", "-o", "a.png").code == 0


@pytest.mark.parametrize("style", ["mosaic", "nosuch", "wave.png"])
def test_without_a_plugin_fast_names_one_that_has_styles(gantool, here, style):
    ended = gantool("stylize", "photos/a.png", style, "--fast", "-o", "a.png")
    assert ended.code in (1, 2)
    assert "--fast needs a plugin with one, such as gantool-faststyle: gantool plugins install" in ended.err


@pytest.mark.slow
def test_an_exported_network_draws_the_same_at_any_size(gantool, here, network):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    ended = gantool("style", "export", "x.safetensors", "-o", "x.onnx")
    assert (ended.code, ended.out) == (0, "x.onnx\n"), ended.err
    session = runtime.InferenceSession("x.onnx", providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["gantool"])["style"] == "wave.png"
    for shape in ((2, 3, 20, 44), (1, 3, 64, 16)):
        photos = 2 * torch.rand(shape) - 1
        (drawn,) = session.run(None, {"photos": photos.numpy()})
        torch.testing.assert_close(torch.from_numpy(drawn), network(photos), atol=1e-4, rtol=0)
    assert "as .onnx" in gantool("style", "export", "x.safetensors", "-o", "x.pt2").err
    assert "--overwrite" in gantool("style", "export", "x.safetensors", "-o", "x.onnx").err


def test_a_pass_over_many_pixels_is_announced(gantool, here, network, monkeypatch):
    monkeypatch.setattr(stylize_setup, "AT_ONCE", 48 * 32 - 1)
    for words, told in (((), True), (("--size", "24"), False), (("-q",), False)):
        ended = gantool("stylize", "wave.png", "x.safetensors", *words, "-o", f"{len(words)}{told}.png", "--overwrite")
        assert ended.code == 0, ended.err
        assert ("48 x 32 pixels are drawn in one pass" in ended.err) is told
