"""DINOv2 (Oquab et al. 2023): a vision transformer, of whatever size the weights have."""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.builtin.extractors.layered import IMAGENET_MEAN, IMAGENET_STD
from gantool.builtin.extractors.pooled import Pooled

SIDE = 224
HEAD = 64
"""Channels of one head, at all sizes of DINOv2."""
EPSILON = 1e-6
OFFSET = 0.1
"""Added to the number of patches where positions are resized, as its authors do: it moves them a little."""


class DinoV2(Pooled):
    """The class token of the last block, normalised."""

    name = "dinov2"
    flavour = "224 px, bicubic"

    def build(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The network, from the shapes of its weights."""
        if "register_tokens" in weights or "blocks.0.mlp.w12.weight" in weights:
            raise ValueError("networks with registers, and the giant one, are not supported; take dinov2_vits14")
        width, _, patch, _ = weights["patch_embed.proj.weight"].shape
        depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
        network = Transformer(width, depth, patch, weights["pos_embed"].shape[1])
        network.load_state_dict({name: part for name, part in weights.items() if name != "mask_token"})
        return network


class Transformer(nn.Module):
    """A vision transformer (Dosovitskiy et al. 2021) with scaled branches, by the names of the authors' weights."""

    mean: Tensor
    std: Tensor

    def __init__(self, width: int, depth: int, patch: int, positions: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, width))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, stride=patch)})
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, levels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """The features."""
        images = F.interpolate(levels.float(), size=(SIDE, SIDE), mode="bicubic", antialias=True).clamp(0, 255)
        patches = self.patch_embed["proj"]((images / 255 - self.mean) / self.std)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
        tokens = tokens + self._positions(patches.shape[-1])
        for block in self.blocks:
            tokens = block(tokens)
        features: Tensor = self.norm(tokens[:, 0])
        return features

    def _positions(self, count: int) -> Float[Tensor, "1 p d"]:
        """The embedding of positions for so many patches a side; it was learned at another number."""
        learned = math.isqrt(self.pos_embed.shape[1] - 1)
        if learned == count:
            return self.pos_embed
        grid = self.pos_embed[:, 1:].transpose(1, 2).reshape(1, -1, learned, learned)
        grid = F.interpolate(grid, scale_factor=(count + OFFSET) / learned, mode="bicubic")
        return torch.cat([self.pos_embed[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


class Block(nn.Module):
    """Attention, then a perceptron of each token; both branches are normalised before and scaled behind."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=EPSILON) for _ in range(2))
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.ls1, self.ls2 = (nn.ParameterDict({"gamma": torch.zeros(width)}) for _ in range(2))

    def forward(self, tokens: Float[Tensor, "n p d"]) -> Float[Tensor, "n p d"]:
        """The tokens after the block."""
        values = self.attn["qkv"](self.norm1(tokens)).unflatten(2, (3, -1, HEAD)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(*values).transpose(1, 2).flatten(2)
        tokens = tokens + self.ls1["gamma"] * self.attn["proj"](seen)
        inner = F.gelu(self.mlp["fc1"](self.norm2(tokens)))
        out: Tensor = tokens + self.ls2["gamma"] * self.mlp["fc2"](inner)
        return out
