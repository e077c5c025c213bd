"""The conformance kit: all that gantool relies on, at several sizes, channels and classes."""

import pytest

from gantool.testing import check_architecture, check_component

OTHERWISE = ",noise=no,style_mixing=0,mapping_layers=3,stddev_group=1"


@pytest.mark.parametrize(
    "more", [pytest.param("", marks=pytest.mark.long), pytest.param(OTHERWISE, marks=pytest.mark.slow)]
)
def test_it_conforms(tiny, more):
    assert check_component("architecture", tiny + more) == []


@pytest.mark.slow
def test_it_conforms_at_every_combination_of_sizes(tiny):
    check_architecture(tiny)
    check_architecture(tiny, resolutions=(64,), channels=(3,), classes=(2,))
