"""What is searched: reading it, drawing from it, and saying it as flags again."""

import pytest

from gantool.cli.settings import flag_names
from gantool.errors import OptionError, UsageError
from gantool.plugins.host import host
from gantool.run.resolve import resolve
from gantool.tuning.defaults import space_of
from gantool.tuning.space import Dimension, flags, meant, parse

SAID = {"arch": "mlp", "data": "shapes", "resolution": 16}


class Low:
    """Draws the last text and the lower end of every range."""

    def suggest_categorical(self, name, choices):
        return choices[-1]

    def suggest_float(self, name, low, high, *, log):
        return low

    def suggest_int(self, name, low, high, *, log):
        return low


def test_a_comma_parts_texts_but_not_the_options_of_one():
    assert parse("penalty=none,r1:weight=0.1..10,every=16,gp").texts == ("none", "r1:weight=0.1..10,every=16", "gp")
    assert parse("lr-g=1e-4..1e-2") == Dimension("lr_g", ("1e-4..1e-2",))


def test_a_draw_fills_in_every_range_and_can_be_repeated_from_what_was_drawn():
    drawn, text = parse("penalty=none,r1:weight=0.5..8,every=1..16").draw(Low())
    assert text == "r1:weight=0.5,every=1"
    assert drawn == {
        "penalty": "r1:weight=0.5..8,every=1..16",
        "penalty r1:weight=0.5..8,every=1..16 0": 0.5,
        "penalty r1:weight=0.5..8,every=1..16 1": 1,
    }
    assert meant("penalty", text) == {"penalty": ("r1:weight=0.5,every=1",)}


def test_numbers_have_few_digits_and_stay_within_their_range():
    class Middle(Low):
        def suggest_float(self, name, low, high, *, log):
            assert log
            return 0.000123456

    assert parse("lr=1e-4..1e-2").draw(Middle())[1] == "0.000123"
    assert meant("lr", "0.000123") == {"lr_g": 0.000123, "lr_d": 0.000123}
    assert parse("lr=0.0001234..1").draw(Middle())[1] == "0.0001234"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bach=1..2", "Did you mean 'batch'"),
        ("seed=1,2", "scores of another seed cannot be compared"),
        ("data=a,b", "give --data itself"),
        ("lr=1e-2..1e-4", "the smaller number first"),
        ("lr=", "KEY=LOW..HIGH"),
        ("lr", "KEY=LOW..HIGH"),
        ("batch=8,,16", "KEY=LOW..HIGH"),
    ],
)
def test_what_cannot_be_searched_is_an_error_that_says_so(text, says):
    with pytest.raises(OptionError, match="--search") as refused:
        parse(text)
    assert says in str(refused.value)


def test_flags_say_the_same_settings_again():
    settings = {"lr_g": 0.001, "lr_d": 0.001, "penalty": ["r1:weight=2", "gp"], "labels": False, "batch": 8}
    words = flags(settings)
    assert words == ["--lr", "0.001", "--penalty", "r1:weight=2", "--penalty", "gp", "--no-labels", "--batch", "8"]
    assert flags({"penalty": ()}) == ["--penalty", "none"]
    assert flags({"lr_g": 0.1, "lr_d": 0.2}) == ["--lr-g", "0.1", "--lr-d", "0.2"]


def test_the_usual_search_goes_around_the_recipe_and_can_start_with_it():
    start = resolve(host(), SAID).model_dump()
    space = {dimension.key: dimension for dimension in space_of(host(), SAID, {}, ())}
    assert set(space) == {"lr_g", "lr_d", "batch", "penalty"}
    assert set(space) <= set(flag_names())
    assert all(dimension.starting_at(start) is not None for dimension in space.values())
    assert space["lr_g"].starting_at(start) == {"lr_g 0": start["lr_g"]}


def test_flags_fix_what_they_say_and_search_adds_replaces_and_drops():
    said = {**SAID, "batch": 8, "lr_g": 0.001, "lr_d": 0.001}
    assert {one.key for one in space_of(host(), said, {}, ())} == {"penalty"}
    found = {one.key: one.texts for one in space_of(host(), said, {}, ["lr", "loss=logistic,hinge", "penalty=start"])}
    assert found == {"lr_g": ("0.00025..0.004",), "lr_d": ("0.00025..0.004",), "loss": ("logistic", "hinge")}
    assert {one.key for one in space_of(host(), SAID, {}, ["lr=1e-4..1e-3"])} == {"lr", "batch", "penalty"}


def test_few_pictures_have_their_augmentation_searched(tmp_path):
    from PIL import Image

    for index in range(3):
        Image.new("RGB", (16, 16), (index, 0, 0)).save(tmp_path / f"{index}.png")
    space = space_of(host(), {"arch": "mlp", "data": str(tmp_path)}, {}, ())
    assert "augment" in {one.key for one in space}


@pytest.mark.parametrize("search", ["loss=logistic,hings", "penalty=r1:wait=1..2", "lr=0.0..1.0"])
def test_what_a_run_would_refuse_is_refused_before_the_search(search):
    with pytest.raises(UsageError, match=r"hinge|weight|lr"):
        space_of(host(), SAID, {}, [search])
