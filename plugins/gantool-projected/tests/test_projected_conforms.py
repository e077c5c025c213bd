"""The conformance kit: all that gantool relies on, at several sizes, channels and classes."""

import pytest

from gantool.testing import check_architecture, check_component

FAST = "fastgan:width=2,latent=8,embedding=4"


@pytest.mark.slow
def test_fastgan_conforms():
    check_architecture(FAST, quick=True)


@pytest.mark.slow
def test_projected_conforms(tiny):
    assert check_component("architecture", tiny) == []


@pytest.mark.slow
def test_both_conform_at_every_combination_of_sizes(tiny):
    check_architecture(FAST)
    check_architecture(tiny)
