"""What a generator draws and a discriminator sees: pictures in [-1, 1] of the right shapes."""

from collections.abc import Iterator

import torch

from gantool.contracts import Images
from gantool.engine.inspection import check_contract
from gantool.testing.networks import BATCH, Case, drawn, latents, set_mode

WILD = 20.0
"""A last layer that is linear may overshoot 1 by some; pixels in [0, 255] lie beyond this."""
MANY = 32


def the_contract_is_kept(case: Case) -> Iterator[str]:
    """Pictures are drawn and judged in the shapes of the contract, in each stage."""
    check_contract(case.build(), case.shape, case.component.title, BATCH)
    yield from ()


def pictures_lie_about_the_range(case: Case) -> Iterator[str]:
    """What the generator draws is finite, float32 and about [-1, 1].

    That nothing is ever below 0 is told; that a last layer without bound overshoots 1 is not.
    """
    for training in (False, True):
        gan = case.build()
        set_mode(gan, training)
        images = drawn(gan, latents(gan, MANY), case.labels(MANY))
        if fault := _odd_range(images):
            mode = "training" if training else "evaluation"
            yield f"the generator draws {fault}, in {mode} mode. Pictures are float32 in [-1, 1], as tanh gives them."
            return


def _odd_range(images: Images) -> str:
    for level in images:
        side = f"at {level.shape[-1]} pixels" if len(images) > 1 else ""
        least, most = (float(bound) for bound in level.aminmax())
        if level.dtype != torch.float32:
            return f"pixels of type {str(level.dtype).removeprefix('torch.')} {side}".rstrip()
        if not bool(torch.isfinite(level).all()):
            return f"pixels that are not finite {side}".rstrip()
        if least >= 0 and most > 0:
            return f"no pixel below 0 {side}".rstrip() + f" (from {least:.3g} to {most:.3g})"
        if max(-least, most) > WILD:
            return f"pixels from {least:.3g} to {most:.3g} {side}".rstrip()
    return ""


def reals_stay_in_range(case: Case) -> Iterator[str]:
    """What `view` makes of reals stays in [-1, 1], in each stage, and leaves the batch as it is."""
    gan = case.build()
    for stage in case.stages(gan):
        gan.advance(stage.start)
        batch = case.reals(stage.resolution)
        before = batch.clone()
        with torch.no_grad():
            seen = gan.view(batch)
        if not torch.equal(batch, before):
            yield "view(batch) changes the batch it is given. Return new tensors."
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
            f"a Gan that was just built draws pictures of {side} pixels, not of {case.shape.resolution}. Build it as "
            "it stands when its last stage ends; advance(0) is called when a run begins."
        )
