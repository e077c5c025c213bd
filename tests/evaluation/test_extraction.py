"""The features by which metrics compare pictures."""

import evaluated
import pytest
import torch
from torch import nn

import gantool
from gantool.errors import PluginError, UnknownNameError
from gantool.evaluation import extraction
from gantool.evaluation.extraction import FeatureNetwork, feature_network, scale_of
from gantool.pixels import to_float

CPU = torch.device("cpu")


class Filters(gantool.Extractor):
    """Two layers: one of half the size, one that is negative."""

    layers = ("first", "second")

    def __init__(self, options):
        torch.manual_seed(0)
        self.net = nn.Conv2d(3, 4, 3, 2, 1)

    def __call__(self, images):
        return self.select(self.layers)(images)

    def select(self, layers):
        return Selected(self.net, layers)


class Selected(nn.Module):
    def __init__(self, net, layers):
        super().__init__()
        self.net, self.wanted = net, layers

    def forward(self, images):
        assert images.shape[1] == 3
        found = {"first": self.net(images), "second": -images.square()[:, :2]}
        return [found[name] for name in self.wanted]


class BothLayers(Filters):
    metric_layers = ("first", "second")


class Late(gantool.Extractor):
    """It makes its network when it is first used."""

    def __init__(self, options):
        self.net = None

    def __call__(self, images):
        if self.net is None:
            self.net = nn.Conv2d(3, 64, 1)
        return [self.net(images)]


class Endless(Filters):
    def select(self, layers):
        return lambda images: [images * torch.nan]


class Single(Filters):
    def select(self, layers):
        return lambda images: images.mean(dim=(2, 3))


class Flat(Filters):
    def select(self, layers):
        return lambda images: [images.mean(dim=(0, 2, 3))]


class Plugin:
    @staticmethod
    @gantool.hookimpl
    def gantool_extractors():
        kinds = {
            "filters": Filters,
            "both": BothLayers,
            "endless": Endless,
            "late": Late,
            "single": Single,
            "flat": Flat,
        }
        return [
            gantool.Component(name, "x", gantool.Options, f"{__name__}:{kind.__name__}") for name, kind in kinds.items()
        ]


@pytest.fixture
def host(gantool_host):
    gantool_host.add(Plugin, "gantool-filters")
    gantool_host.add(evaluated.Plugin, "gantool-evaluated")
    return gantool_host


def pictures(n=5, channels=3, side=8):
    return torch.randint(
        0, 256, (n, channels, side, side), generator=torch.Generator().manual_seed(n), dtype=torch.uint8
    )


def network(host, text, batch=4):
    return FeatureNetwork(host.resolve("extractor", text), CPU, batch)


def test_the_last_layer_is_pooled_to_mean_magnitudes_at_96_pixels(host):
    images = pictures(side=96)
    found = network(host, "filters")(images)
    assert torch.allclose(found, to_float(images).square()[:, :2].flatten(2).mean(-1), atol=1e-6)
    assert network(host, "filters")(pictures()).shape == (5, 2)
    assert network(host, "both")(images).shape == (5, 6)
    assert network(host, "both").width == 6


def test_a_network_that_is_made_when_it_is_first_used_can_be_moved(host):
    made = network(host, "late")
    assert made(pictures()).shape == (5, 64)
    assert made.digest


def test_small_pictures_are_enlarged_and_huge_ones_reduced(host):
    sides = []
    made = network(host, "filters")
    made._network.register_forward_pre_hook(lambda module, inputs: sides.append(inputs[0].shape[-1]))
    for side in (8, 96, 128, 300):
        made(pictures(2, side=side))
    assert sides == [96, 96, 128, 256]


def test_a_picture_has_the_same_features_bit_for_bit_whatever_is_beside_it(host):
    made, images = network(host, "both"), pictures(9)
    whole = made(images)
    assert torch.equal(whole[6:7], made(images[6:7]))
    assert torch.equal(whole[3:], made(images[3:]))


def test_grey_is_repeated_and_transparency_lies_on_white(host):
    made = network(host, "both")
    grey = pictures(channels=1)
    assert torch.equal(made(grey), made(grey.expand(-1, 3, -1, -1).contiguous()))
    clear = torch.zeros(2, 4, 8, 8, dtype=torch.uint8)
    assert torch.equal(made(clear), made(torch.full((2, 3, 8, 8), 255, dtype=torch.uint8)))


def test_rows_are_taken_as_they_are_from_pictures_at_their_own_size(host):
    images = pictures()
    made = network(host, "means")
    assert made.takes_any_size
    assert made.calibrated
    wanted = nn.functional.adaptive_avg_pool2d(to_float(images), 2).flatten(1)
    assert torch.equal(made(images), wanted)


def test_the_digest_is_that_of_the_weights(host):
    assert network(host, "filters").digest == network(host, "filters").digest != ""
    other = host.resolve("extractor", "random:seed=1")
    assert FeatureNetwork(other, CPU, 4).digest != network(host, "random").digest
    assert network(host, "means").digest == ""


def test_features_that_are_not_finite_are_the_extractors_fault(host):
    with pytest.raises(PluginError, match=r"'endless' of gantool-filters.*not finite"):
        network(host, "endless")(pictures())


@pytest.mark.parametrize(
    ("name", "gave"), [("single", r"shape \[2, 3\] on cpu for"), ("flat", r"shape \[3\] on cpu in its list for")]
)
def test_anything_but_a_list_with_rows_of_features_is_the_extractors_fault(host, name, gave):
    with pytest.raises(PluginError, match=f"of gantool-filters cannot be used: it gave a float32 tensor of {gave} two"):
        network(host, name)


def test_features_of_any_scale_get_that_of_the_data_once(host):
    features = torch.tensor([[3.0, 4.0], [0.0, 5.0]])
    assert scale_of(network(host, "filters"), features) == pytest.approx(1 / 12.5**0.5)
    assert scale_of(network(host, "filters"), torch.zeros(2, 2)) == 1
    assert scale_of(network(host, "means"), features) == 1


def test_auto_takes_what_is_here_and_never_fails(host, monkeypatch):
    def choose(*there):
        monkeypatch.setattr(extraction, "at_hand", lambda name: name if name in there else None)
        found = feature_network(host, "auto", CPU, 4)
        return found.chosen.spec.name, found.reason

    name, reason = choose()
    assert name == "random"
    assert "pip install 'gantool[features]'" in reason
    # weights that are here and cannot be read
    monkeypatch.setattr(extraction, "FeatureNetwork", failing_but_for("random"))
    assert choose("efficientnet", "squeezenet")[0] == "random"
    monkeypatch.setattr(extraction, "FeatureNetwork", failing_but_for("random", "squeezenet"))
    assert choose("efficientnet", "squeezenet")[0] == "squeezenet"
    with pytest.raises(UnknownNameError):
        feature_network(host, "nothing", CPU, 4)


def test_auto_takes_none_by_which_a_model_learnt(host, monkeypatch):
    monkeypatch.setattr(extraction, "FeatureNetwork", failing_but_for("random", "squeezenet", "efficientnet"))
    monkeypatch.setattr(extraction, "at_hand", lambda name: name)

    def choose(text, learnt):
        found = feature_network(host, text, CPU, 4, learnt)
        return found.chosen.spec.name, found.reason

    assert choose("auto", {})[0] == "efficientnet"
    name, reason = choose("auto", {"mine": "efficientnet"})
    assert name == "squeezenet"
    assert "not by efficientnet, by which mine learnt" in reason
    assert choose("auto", {"mine": "efficientnet", "theirs": "squeezenet"})[0] == "random"
    assert choose("efficientnet", {"mine": "efficientnet"}) == ("efficientnet", "")  # who names one gets it


def failing_but_for(*names):
    class Made(FeatureNetwork):
        def __init__(self, chosen, device, batch, reason=""):
            if chosen.spec.name not in names:
                raise gantool.OptionError("damaged")
            self.chosen, self.reason = chosen, reason

    return Made


def test_random_filters_tell_textures_apart(host):
    chance = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (8, 3, 32, 32), generator=chance, dtype=torch.uint8)
    smooth = nn.functional.avg_pool2d(noise.float(), 5, 1, 2).to(torch.uint8)
    made = network(host, "random:filters=8,scales=2")
    one, other = made(noise), made(smooth)
    assert (one.mean(0) - other.mean(0)).norm() > 5 * one.std(0).norm()
