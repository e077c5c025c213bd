"""Networks that give one row of features for each picture, for metrics."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.features import Extractor
from gantool.builtin.extractors import FileOptions
from gantool.builtin.extractors.weights import load_weights
from gantool.errors import OptionError


class Pooled(Extractor):
    """A network with weights of a file, read when it is first used; it resizes pictures by itself."""

    calibrated = True
    name: str

    def __init__(self, options: FileOptions) -> None:
        self._options = options

    @abstractmethod
    def build(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The network, of pictures `[n, 3, h, w]` in whole levels from 0 to 255, in uint8, to rows `[n, d]`.

        Raises LookupError, RuntimeError or ValueError where the weights do not fit.
        """

    def flavour_of(self, file: Path) -> str:
        """What numbers depend on beside the network's name, with the weights of this file."""
        return self.flavour

    @cached_property
    def network(self) -> nn.Module:
        """The network with its weights.

        Raises WeightsUnavailableError where there are none, and OptionError if they do not fit.
        """
        weights, file = load_weights(self.name, self._options.weights)
        self.flavour = self.flavour_of(Path(file))
        try:
            # Parameters are drawn at random first; those made in inference mode could be used nowhere else.
            with torch.random.fork_rng(devices=[]), torch.inference_mode(False):
                network = self.build(weights)
        except (LookupError, RuntimeError, ValueError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:200]
            raise OptionError(f"{file} does not fit {self.name}: {reason.rstrip('.')}.") from error
        return network.requires_grad_(False).eval()

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> Sequence[Float[Tensor, "n d"]]:
        """One feature, `[n, d]`; pictures are rounded to whole levels, as the networks' authors give them."""
        levels = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        with torch.no_grad():
            return [self.network(levels)]
