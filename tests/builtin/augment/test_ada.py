import copy
import math

import pytest
import torch
from torch.nn import functional as F

from gantool.builtin.augment import AdaOptions, pipeline
from gantool.builtin.augment.ada import Ada
from gantool.errors import OptionError
from gantool.plugins.host import PluginHost

KNOWN_BY_HEART, UNKNOWN = torch.full((8,), 2.0), torch.full((8,), -2.0)
STEP = 32 / 500_000
"""Four batches of 8, at 500 thousand images from 0 to 1."""


def picture(n=2, channels=3, side=16, seed=0):
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def augmented(images, seed=0, **options):
    torch.manual_seed(seed)
    return Ada(AdaOptions(**options)).draw(len(images[0]))(images)


def observing(ada, *logits):
    for each in logits:
        ada.observe(each)
    return ada


@pytest.mark.parametrize("channels", [1, 3])
def test_at_0_it_is_the_identity(channels):
    levels = (picture(8, channels, 8), picture(8, channels, 16))
    assert all(torch.equal(seen, level) for seen, level in zip(augmented(levels), levels, strict=True))


@pytest.mark.parametrize("side", [4, 12, 28, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_at_1_it_gives_finite_pictures_and_changes_all(channels, side):
    level = picture(64, channels, side)
    (seen,) = augmented((level,), p=1)
    assert seen.shape == level.shape
    assert seen.dtype == torch.float32
    assert torch.isfinite(seen).all()
    assert (seen != level).flatten(1).any(dim=1).all()


def test_a_constant_strength_is_that_of_the_options_and_an_adapting_one_that_of_the_state():
    before = Ada(AdaOptions(p=0.25, fixed=True)).state_dict()
    for options, p in ((AdaOptions(p=0.5, fixed=True), 0.5), (AdaOptions(p=0.5), 0.25)):
        ada = Ada(options)
        ada.load_state_dict(before)
        ada.advance(100)
        assert ada.status() == {"augment_p": p}


def test_one_draw_is_the_same_for_every_call_and_p_may_move_meanwhile():
    ada = Ada(AdaOptions(p=0.5))
    apply, level = ada.draw(8), picture(8)
    (seen,) = apply((level,))
    ada.p.fill_(0)
    assert torch.equal(apply((level,))[0], seen)
    # Affine in the picture: what befell this one befalls any other.
    other = picture(8, seed=1)
    assert torch.allclose(apply(((level + other) / 2,))[0], (seen + apply((other,))[0]) / 2, atol=1e-4)


def test_draws_differ_between_samples_and_follow_torchs_generator():
    level = picture(1).expand(8, 3, 16, 16)
    (seen,) = augmented((level,), p=1)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen, augmented((level,), p=1)[0])
    assert not torch.equal(seen, augmented((level,), p=1, seed=1)[0])


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_each_transformation_has_chance_p(p):
    torch.manual_seed(0)
    drawn = pipeline.draw(torch.tensor(p), 20_000, torch.zeros(1))
    assert drawn.flip.mean().item() == pytest.approx(p / 2, abs=0.01)
    assert (drawn.quarters > 0).float().mean().item() == pytest.approx(p * 3 / 4, abs=0.01)
    assert (drawn.shift != 0).all(dim=0).float().mean().item() == pytest.approx(p, abs=0.01)
    # Scale, stretch, slide, and two turns that together have chance p.
    assert drawn.moves.float().mean().item() == pytest.approx(1 - (1 - p) ** 4, abs=0.01)
    slides = drawn.inverse[:, :, 2].abs().sum(dim=1) > 0
    assert slides.float().mean().item() == pytest.approx(p, abs=0.01)
    # Brightness, contrast, hue, saturation, and the half of luma flips that flip.
    assert drawn.recolors.float().mean().item() == pytest.approx(1 - (1 - p) ** 4 * (1 - p / 2), abs=0.01)
    assert (drawn.matrices[:, 0, 3] != 0).float().mean().item() == pytest.approx(p, abs=0.01)


def test_strengths_are_the_papers():
    torch.manual_seed(0)
    drawn = pipeline.draw(torch.tensor(1.0), 20_000, torch.zeros(1))
    assert drawn.shift.abs().max().item() == pytest.approx(0.125, abs=0.001)
    log_scale = torch.linalg.det(drawn.inverse[:, :, :2]).log2() / -2
    assert log_scale.std().item() == pytest.approx(0.2, abs=0.005)
    assert log_scale.mean().item() == pytest.approx(0, abs=0.005)
    # Contrast and the sign of the luma flip: what the grey axis is multiplied by.
    gain = drawn.matrices[:, :3, :3].sum(dim=(1, 2)) / 3
    assert gain.abs().log2().std().item() == pytest.approx(0.5, abs=0.01)
    assert (gain < 0).float().mean().item() == pytest.approx(0.5, abs=0.02)
    offset = drawn.matrices[:, :3, 3].mean(dim=1) / gain
    assert offset.std().item() == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("seed", range(4))
def test_levels_agree_on_smooth_pictures(seed):
    coarse = F.interpolate(picture(16, 3, 4), 32, mode="bicubic")
    levels = (F.avg_pool2d(coarse, 2), coarse)
    seen = augmented(levels, p=0.4, seed=seed)
    assert (F.avg_pool2d(seen[1], 2) - seen[0])[..., 2:-2, 2:-2].abs().mean() < 0.01
    assert not torch.equal(seen[1], levels[1])


def test_channels_last_pictures_give_the_same():
    level = picture(4)
    (seen,) = augmented((level,), p=1)
    (other,) = augmented((level.to(memory_format=torch.channels_last),), p=1)
    assert torch.allclose(seen, other, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("channels", [1, 3])
def test_the_whole_is_differentiable_twice(channels):
    torch.manual_seed(0)
    apply = Ada(AdaOptions(p=1)).draw(2)
    images = tuple(picture(2, channels, side).double().requires_grad_(True) for side in (2, 4))
    assert torch.autograd.gradcheck(lambda *levels: apply(levels), images)
    assert torch.autograd.gradgradcheck(lambda *levels: tuple(x.sin() for x in apply(levels)), images)


def test_shapes_alone_are_enough():
    level = torch.empty(4, 3, 16, 16, device="meta", requires_grad=True)
    (seen,) = Ada(AdaOptions(p=0.5)).to("meta").draw(4)((level,))
    (gradient,) = torch.autograd.grad(seen.sum(), level)
    assert seen.shape == gradient.shape == level.shape


def test_p_moves_by_the_images_of_four_batches_at_the_call_that_follows():
    ada = observing(Ada(AdaOptions()), *[KNOWN_BY_HEART] * 4)
    assert ada.p == 0
    assert observing(ada, UNKNOWN).p.item() == pytest.approx(STEP)
    assert observing(ada, *[KNOWN_BY_HEART] * 3).p.item() == pytest.approx(STEP)
    assert observing(ada, KNOWN_BY_HEART).p.item() == pytest.approx(0)  # of signs -1, 1, 1, 1 the mean is 0.5


@pytest.mark.parametrize(("right", "direction"), [(10, 1), (9, 1), (8, 0), (7, -1), (0, -1)])
def test_the_direction_is_that_of_the_mean_sign_from_its_target(right, direction):
    # 8 of 10 on the right side have the mean sign 0.6. How far from 0 the logits are does not count.
    logits = torch.cat([torch.full((right,), 0.1), torch.full((10 - right,), -50.0)])
    ada = observing(Ada(AdaOptions(p=0.5, target=0.6, kimg=1, every=1)), *[logits] * 2)
    assert ada.p.item() == pytest.approx(0.5 + direction * 0.01)


def test_p_stays_between_0_and_1():
    ada = observing(Ada(AdaOptions(p=0.999, kimg=0.1, every=1)), *[KNOWN_BY_HEART] * 3)
    assert ada.p == 1
    assert observing(ada, *[UNKNOWN] * 40).p == 0


def test_p_is_1_after_so_many_thousand_images():
    ada = observing(Ada(AdaOptions(kimg=0.4, every=2)), *[KNOWN_BY_HEART] * 49)
    assert ada.p.item() == pytest.approx(48 * 8 / 400)


def test_what_is_fixed_stays():
    assert observing(Ada(AdaOptions(p=0.3, fixed=True, every=1)), *[KNOWN_BY_HEART] * 9).p.item() == pytest.approx(0.3)


def test_logits_that_are_no_numbers_count_for_neither_side():
    broken = torch.tensor([math.nan, math.inf, -math.inf, math.nan])
    ada = observing(Ada(AdaOptions(p=0.5, every=1, kimg=1)), broken, broken)
    assert ada.signs == 0
    assert ada.p.item() == pytest.approx(0.496)


def test_its_state_is_all_there_is_to_remember():
    drawn = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)) + 1
    whole = observing(Ada(AdaOptions(p=0.2)), *drawn)
    first = observing(Ada(AdaOptions(p=0.2)), *drawn[:22])
    state = copy.deepcopy(first.state_dict())
    assert set(state) == {"p", "signs", "images", "batches"}
    assert all(value.dtype == torch.float32 for value in state.values())
    second = Ada(AdaOptions(p=0.2))
    second.load_state_dict(state)
    observing(second, *drawn[22:])
    assert all(torch.equal(value, whole.state_dict()[name]) for name, value in second.state_dict().items())
    assert whole.p != 0.2


def test_processes_that_average_their_state_decide_alike_by_the_signs_of_all():
    # One process alone would have gone up and the other down; together 7 of 8 are on the right side: 0.75.
    right, wrong = torch.ones(8), torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0])
    both = [Ada(AdaOptions(p=0.5, every=2)) for _ in range(2)]
    for _ in range(3):
        both[0].observe(right)
        both[1].observe(wrong)
        for name, value in both[0].state_dict().items():
            mean = (value + both[1].state_dict()[name]) / 2
            value.copy_(mean)
            both[1].state_dict()[name].copy_(mean)
    assert both[0].p == both[1].p
    assert both[0].p.item() == pytest.approx(0.5 + 16 / 500_000)


def test_a_fixed_0_is_refused():
    with pytest.raises(OptionError, match="give p too"):
        PluginHost(third_party=False, environ={}).resolve("augmentation", "ada:fixed=yes")
