"""Layers that architectures share."""

from functools import cache

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.rearranging import rearranges

SHORT = 32
"""Rows up to which nearest upsampling by repetition is faster on the CPU."""


def upsampled(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Nearest upsampling to twice the side."""
    if x.device.type == "cpu" and x.is_contiguous() and x.shape[-1] <= SHORT:
        # torch would copy these to channels_last and back, at three to eight times the cost.
        return x.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)
    return F.interpolate(x, scale_factor=2, mode="nearest")


class Doubled(nn.Module):
    """Pictures or features at twice the side."""

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
        """Each value four times."""
        return upsampled(x)


class SmoothlyDoubled(nn.Module):
    """Pictures or features at twice the side, without steps.

    It is nearest upsampling and a binomial filter [1, 2, 1] (Karras et al. 2019, section 2).
    """

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
        """Each value between its neighbours."""
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class InARow(nn.Sequential):
    """Layers one after another; `Doubled` and the 3x3 convolution after it are one, where layers may be rearranged."""

    def forward(self, x: Tensor) -> Tensor:
        """What the last layer gives."""
        if not rearranges():
            result: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
            return result
        layers = iter(self)
        for layer in layers:
            x = _of_both(x, layer, next(layers)) if isinstance(layer, Doubled) and _merges(x) else layer(x)
        return x


LEAST_SIDE = {torch.float32: 8, torch.bfloat16: 16}
"""The side from which on it is faster to merge the two on the CPU; in bf16 with AMX, large products cost little."""


def _merges(x: Tensor) -> bool:
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    return x.device.type == "cpu" and x.shape[-1] >= LEAST_SIDE.get(dtype, x.shape[-1] + 1)


def _of_both(x: Tensor, doubled: Doubled, convolved: nn.Module) -> Tensor:
    """Doubled, and convolved by a layer that has `weight` and `bias`, and `scale` where it scales its weights."""
    if not (_is_plain(doubled) and _is_plain(convolved) and "weight" in convolved._parameters):
        result: Tensor = convolved(doubled(x))
        return result
    scale = getattr(convolved, "scale", None)
    weight: Tensor = convolved.get_parameter("weight")
    return doubled_and_convolved(x, weight if scale is None else weight * scale, getattr(convolved, "bias", None))


def _is_plain(layer: nn.Module) -> bool:
    """True for a layer without hooks, which only a call of the layer itself would heed."""
    return not (layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks or layer._backward_pre_hooks)


def doubled_and_convolved(
    x: Float[Tensor, "n c h w"], weight: Float[Tensor, "o c 3 3"], bias: Float[Tensor, "o"] | None = None
) -> Float[Tensor, "n o _ _"]:
    """Nearest upsampling and a 3x3 convolution as one transposed convolution, by four ninths of the multiplications.

    Of the nine pixels under a kernel some are the same one, repeated: their weights may be added first.
    """
    outputs, inputs = weight.shape[:2]
    with torch.autocast("cpu", enabled=False):
        taps = weight.permute(1, 2, 3, 0).reshape(inputs, 9, outputs)
        kernel = torch.matmul(_sums().to(taps), taps).view(inputs, 4, 4, outputs).permute(0, 3, 1, 2)
    return F.conv_transpose2d(x, kernel, bias, stride=2, padding=1)


@cache
def _sums() -> Float[Tensor, "16 9"]:
    """The weights of a 3x3 kernel that add up to each of a 4x4 kernel."""
    of_rows = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return torch.kron(of_rows, of_rows)


def init_dcgan(network: nn.Module) -> nn.Module:
    """Initialise weights from N(0, 0.02), BatchNorm gains from N(1, 0.02) (Radford et al. 2015, section 4)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        bias = getattr(module, "bias", None)
        if isinstance(bias, Tensor):
            nn.init.zeros_(bias)
    return network


def with_label(
    vectors: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None, classes: int
) -> Float[Tensor, "n d_with_classes"]:
    """Vectors concatenated with the one-hot label (Mirza and Osindero 2014); unchanged without classes."""
    if classes == 0:
        return vectors
    if labels is None:
        raise ValueError("a class-conditional network was called without labels")
    return torch.cat([vectors, F.one_hot(labels, classes).to(vectors.dtype)], dim=1)


class Projection(nn.Module):
    """Adds <embedding of the label, features> to the logit (projection, Miyato and Koyama 2018, eq. 3)."""

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, features) if classes else None

    def forward(
        self, logits: Float[Tensor, "n"], features: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None
    ) -> Float[Tensor, "n"]:
        """Logits, conditioned on the label where there are classes."""
        if self.embedding is None:
            return logits
        if labels is None:
            raise ValueError("a class-conditional discriminator was called without labels")
        inner: Tensor = (self.embedding(labels) * features).sum(dim=1)
        return logits + inner


def spectral(network: nn.Module) -> nn.Module:
    """Apply spectral normalisation: each weight is divided by its largest singular value (Miyato et al. 2018)."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            nn.utils.parametrizations.spectral_norm(module)
    return network


def norm2d(kind: str, channels: int) -> nn.Module:
    """The normalisation layer `batch` or `instance`; the identity for `none` and `spectral`, which acts on weights."""
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True) if kind == "instance" else nn.Identity()
