import pytest
import torch
from safetensors.torch import save_file

from gantool.builtin import extractors as catalogue
from gantool.builtin.extractors import NetworkOptions, SqueezeNetOptions
from gantool.builtin.extractors.squeezenet import SqueezeNet
from gantool.builtin.extractors.vgg import Vgg16, Vgg19
from gantool.errors import OptionError
from gantool.plugins.host import host

SMALL = ("relu1_1", "relu2_2")


def vgg_weights(blocks=((0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128))):
    torch.manual_seed(0)
    weights = {}
    for place, channels_in, channels_out in blocks:
        weights[f"features.{place}.weight"] = 0.05 * torch.randn(channels_out, channels_in, 3, 3)
        weights[f"features.{place}.bias"] = torch.randn(channels_out)
    return weights


def test_the_networks_are_listed_and_one_needs_no_weights():
    names = [spec.name for spec in catalogue.gantool_extractors()]
    assert names == ["vgg19", "vgg16", "squeezenet", "efficientnet", "inception", "dinov2", "clip", "random"]
    assert host().resolve("extractor", "random").build() is not None


@pytest.mark.long
@pytest.mark.parametrize("kind", [Vgg16, Vgg19])
def test_vgg_has_torchvisions_values_away_from_the_border(kind, tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(1)
    reference = getattr(models, kind.name)(weights=None).features[:12].eval()
    torch.save({f"features.{key}": value for key, value in reference.state_dict().items()}, tmp_path / "whole.pth")
    network = kind(NetworkOptions(weights=str(tmp_path / "whole.pth"))).select(("relu1_2", "relu3_1"))
    images = torch.rand(1, 3, 48, 48) * 2 - 1
    normalised = ((images + 1) / 2 - network.mean) / network.std
    found, wanted = network(images)[1], reference(normalised)
    assert found.shape == wanted.shape
    assert torch.allclose(found[..., 4:-4, 4:-4], wanted[..., 4:-4, 4:-4], atol=1e-5)
    assert not torch.allclose(found, wanted, atol=1e-5)


def test_weights_may_be_cut_and_come_in_either_format_and_only_what_is_needed_is_kept(tmp_path):
    weights = vgg_weights()
    save_file(weights, tmp_path / "cut.safetensors")
    torch.save({key.removeprefix("features."): value for key, value in weights.items()}, tmp_path / "cut.pth")
    images = torch.rand(1, 3, 16, 24) * 2 - 1
    results = []
    for file in ("cut.safetensors", "cut.pth"):
        network = Vgg19(NetworkOptions(weights=str(tmp_path / file))).select(SMALL)
        assert sum(parameter.numel() for parameter in network.parameters()) == sum(w.numel() for w in weights.values())
        results.append(network(images))
    assert [tuple(feature.shape) for feature in results[0]] == [(1, 64, 16, 24), (1, 128, 8, 12)]
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def test_weights_that_do_not_fit_are_refused_by_the_name_of_the_layer(tmp_path):
    weights = vgg_weights()
    save_file({**weights, "features.5.weight": torch.zeros(7, 64, 3, 3)}, tmp_path / "wrong.safetensors")
    with pytest.raises(OptionError, match=r"'features.5.weight' is of shape \(7, 64, 3, 3\).*needs \(128, 64, 3, 3\)"):
        Vgg19(NetworkOptions(weights=str(tmp_path / "wrong.safetensors"))).select(SMALL)
    save_file(weights, tmp_path / "cut.safetensors")
    with pytest.raises(OptionError, match=r"has no 'features.10.weight', which vgg19 needs here; it has .+ Give a"):
        Vgg19(NetworkOptions(weights=str(tmp_path / "cut.safetensors"))).select(("relu3_1",))
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(OptionError, match="neither a state dict"):
        Vgg19(NetworkOptions(weights=str(tmp_path / "text.pth"))).select(SMALL)
    with pytest.raises(OptionError, match=r"no such file. Did you mean 'cut.safetensors'"):
        Vgg19(NetworkOptions(weights=str(tmp_path / "cut.safetensor"))).select(SMALL)
    with pytest.raises(OptionError, match="has no layer 'relu1_3'"):
        Vgg19(NetworkOptions()).select(("relu1_3",))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_squeezenet_takes_torchvisions_weights_and_every_size(pooling, tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(1)
    torch.save(models.squeezenet1_1(weights=None).state_dict(), tmp_path / "whole.pth")
    extractor = SqueezeNet(SqueezeNetOptions(weights=str(tmp_path / "whole.pth"), pooling=pooling))
    network = extractor.select(extractor.layers)
    for size in ((64, 48), (33, 17), (1, 1)):
        features = network(torch.rand(1, 3, *size) * 2 - 1)
        assert [feature.shape[1] for feature in features] == [64, 128, 128, 256, 256, 384, 384, 512, 512]
    assert len(extractor(torch.zeros(1, 3, 16, 16))) == len(extractor.style_layers)


def test_a_frame_of_one_colour_is_the_same_at_its_border():
    network = host().resolve("extractor", "random").build()
    for feature in network(torch.full((1, 3, 32, 32), 0.4)):
        assert torch.allclose(feature, feature[..., :1, :1].expand_as(feature), atol=1e-5)
