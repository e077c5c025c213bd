"""Metrics, which compare generated pictures with those of the data."""

from abc import abstractmethod
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from gantool.api.part import Part

Better = Literal["lower", "higher", "near"]
"""The value that is better: a lower one, a higher one, or one nearer to that of reals against reals."""
ERROR = "_error"
"""The end of the name of a value's standard error."""


def is_error(name: str, values: Container[str]) -> bool:
    """True if of these values the name is that of another's standard error, and no value of its own."""
    return name.endswith(ERROR) and name.removesuffix(ERROR) in values


@dataclass(frozen=True)
class Pictures:
    """One set of pictures as a metric sees it, row by row.

    `images` are at the model's resolution; of four channels, colours are multiplied by alpha. `features` are those of
    the chosen extractor, pooled, and None where no metric uses any. `mirrored` are features of the mirrored pictures,
    of the data alone and where a metric asks for them; `labels` are None without classes.
    """

    images: UInt8[Tensor, "n c h w"]
    features: Float[Tensor, "n d"] | None = None
    mirrored: Float[Tensor, "n d"] | None = None
    labels: Int64[Tensor, "n"] | None = None

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.images)

    def take(self, rows: Tensor | slice) -> "Pictures":
        """These pictures alone: a class, a half."""
        more = (self.features, self.mirrored, self.labels)
        return Pictures(self.images[rows], *(part if part is None else part[rows] for part in more))


class Metric(Part):
    """A comparison of samples with pictures of the data, in numbers by name.

    `uses` says what of the pictures it compares: "features" of the chosen extractor, or "images" alone. Samples are
    compared with one half of the data, as many as they are, and the values stand beside the reference: those of the
    data's other half against the first. With `against_all` samples are compared with all pictures of the data;
    with `mirrors` the data's pictures have `mirrored` features. With `needs_overlap` values tell quality and variety
    only where samples overlap with the data: far from it a sentence says so in place of `read`. `better` says by name
    which value is better; of two models it is only marked where both values have errors, and differ by more than twice
    these.
    """

    uses: Literal["features", "images"] = "features"
    against_all: bool = False
    mirrors: bool = False
    needs_overlap: bool = False
    better: Mapping[str, Better] = MappingProxyType({})

    @abstractmethod
    def __call__(self, reals: Pictures, samples: Pictures) -> Mapping[str, float]:
        """The values by name; `X_error` is the standard error of X.

        The same pictures give the same values, in whatever order. Raises ValueError, with a sentence, where there are
        too few.
        """

    def title(self, name: str, extractor: str, n: int) -> str:
        """The words for a value in tables, given the extractor (its name and flavour) and the number of samples."""
        return name

    def read(self, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
        """One sentence that tells a user what the values mean beside the reference; empty for none."""
        return ""

    def pairs(self, reals: Pictures, samples: Pictures) -> Sequence[tuple[int, int, float]]:
        """Samples beside reals, worth a look: row of the sample, row of the real, distance; at most 16, closest first.

        They become a sheet of pictures; none by default.
        """
        return ()
