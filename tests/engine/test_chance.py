"""A step's randomness follows from the seed and the clock."""

import torch

from gantool.engine.chance import seed_generators


def test_on_a_cpu_the_same_numbers_follow_as_by_torch():
    for seed in (0, 7, 2**63 + 5):
        torch.manual_seed(seed)
        drawn = torch.randn(3)
        seed_generators(seed, torch.device("cpu"))
        assert torch.equal(torch.randn(3), drawn)
