"""The authors' networks and the plugin's are the same, by number and by value."""

from pathlib import Path

import authors
import pytest
import torch
from safetensors.torch import load_file

import gantool
from gantool_stylegan2.fitting import Settings, discriminator_of, generator_of, options_of
from gantool_stylegan2.naming import AUTHORS, renamed_discriminator, renamed_generator
from gantool_stylegan2.networks import build

FIGURES = "shared/data/stylegan2-ada-reference-32.safetensors"
REFERENCE = next((folder / FIGURES for folder in Path(__file__).parents if (folder / FIGURES).is_file()), None)
"""What the authors' code computes. It does not come with the project; the oracle stands in for it."""


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def imported(of_generator, of_discriminator, **settings):
    """The plugin's networks with these weights, in evaluation."""
    named = renamed_generator(of_generator, AUTHORS)
    options, shape = options_of(named, Settings(**settings))
    gan = build(options, shape)
    gan.generator.load_state_dict(generator_of(named, options, shape))
    other = renamed_discriminator(of_discriminator, AUTHORS)
    gan.discriminator.load_state_dict(discriminator_of(other, options, shape))
    gan.generator.eval()
    gan.discriminator.eval()
    return gan


@torch.no_grad()
@pytest.mark.parametrize(
    ("classes", "channels", "layers", "clamp"), [(0, 3, 2, None), (3, 1, 8, 0.5), (0, 4, 1, 0.5), (2, 3, 2, None)]
)
def test_pictures_logits_and_w_are_those_of_the_equations(classes, channels, layers, clamp):
    state = authors.generator_weights(classes=classes, channels=channels, layers=layers)
    judge = authors.discriminator_weights(classes=classes, channels=channels)
    gan = imported(state, judge, clamp=clamp or 0.0)
    z, labels = torch.randn(4, 6), torch.randint(classes, (4,)) if classes else None
    one_hot = torch.nn.functional.one_hot(labels, classes).float() if classes else None
    w = gan.generator.map(z, labels)
    assert torch.allclose(w[:, 0], authors.mapped(state, z, one_hot), atol=1e-5)
    mixed = torch.where(torch.rand(1, w.shape[1], 1) < 0.5, w, w.flip(0))  # each layer takes the w that is its own
    (pictures,) = gan.generator.synthesize(mixed)
    assert torch.allclose(pictures, authors.drawn(state, mixed, clamp=clamp), atol=1e-4)
    logits = gan.discriminator((pictures,), labels)
    assert torch.allclose(logits[:, None], authors.judged(judge, pictures, one_hot, clamp), atol=1e-4)


@torch.no_grad()
def test_a_limit_of_activations_changes_pictures_and_logits():
    state, judge = authors.generator_weights(), authors.discriminator_weights()
    free, limited = (imported(state, judge, clamp=clamp) for clamp in (0.0, 0.5))
    w = free.generator.map(torch.randn(2, 6), None)
    assert not torch.allclose(free.generator.synthesize(w)[0], limited.generator.synthesize(w)[0], atol=0.1)
    pictures = free.generator.synthesize(w)
    assert not torch.allclose(free.discriminator(pictures), limited.discriminator(pictures), atol=1e-3)


@torch.no_grad()
def test_the_authors_code_computes_the_same():
    if REFERENCE is None:
        pytest.skip("the figures of the authors' code are not here")
    figures = load_file(REFERENCE)
    parts = {name: {key[2:]: one for key, one in figures.items() if key.startswith(f"{name}.")} for name in "GD"}
    gan = imported(parts["G"], parts["D"])
    assert str(options_of(renamed_generator(parts["G"], AUTHORS), Settings())[1]) == str(gantool.ImageShape(32))
    w = gan.generator.map(figures["out.z"], None)
    assert (w[:, 0] - figures["out.w"]).abs().max() < 1e-5
    (pictures,) = gan.generator.synthesize(gan.generator.mean_w.lerp(w, 0.7))
    assert (pictures - figures["out.image_truncation_0.7_noise_const"]).abs().max() < 1e-4
    given = (figures["out.image_truncation_0.7_noise_const"],)
    assert (gan.discriminator(given)[:, None] - figures["out.logits_of_image_truncation_0.7"]).abs().max() < 1e-4
    for layer in gan.generator.synthesis.convs:
        layer.strength.zero_()
    distances = [
        (gan.generator.synthesize(gan.generator.mean_w.lerp(w, psi))[0] - figures["out.image_noise_none"]).abs().max()
        for psi in (0.7, 1.0)
    ]
    assert min(distances) < 1e-4


def test_options_come_from_the_shapes_of_weights():
    state = authors.generator_weights(widths=(8, 8, 6, 3, 1), latent=5, layers=3, classes=2, channels=1, noise=False)
    options, shape = options_of(renamed_generator(state, AUTHORS), Settings(256.0, 8))
    assert (options.channel_base, options.channel_max, options.latent, options.mapping_layers) == (96, 8, 5, 3)
    assert (options.noise, options.clamp, options.stddev_group) == (False, 256.0, 8)
    assert shape == gantool.ImageShape(64, 1, 2)


def spoilt(name, change):
    state = authors.generator_weights()
    state[name] = change(state[name])
    return state


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (authors.generator_weights(widths=(6, 6, 3)), "of 3 sides"),
        (authors.generator_weights(widths=(3, 6, 5, 6)), "no channel_base gives"),
        (spoilt("mapping.fc1.weight", lambda one: one[:, 1:]), r"'mapping.layers.1.weight' is \[6, 5\], where"),
        (spoilt("mapping.fc1.weight", lambda one: one.bool()), "'mapping.layers.1.weight' is of bool; weights have"),
        (spoilt("synthesis.b8.conv1.bias", lambda one: one.long()), "'synthesis.convs.2.bias' is of int64; weights"),
        (spoilt("synthesis.b8.conv0.weight", lambda one: one * torch.nan), "'synthesis.convs.1.conv.weight' is not f"),
        (authors.generator_weights() | {"synthesis.b8.skip.weight": torch.ones(1)}, "no 'synthesis.b8.skip.weight'"),
        ({k: v for k, v in authors.generator_weights().items() if "b16.conv1.affine" not in k}, "lacks 'synthesis.con"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(state, words):
    def named():
        weights = renamed_generator(state, AUTHORS)
        return generator_of(weights, *options_of(weights, Settings()))

    with pytest.raises(gantool.CheckpointError, match=words):
        named()
