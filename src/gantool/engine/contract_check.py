"""A check that an architecture keeps its contract, made before training."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from gantool.api.networks import Gan, Stage
from gantool.api.specs import ImageShape
from gantool.engine.judging import parted
from gantool.engine.stages import stages_of
from gantool.errors import GantoolError, PluginError, cause, counted, sentence

SAMPLES = 2
USUAL_BATCH = 64
"""The batch size given to `stages` where there is no run, as when a model is loaded."""


@torch.no_grad()
def check_contract(
    gan: object,
    shape: ImageShape,
    title: str,
    batch: int = USUAL_BATCH,
    every_stage: bool = True,
    judging: bool = True,
) -> None:
    """Run generator and discriminator on two samples in evaluation mode, in each stage of a run with this `--batch`.

    A Gan that grows is left at its beginning. Without `every_stage` only the first is tried, which takes a moment;
    without `judging` the discriminator is not called, which has no part in drawing and may need what is not here.

    Raises PluginError that says what `title` does wrong; a GantoolError of the networks is left as it is.
    """
    if not isinstance(gan, Gan):
        raise PluginError(f"{title} built a {type(gan).__name__}; its factory must return a gantool.Gan.")
    if not isinstance(gan.latent_dim, int) or gan.latent_dim < 1:
        raise PluginError(
            f"{title} has the latent_dim {gan.latent_dim!r:.80}; it is a whole number, since latents are "
            "[n, latent_dim]. A generator that wants another shape gives z one: z.unflatten(1, (4, 16)) where "
            "latent_dim is 64."
        )
    modes = [(network, network.training) for network in gan.networks]
    for network, _ in modes:
        network.eval()
    try:
        with torch.random.fork_rng(devices=[]), _calling(title, "Gan", shape):
            with _calling(title, "stages(batch)", shape):
                stages = _stages(gan, shape, title, batch)
            for stage in stages if every_stage else stages[:1]:
                with _calling(title, f"advance({stage.start})", shape):
                    gan.advance(stage.start)
                _check(gan, shape, stage.resolution, title, judging)
                if judging:  # a model that only draws shows none
                    _check_status(gan, f"{title} cannot be used: its")
            gan.advance(0)
    finally:
        for network, mode in modes:
            network.train(mode)


@contextmanager
def _calling(title: str, part: str, shape: ImageShape) -> Iterator[None]:
    """Turn an exception of a part into a PluginError that names it; a GantoolError is left as it is."""
    try:
        yield
    except GantoolError:
        raise
    except (Exception, SystemExit) as error:
        pictures = f"two pictures of {shape.resolution} pixels, {shape.channels} channels and {shape.classes} classes"
        told = f"{title} cannot be used: its {part} failed for {pictures} ({cause(error)})"
        raise PluginError(f"{told}. GANTOOL_DEBUG=1 shows where.") from error


def _stages(gan: Gan, shape: ImageShape, title: str, batch: int) -> tuple[Stage, ...]:
    stages = stages_of(gan, shape.resolution, batch)
    starts = [stage.start for stage in stages]
    if starts[0] != 0 or sorted(set(starts)) != starts:
        raise PluginError(f"The stages of {title} start at {starts}; they must start at 0 and come one after another.")
    for stage in stages:
        if stage.batch < 1 or stage.resolution < 1 or shape.resolution % stage.resolution:
            raise PluginError(
                f"{title} has a stage with batch {stage.batch} at {stage.resolution} pixels; a stage needs a batch of "
                f"at least 1 and a resolution that divides {shape.resolution}."
            )
    return stages


def _check(gan: Gan, shape: ImageShape, size: int, title: str, judging: bool) -> None:
    its = f"{title} cannot be used: its"
    labels = torch.zeros(SAMPLES, dtype=torch.int64) if shape.classes else None
    with _calling(title, "generator", shape), _telling_arguments(gan.generator, "generator(z, labels)", its):
        fake = gan.generator(torch.randn(SAMPLES, gan.latent_dim), labels)
    with _calling(title, "view", shape):
        real = gan.view(torch.zeros(SAMPLES, shape.channels, size, size))
    for name, images in (("generator", fake), ("view", real)):
        if not isinstance(images, tuple) or not images or not all(isinstance(level, Tensor) for level in images):
            raise PluginError(
                f"{its} {name} returned a {type(images).__name__}; the contract is a tuple of image tensors, "
                "coarse to fine: with one resolution, return (images,)."
            )
        odd = next((level for level in images if level.dtype != torch.float32), None)
        if odd is not None:
            raise PluginError(
                f"{its} {name} returned pictures of type {str(odd.dtype).removeprefix('torch.')}; they are "
                "float32, in [-1, 1]: return level.float() for each."
            )
    _check_finite(fake, f"{its} generator draws pixels")
    if [tuple(level.shape) for level in fake] != [tuple(level.shape) for level in real]:
        raise PluginError(
            f"{its} generator draws {_shapes(fake)}, but its view of real images is {_shapes(real)}; "
            "the discriminator must see the same shapes of both."
        )
    if gan.discriminator is not None and judging:
        call = "discriminator(images, labels)"
        with _calling(title, "discriminator", shape), _telling_arguments(gan.discriminator, call, its):
            judged = gan.discriminator(fake, labels)
        _check_logits(judged, its)


@contextmanager
def _telling_arguments(network: object, call: str, its: str) -> Iterator[None]:
    """Say of a network that failed how it is called, if it takes no such arguments."""
    try:
        yield
    except TypeError as error:
        unfit = _unfit(network)
        if not unfit:
            raise
        name = call.partition("(")[0]
        raise PluginError(
            f"{its} {name} does not take these arguments: {call} ({unfit}). Labels are None where there are no classes."
        ) from error


def _unfit(network: object) -> str:
    """Why a network does not take two arguments; "" where it does, or where its signature does not say."""
    try:
        # Not that of what a decorator wraps, which may take others.
        signature = inspect.signature(getattr(network, "forward", network), follow_wrapped=False)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # of a function in C
        return ""
    try:
        signature.bind(None, None)
    except TypeError as error:
        return str(error)
    return ""


def _check_status(gan: Gan, its: str) -> None:
    try:
        status = gan.status()
    except (Exception, SystemExit) as error:
        raise PluginError(sentence(f"{its} status() failed: {cause(error)}")) from error
    remedy = "Return numbers by name, which the console and metrics.jsonl show."
    if not isinstance(status, Mapping):
        raise PluginError(f"{its} status() returned {status!r:.80}. {remedy}")
    for name, value in status.items():
        if not isinstance(name, str) or not isinstance(value, int | float):
            raise PluginError(f"{its} status() returned {value!r:.80} as {name!r}, which is no number. {remedy}")


def _check_logits(answer: object, its: str) -> None:
    if isinstance(answer, tuple) and len(answer) != 2:
        raise PluginError(
            f"{its} discriminator returned {counted(len(answer), 'thing')}; the contract is logits [n], or [n, k] for "
            "k judgements of each image (torch.cat or torch.stack joins those of several heads), or (logits, more)."
        )
    logits, _ = parted(answer)
    fits = isinstance(logits, Tensor) and logits.dim() in (1, 2) and len(logits) == SAMPLES and logits.numel() > 0
    if not fits:
        got = list(logits.shape) if isinstance(logits, Tensor) else f"a {type(logits).__name__}"
        raise PluginError(
            f"{its} discriminator returned {got} for {SAMPLES} samples; the contract is logits "
            "[n], or [n, k] for k judgements of each image, or a tuple (logits, more)."
        )
    if not logits.is_floating_point():
        raise PluginError(
            f"{its} discriminator returned logits of type {str(logits.dtype).removeprefix('torch.')}; they "
            "are numbers of floating point, which have gradients."
        )
    _check_finite((logits,), f"{its} discriminator gives logits")


def _check_finite(tensors: Sequence[Tensor], what: str) -> None:
    if not all(bool(torch.isfinite(each).all()) for each in tensors):
        raise PluginError(
            f"{what} that are not finite, before anything is trained. Look for a division, a root or a logarithm near "
            "0, and at the numbers its weights begin with."
        )


def _shapes(images: tuple[Tensor, ...]) -> str:
    return " and ".join(str(list(level.shape)) for level in images)
