import pytest
import torch

from gantool.api.features import Extractor
from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.filters import Filters
from gantool.builtin.style_losses.sliced import Sliced
from gantool.builtin.style_losses.statistics import Covariance, Gram
from gantool.errors import OptionError, StyleError
from gantool.style import Settings, transfer
from gantool.style.layers import balance_of, network_of
from gantool.style.objective import Objective
from gantool.style.pyramid import grown, resized, scale_sizes

EXTRACTOR = Filters(RandomOptions(filters=8, size=3, scales=3))
QUICK = Settings(steps=6, scales=2)


def picture(seed, height=32, width=48):
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def objective(content, styles, shares, masks=None, settings=QUICK):
    balance = balance_of(EXTRACTOR, settings, Gram())
    made = Objective(network_of(EXTRACTOR, balance.layers), balance.layers, balance, Gram())
    made.set_content(content)
    made.set_styles(styles, shares, masks)
    return made


def test_states_go_from_coarse_to_fine_and_the_loss_falls_within_each_scale():
    states = list(transfer(picture(0), [picture(1)], EXTRACTOR, QUICK))
    assert [tuple(state.image.shape)[2:] for state in states] == [(16, 24)] + 6 * [(32, 48)]  # a quarter, of 6
    assert [state.step for state in states] == list(range(1, 8))
    assert {state.steps for state in states} == {7}
    assert [state.share for state in states] == sorted(state.share for state in states)
    assert states[-1].share == 1
    totals = [state.terms.total for state in states[1:]]
    assert totals == sorted(totals, reverse=True)
    assert states[-1].image.abs().max() <= 1


def test_an_extractor_may_weigh_style_more_as_style_weight_does():
    class Stronger(Filters):
        style_strength = 3.0

    stronger = Stronger(RandomOptions(filters=8, size=3, scales=3))
    assert balance_of(stronger, QUICK, Gram()) == balance_of(EXTRACTOR, Settings(style_weight=3.0), Gram())


def test_adam_takes_all_its_steps_at_every_scale():
    states = list(transfer(picture(0), [picture(1)], EXTRACTOR, Settings(steps=4, scales=2, optimizer="adam")))
    assert [state.image.shape[-1] for state in states] == 4 * [24] + 4 * [48]


def test_what_a_coarse_scale_left_alone_is_the_content_at_the_next():
    content, change = picture(0), torch.full((1, 3, 16, 24), 0.1)
    small = resized(content, 16, 24)
    assert torch.allclose(grown(small, content, (32, 48)), content)
    moved = grown(small + change, content, (32, 48))
    assert torch.allclose(moved, (content + 0.1).clamp(-1, 1), atol=1e-6)


@pytest.mark.parametrize("loss", [Gram(), Covariance(), Sliced()])
def test_the_style_comes_nearer_and_the_same_seed_is_the_same_picture(loss):
    settings = Settings(steps=12, scales=1, seed=3)
    first, *_, last = transfer(picture(0), [picture(1)], EXTRACTOR, settings, style_loss=loss)
    *_, again = transfer(picture(0), [picture(1)], EXTRACTOR, settings, style_loss=loss)
    assert last.terms.style < 0.8 * first.terms.style
    assert torch.equal(last.image, again.image)


def test_content_as_its_own_style_is_left_alone():
    content = picture(0)
    made = objective(content, [content], [1.0], settings=Settings(tv_weight=0.0))
    terms, gradient = made.evaluate(content)
    assert terms.content == 0
    assert abs(terms.style) < 1e-10
    assert gradient.abs().max() < 1e-7


def test_only_the_proportion_of_weights_matters_and_equal_styles_are_one():
    content, style, other = picture(0), picture(1), picture(2)
    one = objective(content, [style], [1.0]).evaluate(content)[0]
    two = objective(content, [style, style], [0.2, 5.0]).evaluate(content)[0]
    assert two.style == pytest.approx(one.style, rel=1e-4)
    mixed = objective(content, [style, other], [1.0, 3.0]).evaluate(content)[0]
    assert mixed.style == pytest.approx(objective(content, [style, other], [2.0, 6.0]).evaluate(content)[0].style)
    assert mixed.style != pytest.approx(one.style, rel=0.01)


def test_it_may_begin_with_noise_which_the_seed_decides():
    starts = [
        next(transfer(picture(0), [picture(1)], EXTRACTOR, Settings(steps=1, start="noise", seed=seed))).image
        for seed in (0, 0, 1)
    ]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_scales_halve_and_end_at_the_whole():
    assert scale_sizes(341, 512) == [(43, 64), (85, 128), (170, 256), (341, 512)]
    assert scale_sizes(512, 20) == [(512, 20)]
    assert scale_sizes(1, 1) == [(1, 1)]
    assert scale_sizes(64, 64, 2) == [(32, 32), (64, 64)]


def test_one_pixel_is_a_picture_too():
    *_, last = transfer(picture(0)[..., :1, :1], [picture(1)], EXTRACTOR, Settings(steps=2))
    assert last.image.shape == (1, 3, 1, 1)


class Bare(Extractor):
    """An extractor for metrics alone."""

    def __call__(self, images):
        return [images]


def test_what_cannot_be_is_refused_before_the_first_step():
    with pytest.raises(OptionError, match="one style or more"):
        next(transfer(picture(0), [], EXTRACTOR))
    with pytest.raises(OptionError, match="no layer 'scale3'"):
        next(transfer(picture(0), [picture(1)], EXTRACTOR, Settings(style_layers={"scale3": 1.0})))
    with pytest.raises(OptionError, match="names no layers for style transfer"):
        next(transfer(picture(0), [picture(1)], Bare()))
    with pytest.raises(OptionError, match="each style takes one mask"):
        next(transfer(picture(0), [picture(1)], EXTRACTOR, masks=[]))
    with pytest.raises(OptionError, match="style_weight"):
        Settings(style_weight=float("nan"))


def test_a_loss_that_is_not_finite_ends_it_with_a_remedy():
    broken = picture(0)
    broken[..., 3, 3] = float("nan")
    with pytest.raises(StyleError, match="--style-weight"):
        list(transfer(broken, [picture(1)], EXTRACTOR, QUICK))
