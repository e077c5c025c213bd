from pathlib import Path

import pytest

from gantool.api.run_config import RunConfig
from gantool.errors import OptionError, UsageError
from gantool.run.config import (
    check_types,
    described,
    parse_count,
    read_config,
    spread,
    validated,
    write_config,
)
from gantool.run.joined import joined_text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2.01k", 2010),
        ("5000", 5000),
        ("1_000", 1000),
        ("200k", 200_000),
        ("200K", 200_000),
        ("1.5M", 1_500_000),
        (" 7 ", 7),
        ("0.5k", 500),
    ],
)
def test_counts_are_read_with_suffixes(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "k", "many", "1e3", "-5", "1.2345k", "1.5", "10 000"])
def test_what_is_no_count_says_how_to_write_one(text):
    with pytest.raises(OptionError, match="Write 1000 or 1k" if text == "1e3" else "200k"):
        parse_count(text)


def test_a_written_configuration_reads_back_the_same(tmp_path):
    config = RunConfig(
        arch="dcgan:width=8",
        data='folder:path="/home/a b/pi\\ctures, \x7f of ""Zoë"""',
        resolution=64,
        penalty=("r1:weight=1", "gp"),
        lr_g=1.25e-7,
        labels=True,
        augment="none",
    )
    path = tmp_path / "config.toml"
    path.write_text(write_config(config), encoding="utf-8")
    assert validated(read_config(path), "here") == config


def test_an_alias_sets_both_fields_and_gives_way_to_the_fields_own_name():
    assert spread({"lr": 0.1}) == {"lr_g": 0.1, "lr_d": 0.1}
    assert spread({"lr": 0.1, "lr_d": 0.4}) == {"lr_g": 0.1, "lr_d": 0.4}


def test_counts_may_be_text_in_files_too():
    assert spread({"images": "2k", "penalty": "r1"}) == {"images": 2000, "penalty": ("r1",)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch": 1}, "--batch takes an integer .at least 2., not 1"),
        ({"lr_g": -1}, "--lr-g takes a number .above 0., not -1"),
        ({"channels": 2}, "--channels takes one of 1, 3, 4, not 2"),
        ({"precision": "half"}, "--precision takes one of auto, float32, bf16, not half"),
        ({"seed": "x"}, "--seed takes an integer.*, not x"),
        ({"lr_d": float("nan")}, "--lr-d takes a finite number .above 0., not nan"),
        ({"lr_end": float("nan")}, "--lr-end takes a finite number .from 0 to 1., not nan"),
        ({"instance_noise": float("inf")}, "--instance-noise takes a finite number .at least 0., not inf"),
        ({"lr": 0}, "--lr takes a number .above 0., not 0"),
        ({"lr": 0, "lr_g": 1e-3}, "--lr takes"),
        ({"lr": 1e-3, "lr_g": 0}, "--lr-g takes"),
    ],
)
def test_a_wrong_value_is_named_with_what_the_setting_takes(settings, words):
    with pytest.raises(OptionError, match=words):
        validated({"arch": "mlp", "resolution": 8} | settings, "The configuration")
    with pytest.raises(OptionError, match=words):
        check_types(settings, "The settings")


@pytest.mark.parametrize("key", ["images", "horizon", "snapshot_every", "ema"])
@pytest.mark.parametrize("value", [10**20, "100000000000000000000", "1" * 5000, "1" * 400 + "k"])
def test_numbers_of_images_beyond_any_run_are_refused(key, value):
    flag = "--" + key.replace("_", "-")
    with pytest.raises(OptionError, match=f"{flag} takes at most 1,000,000,000,000,000 images"):
        check_types({key: value}, "The settings")


def test_a_long_value_is_shown_in_part():
    with pytest.raises(OptionError) as raised:
        validated({"arch": "mlp", "resolution": 28, "penalty": ["r1"] * 9999}, "run.toml")
    assert len(str(raised.value)) < 200


def test_a_setting_that_is_missing_is_named():
    with pytest.raises(OptionError, match=r"run\.toml: --arch is missing\."):
        validated({"resolution": 8}, "run.toml")


def test_an_unknown_setting_in_a_file_gets_the_nearest_right_one(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("bacth = 64\n")
    with pytest.raises(UsageError, match=r"run\.toml.*'bacth'.*Did you mean 'batch'"):
        read_config(path)


def test_values_that_are_none_of_toml_are_told_as_they_are_written(tmp_path):
    path = tmp_path / "run.toml"

    def said(line):
        path.write_text(f"{line}\n")
        with pytest.raises(UsageError, match="is not valid TOML") as caught:
            read_config(path)
        return str(caught.value).partition("). ")[2]

    assert said("labels = True") == said("labels = yes") == "Write labels = true."
    assert said("images = 20k") == 'Text needs quotes: images = "20k".'
    assert {said(line) for line in ("lr = 1,5", "lr = .001", "batch = 064", "lr = -1.e-3")} == {""}


@pytest.mark.parametrize(
    "content", ["batch = ", "\xff\xfe", "seed = " + "9" * 5000, ".".join("a" * 9999) + " = 1", "log = " + "[" * 9999]
)
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    path = tmp_path / "run.toml"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(UsageError, match=r"run\.toml"):
        read_config(path)


def test_differences_are_what_a_resumed_run_may_not_change():
    old = RunConfig(arch="mlp", resolution=28)
    new = old.model_copy(
        update={"batch": 32, "images": 5, "device": "cuda", "keep": 9, "patience": 2, "log": ("x",), "penalty": ("r1",)}
    )
    assert described(old, new) == ["--penalty none in the run, r1 requested", "--batch 64 in the run, 32 requested"]


@pytest.mark.parametrize(
    ("setting", "was", "shall", "said"),
    [
        ("arch", "dcgan:width=8,leak=0.2", "dcgan:width=9,leak=0.2", "--arch dcgan:width=8 in the run, dcgan:width=9"),
        ("loss", "logistic:smooth=0.0,flip=0.0", "hinge", "--loss logistic in the run, hinge"),
        ("data", "shapes:count=9,seed=0", 'folder:path="/a,b",fit=crop', "--data shapes in the run, /a,b"),
        ("data", "folder:path=/a,fit=crop,count=none", "folder:path=/a,fit=pad,count=none",
         "--data /a:fit=crop in the run, /a:fit=pad"),
        ("data", "folder:path=/a", joined_text(["folder:path=/a,fit=pad", "shapes:count=2"]),
         "--data /a in the run, /a and shapes"),
        ("penalty", ("r1:weight=1.0,every=2", "clip:value=1"), ("r1:weight=2.0,every=2", "clip:value=1"),
         "--penalty r1:weight=1.0 clip in the run, r1:weight=2.0 clip"),
    ],
)  # fmt: skip
def test_components_are_told_apart_without_what_they_share(setting, was, shall, said):
    old = RunConfig(arch="mlp", resolution=28).model_copy(update={setting: was})
    assert described(old, old.model_copy(update={setting: shall})) == [f"{said} requested"]


def test_learning_rates_that_change_together_are_one_setting():
    old = RunConfig(arch="mlp", resolution=28, lr_g=1e-3, lr_d=1e-3)
    new = old.model_copy(update={"lr_g": 5e-4, "lr_d": 5e-4})
    assert described(old, new, "before", "now") == ["--lr 0.001 before, 0.0005 now"]


WRONG_TYPES = [
    ("arch", 3), ("loss", 1), ("augment", True), ("penalty", 3), ("penalty", [1]), ("log", [1]), ("device", 3),
    ("data", 3), ("betas", [2.0, 0.9]), ("images", [1]), ("seed", "x"), ("lr", "fast"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_named_before_anything_uses_it(key, value):
    with pytest.raises(OptionError, match=key.replace("_", "-")):
        check_types(spread({key: value}), "run.toml")


def test_paths_are_as_good_as_text():
    assert spread({"data": Path("photos")}) == {"data": "photos"}


def test_a_number_out_of_range_is_told_with_the_range() -> None:
    with pytest.raises(OptionError, match=r"--batch takes an integer \(at least 2\), not 0"):
        check_types({"batch": 0}, "The settings")
