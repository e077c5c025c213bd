"""Seeds on the command line, there and back."""

import pytest

from gantool.cli.seeds import format_seeds, parse_seeds
from gantool.errors import OptionError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("5", [5]),
        ("0-3", [0, 1, 2, 3]),
        ("1,5,9-11", [1, 5, 9, 10, 11]),
        (" 7 , 2 - 3 ", [7, 2, 3]),
        ("4294967295", [2**32 - 1]),
    ],
)
def test_numbers_and_ranges(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds
    assert parse_seeds(format_seeds(seeds)) == seeds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5-1", "1-5"), ("-3", "'-3'"), ("a", "'a'"), ("", "''"), ("1,,2", "''"), ("1.5", "'1.5'"),
        ("1-2-3", "'1-2-3'"), ("_", "'_'"), ("²", "'²'"), ("4294967296", "too large"),
        ("9" * 5000, "too large"), ("0-" + "9" * 5000, "too large"),
        ("0-4294967295", "1,000,000"), ("0-999999,1", "1,000,000"),
    ],
)  # fmt: skip
def test_what_is_no_seed_is_explained(text: str, reason: str) -> None:
    with pytest.raises(OptionError, match=f"--seeds.*{reason}"):
        parse_seeds(text)


def test_long_lists_get_short_names() -> None:
    assert format_seeds(list(range(0, 400, 2))) == "0-to-398-200"
