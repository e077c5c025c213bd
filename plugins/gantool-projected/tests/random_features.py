"""Weights of the features at random, since nothing is downloaded."""

import torch

GROUPS = ((1, 16, 1, 3), (2, 24, 6, 3), (2, 40, 6, 5), (3, 80, 6, 3), (3, 112, 6, 5), (4, 192, 6, 5), (1, 320, 6, 3))
"""Blocks, channels, expansion and kernel of each group of EfficientNet-Lite0 (Tan and Le 2019, table 1)."""


def random_weights(seed: int) -> dict[str, torch.Tensor]:
    """Weights of the structure of EfficientNet-Lite0's, as its file has them, from a seed."""
    drawn, generator = {}, torch.Generator().manual_seed(seed)

    def add(convolution: str, norm: str, outputs: int, inputs: int, kernel: int) -> None:
        shape = (outputs, inputs, kernel, kernel)
        drawn[f"{convolution}.weight"] = torch.randn(shape, generator=generator) / (inputs * kernel**2) ** 0.5
        ones = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
        drawn.update({f"{norm}.{part}": torch.full((outputs,), value) for part, value in ones.items()})

    add("_conv_stem", "_bn0", 32, 3, 3)
    channels, number = 32, 0
    for blocks, width, expansion, kernel in GROUPS:
        for _ in range(blocks):
            inner, block = channels * expansion, f"_blocks.{number}"
            if expansion > 1:
                add(f"{block}._expand_conv", f"{block}._bn0", inner, channels, 1)
            add(f"{block}._depthwise_conv", f"{block}._bn1", inner, 1, kernel)
            add(f"{block}._project_conv", f"{block}._bn2", width, inner, 1)
            channels, number = width, number + 1
    return drawn
