"""Exact resume: a run that stopped and went on equals one that did not, bit for bit on the CPU."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from gantool.api.networks import Gan
from gantool.engine import checkpoint
from gantool.engine.precision import Precision
from gantool.run.duration import Timing
from gantool.run.planning import Plan
from gantool.run.start import trainer
from gantool.sampling.load import load_by
from gantool.testing.networks import BATCH, Case, drawn, judged, latents, networks, same
from gantool.testing.steps import configured, prepared_for

FIRST, LENGTH = BATCH, 5 * BATCH
"""Parts of unequal length: of two alike, what counts its own calls may be right by coincidence."""
QUIET = ("watch:off=yes", "report:off=yes")


def runs_resume_exactly(case: Case) -> Iterator[str]:
    """A run that stops after its first step and resumes ends as one that did not stop, bit for bit."""
    resolved = configured(case, images=LENGTH, checkpoint_every=LENGTH, log=QUIET)
    untimed = {(stage.resolution, stage.batch): (1.0, 1.0) for stage in prepared_for(case).stages}
    plan = Plan(resolved.config, resolved.components, timing=Timing(Precision(), untimed))
    short = resolved.config.model_copy(update={"images": FIRST})
    with tempfile.TemporaryDirectory(prefix="gantool-") as folder, _own_cache(Path(folder)):
        whole, halved = Path(folder) / "whole", Path(folder) / "halved"
        _trained(replace(plan, run=whole))
        half = _trained(replace(plan, config=short, run=halved))
        _trained(replace(plan, run=halved, checkpoint=half, resumes=True))
        odd = _difference(_saved(whole), _saved(halved))
        if odd:
            yield (
                f"a run of {FIRST} images that resumes to {LENGTH} differs from one of {LENGTH} images: {odd} is "
                f"not the same. {_suspects(case)}"
            )
        load_by(case.plugins, whole, "cpu").sample([0, 1])


def _trained(plan: Plan) -> Path:
    """Its last checkpoint."""
    made = trainer(plan)
    made.train()
    last = checkpoint.newest(made.run)
    assert last is not None
    return last


def _saved(run: Path) -> checkpoint.Contents:
    last = checkpoint.newest(run)
    assert last is not None
    return checkpoint.load(last)


def _difference(one: checkpoint.Contents, other: checkpoint.Contents) -> str:
    """The first thing that two checkpoints do not have in common."""
    for title, before, after in (
        ("generator", one.generator, other.generator),
        ("discriminator", one.discriminator or {}, other.discriminator or {}),
        ("averaged generator", one.averaged, other.averaged),
    ):
        odd = [name for name in before if name not in after or not same(before[name], after[name])]
        if odd:
            return f"{odd[0]} of the {title}"
    for key in ("components", "turns", "stage_start"):
        if not _equal(one.state.get(key), other.state.get(key)):
            return f"the saved state of {key.replace('_', ' ')}"
    return ""


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and same(one, other)
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in one)
    return bool(one == other)


def _suspects(case: Case) -> str:
    """A sentence on Python attributes that change while the networks are used, with the remedy."""
    gan = case.build()
    before = _plain(gan)
    for seed in range(2):
        judged(gan, drawn(gan, latents(gan), case.labels(), seed), case.labels(), seed)
    changed = [name for name, value in _plain(gan).items() if name not in before or before[name] != value]
    named = f"Using the networks changes {', '.join(changed[:3])}, which no checkpoint has" if changed else (
        "Some state is in no checkpoint"
    )  # fmt: skip
    return f"{named}. Keep it in a buffer, or derive it from images_seen in advance()."


def _plain(gan: Gan) -> dict[str, Any]:
    """Numbers and texts that are attributes of the Gan and its modules."""
    owners = {"gan": gan} | {
        f"{title}.{name}" if name else title: module
        for title, network in networks(gan)
        for name, module in network.named_modules()
    }
    return {
        f"{owner}.{attribute}": value
        for owner, thing in owners.items()
        for attribute, value in vars(thing).items()
        if isinstance(value, int | float | str) and attribute != "training"
    }


@contextmanager
def _own_cache(folder: Path) -> Iterator[None]:
    """Nothing of the trial is left in the user's cache."""
    before = os.environ.get("GANTOOL_CACHE")
    os.environ["GANTOOL_CACHE"] = str(folder / "cache")
    try:
        yield
    finally:
        os.environ.pop("GANTOOL_CACHE")
        if before is not None:
            os.environ["GANTOOL_CACHE"] = before
