"""Style networks: any size in one pass, learned from photos, and saved with a card."""

import itertools
from contextlib import nullcontext

import pytest
import torch

from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.filters import Filters
from gantool.builtin.style_losses.sliced import Sliced
from gantool.builtin.style_losses.statistics import Covariance
from gantool.engine.model_file import ModelCard, load_generator, save_generator
from gantool.errors import CheckpointError, OptionError, StyleError
from gantool.pixels import to_float
from gantool.style import passes
from gantool.style.learning import Resumed, learn, moved, rate
from gantool.style.lesson import Lesson
from gantool.style.network import TransformNet, redrawn
from gantool.style.network_file import StyleCard, load_style_network, save_style_network
from gantool.style.passes import NetworkSetup, drawn
from gantool.style.settings import Settings


def made(width=4, blocks=1):
    """A network that has learned nothing."""
    torch.manual_seed(0)
    return TransformNet(width, blocks).eval()


def card(**others):
    facts = {
        "width": 4, "blocks": 1, "style": "wave.jpg", "style_sha256": "00", "style_size": 64, "extractor": "random",
        "style_loss": "gram", "size": 32, "content_weight": 1.0, "style_weight": 1.0, "tv_weight": 1.0,
        "stability": 1.0, "seed": 0, "images_seen": 8,
    }  # fmt: skip
    return StyleCard(**(facts | others))


@pytest.mark.parametrize("size", [(32, 32), (37, 50), (1, 1), (3, 40)])
def test_a_pass_gives_a_picture_of_the_photos_size(size):
    photo = torch.rand(2, 3, *size) * 2 - 1
    picture = redrawn(made(), photo)
    assert picture.shape == photo.shape
    assert bool(picture.abs().max() <= 1)


def test_a_photo_is_drawn_by_itself_whatever_is_beside_it():
    photos = torch.rand(3, 3, 24, 20) * 2 - 1
    network = made()
    torch.testing.assert_close(network(photos)[1:2], network(photos[1:2]), atol=1e-5, rtol=1e-5)


def photos(seen, count):
    draw = torch.Generator().manual_seed(seen)
    coarse = torch.rand(count, 3, 4, 4, generator=draw)
    return (torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear") * 255).to(torch.uint8)


def lesson(**others):
    return Lesson(**({"size": 32, "images": 24, "batch": 1, "width": 4, "blocks": 1} | others))


def learned_by_steps(wanted, style_loss=None, kind=Filters, **more):
    extractor = kind(RandomOptions(filters=8, size=3, scales=2))
    style = torch.full((1, 3, 32, 32), -0.6)
    style[:, 0, ::4] = 0.9
    return learn(style, photos, extractor, style_loss or Covariance(), wanted, **more)


def learned(wanted, **more):
    return list(learned_by_steps(wanted, **more))


def test_the_style_of_an_unseen_photo_comes_nearer_and_the_same_seed_is_the_same_network():
    states = learned(lesson())
    assert [state.images_seen for state in states] == list(range(1, 25))
    assert states[-1].share == 1
    assert states[-1].style < 0.75 * states[0].style
    unseen = to_float(photos(10_000, 1))
    redder = (states[-1].network(unseen) - unseen).mean(dim=(2, 3))[0]
    assert redder[0] > redder[1]
    again = learned(lesson(images=4))
    assert torch.equal(again[-1].network.last.weight, learned(lesson(images=4))[-1].network.last.weight)
    assert not torch.equal(again[-1].network.last.weight, learned(lesson(images=4, seed=1))[-1].network.last.weight)


@pytest.mark.parametrize("loss", [Covariance, Sliced])
def test_a_training_that_was_interrupted_goes_on_as_one_that_was_not(loss):
    whole = learned(lesson(images=8, batch=2), style_loss=loss())
    some = next(itertools.islice(learned_by_steps(lesson(images=8, batch=2), style_loss=loss()), 1, None))
    saved = {name: value.clone() for name, value in some.tensors().items()}
    on = learned(lesson(images=8, batch=2), style_loss=loss(), resumed=Resumed(saved, some.images_seen, 9.0))
    assert [state.images_seen for state in on] == [6, 8]
    assert on[0].seconds >= 9
    for one, other in zip(whole[2:], on, strict=True):
        assert (one.share, one.content, one.style, one.stability) == (
            other.share, other.content, other.style, other.stability,
        )  # fmt: skip
    expected, got = whole[-1].tensors(), on[-1].tensors()
    assert all(torch.equal(value, got[name]) for name, value in expected.items())


def test_what_moves_keeps_its_pixels_and_its_size():
    photo = torch.rand(1, 3, 8, 9)
    shifted = moved(photo, 2, 3)
    assert shifted.shape == photo.shape
    assert torch.equal(shifted[..., 2:, 3:], photo[..., :-2, :-3])
    assert torch.equal(moved(photo, 0, 0), photo)


def test_a_state_of_another_network_is_refused():
    (state,) = learned(lesson(images=1))
    with pytest.raises(CheckpointError, match="does not fit its network"):
        learned(lesson(width=6), resumed=Resumed(state.tensors(), 1, 0.0))


def test_a_network_learns_by_twice_the_style_at_the_most():
    """By the five times of EfficientNet a network drew white skies black."""

    class Stronger(Filters):
        style_strength = 2.0

    class Strongest(Filters):
        style_strength = 5.0

    usual, stronger, strongest = (
        learned(lesson(images=4), kind=kind)[-1].network.last.weight for kind in (Filters, Stronger, Strongest)
    )
    assert torch.equal(stronger, strongest)
    assert not torch.equal(usual, stronger)


def test_a_network_may_begin_with_another():
    begin = made()
    (only,) = learned(lesson(images=1), begin=begin)
    fresh, own = (
        max(
            (one - two).abs().max().item()
            for one, two in zip(network.parameters(), only.network.parameters(), strict=True)
        )
        for network in (TransformNet(4, 1), begin)
    )
    assert own < 0.01 < fresh


def test_weight_on_stability_makes_the_network_react_less_to_noise():
    nothing_else = Settings(content_weight=0.0, style_weight=0.0, tv_weight=0.0)
    calm, nervous = (
        learned(lesson(images=12, stability=weight, settings=nothing_else), begin=made())[-1].stability
        for weight in (1.0, 0.0)
    )
    assert calm < 0.7 * nervous


def test_training_ends_by_photos_or_by_time_whichever_comes_first():
    assert Lesson(images=100).done(50, 1e9) == 0.5
    assert Lesson(images=None, minutes=2.0).done(10**9, 60.0) == 0.5
    assert Lesson(images=100, minutes=2.0).done(25, 90.0) == 0.75
    assert Lesson(images=100, minutes=2.0).done(300, 0.0) == 1
    assert [round(rate(share), 2) for share in (0.0, 0.03, 1.0)] == [0.1, 1, 0.02]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"size": 8}, "from 32"),
        ({"width": 999}, "to 64"),
        ({"images": None}, "one of"),
        ({"images": 0}, "images is a number of at least 1, not 0"),
        ({"minutes": 0.0}, "minutes is"),
        ({"minutes": float("nan")}, "minutes is"),
        ({"minutes": float("inf"), "images": None}, "minutes is"),
        ({"style_size": 0}, "style_size is"),
        ({"stability": -1.0}, "stability is"),
        ({"stability": float("nan")}, "stability is"),
    ],
)
def test_a_lesson_that_cannot_be_is_refused(setting, said):
    with pytest.raises(OptionError, match=said):
        Lesson(**setting)


@pytest.mark.parametrize("blocks", [0, 1, 16, 17])
def test_a_file_has_as_many_blocks_as_a_lesson_may_have(blocks):
    for made in (lambda: Lesson(blocks=blocks), lambda: card(blocks=blocks)):
        with nullcontext() if 1 <= blocks <= 16 else pytest.raises((OptionError, ValueError), match="blocks"):
            made()


def test_a_loss_that_is_not_finite_ends_it():
    network = made()
    network.last.weight.data.fill_(float("nan"))
    with pytest.raises(StyleError, match="--style-weight"):
        learned(lesson(), begin=network)


def test_a_fault_of_a_later_step_leaves_the_network_of_the_step_before_as_it_was():
    class Failing(Covariance):
        def distance(self, *given):
            return super().distance(*given) * self.factor

    extractor, style, rule = Filters(RandomOptions(filters=8, size=3, scales=2)), torch.rand(1, 3, 32, 32), Failing()
    rule.factor = 1.0
    states = learn(style, photos, extractor, rule, lesson())
    last = next(states)
    before = {name: weight.clone() for name, weight in last.network.state_dict().items()}
    rule.factor = float("nan")
    with pytest.raises(StyleError, match="--style-weight"):
        next(states)
    torch.testing.assert_close(dict(last.network.state_dict()), before, rtol=0, atol=0)


def test_a_file_has_the_network_and_its_card_and_a_changed_one_is_noticed(tmp_path):
    network, path = made(), tmp_path / "x.safetensors"
    save_style_network(path, network, card())
    loaded, told = load_style_network(path)
    photo = torch.rand(1, 3, 20, 20) * 2 - 1
    assert torch.equal(loaded(photo), network(photo))
    assert (told.style, told.images_seen, len(told.digest)) == ("wave.jpg", 8, 64)
    assert str(told) == "the style of wave.jpg, by random, 8 photos seen"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256"):
        load_style_network(path)


def test_a_network_of_another_kind_or_shape_is_refused(tmp_path):
    style, generator, odd = (tmp_path / f"{name}.safetensors" for name in ("style", "generator", "odd"))
    save_style_network(style, made(), card())
    shape = ModelCard(architecture="dcgan", resolution=8, channels=3, images_seen=0)
    save_generator(generator, {"weight": torch.zeros(1)}, shape)
    save_style_network(odd, made(), card(blocks=3))
    with pytest.raises(CheckpointError, match="is a style network, and a generator is needed"):
        load_generator(style)
    with pytest.raises(CheckpointError, match="is a generator, and a style network is needed"):
        load_style_network(generator)
    with pytest.raises(CheckpointError, match="with 3 blocks"):
        load_style_network(odd)


def test_strength_blends_and_lightness_alone_keeps_colours():
    photo, network = torch.rand(1, 3, 20, 24) - 0.5, made()
    cpu = torch.device("cpu")
    whole = drawn(photo, NetworkSetup(network, cpu))
    torch.testing.assert_close(drawn(photo, NetworkSetup(network, cpu, strength=0.25)), 0.75 * photo + 0.25 * whole)
    torch.testing.assert_close(drawn(photo, NetworkSetup(network, cpu, strength=0.0)), photo)
    kept = drawn(photo, NetworkSetup(network, cpu, keeps_color=True))
    torch.testing.assert_close(kept[:, 0] - kept[:, 1], photo[:, 0] - photo[:, 1])
    assert not torch.allclose(kept, photo)


def test_a_pass_that_memory_has_no_room_for_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr(passes, "free_memory", lambda device: 1000)
    with pytest.raises(StyleError, match="give a smaller --size"):
        drawn(torch.zeros(1, 3, 20, 20), NetworkSetup(made(), torch.device("cpu")))
