"""The data sets: `shapes`, whose modes are read exactly, stacked digits, read by a classifier, any folder, unread."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import digits
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from runs import PLUGINS
from scores import Reading, Score, score
from shapes_recognise import NEAREST, RECOGNISABLE, recognise
from torch import Tensor, nn

import gantool
from gantool.builtin.sources.shapes import FACTORS, kinds
from gantool.plugins.host import host
from gantool.plugins.option_types import quote
from gantool.run.planning import plan_of
from gantool.run.source import build_source

Reader = Callable[[UInt8[Tensor, "n c h w"]], Reading]


@dataclass(frozen=True)
class DataSet:
    """`source`: what `--data` is told; `read`: from pictures to modes, None where they have none to count."""

    name: str
    source: str
    modes: int = 0
    read: Reader | None = None
    note: str = ""

    def reals(self, n: int, seed: int = 0) -> UInt8[Tensor, "n c h w"]:
        """n of its pictures, drawn at random, at the size that runs train at."""
        plan = plan_of(gantool.configure(arch="dcgan", data=self.source, device="cpu"))
        source = build_source(plan.config, plan.components.source)
        chosen = np.random.default_rng(seed).integers(0, len(source), n)
        return torch.stack([source[int(index)][0] for index in chosen])

    def scored(self, samples: UInt8[Tensor, "n c h w"], reals: UInt8[Tensor, "n c h w"]) -> Score:
        """The score of samples against as many reals."""
        return score(samples, self.read(samples) if self.read else None, reals, self.modes)


def shapes() -> DataSet:
    """Drawn on demand; a mode is a kind."""
    return DataSet("shapes", "shapes", len(kinds()), read_shapes, f"a mode is one of each: {', '.join(FACTORS)}")


def stacked(path: str, work: Path) -> DataSet:
    """Stacks of the digits in a folder, or of torchvision's MNIST where none is named; a mode is three digits.

    Raises GantoolError when they are not there.
    """
    host().load_folder(PLUGINS)
    from stacked_digits.source import digits_of, numbers

    found = digits_of(path, digits.SIDE)
    net, held_out = digits.classifier(found, numbers(found), work)
    note = f"a mode is three digits; the classifier is right on {held_out:.2%} of held-out digits"
    source = f"stacked-digits:path={quote(path)}" if path else "stacked-digits"
    return DataSet("digits", source, 1000, partial(read_stacks, net), note)


def folder(path: str) -> DataSet:
    """Pictures of the user's own, for runs that are only to look healthy."""
    return DataSet("folder", path)


def read_shapes(images: UInt8[Tensor, "n 3 h w"]) -> Reading:
    """The kind it resembles most, and whether a person would name it."""
    return Reading(recognise(images, NEAREST), (recognise(images, RECOGNISABLE) >= 0).float())


def read_stacks(net: nn.Module, images: UInt8[Tensor, "n 3 h w"]) -> Reading:
    """The likeliest digit of each channel as one number, and of how many of the three it is sure."""
    if images.shape[2] != digits.SIDE:
        resized = F.interpolate(images.float(), digits.SIDE, mode="bilinear", antialias=True, align_corners=False)
        images = resized.round().clamp(0, 255).byte()
    digit, probability = digits.read(net, images.flatten(0, 1)[:, None])
    codes = digit.view(-1, 3) @ torch.tensor([100, 10, 1])
    return Reading(codes, (probability.view(-1, 3) >= digits.SURE).float().mean(1))
