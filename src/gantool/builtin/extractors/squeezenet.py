"""SqueezeNet 1.1 (Iandola et al. 2016), up to the last layer that is needed."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.builtin.extractors import SqueezeNetOptions
from gantool.builtin.extractors.layered import Convolution, Halving, LayeredNetwork, Stage, Trained, check_layers, fill
from gantool.builtin.extractors.weights import load_weights

FIRES = {2: (64, 16, 64), 3: (128, 16, 64), 4: (128, 32, 128), 5: (256, 32, 128), 6: (256, 48, 192),
         7: (384, 48, 192), 8: (384, 64, 256), 9: (512, 64, 256)}  # fmt: skip
"""Input, squeezed and expanded channels of each module, by its number in the paper."""

PLACES = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}
"""The index of each module in torchvision's `features`."""


class Fire(nn.Module):
    """1x1 convolutions that squeeze, then 1x1 and 3x3 ones side by side that expand."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = Convolution(channels, squeezed, 1)
        self.expand1x1 = Convolution(squeezed, expanded, 1)
        self.expand3x3 = Convolution(squeezed, expanded, 3)

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n _ h w"]:
        """The module's output, with twice `expanded` channels."""
        values = F.relu(self.squeeze(values))
        return F.relu(torch.cat([self.expand1x1(values), self.expand3x3(values)], dim=1))


class SqueezeNet(Trained):
    """Layers `relu1` and `fire2` to `fire9`. Weights are not read or fetched before `select`."""

    layers = ("relu1", *(f"fire{index}" for index in FIRES))
    content_layers: Mapping[str, float] = {"fire5": 1.0}
    style_layers: Mapping[str, float] = {"relu1": 1.0, "fire2": 1.0, "fire3": 1.0, "fire5": 1.0, "fire7": 1.0}

    def __init__(self, options: SqueezeNetOptions) -> None:
        self._options = options

    def select(self, layers: Sequence[str]) -> LayeredNetwork:
        """The network for these layers, with its weights. Raises OptionError if the weights do not fit."""
        check_layers("squeezenet", layers, self.layers)
        stages, names = self._stages()
        network = LayeredNetwork(stages, layers)
        weights, file = load_weights("squeezenet", self._options.weights)
        fill(network, weights, names, "squeezenet", file)
        return network.eval()

    def _stages(self) -> tuple[list[Stage], dict[str, str]]:
        """The stages, and for each parameter its name in torchvision's weights.

        The first convolution has stride 1 and is averaged afterwards: with stride 2 every second pixel would count more
        often, which shows as a grid in pictures that are optimised through it.
        """
        pooling = self._options.pooling
        stages = [
            Stage(Convolution(3, 64), kernel=3),
            Stage(nn.ReLU()),
            Stage(Halving("average"), kernel=2, stride=2, name="relu1"),
        ]
        names = {f"stages.0.{part}": f"features.0.{part}" for part in ("weight", "bias")}
        for index, widths in FIRES.items():
            if index in (2, 4, 6):
                stages.append(Stage(Halving(pooling, 3), kernel=3, stride=2))
            fire = Fire(*widths)
            for parameter, _ in fire.named_parameters():
                names[f"stages.{len(stages)}.{parameter}"] = f"features.{PLACES[index]}.{parameter}"
            stages.append(Stage(fire, kernel=3, name=f"fire{index}"))
        return stages, names
