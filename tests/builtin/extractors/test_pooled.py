"""Extractors for metrics, with weights at random: torch-fidelity's features of the same file; files that do not fit."""

import sys
from hashlib import sha256
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from gantool.builtin.extractors import FileOptions
from gantool.builtin.extractors.dinov2 import DinoV2, Transformer
from gantool.builtin.extractors.fidelity import Clip, Inception
from gantool.builtin.extractors.weights import WeightsUnavailableError
from gantool.errors import OptionError, UsageError
from gantool.plugins.host import PluginHost
from gantool.testing import check_component

BUILT_IN = PluginHost(third_party=False, environ={})


def pictures(n=2, side=24, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=chance)


def rows_of(extractor, levels):
    (rows,) = extractor(levels / 127.5 - 1)
    return rows


def at_random(shapes, seed=0, scale=0.1):
    chance = torch.Generator().manual_seed(seed)
    return {name: scale * torch.randn(shape, generator=chance) for name, shape in shapes.items()}


def dino_weights(width=64, depth=2, grid=4):
    with torch.random.fork_rng():
        network = Transformer(width, depth, 14, grid**2 + 1)
    return at_random({name: part.shape for name, part in network.state_dict().items()})


def clip_weights():
    home = pytest.importorskip("torch_fidelity.feature_extractor_clip")
    with torch.random.fork_rng():
        visual = home.CLIPVisual(16, 32, 2, 64, 16)
    shapes = {name: part.shape for name, part in visual.state_dict().items()}
    return at_random({**shapes, "text_projection": (8, 16), "logit_scale": (), "transformer.ln.weight": (4,)})


def test_clip_is_that_of_torch_fidelity(tmp_path, monkeypatch):
    weights = clip_weights()
    save_file(weights, tmp_path / "clip.safetensors")
    theirs = pytest.importorskip("torch_fidelity.feature_extractor_clip")
    archive = SimpleNamespace(state_dict=lambda: dict(weights))
    monkeypatch.setattr(torch.jit, "load", lambda path, map_location: archive)
    network = theirs.FeatureExtractorCLIP("clip-vit-b-32", ["clip"], feature_extractor_weights_path="ViT-B-32.pt")
    levels = pictures()
    ours = rows_of(Clip(FileOptions(weights=str(tmp_path / "clip.safetensors"))), levels)
    assert ours.shape == (2, 16)
    assert torch.allclose(ours, network(levels)[0], atol=1e-5)
    assert ours.std() > 1e-3


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """Weights of torch-fidelity's layout: its initial ones, made larger so that ReLUs do not shrink the features."""
    home = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    file = tmp_path_factory.mktemp("weights") / "inception.pth"
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        torch.manual_seed(0)
        patch.setattr(home.FeatureExtractorInceptionV3, "load_state_dict", lambda self, weights: None)
        patch.setattr(torch, "load", lambda path, weights_only: {})
        network = home.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path="-")
    torch.save({name: part * 2.4 if "conv" in name else part for name, part in network.state_dict().items()}, file)
    return file


@pytest.mark.slow
def test_inception_is_that_of_torch_fidelity(inception_file):
    home = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    network = home.FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(inception_file)
    )
    before = torch.get_rng_state()
    extractor = Inception(FileOptions(weights=str(inception_file)))
    levels = pictures()
    ours = rows_of(extractor, levels)
    assert torch.equal(before, torch.get_rng_state())  # though its parameters are drawn before they are read
    assert ours.shape == (2, 2048)
    assert torch.equal(ours, network(levels)[0])
    assert (ours[0] - ours[1]).abs().max() > 1e-6
    assert check_component("extractor", f"inception:weights={inception_file}") == []


def test_dinov2_conforms_and_reads_its_size_from_the_weights(tmp_path):
    file = tmp_path / "dinov2.pth"
    torch.save({**dino_weights(depth=3), "mask_token": torch.zeros(1, 64)}, file)
    assert rows_of(DinoV2(FileOptions(weights=str(file))), pictures(3)).shape == (3, 64)
    assert check_component("extractor", f"dinov2:weights={file}") == []


def test_a_network_that_is_first_used_in_inference_mode_can_be_used_outside_it(tmp_path):
    torch.save(dino_weights(), tmp_path / "weights.pth")
    extractor = DinoV2(FileOptions(weights=str(tmp_path / "weights.pth")))
    with torch.inference_mode():
        inside = rows_of(extractor, pictures()).clone()
    extractor.network.to("cpu", torch.float32, memory_format=torch.channels_last)
    assert torch.allclose(rows_of(extractor, pictures()), inside, atol=1e-5)
    assert not any(part.is_inference() for part in extractor.network.state_dict().values())


def test_clip_conforms(tmp_path):
    save_file(clip_weights(), tmp_path / "clip.safetensors")
    assert check_component("extractor", f"clip:weights={tmp_path / 'clip.safetensors'}") == []


def test_a_transformer_without_branches_gives_its_class_token():
    weights = dino_weights()
    weights |= {name: torch.zeros_like(part) for name, part in weights.items() if "gamma" in name}
    network = DinoV2(FileOptions()).build(weights)
    token = weights["cls_token"][0, 0] + weights["pos_embed"][0, 0]
    expected = F.layer_norm(token, (64,), weights["norm.weight"], weights["norm.bias"], 1e-6)
    assert torch.allclose(network(pictures()), expected.expand(2, -1), atol=1e-5)


def test_positions_that_were_learned_for_a_plain_gradient_stay_one():
    network = DinoV2(FileOptions()).build(dino_weights(grid=37))
    across = torch.arange(37.0).repeat(37, 1)
    with torch.no_grad():
        network.pos_embed[:, 1:] = across.flatten()[None, :, None]
        found = network._positions(16)[0, 1:, 0].view(16, 16)
    assert torch.allclose(found, found[:1].expand(16, -1), atol=1e-3)
    steps = found[0, 2:-2].diff()
    assert torch.allclose(steps, torch.full_like(steps, 37 / 16.1), atol=0.1)  # but for ripples of the filter


@pytest.mark.parametrize(
    ("network", "change", "words"),
    [
        (DinoV2, lambda w: w.pop("norm.bias"), "does not fit dinov2: .*norm.bias"),
        (DinoV2, lambda w: w.pop("pos_embed"), "does not fit dinov2: it has no 'pos_embed'"),
        (DinoV2, lambda w: w.update(register_tokens=torch.zeros(1, 4, 64)), "registers.*take dinov2_vits14"),
        (DinoV2, lambda w: w.update(pos_embed=torch.zeros(2)), "does not fit dinov2"),
        (Clip, lambda w: w.clear(), "does not fit clip: it has no 'visual"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(network, change, words, tmp_path):
    weights = clip_weights() if network is Clip else dino_weights()
    change(weights)
    torch.save(weights, tmp_path / "weights.pth")
    with pytest.raises(OptionError, match=rf"{tmp_path / 'weights.pth'} {words}|{words}"):
        rows_of(network(FileOptions(weights=str(tmp_path / "weights.pth"))), pictures())


@pytest.mark.parametrize("network", [Inception, Clip, DinoV2])
def test_without_a_file_the_error_says_where_it_is(network, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    with pytest.raises(WeightsUnavailableError, match=rf"--extractor {network.name}:weights=FILE: "):
        rows_of(network(FileOptions()), pictures())


def test_a_file_in_torchs_cache_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = tmp_path / "hub" / "checkpoints" / "dinov2_vits14_pretrain.pth"
    file.parent.mkdir(parents=True)
    torch.save(dino_weights(), file)
    assert rows_of(DinoV2(FileOptions()), pictures()).shape == (2, 64)


def test_without_torch_fidelity_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    torch.save(dino_weights(), tmp_path / "weights.pth")
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(UsageError, match=r"inception needs torch-fidelity: pip install 'gantool\[metrics\]'"):
        rows_of(Inception(FileOptions(weights=str(tmp_path / "weights.pth"))), pictures())


@pytest.mark.parametrize("name", ["inception", "clip", "dinov2"])
def test_code_in_a_file_is_not_run(name, tmp_path):
    class Harm:
        def __reduce__(self):
            return exec, ("raise SystemExit('harm')",)

    torch.save({"weights": Harm()}, tmp_path / "weights.pth")
    with pytest.raises(OptionError, match="neither a state dict of tensors nor safetensors"):
        rows_of(BUILT_IN.resolve("extractor", f"{name}:weights={tmp_path / 'weights.pth'}").build(), pictures())


def test_only_the_weights_of_2015_are_called_so(tmp_path, monkeypatch):
    file = tmp_path / "a.pth"
    file.write_bytes(b"other")
    inception = Inception(FileOptions(weights=str(file)))
    assert inception.flavour_of(file).startswith("other weights")
    monkeypatch.setattr("gantool.builtin.extractors.fidelity.DIGEST_OF_2015", sha256(b"other").hexdigest()[:8])
    assert inception.flavour_of(file).startswith("weights of 2015")
