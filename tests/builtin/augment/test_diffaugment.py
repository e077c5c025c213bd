import pytest
import torch
from torch.nn import functional as F

from gantool.builtin.augment import DiffAugmentOptions
from gantool.builtin.augment.diffaugment import (
    DiffAugment,
    RisingDiffAugment,
    brightness,
    build,
    contrast,
    cutout,
    saturation,
    translation,
)
from gantool.errors import OptionError
from gantool.plugins.host import PluginHost

POLICIES = [("color",), ("translation",), ("cutout",), ("color", "translation", "cutout")]
LIGHT = torch.tensor([0.3, -0.2])


def picture(n=2, channels=3, side=16, seed=0):
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def pyramid(n=4, channels=3, sides=(4, 8, 16), seed=0):
    """Levels of which each is the next finer one, averaged; the coarsest, enlarged, is the finest."""
    finest = F.interpolate(picture(n, channels, sides[0], seed), sides[-1], mode="nearest")
    return tuple(F.avg_pool2d(finest, sides[-1] // side) for side in sides)


def augmented(images, seed=0, **options):
    torch.manual_seed(seed)
    return DiffAugment(DiffAugmentOptions(**options)).draw(len(images[0]))(images)


def test_brightness_adds_a_constant():
    level = picture()
    assert torch.allclose(brightness(level, LIGHT) - level, LIGHT.view(2, 1, 1, 1).expand_as(level), atol=1e-6)


def test_saturation_keeps_the_grey_of_each_pixel():
    level = picture()
    seen = saturation(level, torch.tensor([0.0, 1.7]))
    assert torch.allclose(seen.mean(dim=1), level.mean(dim=1), atol=1e-6)
    assert (seen[0].std(dim=0) < 1e-6).all()
    assert torch.allclose(seen[1].std(dim=0), 1.7 * level[1].std(dim=0), atol=1e-5)


def test_saturation_leaves_grey_pictures_alone():
    level = picture(channels=1)
    assert torch.equal(saturation(level, torch.tensor([0.1, 2.0])), level)


def test_contrast_keeps_the_mean_and_scales_the_deviation():
    level, factor = picture(), torch.tensor([0.5, 1.5])
    seen = contrast(level, factor)
    assert torch.allclose(seen.mean(dim=(1, 2, 3)), level.mean(dim=(1, 2, 3)), atol=1e-6)
    assert torch.allclose(seen.std(dim=(1, 2, 3)), factor * level.std(dim=(1, 2, 3)), atol=1e-5)


def test_strengths_of_colour_are_the_papers():
    level = picture(2000, side=8)
    (seen,) = augmented((level,), policy=("color",))
    grey, seen_grey = level.mean(dim=1), seen.mean(dim=1)
    added = seen_grey.mean(dim=(1, 2)) - grey.mean(dim=(1, 2))
    contrasts = seen_grey.std(dim=(1, 2)) / grey.std(dim=(1, 2))
    saturations = (seen[:, 0] - seen_grey).std(dim=(1, 2)) / (level[:, 0] - grey).std(dim=(1, 2)) / contrasts
    for amounts, low, high in ((added, -0.5, 0.5), (contrasts, 0.5, 1.5), (saturations, 0.0, 2.0)):
        assert amounts.min().item() == pytest.approx(low, abs=0.01)
        assert amounts.max().item() == pytest.approx(high, abs=0.01)
        assert amounts.mean().item() == pytest.approx((low + high) / 2, abs=0.03)


@pytest.mark.parametrize("side", [4, 16, 30, 49])
def test_translation_moves_whole_pixels_up_to_an_eighth(side):
    level = torch.zeros(500, 1, side, side)
    level[:, :, side // 2, side // 2] = 1
    share = torch.rand(2, 500, generator=torch.Generator().manual_seed(0))
    seen = translation(level, share[0], share[1], side)
    assert set(seen.unique().tolist()) == {0, 1}
    assert (seen.sum(dim=(1, 2, 3)) == 1).all()
    offsets = seen[:, 0].nonzero()[:, 1:] - side // 2
    farthest = int(side / 8 + 0.5)
    for axis in (0, 1):
        assert set(offsets[:, axis].tolist()) == set(range(-farthest, farthest + 1))


@pytest.mark.parametrize("side", [4, 16, 30, 49])
def test_cutout_hides_a_square_of_half_the_side_less_what_sticks_out(side):
    share = torch.rand(2, 500, generator=torch.Generator().manual_seed(0))
    hidden = cutout(torch.ones(500, 1, side, side), share[0], share[1], side)[:, 0] == 0
    half, unseen = (side + 1) // 2, cutout(torch.ones(500, 1, side, side), share[0], share[1], side)[:, 0]
    assert set(unseen.unique().tolist()) == {0, 1}
    across, down = hidden.any(dim=1), hidden.any(dim=2)
    assert (hidden == (down[:, :, None] & across[:, None, :])).all()
    for covered in (across, down):
        touches = covered[:, 0] | covered[:, -1]
        assert (covered.sum(dim=1)[~touches] == half).all()
        assert (covered.sum(dim=1) <= half).all()
        assert (~touches).any()
    seen_in_the_middle = ~hidden[:, side // 2, side // 2]
    assert seen_in_the_middle.any()


@pytest.mark.parametrize("policy", POLICIES)
def test_one_draw_is_the_same_for_every_call(policy):
    apply = DiffAugment(DiffAugmentOptions(policy=policy)).draw(4)
    real, fake = pyramid(seed=1), pyramid(seed=2)
    seen, again = apply(real), apply(real)
    assert all(torch.equal(one, other) for one, other in zip(seen, again, strict=True))
    together = tuple((apply(fake)[level] + seen[level]) / 2 for level in range(3))
    mixed = apply(tuple((r + f) / 2 for r, f in zip(real, fake, strict=True)))
    # All but brightness is linear, and brightness adds the same to both: what befell fakes is what befell reals.
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(together, mixed, strict=True))


@pytest.mark.parametrize("policy", [("color",), ("translation",), ("cutout",), ("color", "translation")])
def test_levels_agree(policy):
    coarse, middle, fine = augmented(pyramid(n=16), policy=policy, seed=3)
    assert torch.allclose(F.avg_pool2d(fine, 2), middle, atol=1e-5)
    assert torch.allclose(F.avg_pool2d(fine, 4), coarse, atol=1e-5)


def test_draws_differ_between_samples_and_between_draws():
    level = picture(1).expand(4, 3, 16, 16)
    (seen,), (other,) = augmented((level,)), augmented((level,), seed=1)
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen, other)
    assert torch.equal(seen, augmented((level,))[0])


@pytest.mark.parametrize("channels", [1, 3])
def test_strength_is_the_share_of_samples_that_change(channels):
    level = picture(400, channels, 8)
    assert torch.equal(augmented((level,), strength=0)[0], level)
    changed = (augmented((level,), strength=0.3)[0] != level).flatten(1).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.08)
    assert (augmented((level,), strength=1)[0] != level).flatten(1).any(dim=1).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("policy", POLICIES)
def test_it_is_differentiable_twice(policy, channels):
    torch.manual_seed(1)
    apply = DiffAugment(DiffAugmentOptions(policy=policy, strength=0.9)).draw(1)
    images = tuple(level.double().requires_grad_(True) for level in pyramid(1, channels, (2, 4)))
    assert not torch.equal(apply(images)[1], images[1])
    assert torch.autograd.gradcheck(lambda *levels: apply(levels), images)
    assert torch.autograd.gradgradcheck(lambda *levels: tuple(x.sin() for x in apply(levels)), images)


def test_shapes_alone_are_enough():
    (seen,) = augmented((torch.empty(4, 3, 16, 16, device="meta"),), strength=0.5)
    assert seen.shape == (4, 3, 16, 16)


def test_options_are_written_with_a_plus():
    host = PluginHost(third_party=False, environ={})
    chosen = host.resolve("augmentation", "diffaugment:policy=color+cutout")
    assert chosen.options.policy == ("color", "cutout")
    assert chosen.text == "diffaugment:policy=color+cutout,strength=1.0,fill=grey,after=0,rise=0.0,target=0.9"
    with pytest.raises(OptionError, match="twice"):
        host.resolve("augmentation", "diffaugment:policy=color+color")
    with pytest.raises(OptionError, match="length at least 1"):
        host.resolve("augmentation", "diffaugment:policy=")


def test_a_mirrored_border_leaves_no_grey():
    light = torch.full((200, 1, 16, 16), 0.9)
    (seen,) = augmented((light,), policy=("translation",), fill="mirror")
    assert torch.allclose(seen, light)
    (seen,) = augmented((light,), policy=("translation",))
    assert (seen == 0).any()


def test_nothing_is_augmented_before_its_time():
    augmentation = DiffAugment(DiffAugmentOptions(after=100))
    for images_seen, begun in ((0, False), (99, False), (100, True), (5000, True), (10, False)):
        augmentation.advance(images_seen)
        level = picture()
        (seen,) = augmentation.draw(2)((level,))
        assert torch.equal(seen, level) != begun
        assert seen is not level


KNOWN_BY_HEART, UNKNOWN = torch.full((8,), 2.0), torch.tensor([2.0] * 7 + [-2.0])
"""Logits of a batch of reals, of which D knows all, and seven of eight: a mean sign of 0.75."""


def observing(augmentation, logits, times):
    for _ in range(times):
        augmentation.observe(logits)
    return float(augmentation.p)


def test_a_strength_that_has_not_begun_is_told_as_none():
    augmentation = build(DiffAugmentOptions(strength=0.3, rise=0.1, after=100))
    told = []
    for images_seen in (0, 99, 100):
        augmentation.advance(images_seen)
        told.append(augmentation.status()["augment_p"])
    assert told == [0, 0, pytest.approx(0.3)]


def test_a_strength_rises_while_all_reals_are_known_and_falls_to_where_it_began():
    augmentation = build(DiffAugmentOptions(strength=0.3, rise=0.1))  # 100 images from 0 to 1
    assert augmentation.status() == {"augment_p": pytest.approx(0.3)}
    assert observing(augmentation, KNOWN_BY_HEART, 5) == pytest.approx(0.3 + 32 / 100)  # by four batches of 8
    assert observing(augmentation, KNOWN_BY_HEART, 20) == 1
    assert observing(augmentation, UNKNOWN, 8) == pytest.approx(1 - 64 / 100)
    assert observing(augmentation, UNKNOWN, 100) == pytest.approx(0.3)


def test_a_strength_that_rises_waits_for_its_time_and_keeps_its_draw():
    augmentation = build(DiffAugmentOptions(strength=0, rise=0.001, after=100))
    augmentation.advance(99)
    assert observing(augmentation, KNOWN_BY_HEART, 20) == 0
    augmentation.advance(100)
    level, apply = picture(), augmentation.draw(2)
    assert torch.equal(apply((level,))[0], level)
    assert observing(augmentation, KNOWN_BY_HEART, 20) == 1
    assert torch.equal(apply((level,))[0], level)
    assert not torch.equal(augmentation.draw(2)((level,))[0], level)


def test_a_constant_strength_has_no_state_and_a_rising_one_is_for_losses_with_a_boundary():
    assert not isinstance(build(DiffAugmentOptions(strength=0.3)), torch.nn.Module)
    rising = build(DiffAugmentOptions(strength=0.3, rise=1))
    assert isinstance(rising, RisingDiffAugment)
    assert set(rising.state_dict()) == {"p", "signs", "images", "batches"}


def test_a_strength_that_rises_at_once_stays_a_number():
    augmentation = build(DiffAugmentOptions(strength=0.3, rise=1e-300))
    assert observing(augmentation, KNOWN_BY_HEART, 4) == pytest.approx(0.3)
    assert observing(augmentation, KNOWN_BY_HEART, 1) == 1
    assert observing(augmentation, UNKNOWN, 8) == pytest.approx(0.3)
