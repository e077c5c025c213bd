import pytest
import torch

from fakes import tiny_gan
from gantool.engine.ema import Ema, halflife


def test_halflife_ramps_up_and_then_holds():
    assert halflife(1000, 10_000) == 50
    assert halflife(1_000_000, 10_000) == 10_000
    assert halflife(1_000_000, 0) == 0


def test_after_one_halflife_half_of_the_old_weight_is_left():
    gan = tiny_gan()
    ema = Ema(gan, halflife_images=100)
    old = ema.gan.generator.stem.weight.clone()
    with torch.no_grad():
        gan.generator.stem.weight.add_(1.0)
    for step in range(10):
        ema.update(1_000_000 + step, batch=10)
    assert torch.allclose(ema.gan.generator.stem.weight, old + 0.5, atol=1e-5)


def test_without_halflife_the_average_is_the_generator():
    gan = tiny_gan()
    ema = Ema(gan, 0)
    gan.generator(torch.randn(4, 4), None)
    with torch.no_grad():
        gan.generator.stem.weight.add_(1.0)
    ema.update(64, 64)
    for mine, live in zip(ema.gan.generator.state_dict().values(), gan.generator.state_dict().values(), strict=True):
        assert torch.equal(mine, live)


def test_the_discriminator_is_shared_and_the_generator_is_not():
    gan = tiny_gan()
    ema = Ema(gan, 100)
    assert ema.gan.discriminator is gan.discriminator
    assert ema.gan.generator is not gan.generator
    assert not ema.gan.generator.training
    assert not any(p.requires_grad for p in ema.gan.generator.parameters())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_statistics_that_overflowed_do_not_reach_the_average(bad):
    gan = tiny_gan()
    ema = Ema(gan, 100)
    gan.generator.norm.running_mean[0] = bad
    ema.update(1000, 10)
    assert torch.isfinite(ema.gan.generator.norm.running_mean).all()


def test_an_average_that_a_run_began_with_does_not_fade_within_its_first_steps():
    kept = []
    for before in (0, 1_000_000):
        gan = tiny_gan()
        ema = Ema(gan, 100, before)
        old = ema.gan.generator.stem.weight.clone()
        with torch.no_grad():
            gan.generator.stem.weight.add_(1.0)
        ema.update(10, 10)
        kept.append(1 - (ema.gan.generator.stem.weight - old).mean().item())
    assert kept == pytest.approx([0.5 ** (10 / 0.5), 0.5 ** (10 / 100)], abs=1e-5)
