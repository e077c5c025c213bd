"""EfficientNet-Lite0 (Tan and Le 2019; its "lite" form has ReLU6 and no squeeze-and-excitation), up to its last layer.

Its batch normalisation is folded into the convolutions, which are all that inference needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.builtin.extractors import EfficientNetOptions
from gantool.builtin.extractors.filters import halved
from gantool.builtin.extractors.layered import LayeredNetwork, Opened, Stage, Trained, check_layers, fill
from gantool.builtin.extractors.weights import load_weights

GROUPS = ((1, 16, 1, 3, 1), (2, 24, 6, 3, 2), (2, 40, 6, 5, 2), (3, 80, 6, 3, 2), (3, 112, 6, 5, 1), (4, 192, 6, 5, 2),
          (1, 320, 6, 3, 1))  # fmt: skip
"""Blocks, channels, expansion, kernel and first stride of each group (Tan and Le 2019, table 1)."""
NAMED = {2: "stage1", 4: "stage2", 10: "stage3", 15: "stage4"}
"""The last block of each resolution, from a quarter of the input's down to a 32nd: as a projected GAN takes them."""
EXPANDED = {1: "expand1", 3: "expand2", 5: "expand3", 8: "expand4", 11: "expand5"}
"""Blocks whose expanded features can be selected, on grids of 2, 4, 8, 16 and 16 pixels: see `EfficientNet`."""
COLOURS, COLOUR_STRIDE = "colours", 4
"""The layer of the pixels themselves at a quarter of the size, and the distance of two of them."""
EPSILON = 1e-3
PIXEL_MEAN, PIXEL_STD = (127 / 255,) * 3, (128 / 255,) * 3


class SameConv(nn.Conv2d):
    """A convolution with a border around its input as TensorFlow adds it: with stride 2, more to the right and below.

    The border is of zeros, as in training, or mirrored. TensorFlow begins it elsewhere where the side is odd; mirrored
    ones always begin alike, so that a tile's features lie where those of the whole do.
    """

    mirrors = False

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, groups=groups)

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n _ _ _"]:
        """The convolution; sides of h and w become those over the stride, rounded up."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        high, wide = (max(kernel - stride if side % stride == 0 else kernel - side % stride, 0)
                      for side in values.shape[-2:])  # fmt: skip
        around = (max(kernel - stride, 0) // 2,) * 2 if self.mirrors else (high // 2, wide // 2)
        if (high or wide) and (self.mirrors or high % 2 or wide % 2):
            sides = (around[1], wide - around[1], around[0], high - around[0])
            mirrored = "reflect" if max(sides) < min(values.shape[-2:]) else "replicate"
            values, around = F.pad(values, sides, mode=mirrored if self.mirrors else "constant"), (0, 0)
        return F.conv2d(values, self.weight, self.bias, self.stride, around, groups=self.groups)


class Block(Opened):
    """An inverted residual (Sandler et al. 2018): expand, filter each channel, project; added to the input."""

    def __init__(self, channels_in: int, channels_out: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = channels_in * expansion
        self.expand = SameConv(channels_in, inner, 1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = SameConv(inner, channels_out, 1)
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n _ _ _"]:
        """The block's output."""
        return self.with_inner(values)[1]

    def with_inner(self, values: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n _ h w"], Float[Tensor, "n _ _ _"]]:
        """The expanded features after their ReLU6, and the block's output."""
        inner = values if self.expand is None else F.relu6(self.expand(values), inplace=True)
        projected: Tensor = self.project(F.relu6(self.depthwise(inner), inplace=True))
        return inner, projected + values if self.adds else projected


class Named(NamedTuple):
    """A convolution of this network, and its own and its normalisation's names in the file of weights."""

    own: str
    convolution: str
    norm: str


class _Network(LayeredNetwork):
    """The network as it was trained, with zeros around, and the pixels beside it."""

    def __init__(self, layers: Sequence[str]) -> None:
        within = tuple(name for name in layers if name != COLOURS)
        super().__init__(_stages(), within or ("stem",), PIXEL_MEAN, PIXEL_STD)
        self.layers = tuple(layers)
        if COLOURS in layers:
            self.strides[COLOURS] = COLOUR_STRIDE
            self.stride, self.halo = max(self.stride, COLOUR_STRIDE), max(self.halo, 2 * COLOUR_STRIDE)

    def found(self, images: Float[Tensor, "n 3 h w"]) -> dict[str, Float[Tensor, "n _ _ _"]]:
        """Features by name of layer."""
        found = super().found(images)
        if COLOURS in self.layers:
            found[COLOURS] = halved(halved(images))
        return found

    def mirror_borders(self) -> None:
        """Mirror the values instead, for pictures that are drawn by these features: zeros put a frame around them."""
        for module in self.modules():
            if isinstance(module, SameConv):
                module.mirrors = True


class EfficientNet(Trained):
    """Layers `stage1` to `stage4`, `expand1` to `expand5` within blocks, `head` of 1,280 channels, and `colours`.

    Style transfer compares the expanded features: they come after a ReLU6, as VGG's do after a ReLU, whereas a block's
    output is linear. Strong colours lie where a ReLU6 is flat, so that `colours` are compared as well: the pixels, at a
    quarter of the size. Weights are not read before `select`.
    """

    layers = (COLOURS, "stem", *(name for _, name in sorted((NAMED | EXPANDED).items())), "head")
    content_layers: Mapping[str, float] = {"expand3": 1.0}
    style_layers: Mapping[str, float] = dict.fromkeys(
        (COLOURS, "stem", "expand1", "expand2", "expand3", "expand4"), 1.0
    )
    style_loss = "covariance"
    style_strength = 5.0
    calibrated = True

    def __init__(self, options: EfficientNetOptions) -> None:
        self._options = options

    def select(self, layers: Sequence[str]) -> LayeredNetwork:
        """The network for these layers, with its weights.

        Raises WeightsUnavailableError where there are none, and OptionError if the weights do not fit.
        """
        check_layers("efficientnet", layers, self.layers)
        network = _Network(layers)
        weights, file = load_weights("efficientnet", self._options.weights)
        names = {f"{each.own}.{part}": f"{each.convolution}.{part}" for each in _named() for part in ("weight", "bias")}
        fill(network, _folded(weights), names, "efficientnet", file)
        return network.eval()


def _stages() -> list[Stage]:
    stages = [Stage(nn.Sequential(SameConv(3, 32, 3, 2), nn.ReLU6(inplace=True)), kernel=3, stride=2, name="stem")]
    channels = 32
    for blocks, width, expansion, kernel, first in GROUPS:
        for number in range(blocks):
            stride = first if number == 0 else 1
            block, place = Block(channels, width, expansion, kernel, stride), len(stages) - 1
            stages.append(Stage(block, kernel, stride, NAMED.get(place, ""), EXPANDED.get(place, "")))
            channels = width
    return [*stages, Stage(nn.Sequential(SameConv(channels, 1280, 1), nn.ReLU6(inplace=True)), name="head")]


def _named() -> Iterator[Named]:
    """The convolutions of the whole network."""
    blocks = sum(group[0] for group in GROUPS)
    yield Named("stages.0.0", "_conv_stem", "_bn0")
    for number in range(blocks):
        inside = (("expand", "0"), ("depthwise", "1"), ("project", "2"))
        for part, place in inside if number else inside[1:]:
            block = f"_blocks.{number}"
            yield Named(f"stages.{number + 1}.{part}", f"{block}._{part}_conv", f"{block}._bn{place}")
    yield Named(f"stages.{blocks + 1}.0", "_conv_head", "_bn1")


def _folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each convolution with the normalisation after it, by its name in the file; what is not there is left out."""
    made = {}
    for _, convolution, norm in _named():
        parts = [weights.get(f"{norm}.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        kernel = weights.get(f"{convolution}.weight")
        if kernel is None or any(part is None or part.shape != kernel.shape[:1] for part in parts):
            continue
        scale, shift, mean, variance = (part.double() for part in parts if part is not None)
        scale = scale / (variance + EPSILON).sqrt()
        made[f"{convolution}.weight"] = (kernel.double() * scale.view(-1, 1, 1, 1)).to(torch.float32)
        made[f"{convolution}.bias"] = (shift - mean * scale).to(torch.float32)
    return made
