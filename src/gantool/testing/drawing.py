"""Ranges and shapes: pictures that are drawn, and reals as the discriminator sees them, lie in [-1, 1]."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from gantool.api.networks import Images, MappedGenerator
from gantool.engine.contract_check import check_contract
from gantool.errors import GantoolError, PluginError
from gantool.pixels import ALPHA_CHANNELS
from gantool.testing.networks import BATCH, Case, awaken, drawn, far_apart, latents, seeded, set_mode

WILD = 20.0
"""A last layer that is linear may overshoot 1 by some; pixels in [0, 255] lie beyond this."""
MANY = 32
BUILDS = 8
"""Pictures of one untrained network may be bright or dark by chance; those of so many networks together are not."""


def the_contract_is_kept(case: Case) -> Iterator[str]:
    """Pictures are drawn and judged in the shapes of the contract, in each stage."""
    check_contract(case.build(), case.shape, case.component.title, BATCH)
    yield from ()


def transparency_is_taken(case: Case) -> Iterator[str]:
    """Pictures of four channels, with alpha, are drawn and judged too, or refused by a GantoolError."""
    with_alpha = replace(case, shape=replace(case.shape, channels=ALPHA_CHANNELS))
    try:
        with_alpha.build()
    except PluginError:
        raise
    except GantoolError:
        return
    yield from the_contract_is_kept(with_alpha)


def pictures_stay_in_range(case: Case) -> Iterator[str]:
    """The generator's pictures are finite, float32 and about [-1, 1].

    Pixels that all lie on one side of 0, or whose mean is beyond 1, are a fault; a last layer without bounds may
    overshoot 1.
    """
    for training in (False, True):
        images = _sheet(case, training)
        fault = _odd_range(images)
        if not fault and _lopsided(images):
            builds = [_sheet(case, training, seed) for seed in range(BUILDS)]
            fault = _lopsided(tuple(torch.cat(level) for level in zip(*builds, strict=True)))
        if fault:
            mode = "training" if training else "evaluation"
            yield f"the generator draws {fault}, in {mode} mode. Return float32 in [-1, 1], as tanh gives."
            return


def _sheet(case: Case, training: bool, seed: int = 0) -> Images:
    gan = case.build(seed)
    set_mode(gan, training)
    return drawn(gan, latents(gan, MANY), case.labels(MANY))


def _odd_range(images: Images) -> str:
    for level in images:
        if level.dtype != torch.float32:
            return f"pixels of type {str(level.dtype).removeprefix('torch.')}{_side(images, level)}"
        if not bool(torch.isfinite(level).all()):
            return f"pixels that are not finite{_side(images, level)}"
        if float(level.abs().max()) > WILD:
            return f"pixels {_span(level)}{_side(images, level)}"
    return ""


def _lopsided(images: Images) -> str:
    for level in images:
        least, most = level.aminmax()
        if least >= 0 and most > 0:
            return f"no pixel below 0{_side(images, level)} ({_span(level)})"
        if most <= 0 and least < 0:
            return f"no pixel above 0{_side(images, level)} ({_span(level)})"
        if abs(float(level.mean())) > 1:
            return f"pixels whose mean is {float(level.mean()):.3g}{_side(images, level)} ({_span(level)})"
    return ""


def _side(images: Images, level: Tensor) -> str:
    """A phrase that names the level, where there are several."""
    return f" at {level.shape[-1]} pixels" if len(images) > 1 else ""


def _span(level: Tensor) -> str:
    least, most = level.aminmax()
    return f"from {float(least):.3g} to {float(most):.3g}"


def reals_stay_in_range(case: Case) -> Iterator[str]:
    """`view` keeps reals in [-1, 1] in each stage, and leaves its argument unchanged."""
    gan = case.build()
    for stage in case.stages(gan):
        gan.advance(stage.start)
        batch = case.reals(stage.resolution)
        before = batch.clone()
        with torch.no_grad():
            seen = gan.view(batch)
        if not torch.equal(batch, before):
            yield "view(batch) changes its argument in place. Return new tensors."
            return
        bounds = [float(level.abs().max()) for level in seen]
        if max(bounds) > 1 + 1e-4 or not all(bool(torch.isfinite(level).all()) for level in seen):
            yield (
                f"view(batch) makes pixels of size {max(bounds):.3g} from reals in [-1, 1], in the stage from "
                f"{stage.start} images on. Shrink by averaging, or clamp."
            )
            return


def it_is_built_full_grown(case: Case) -> Iterator[str]:
    """A Gan that was just built draws pictures of the full resolution."""
    gan = case.build()
    side = drawn(gan, latents(gan), case.labels())[-1].shape[-1]
    if side != case.shape.resolution:
        yield (
            f"a Gan that was just built draws pictures of {side} pixels, not of {case.shape.resolution}. Build it "
            "in the state of its last stage; advance(0) is called when a run begins."
        )


def map_and_synthesize_are_forward(case: Case) -> Iterator[str]:
    """synthesize(map(z, labels)) draws what forward(z, labels) draws, in evaluation mode."""
    gan = awaken(case.build())
    set_mode(gan, training=False)
    generator, z, labels = gan.generator, latents(gan), case.labels()
    if not isinstance(generator, MappedGenerator):
        return
    with torch.no_grad():
        w = generator.map(z, labels)
        if len(w) != len(z) or not bool(torch.isfinite(w).all()):
            yield f"map(z, labels) gives {list(w.shape)} for {len(z)} latents; w is finite and has one row for each."
            return
        with seeded(0):
            images = generator.synthesize(w)
    whole = drawn(gan, z, labels)
    if [level.shape for level in images] != [level.shape for level in whole] or far_apart(images, whole):
        yield (
            "synthesize(map(z, labels)) draws other pictures than forward(z, labels), in evaluation mode: sampling "
            "and interpolation, which work in w, would show what was not trained. Have forward call both."
        )
