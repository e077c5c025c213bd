"""The ends of discriminators: logits of places, conditioned on a label where there are classes."""

from jaxtyping import Float, Int64
from torch import Tensor, nn


class Conditioned(nn.Module):
    """Logits of each place of maps, `[n, k]`.

    With classes each place's vector has its scalar product with the label's added (projection, Miyato and Koyama 2018).
    """

    def __init__(self, body: nn.Module, last: nn.Module, channels: int, classes: int) -> None:
        super().__init__()
        self.body, self.last = body, last
        self.label = nn.Embedding(classes, channels) if classes else None

    def forward(self, maps: Float[Tensor, "n c h w"], labels: Int64[Tensor, "n"] | None = None) -> Float[Tensor, "n k"]:
        """The logits, one place after the other."""
        vectors = self.body(maps)
        logits: Tensor = self.last(vectors)
        if self.label is not None:
            if labels is None:
                raise ValueError("a discriminator with classes was called without labels")
            # The mean over places: those of `last` may be fewer.
            fit = (vectors.mean(dim=(2, 3)) * self.label(labels)).sum(dim=1)
            logits = logits + fit[:, None, None, None]
        return logits.flatten(1)
