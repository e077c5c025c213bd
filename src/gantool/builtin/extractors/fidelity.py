"""The networks that torch-fidelity has, with weights of a file that is read safely."""

import importlib
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from gantool.builtin.extractors.pooled import Pooled
from gantool.errors import UsageError

RESIZED = "299 px by TensorFlow's bilinear filter"
DIGEST_OF_2015 = "6726825d"
"""The SHA-256 of pt_inception-2015-12-05-6726825d.pth, which names it, begins so."""
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Inception(Pooled):
    """Inception-v3 with the weights of 2015, of which FID is defined (Heusel et al. 2017): 2,048 features."""

    name = "inception"

    flavour = f"other weights, {RESIZED}"

    def flavour_of(self, file: Path) -> str:
        """Which weights they are, by the digest of their file; only those of 2015 make a FID."""
        known = sha256(file.read_bytes()).hexdigest().startswith(DIGEST_OF_2015)
        return f"weights of 2015, {RESIZED}" if known else self.flavour

    def build(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The network of torch-fidelity."""
        home = part_of_torch_fidelity("feature_extractor_inceptionv3", self.name)
        # It unpickles any file that it is given, so it gets one that was written here.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "weights.pth"
            torch.save(dict(weights), copy)
            network = home.FeatureExtractorInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(copy)
            )
        return Unpacked(network)


class Clip(Pooled):
    """The image network of CLIP, of whatever size the weights have."""

    name = "clip"
    flavour = "TensorFlow's bilinear filter"

    def build(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The network of torch-fidelity, of OpenAI's or OpenCLIP's names of weights."""
        home = part_of_torch_fidelity("feature_extractor_clip", self.name)
        return ClipImages(home.build_model(dict(weights), torch.float32).visual)


class Unpacked(nn.Module):
    """A network of torch-fidelity, without the tuple around its answer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, levels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """The features."""
        features: Tensor = self.network(levels)[0]
        return features


class ClipImages(nn.Module):
    """A network of CLIP behind the resizing that torch-fidelity does."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network, self.side = network, int(network.input_resolution)
        self.register_buffer("mean", 255 * torch.tensor(CLIP_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(CLIP_STD).view(3, 1, 1), persistent=False)

    def forward(self, levels: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """The features."""
        features: Tensor = self.network((resized(levels, self.side, "clip") - self.mean) / self.std)
        return features


def resized(levels: UInt8[Tensor, "n 3 h w"], side: int, name: str) -> Float[Tensor, "n 3 _ _"]:
    """Pictures at another size by the bilinear filter of TensorFlow 1, which does not smooth what it makes smaller."""
    home = part_of_torch_fidelity("interpolate_compat_tensorflow", name)
    large: Tensor = home.interpolate_bilinear_2d_like_tensorflow1x(levels.float(), (side, side), align_corners=False)
    return large


def part_of_torch_fidelity(part: str, name: str) -> Any:
    """A module of torch-fidelity. Raises UsageError, with the remedy, where it is not installed."""
    try:
        return importlib.import_module(f"torch_fidelity.{part}")
    except ImportError as error:
        raise UsageError(f"The extractor {name} needs torch-fidelity: pip install 'gantool[metrics]'.") from error
