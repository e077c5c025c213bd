import pytest
import torch
from safetensors.torch import save_file

from gantool.api.features import Extractor
from gantool.builtin.extractors import RandomOptions, SqueezeNetOptions
from gantool.builtin.extractors.filters import Filters
from gantool.builtin.extractors.squeezenet import SqueezeNet
from gantool.builtin.style_losses.sliced import Sliced
from gantool.builtin.style_losses.statistics import Covariance, Gram
from gantool.errors import OptionError, UnknownNameError
from gantool.style import Settings, transfer
from gantool.style.job import find_style_loss
from gantool.style.layers import balance_of, network_of
from gantool.style.objective import Objective
from gantool.style.tiles import TiledObjective, tiles_of


def picture(seed, height, width):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_file(models.squeezenet1_1(weights=None).features.state_dict(), path)
    return path


def test_tiles_cover_every_pixel_once():
    counts = torch.zeros(70, 51)
    for tile in tiles_of(70, 51, 20, 8, 9):
        counts[tile.own] += 1
        assert all(side.start % 8 == 0 for side in (*tile.own, *tile.crop))
        assert tile.crop[0].start <= tile.own[0].start
    assert (counts == 1).all()


@pytest.mark.long
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("loss", [Gram(), Covariance()], ids=["gram", "covariance"])
@pytest.mark.parametrize("masked", [False, True])
def test_tiles_equal_the_whole(squeezenet, pooling, loss, masked):
    content, styles = picture(0, 150, 203), [picture(1, 140, 120), picture(2, 99, 151)]
    left = torch.zeros(1, 1, 150, 203)
    left[..., :80] = 1
    masks = [left, 1 - left] if masked else None
    extractor = SqueezeNet(SqueezeNetOptions(weights=str(squeezenet), pooling=pooling))
    layers = {"relu1": 1.0, "fire3": 1.0, "fire5": 1.0}
    balance = balance_of(extractor, Settings(style_layers=layers, content_layers={"fire4": 1.0}), loss)
    network = extractor.select(balance.layers).double()
    results = []
    for made in (
        Objective(network, balance.layers, balance, loss),
        TiledObjective(network, balance.layers, balance, loss, side=48),
    ):
        made.set_content(content.double())
        made.set_styles([style.double() for style in styles], [1.0, 3.0], masks and [mask.double() for mask in masks])
        results.append(made.evaluate(picture(3, 150, 203).double()))
    (terms, gradient), (tiled_terms, tiled_gradient) = results
    for name in ("total", "content", "style", "tv"):
        assert getattr(tiled_terms, name) == pytest.approx(getattr(terms, name), rel=1e-9)
    assert (gradient - tiled_gradient).abs().max() < 1e-6 * gradient.abs().max()


def test_a_bank_of_filters_has_tiles_too():
    extractor = Filters(RandomOptions(filters=8, size=5, scales=3))
    settings = Settings(steps=3, scales=1)
    whole, tiled = (
        list(transfer(picture(0, 70, 90), [picture(1, 60, 60)], extractor, settings, style_loss=Covariance()))[-1]
        for settings in (settings, Settings(steps=3, scales=1, tile=32))
    )
    assert tiled.terms.total == pytest.approx(whole.terms.total, rel=1e-4)
    with pytest.raises(OptionError, match=r"not additive over tiles.* --style-loss covariance"):
        next(transfer(picture(0, 70, 90), [picture(1, 60, 60)], extractor, Settings(tile=32), style_loss=Sliced()))


class Bare(Extractor):
    """The pixels themselves, without anything that tiling needs."""

    component_name, layers, style_loss = "bare", ("a", "b"), "nosuch"
    content_layers, style_layers = {"b": 1.0}, {"a": 1.0, "c": 1.0}

    def __call__(self, images):
        return [images]

    def select(self, layers):
        return lambda images: [images for _ in layers]


def test_an_extractor_that_cannot_be_tiled_is_to_be_replaced():
    settings = Settings(tile=32, style_layers={"a": 1.0})
    with pytest.raises(OptionError, match=r"no strides, stride and halo.* another --extractor") as caught:
        next(transfer(picture(0, 70, 90), [picture(1, 60, 60)], Bare(), settings, style_loss=Covariance()))
    assert "covariance" not in str(caught.value)


def test_a_layer_that_an_extractor_does_not_have_is_named_before_it_is_asked_for():
    balance = balance_of(Bare(), Settings(), Covariance())
    with pytest.raises(OptionError, match=r"The extractor 'bare' has no layer 'c', .* It has a, b"):
        network_of(Bare(), balance.layers)


def test_an_extractor_whose_style_loss_is_not_there_goes_by_its_name(gantool_host):
    with pytest.raises(UnknownNameError, match="The extractor 'bare' asks for the style loss 'nosuch'"):
        find_style_loss(gantool_host, "auto", Bare())
