"""Finding directions: by principal components (GANSpace), or in the weights of the layers that read latents (SeFa)."""

from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.networks import Labels, MappedGenerator
from gantool.arguments import type_checked
from gantool.engine.draw import Chunks, steady
from gantool.errors import OptionError, UnknownNameError, UsageError, did_you_mean
from gantool.sampling.directions import Directions, DirectionsCard, Method
from gantool.sampling.layers import first_layer, output_of, reading_layers
from gantool.sampling.model import Model

DRAWS, DRAWS_OF_ACTIVATIONS, FOR_EACH, AT_ONCE = 4096, 1024, 2, 64
"""Latents that are drawn, at least so many for each of their dimensions, and in one call of a network."""
TINY = 1e-300
SMALLEST = 1e-5
"""Directions that are weaker than this part of the first are rounding errors."""


@type_checked
def find_directions(model: Model, method: str = "pca", count: int = 10) -> Directions:
    """The directions along which a model's pictures change most, the strongest first; fewer where there are no more.

    "pca": principal components of w (Härkönen et al. 2020); without a w space those of the first layer's output,
    carried back to z by regression. "sefa": the latents to which the layers that read them respond most (Shen and Zhou
    2021, equation 6). On one machine a model always has the same. Raises UsageError where it has no such layer.
    """
    methods = get_args(Method)
    if method not in methods:
        raise UnknownNameError(f"No method {method!r}.{did_you_mean(method, methods)} There are {', '.join(methods)}.")
    if not 1 <= count <= model.latent_dim:
        raise OptionError(f"From 1 to {model.latent_dim} directions can be found, as many as its z has; not {count}.")
    draws = DRAWS if model.space == "w" else DRAWS_OF_ACTIVATIONS
    z = drawn(max(draws, FOR_EACH * model.latent_dim), model.latent_dim)
    classes = len(model.class_names)
    labels = torch.arange(len(z)) % classes if classes else None
    find = _by_components if method == "pca" else _by_weights
    vectors = find(model, z, labels, count)  # [k, *d], each as long as a standard deviation
    flat = vectors.flatten(1)
    scale = flat.norm(dim=1)
    kept = scale > SMALLEST * scale.max()
    if not kept.any():
        raise UsageError(f"This {model.card.name} draws the same whatever its latents are: there are no directions.")
    units = flat[kept] / scale[kept, None]
    units *= units.gather(1, units.abs().argmax(1, keepdim=True)).sign()
    about = {"architecture": model.card.architecture, "digest": model.card.digest}
    card = DirectionsCard.model_validate({"method": method, "space": model.space, **about})
    return Directions(units.view(-1, *vectors.shape[1:]).float(), scale[kept].float(), card)


def drawn(count: int, dim: int) -> Float[Tensor, "n d"]:
    """Normal latents, always the same, with mean 0 and covariance 1 exactly: so linear layers are found exactly."""
    z = torch.randn(count, dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z -= z.mean(0)
    spread = torch.linalg.cholesky(z.T @ z / count)
    whitened: Tensor = torch.linalg.solve_triangular(spread, z.T, upper=False)
    return whitened.T.float()


def _by_components(model: Model, z: Tensor, labels: Labels, count: int) -> Float[Tensor, "k *d"]:
    """GANSpace, sections 2.1 and 2.2."""
    generator = model.generator.eval()
    if isinstance(generator, MappedGenerator):
        w = _mapped(model, z, labels)
        shared = _shared(w)
        rows = (w[:, 0] if shared else w.flatten(1)).double()
        components, deviations, _ = _principal(_centred(rows, labels), count)
        found: Tensor = components * deviations[:, None]
        return found[:, None].expand(-1, *w.shape[1:]) if shared else found.view(-1, *w.shape[1:])
    with steady(model.device):
        layer = first_layer(generator, *_few(model, z, labels))
    chunks = Chunks(model.device, AT_ONCE)
    activations = chunks.run(lambda rows, of: (output_of(layer, generator, rows, of),), z, labels, "activations")[0]
    _, deviations, coordinates = _principal(_centred(activations.double(), labels), count)
    kept = deviations > SMALLEST * deviations.max()
    # The change of z for a deviation of each coordinate, by least squares (section 2.2).
    of_z: Tensor = torch.linalg.lstsq(coordinates[:, kept] / deviations[kept], _centred(z.double(), labels)).solution
    return of_z


def _by_weights(model: Model, z: Tensor, labels: Labels, count: int) -> Float[Tensor, "k *d"]:
    """SeFa: the eigenvectors of A^T A, where A stacks what the layers make of a latent."""
    generator = model.generator.eval()
    latents = _mapped(model, z, labels) if isinstance(generator, MappedGenerator) else z
    with steady(model.device):
        readings = reading_layers(generator, *_few(model, latents, labels))
        if not readings:
            raise UsageError(
                f"SeFa finds no layer of this {model.card.name} that takes its latents as they are: use --method pca."
            )
        weights = torch.cat([reading.weights() for reading in readings]).double().cpu()  # [outputs, d]
    strengths, vectors = torch.linalg.eigh(weights.T @ weights)
    kept = strengths.flip(0)[:count] > SMALLEST**2 * strengths.max()
    units = vectors.flip(1).T[:count][kept]
    rows = _centred(latents.view(len(latents), -1, latents.shape[-1])[:, 0].double(), labels)
    found: Tensor = units * (rows @ units.T).square().mean(0).sqrt()[:, None]
    return found if latents.dim() == 2 else found[:, None].expand(-1, *latents.shape[1:])


def _mapped(model: Model, z: Tensor, labels: Labels) -> Float[Tensor, "n *d"]:
    generator = model.generator.eval()
    assert isinstance(generator, MappedGenerator)
    return Chunks(model.device, AT_ONCE).run(lambda rows, of: (generator.map(rows, of),), z, labels, "latents")[0]


def _shared(w: Float[Tensor, "n *d"]) -> bool:
    """True if every layer has the same latent, as long as none are mixed."""
    return w.dim() == 3 and torch.equal(w, w[:, :1].expand_as(w))


def _few(model: Model, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Three latents, of one class."""
    return latents[:3].to(model.device), None if labels is None else labels[:1].expand(3).to(model.device)


def _centred(rows: Float[Tensor, "n d"], labels: Labels) -> Float[Tensor, "n d"]:
    """Rows without their mean, that of each class by itself: a class is no direction."""
    if labels is None:
        return rows - rows.mean(0)
    means = torch.zeros(int(labels.max()) + 1, rows.shape[1], dtype=rows.dtype)
    means.index_add_(0, labels, rows)
    return rows - (means / labels.bincount()[:, None])[labels]


def _principal(rows: Float[Tensor, "n d"], count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of centred rows, `[k, d]`, the deviations along them, and the rows' coordinates `[n, k]`.

    By the products of rows or of columns, whichever are fewer.
    """
    n, d = rows.shape
    squares, vectors = torch.linalg.eigh(rows @ rows.T if n < d else rows.T @ rows)
    lengths = squares.flip(0)[:count].clamp(min=0).sqrt()  # of the coordinates
    vectors = vectors.flip(1)[:, :count]
    if n < d:
        return (rows.T @ vectors / lengths.clamp(min=TINY)).T, lengths / n**0.5, vectors * lengths
    return vectors.T, lengths / n**0.5, rows @ vectors
