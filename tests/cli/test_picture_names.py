"""File names of sampled pictures."""

import pytest

from gantool.cli.picture_names import of_classes, of_options, words_of


def test_names_that_tell_classes_apart_stay_as_they_are() -> None:
    names = ["cat", "wild dog", "猫", "v1.5", "class"]
    assert list(words_of(names).values()) == ["cat", "wild-dog", "猫", "v1.5", "class"]


@pytest.mark.parametrize(
    "names",
    [
        ["😀", "😁", "class", "class+0"],
        ["a b", "a-b", "a-b-0", "a b+0"],
        ["Cat", "cat"],
        ["x" * 100 + "1", "x" * 100 + "2"],
        ["猫" * 90, "猫" * 91],
    ],
)
def test_no_two_classes_share_a_name(names: list[str]) -> None:
    words = words_of(names)
    assert list(words) == names
    assert len({word.casefold() for word in words.values()}) == len(names)
    assert all(0 < len(word.encode()) < 100 for word in words.values())


def test_sheets_of_other_classes_have_other_names() -> None:
    many = [f"class-{index:03}" for index in range(200)]
    sheets = [[], ["a", "b-c"], ["a-b", "c"], many, many[:-1], [*many[:-2], many[-1], many[-2]], many[:50]]
    names = [of_classes(sheet) for sheet in sheets]
    assert len(set(names)) == len(names)
    assert all(len(name.encode()) < 150 for name in names)
    assert names[1] == "-a,b-c"
    assert names[3].startswith("-200-classes-")


def test_options_are_named_where_they_are_not_the_usual() -> None:
    assert of_options(1.0, None, 1) == ""
    assert of_options(0.7, 0, 4) == "-truncation0.7-level0-x4"
