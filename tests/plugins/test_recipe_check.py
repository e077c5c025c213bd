"""A recipe that no run could take is its plugin's fault, and told when that is loaded."""

from dataclasses import fields
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le, Lt

from gantool.api.run_config import RunConfig
from gantool.api.specs import AUTO, Architecture, Component, OnCpu, Options, Recipe, ShortRun
from gantool.errors import PluginError
from gantool.plugins.recipe_check import RULES, SCHEDULES, check_recipe
from gantool.plugins.spec_check import check_spec

OF_RUNS = {"learning_rate": "lr_g", "lr_end": "lr_end", "lr_hold": "lr_hold", "weight_decay": "weight_decay",
           "batch": "batch", "ema": "ema", "images": "images"}  # fmt: skip

WRONG: list[tuple[str, Any, str]] = [
    ("learning_rate", -1.0, "learning_rate must be a number above 0, not -1.0"),
    ("learning_rate", "2e-4", "learning_rate must be a number above 0, not '2e-4'"),
    ("learning_rate", float("nan"), "learning_rate must be a number above 0, not nan"),
    ("learning_rate_d", 0, "learning_rate_d must be a number above 0, or None, not 0"),
    ("loss", None, "loss must be a text, not None"),
    ("penalties", "r1", "penalties must be a tuple of texts, such as ('r1',), not 'r1'"),
    ("penalties", ["r1"], "penalties must be a tuple of texts, such as ('r1',), not ['r1']"),
    ("augment", ("ada",), "augment must be a text, or None, not ('ada',)"),
    ("betas", (0.5, 1.5), "betas must be a tuple of two numbers of at least 0 and below 1, not (0.5, 1.5)"),
    ("betas", 0.5, "betas must be a tuple of two numbers of at least 0 and below 1, not 0.5"),
    ("beta2_start", 1, "beta2_start must be a number of at least 0 and below 1, or None, not 1"),
    ("lr_schedule", "cosin", "lr_schedule must be one of constant, linear, cosine, not 'cosin'"),
    ("lr_end", 1.5, "lr_end must be a number from 0 to 1, not 1.5"),
    ("weight_decay", -1, "weight_decay must be a number of at least 0, not -1"),
    ("batch", 1, "batch must be an integer of at least 2, not 1"),
    ("batch", True, "batch must be an integer of at least 2, not True"),
    ("images", 1e5, "images must be an integer of at least 1, not 100000.0"),
    ("ema", "aut", "ema must be an integer of at least 0, or 'auto', not 'aut'"),
    ("short", (1, 2, 3), "short must be a gantool.ShortRun, or None, not (1, 2, 3)"),
    ("short.images", 0, "short.images must be an integer of at least 1, not 0"),
    ("on_cpu.learning_rate", 0.0, "on_cpu.learning_rate must be a number above 0, not 0.0"),
    ("on_cpu.loss", 1, "on_cpu.loss must be a text, not 1"),
    ("on_cpu.penalties", "r1", "on_cpu.penalties must be a tuple of texts, such as ('r1',), not 'r1'"),
    ("lr_hold", 1.5, "lr_hold must be a number from 0 to 1, not 1.5"),
    ("on_cpu.batch", 1.5, "on_cpu.batch must be an integer of at least 2, not 1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "told"), WRONG, ids=[told for _, _, told in WRONG])
def test_what_no_run_could_take_is_told_with_the_field(field: str, value: Any, told: str) -> None:
    recipe = Recipe(short=ShortRun(60_000, 16, 1e-3), on_cpu=OnCpu(16, 1e-3))
    owner, _, name = field.rpartition(".")
    # Types are checked in tests, though not where an author writes the recipe.
    object.__setattr__(getattr(recipe, owner) if owner else recipe, name, value)
    with pytest.raises(PluginError) as raised:
        check_spec("architecture", Architecture("odd", "Odd", Options, "x:y", recipe))
    assert str(raised.value) == f"the recipe of architecture 'odd': {told}"


def test_the_usual_and_the_utmost_are_sound() -> None:
    check_recipe("usual", Recipe())
    check_recipe("full", Recipe(
        penalties=("r1", "r2"), augment="ada", learning_rate_g=1.0, beta2_start=0.0, lr_end=1.0, betas=(0.0, 0.999),
        batch=2, ema=0, images=1, short=ShortRun(1, 2, 1e-3), on_cpu=OnCpu(2, 1e-3, None, "hinge", ()),
    ))  # fmt: skip


def test_each_field_has_a_rule_whose_limits_are_those_of_runs() -> None:
    assert RULES.keys() == {each.name for each in fields(Recipe)}
    assert RunConfig.model_fields["lr_schedule"].annotation.__args__ == SCHEDULES  # type: ignore[union-attr]
    for field, setting in OF_RUNS.items():
        _, fits = RULES[field]
        limits = [each for each in RunConfig.model_fields[setting].metadata if isinstance(each, Ge | Gt | Le | Lt)]
        assert limits
        for limit in limits:
            bound = getattr(limit, type(limit).__name__.lower())
            beyond = -1 if isinstance(limit, Ge | Gt) else 1
            assert fits(bound) is isinstance(limit, Ge | Le)
            assert fits(bound - beyond)
            assert not fits(bound + beyond)
    assert RULES["ema"][1](AUTO)


def test_a_source_says_its_length_in_whole_images() -> None:
    with pytest.raises(PluginError, match="the images of source 'odd' must be an integer of at least 1"):
        check_spec("source", Component("odd", "Odd", Options, "x:y", images=0))


def test_an_architecture_names_the_extractor_it_learns_by() -> None:
    spec = Architecture("odd", "Odd", Options, "x:y", learns_by="efficientnet")
    check_spec("architecture", spec)
    object.__setattr__(spec, "learns_by", None)  # by an author who does not check types
    with pytest.raises(PluginError, match="learns_by of architecture 'odd' must be the name of an extractor, or empty"):
        check_spec("architecture", spec)
