"""FastGAN: skip-layer excitation, and a discriminator that draws reals again."""

import pytest
import torch

import gantool
from gantool.testing import write_untrained
from gantool_projected import FastGanOptions
from gantool_projected.fastgan import build, shrunk, taken
from gantool_projected.generator import Excitation, Generator, channels

TINY = FastGanOptions(width=1, latent=8, embedding=4)


def test_an_excitation_scales_channels_by_numbers_from_0_to_1():
    excite = Excitation(3, 2)
    fine, coarse = torch.rand(2, 2, 16, 16) + 1, torch.randn(2, 3, 8, 8)
    scale = excite(fine, coarse) / fine
    assert torch.allclose(scale, scale[:, :, :1, :1].expand_as(scale))
    assert 0 < scale.min() < scale.max() < 1


@pytest.mark.parametrize(
    ("resolution", "joined"), [(32, [(4, 32)]), (64, [(4, 64)]), (256, [(4, 64), (8, 128), (16, 256)])]
)
def test_excitations_join_sides_that_are_sixteen_times_apart(resolution, joined):
    generator = Generator(TINY, gantool.ImageShape(resolution))
    inputs = {}
    for place, excite in enumerate(generator.excitations):
        excite.register_forward_hook(
            lambda _, given, __, place=place: inputs.update({place: (given[1].shape[-1], given[0].shape[-1])})
        )
    (pictures,) = generator(torch.randn(2, 8))
    assert pictures.shape == (2, 3, resolution, resolution)
    assert list(inputs.values()) == joined


def test_the_papers_channels():
    assert [channels(64, side) for side in (4, 8, 16, 32, 64, 128, 256, 512, 1024)] == [
        1024, 512, 256, 128, 128, 64, 32, 16, 8
    ]  # fmt: skip


def test_latents_count_by_direction_alone():
    generator = Generator(TINY, gantool.ImageShape(32)).eval()
    z = torch.randn(2, 8)
    torch.testing.assert_close(generator(3 * z)[0], generator(z)[0])


def test_a_quarter_of_features_is_of_the_same_place_as_that_of_the_picture():
    quarter = torch.tensor([0, 1, 2, 3])
    places = torch.arange(16.0).view(1, 1, 4, 4).expand(4, 1, 4, 4)
    assert taken(places, quarter)[:, 0, 0, 0].tolist() == [0, 2, 8, 10]  # from the left above, row by row
    assert torch.equal(taken(places.repeat_interleave(2, 2).repeat_interleave(2, 3), quarter)[:, :, ::2, ::2],
                       taken(places, quarter))  # fmt: skip


def test_the_reconstruction_is_the_error_of_both_drawings_of_reals():
    gan = build(TINY, gantool.ImageShape(64))
    real = torch.full((3, 3, 64, 64), 0.5)
    _, features = gan.discriminator((real,))
    for decoder in (gan.discriminator.whole, gan.discriminator.part):
        torch.nn.init.zeros_(decoder[-2].weight)
        torch.nn.init.zeros_(decoder[-2].bias)
    seen = gantool.Seen(torch.randn(3, 8), None, (real,), (real,), features, features)
    assert torch.allclose(gan.terms("discriminator", seen)["reconstruction"], torch.tensor(1.0))  # 0.5 each
    assert not gan.terms("generator", seen)
    other = build(FastGanOptions(width=1, latent=8, reconstruction=0), gantool.ImageShape(64))
    assert not other.terms("discriminator", seen)


def test_shrinking_takes_means():
    assert torch.equal(shrunk(torch.arange(4.0).view(1, 1, 2, 2), 1), torch.tensor([[[[1.5]]]]))


def test_a_label_changes_pictures_and_logits():
    gan = build(TINY, gantool.ImageShape(32, classes=2))
    z, labels = torch.randn(1, 8).expand(2, 8), torch.tensor([0, 1])
    gan.generator.eval(), gan.discriminator.eval()
    (pictures,) = gan.generator(z, labels)
    assert not torch.allclose(pictures[0], pictures[1])
    logits, _ = gan.discriminator((pictures[:1].expand(2, -1, -1, -1),), labels)
    assert not torch.allclose(logits[0], logits[1])
    with pytest.raises(ValueError, match="without labels"):
        gan.generator(z)


def test_the_recipe_trains_with_hinge_and_logs_the_reconstruction(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert gantool_cli(
        "train", "--arch", "fastgan:width=1,latent=8", "--data", "shapes:count=64", "--resolution", "32", "--batch",
        "4", "--images", "8", "--device", "cpu", "--precision", "float32", "--name", "one", "-q",
    ).code == 0  # fmt: skip
    assert '"reconstruction"' in (tmp_path / "runs/one/metrics.jsonl").read_text()
    assert 'loss = "hinge' in (tmp_path / "runs/one/config.toml").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fastgan", "projected"])
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_a_model_is_exported(tmp_path, name, suffix):
    """Batches of 1, 2 and 5 are compared there, and nothing is written that differs by more than 1e-4."""
    pytest.importorskip("onnxruntime")
    architecture = f"{name}:width=1,latent=8,embedding=4"
    model = write_untrained(tmp_path / "model.safetensors", architecture, resolution=32, class_names=("cat", "dog"))
    assert gantool.export(gantool.load(model), tmp_path / f"model{suffix}")[0].exists()
