"""A trained generator and its card, which draws the same picture for the same seed every time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Literal

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from gantool.api.networks import Gan, Labels, MappedGenerator
from gantool.arguments import type_checked
from gantool.engine import latents as latent_space
from gantool.engine.draw import Drawing, steady
from gantool.engine.model_file import ModelCard
from gantool.errors import OptionError, UnknownNameError, UsageError, did_you_mean
from gantool.render.pictures import to_pil
from gantool.sampling.labels import LabelChoice, choose_labels, listed, takes_labels
from gantool.sampling.latent_file import replaced
from gantool.sampling.levels import checked, level_of, no_level
from gantool.sampling.limits import MOST_FRAMES, MOST_PIXELS, check_shape, check_truncation

MEAN_DRAWS = 4096
Shift = Float[Tensor, "..."] | None
"""What is added to every latent, in w where there is one."""


class Model:
    """A generator for sampling, on a device, in float32 and evaluation mode.

    A picture depends on its seed, label and truncation alone, bit for bit on one machine (`engine/draw`). `labels` are
    a class by name or index, for all pictures or one for each; None leaves the choice to the seeds.
    """

    card: ModelCard
    device: torch.device
    generator: nn.Module
    latent_dim: int

    def __init__(self, gan: Gan, card: ModelCard, device: torch.device | str = "cpu") -> None:
        self._gan = gan
        self.card = card
        self.device = torch.device(device)
        self.generator = gan.generator.to(self.device, torch.float32).eval()
        self.latent_dim = gan.latent_dim
        self._drawing = Drawing(card.resolution, self.device)
        self._known_means: dict[int | None, Tensor] = {}

    def __repr__(self) -> str:
        return f"<gantool.Model {self.card}>"

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, by index; empty for a model without labels."""
        return self.card.class_names

    @property
    def space(self) -> Literal["z", "w"]:
        """The space of truncation and interpolation: "w" if the generator has an intermediate space, else "z"."""
        return "w" if isinstance(self.generator, MappedGenerator) else "z"

    @cached_property
    def latent_shape(self) -> torch.Size:
        """The shape of one latent, in w where there is one: `[d]`, or `[layers, d]`."""
        return self.latents([0], 0 if self.class_names else None).shape[1:]

    def sides(self) -> Sequence[int]:
        """The sides in pixels of the levels that it draws, coarse to fine."""
        if known := self._gan.levels():
            return known
        labels = self.choose_labels([0], None)
        latents = self.latents_of(self.z([0]), labels)
        drawn = self._drawing.levels(self.generator.eval(), latents, labels, partial(checked, card=self.card))
        return [level.shape[-1] for level in drawn]

    @takes_labels
    def sample(
        self,
        seeds: Sequence[int],
        truncation: float = 1.0,
        labels: LabelChoice = None,
        level: int | None = None,
        shift: Shift = None,
    ) -> list[Image.Image]:
        """One picture for each seed, RGBA where the model has transparency.

        `level` is the side of a coarser resolution of the generator (None: the finest). Without labels a conditional
        model gives each seed the class `seed % classes`. `shift` is added to latents after truncation, as by
        `Directions.shift`.
        """
        return [to_pil(image) for image in self.images(seeds, truncation, labels, level, shift)]

    @takes_labels
    def images(
        self,
        seeds: Sequence[int],
        truncation: float = 1.0,
        labels: LabelChoice = None,
        level: int | None = None,
        shift: Shift = None,
    ) -> UInt8[Tensor, "n c h w"]:
        """The same pictures as one tensor on the CPU; with alpha, colours are multiplied by it."""
        chosen = self.choose_labels(seeds, labels)
        return self._render(self._shifted(self.latents_of(self.z(seeds), chosen, truncation), shift), chosen, level)

    @takes_labels
    def latents(
        self, seeds: Sequence[int], labels: LabelChoice = None, truncation: float = 1.0
    ) -> Float[Tensor, "n *d"]:
        """The latents of the seeds on the CPU, in w where there is one, for `render` and for walks."""
        return self.latents_of(self.z(seeds), self.choose_labels(seeds, labels), truncation)

    @takes_labels
    def render(
        self,
        latents: Float[Tensor, "n *d"],
        labels: LabelChoice = None,
        level: int | None = None,
        buffers: Mapping[str, Tensor] | None = None,
        shift: Shift = None,
    ) -> UInt8[Tensor, "n c h w"]:
        """Pictures of latents, on the CPU. Only a conditional model without a w space needs labels.

        `buffers` replace the generator's own while it draws, as by `replacing`; `shift` is added to each latent. Raises
        OptionError for latents, buffers or a shift of another model.
        """
        check_shape("latents", latents.shape[1:], self.latent_shape, self.card.name)
        if self.space == "z" and self.class_names and labels is None:
            raise UsageError(f"This model draws classes: say which, one of {listed(self.class_names)}.")
        chosen = None if labels is None else self.choose_labels(range(len(latents)), labels)
        with self.replacing(buffers or {}):
            return self._render(self._shifted(latents.float(), shift), chosen, level)

    @contextmanager
    def replacing(self, buffers: Mapping[str, Tensor]) -> Iterator[None]:
        """Replace buffers of the generator, by name, inside the block; gradients reach the replacements.

        Raises OptionError when it has no such buffer, or one of another shape.
        """
        with replaced(self.generator, buffers):
            yield

    @takes_labels
    def interpolate(
        self,
        seeds: Sequence[int],
        frames: int,
        method: str = "auto",
        loop: bool = False,
        truncation: float | tuple[float, float] = 1.0,
        labels: LabelChoice = None,
        level: int | None = None,
        shift: Shift = None,
    ) -> UInt8[Tensor, "frames c h w"]:
        """A walk from seed to seed. A seed's own frame is exactly its sample.

        Two values of truncation are those of the first and last frame, with all between them; with `loop` the second is
        that of the middle. One seed is enough for them.

        `method` is slerp, lerp, smooth (a spline through the seeds; in z it stays on the Gaussian's shell) or auto:
        slerp in z, smooth in w. Without a w space a conditional model keeps one label: the first seed's, if none is
        given. `shift` is that of `sample`.
        """
        methods = latent_space.METHODS[self.space]
        if method not in methods:
            raise UnknownNameError(
                f"No method {method!r}.{did_you_mean(method, methods)} There are {', '.join(methods)}."
            )
        if len(seeds) < 2 - isinstance(truncation, tuple) or frames < max(2, len(seeds)):
            raise OptionError(f"A walk takes two seeds or more and a frame for each, not {len(seeds)} and {frames}.")
        if frames > MOST_FRAMES or frames * self.card.resolution**2 * self.card.channels > MOST_PIXELS:
            raise OptionError(f"{frames:,} frames do not fit in memory: draw a walk of fewer.")
        chosen = self.choose_labels(seeds, labels)
        if chosen is not None and self.space == "z":
            if labels is not None and len(set(chosen.tolist())) > 1:
                raise OptionError("This model cannot blend classes: give one label for the whole walk.")
            chosen = chosen[:1].expand(len(seeds))
        if isinstance(truncation, tuple):
            for psi in truncation:
                check_truncation(psi)
            keys = self.latents_of(self.z(seeds), chosen, 1.0)
            means = None if self.space == "z" else self._means(chosen, len(seeds))
            path = latent_space.swept_walk(keys, frames, methods[method], loop, truncation, means)
        else:
            path = latent_space.walk(self.latents_of(self.z(seeds), chosen, truncation), frames, methods[method], loop)
        return self._render(self._shifted(path, shift), None if chosen is None else chosen[:1].expand(frames), level)

    @type_checked
    def choose_labels(self, seeds: Sequence[int], labels: LabelChoice) -> Labels:
        """Class indices `[n]` for n seeds; None for a model without labels."""
        return choose_labels(self.class_names, seeds, labels, self.card.name)

    def _shifted(self, latents: Float[Tensor, "n *d"], shift: Shift) -> Float[Tensor, "n *d"]:
        if shift is None:
            return latents
        check_shape("moves", shift.shape, latents.shape[1:], self.card.name)
        return latents + shift

    @type_checked
    def z(self, seeds: Sequence[int]) -> Float[Tensor, "n d"]:
        """The z of each seed, on the CPU."""
        for seed in seeds:
            if not 0 <= seed < latent_space.SEED_LIMIT:
                raise OptionError(f"Seeds go from 0 to {latent_space.SEED_LIMIT - 1}; {seed} is none.")
        return latent_space.draw(seeds, self.latent_dim)

    @type_checked
    def latents_of(self, z: Float[Tensor, "n d"], labels: Labels, truncation: float = 1.0) -> Float[Tensor, "n *d"]:
        """The latents of z on the CPU, in w where there is one, as `latents` gives those of seeds."""
        check_truncation(truncation)
        generator = self.generator.eval()
        if not isinstance(generator, MappedGenerator):
            return latent_space.truncate(z, truncation)
        w = self._drawing.latents(generator, z, labels)
        if truncation == 1:
            return w
        return latent_space.truncate(w, truncation, self._means(labels, len(z)))

    def _means(self, labels: Labels, count: int) -> Float[Tensor, "n *d"]:
        """The mean w for each of so many latents."""
        indices = [None] * count if labels is None else labels.tolist()
        means = {index: self._mean(index) for index in dict.fromkeys(indices)}
        return torch.stack([means[index] for index in indices])

    def _mean(self, label: int | None) -> Float[Tensor, "*d"]:
        """The mean w, of one class where there are classes, over a fixed draw."""
        generator = self.generator.eval()
        assert isinstance(generator, MappedGenerator)
        if label not in self._known_means:
            z = torch.randn(MEAN_DRAWS, self.latent_dim, generator=torch.Generator().manual_seed(0)).to(self.device)
            labels = None if label is None else torch.full((MEAN_DRAWS,), label, device=self.device)
            with steady(self.device):
                self._known_means[label] = generator.map(z, labels).mean(0).cpu()
        return self._known_means[label]

    def _render(self, latents: Tensor, labels: Labels, level: int | None) -> UInt8[Tensor, "n c h w"]:
        sides = self._gan.levels()
        if level is not None and sides and level not in sides:
            raise no_level(level, sides, self.card)
        self._gan.show(level if sides else None)
        try:
            choose = partial(level_of, level=level, card=self.card)
            return self._drawing.levels(self.generator.eval(), latents, labels, choose)[0]
        finally:
            self._gan.show(None)
