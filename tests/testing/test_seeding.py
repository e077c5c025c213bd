"""Random state: what seeds torch is told from what draws, and a check leaves its caller's as it was."""

import numpy as np
import pytest
import torch
from planted import place_of

import gantool
from gantool.testing import check_component
from gantool.testing.seeding import seeds_torch, touches_torch


def forked():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)


@pytest.mark.parametrize(
    ("call", "seeds", "touches"),
    [
        (lambda: torch.manual_seed(1), True, True),
        (lambda: torch.rand(3), False, True),
        (forked, False, False),
        (lambda: torch.Generator().manual_seed(1), False, False),
    ],
    ids=["seeding", "drawing", "forking", "own"],
)
def test_what_a_call_makes_of_torchs_generator_is_seen(call, seeds, touches):
    before = torch.get_rng_state()
    assert (seeds_torch(call), touches_torch(call)) == (seeds, touches)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("kind", "factory"), [("observer", "Dice"), ("observer", "Seeding"), ("penalty", "SlopeByGlobals")]
)
def test_a_check_leaves_the_random_state_of_its_caller(kind, factory):
    spec = gantool.Component("planted", "Something planted", gantool.Options, place_of(factory))
    before, numpys = torch.get_rng_state(), np.random.get_state()
    check_component(kind, spec)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpys[1])
