"""Wrong types in calls from Python end in a sentence that names the function, the argument and what it takes."""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import isfunction, signature
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

import gantool
from gantool.arguments import type_checked
from gantool.errors import OptionError


class Spot:
    """A class of an annotation."""


class BytesPath:
    """A path of bytes, as os.scandir(b".") gives them."""

    def __fspath__(self) -> bytes:
        return b"a"

    def __repr__(self) -> str:
        return "bytes"


@type_checked
def taking(
    seeds: Sequence[int] = (),
    truncation: float | tuple[float, float] = 1.0,
    path: Path | str = "",
    out: Path = Path(),
    label: str | int | Sequence[str | int] | None = None,
    moves: Mapping[int, float] | None = None,
    shift: Float[Tensor, "..."] | None = None,
    spot: Spot | None = None,
    loop: bool = False,
    calls: Sequence[Callable[[int], int]] = (),
    anything: Any = None,
    **settings: Any,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if name in signature(taking).parameters}


FITTING: list[dict[str, Any]] = [
    {"seeds": [1, 2]}, {"seeds": range(3)}, {"seeds": (1,)}, {"truncation": 1}, {"truncation": (0.5, 1)},
    {"path": "a"}, {"path": Path("a")}, {"label": "cat"}, {"label": 3}, {"label": ["cat", 3]}, {"moves": {1: 2}},
    {"shift": torch.zeros(2)}, {"spot": Spot()}, {"calls": [abs]}, {"anything": 3}, {"settings": {"other": object()}},
]  # fmt: skip


@pytest.mark.parametrize("given", FITTING, ids=[next(iter(given)) for given in FITTING])
def test_what_fits_arrives_as_it_is(given):
    ((name, value),) = given.items()
    got = taking(**given["settings"] if name == "settings" else given)[name]
    assert got is value or got == value
    assert type(got) is type(value)


def test_numbers_of_other_libraries_and_texts_of_paths_become_pythons():
    got = taking(
        seeds=numpy.arange(2), truncation=numpy.float32(0.5), out="a", moves={numpy.int64(1): torch.tensor(2.0)}
    )
    assert got["seeds"] == [0, 1]
    assert [type(each) for each in got["seeds"]] == [int, int]
    assert (type(got["truncation"]), got["out"], got["moves"]) == (float, Path("a"), {1: 2.0})
    assert taking(seeds=torch.arange(2))["seeds"] == [0, 1]
    assert [type(each) for each in taking(seeds=[True])["seeds"]] == [int]
    assert [taking(loop=one)["loop"] for one in (numpy.True_, torch.tensor(False))] == [True, False]


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"seeds": 4},
        "seeds takes a sequence of integers, not 4 (int). Give seeds=[4] for one, or seeds=range(4) for the",
    ),
    (
        {"seeds": "0-3"},
        "seeds takes a sequence of integers, not '0-3' (str). Give seeds=[4] for one, or seeds=range(4)",
    ),
    ({"seeds": None}, "seeds takes a sequence of integers, not None. Give seeds=[4]"),
    ({"seeds": [0.5]}, "seeds takes a sequence of integers, not [0.5] (list)."),
    ({"seeds": torch.zeros(2)}, "seeds takes a sequence of integers, not tensor([0., 0.]) (Tensor)."),
    ({"seeds": torch.tensor(3)}, "seeds takes a sequence of integers, not tensor(3) (Tensor)."),
    ({"seeds": iter([1])}, "Give seeds=list(...)."),
    ({"truncation": "0.7"}, "truncation takes a number or a tuple of 2 numbers, not '0.7' (str)."),
    ({"truncation": (1, 2, 3)}, "truncation takes a number or a tuple of 2 numbers, not (1, 2, 3) (tuple)."),
    ({"path": 3}, "path takes a path or text, not 3 (int)."),
    ({"path": None}, "path takes a path or text, not None."),
    ({"label": 0.5}, "label takes text or an integer or a sequence of texts or integers or None, not 0.5 (float)."),
    ({"moves": [1]}, "moves takes a dictionary of integers to numbers or None, not [1] (list)."),
    ({"moves": {"1": 2}}, "moves takes a dictionary of integers to numbers or None, not {'1': 2} (dict)."),
    ({"shift": [1.0]}, "shift takes a Tensor or None, not [1.0] (list). Give shift=torch.as_tensor(...)."),
    ({"seeds": numpy.int64(7)}, "Give seeds=[7] for one, or seeds=range(7) for the first 7."),
    ({"seeds": numpy.zeros((2, 1))}, "seeds takes a sequence of integers, not array([[0.], [0.]]) (ndarray)."),
    ({"path": BytesPath()}, "path takes a path or text, not bytes (BytesPath)."),
    ({"loop": 1}, "loop takes True or False, not 1 (int)."),
    ({"loop": numpy.ones(2, bool)}, "loop takes True or False, not array([ True, True]) (ndarray)."),
    ({"loop": "no"}, "loop takes True or False, not 'no' (str)."),
    ({"spot": 1}, "spot takes a Spot or None, not 1 (int)."),
    ({"calls": abs}, "calls takes a sequence of functions, not <built-in function abs>"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[next(iter(given)) for given, _ in WRONG])
def test_what_does_not_fit_is_told_with_what_it_takes(given, said):
    with pytest.raises(OptionError, match=rf"^gantool\.taking: .*{re.escape(said)}"):
        taking(**given)


def test_a_wrong_name_is_told_by_python():
    @type_checked
    def one(seeds: Sequence[int]) -> None: ...

    with pytest.raises(TypeError, match="unexpected keyword argument 'seed'"):
        one(seed=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", [
    "load", "evaluate", "train", "trainer", "configure", "build", "extractor", "export", "find_directions",
    "save_directions", "load_directions", "save_latents", "load_latents", "save_generator", "save_discriminator",
    "open_url",
])  # fmt: skip
def test_public_functions_tell_a_wrong_first_argument(name):
    function = getattr(gantool, name)
    assert isfunction(function)
    first, *others = signature(function).parameters.values()
    needed = [None for each in others if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
    with pytest.raises(OptionError, match=rf"^gantool\.{name}: {first.name} takes .*, not 3 \(int\)"):
        function(3, *needed)
