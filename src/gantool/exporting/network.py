"""What is exported: latents, truncation and labels to pictures, as `gantool sample` draws them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Labels, MappedGenerator
from gantool.engine.latents import draw
from gantool.sampling.model import Model

Inputs = dict[str, Tensor]


class Drawing(nn.Module):
    """The finest pictures of a generator; the mean of w, of each class where there are classes, is a part of it."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.generator = model.generator
        means = None
        if model.space == "w":
            classes = range(len(model.class_names))
            means = model.latents(classes or [0], list(classes) or None, truncation=0.0)
        self.register_buffer("means", means)
        self.eval()

    def forward(
        self, z: Float[Tensor, "n d"], truncation: Float[Tensor, ""], labels: Labels = None
    ) -> Float[Tensor, "n c h w"]:
        """Pictures in [-1, 1], which are not clamped."""
        generator = self.generator
        if not isinstance(generator, MappedGenerator):
            images: tuple[Tensor, ...] = generator(z * truncation, labels)
            return images[-1]
        means = self.get_buffer("means")
        mean = means if labels is None else means[labels]
        return generator.synthesize(mean + truncation * (generator.map(z, labels) - mean))[-1]


def inputs(model: Model, count: int, truncation: float = 1.0) -> Inputs:
    """The inputs for the first seeds, as `gantool sample` draws them; labels only where there are classes."""
    labels = model.choose_labels(range(count), None)
    given = {"z": draw(range(count), model.latent_dim), "truncation": torch.tensor(truncation)}
    return given if labels is None else {**given, "labels": labels}
