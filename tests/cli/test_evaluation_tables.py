"""Numbers of evaluations as tables have them."""

import math

import pytest

from gantool.cli.evaluation_tables import _number


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.77136, None, "0.771"),
        (1.6012, 0.0213, "1.60 ± 0.02"),
        (7.7e-06, 0.00093, "0.0000 ± 0.0009"),
        (25.2, 3.0, "25 ± 3"),
        (1.0, 0.0, "1"),
        (math.nan, 0.1, "nan"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value, error, text):
    assert _number(value, error) == text
