"""The checks of annotations that every other test relies on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import pytest
import torch
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError
from torch import Tensor

from gantool.pixels import composited, to_uint8
from shape_checks import checked

if TYPE_CHECKING:
    from fractions import Fraction

check = checked(typechecker=beartype)


def refused(name, call, *arguments):
    with pytest.raises((BeartypeCallHintViolation, TypeCheckError), match=name):
        call(*arguments)


@check
def product(left: Float[Tensor, "n k"], right: Float[Tensor, "k m"], *, turned: bool = False) -> Float[Tensor, "n m"]:
    return (left @ right).T if turned else left @ right


def test_sizes_of_one_name_are_equal_in_arguments_and_in_the_result():
    assert product(torch.zeros(2, 3), torch.zeros(3, 4)).shape == (2, 4)
    refused("right", product, torch.zeros(2, 3), torch.zeros(4, 3))
    refused("return", lambda: product(torch.zeros(2, 3), torch.zeros(3, 4), turned=True))
    refused("left", product, torch.zeros(2, 3, dtype=torch.int64), torch.zeros(3, 4))


def test_sizes_are_those_of_one_call():
    @check
    def twice(images: Float[Tensor, "n k"]) -> Float[Tensor, "m n"]:
        product(torch.zeros(7, 8), torch.zeros(8, 9))
        return images.T if len(images) > 1 else twice(torch.zeros(5, 6))[:, :1]

    assert twice(torch.zeros(1, 2)).shape == (6, 1)
    with pytest.raises(ZeroDivisionError):
        check(lambda: 1 / 0)()
    assert twice(torch.zeros(4, 3)).shape == (3, 4)


def test_an_inner_function_is_checked_whenever_it_is_defined_and_sees_its_own_variables():
    def made(offset, kind=int):
        @check
        def plus(value: kind, *, more: Literal["none", "all"] = "none") -> int:
            """Adds."""
            return value + offset

        return plus

    one, two, other = made(1), made(2), made(0.5, float)
    assert (one(1), two(1), two.__name__, two.__doc__) == (2, 3, "plus", "Adds.")
    for function in (one, two):
        refused("value", function, "1")
        refused("more", partial(function, 1, more="some"))
    refused("return", other, 1.25)
    refused("value", other, 1)


def test_an_inner_function_of_shapes_is_checked_whenever_it_is_defined():
    def made(factor):
        @check
        def times(image: Float[Tensor, "n n"]) -> Float[Tensor, "n n"]:
            return factor * image

        return times

    for factor in (1, 2):
        assert made(factor)(torch.ones(2, 2)).sum() == 4 * factor
        refused("image", made(factor), torch.ones(2, 3))


class Box:
    @check
    def joined(self, other: "Box", exact: "Fraction | None" = None) -> "Box":
        return self

    @staticmethod
    @check
    def counted(upto: int, images: Float[Tensor, "n n"]) -> Iterator[int]:
        yield from range(upto)

    @check
    def listed(self, upto: int) -> Iterator[int]:
        yield from range(upto)

    @property
    @check
    def side(self) -> int:
        return "2"


def test_methods_generators_and_names_that_come_later():
    box = Box()
    assert box.joined(box) is box
    assert list(box.counted(2, torch.zeros(2, 2))) == list(box.listed(2)) == [0, 1]
    refused("upto", lambda: list(box.listed("2")))
    refused("images", lambda: list(box.counted(2, torch.zeros(2, 3))))
    refused("return", lambda: box.side)


@check
@dataclass
class Pair:
    left: Float[Tensor, "n"]
    right: Float[Tensor, "n"]


def test_fields_of_a_dataclass_and_arguments_that_are_called():
    refused("right", Pair, torch.zeros(2), torch.zeros(3))
    assert len(Pair(torch.zeros(2), torch.zeros(2)).right) == 2

    @check
    def called(function: Callable[[int, "str"], int]) -> int:
        return function(1, "")

    assert called(lambda number, _: number) == 1
    refused("function", called, 3)


def test_the_functions_of_gantool_are_checked():
    refused("images", to_uint8, torch.zeros(3, 4, 4, dtype=torch.uint8))
    refused("background", composited, torch.zeros(1, 4, 5, 6), torch.zeros(3, 6, 5))
