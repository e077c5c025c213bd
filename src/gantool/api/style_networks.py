"""Networks that redraw photos in a style, in one pass."""

from abc import abstractmethod

from jaxtyping import Float
from torch import Tensor

from gantool.api.part import Part


class StyleNetwork(Part):
    """A network that redraws photos in a style, in one pass; `gantool stylize --fast` uses it.

    Photos are given with sides that are multiples of `stride` and no less than `least_side`: others are extended by
    reflection, and the pictures cut. `bytes_per_pixel` is the memory that a pass takes for each pixel, at the most, by
    which photos are refused that are too large for the free memory; 0 refuses none. Photos are on the CPU or a GPU; a
    network that is an nn.Module is moved there, any other returns its pictures to where the photos are.
    """

    stride: int = 1
    least_side: int = 1
    bytes_per_pixel: float = 0.0

    @abstractmethod
    def __call__(self, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """The pictures, in [-1, 1] as the photos are, each by its photo alone."""

    def set_style(self, style: Float[Tensor, "1 3 _ _"]) -> None:
        """Draw in the style of this picture from now on, in [-1, 1] and of any size.

        It is called before the first photo where the spec has the trait `any-style`. Other networks have one style.
        """
