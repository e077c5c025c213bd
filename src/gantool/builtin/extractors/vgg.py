"""VGG-16 and VGG-19 (Simonyan and Zisserman 2015), up to the last layer that is needed."""

from collections.abc import Mapping, Sequence

from torch import nn

from gantool.builtin.extractors import NetworkOptions
from gantool.builtin.extractors.layered import Convolution, Halving, LayeredNetwork, Stage, Trained, check_layers, fill
from gantool.builtin.extractors.weights import load_weights

WIDTHS = (64, 128, 256, 512, 512)


class Vgg(Trained):
    """Layers `relu1_1` to `relu5_N`. Weights are not read or fetched before `select`."""

    content_layers: Mapping[str, float] = {"relu4_2": 1.0}
    style_layers: Mapping[str, float] = {f"relu{block}_1": 1.0 for block in range(1, 6)}
    depths: tuple[int, ...]
    name: str

    def __init__(self, options: NetworkOptions) -> None:
        self._options = options
        self.layers = tuple(
            f"relu{block}_{index}" for block, depth in enumerate(self.depths, 1) for index in range(1, depth + 1)
        )

    def select(self, layers: Sequence[str]) -> LayeredNetwork:
        """The network for these layers, with its weights. Raises OptionError if the weights do not fit."""
        check_layers(self.name, layers, self.layers)
        network = LayeredNetwork(self._stages(), layers)
        weights, file = load_weights(self.name, self._options.weights)
        names = {f"stages.{index}.{part}": f"features.{index}.{part}" for index in range(40) for part in _PARTS}
        fill(network, weights, names, self.name, file)
        return network.eval()

    def _stages(self) -> list[Stage]:
        """The stages at their places in torchvision's `features`, so that parameters have the same names."""
        stages, channels = [], 3
        for block, (depth, width) in enumerate(zip(self.depths, WIDTHS, strict=True), 1):
            for index in range(1, depth + 1):
                stages.append(Stage(Convolution(channels, width), kernel=3))
                stages.append(Stage(nn.ReLU(inplace=True), name=f"relu{block}_{index}"))
                channels = width
            stages.append(Stage(Halving(self._options.pooling), kernel=2, stride=2))
        return stages


class Vgg19(Vgg):
    """VGG-19."""

    name, depths = "vgg19", (2, 2, 4, 4, 4)


class Vgg16(Vgg):
    """VGG-16."""

    name, depths = "vgg16", (2, 2, 3, 3, 3)


_PARTS = ("weight", "bias")
