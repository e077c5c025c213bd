"""From files and words to a style transfer: pictures are read, the extractor is found, precision is chosen."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.contracts import Extractor
from gantool.data.whole import Picture, read_picture
from gantool.engine.devices import is_out_of_memory, pick_device
from gantool.engine.precision import bf16_gains
from gantool.errors import DataError, OptionError, StyleError
from gantool.extractors.weights import WeightsUnavailableError, available
from gantool.pixels import to_float
from gantool.plugins import host
from gantool.style.settings import Settings
from gantool.style.transfer import State, transfer

AUTO = "auto"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StyleFile:
    """A style's picture and how much it counts beside others."""

    path: Path
    weight: float = 1.0


def parse_style(text: str) -> StyleFile:
    """`FILE` or `FILE:WEIGHT`; a file whose own name ends so is taken as a file. Raises OptionError."""
    path, colon, number = text.rpartition(":")
    if not colon or Path(text).exists():
        return StyleFile(Path(text))
    try:
        weight = float(number)
    except ValueError:
        return StyleFile(Path(text))
    if not 0 <= weight < float("inf"):
        raise OptionError(f"{text}: the weight of a style is 0 or more.")
    return StyleFile(Path(path), weight)


def find_extractor(text: str = AUTO) -> tuple[Extractor, str]:
    """The extractor chosen by NAME[:options], and its name; `auto` is vgg19 where its weights can be had, else random.

    That it is random is said in a warning.
    """
    if text == AUTO:
        text = "vgg19"
        try:
            available("vgg19")
        except WeightsUnavailableError as error:
            _log.warning("%s Until then 'random' is used, which knows colours and strokes, not shapes.", error)
            text = "random"
    chosen = host().resolve("extractor", text)
    extractor: Extractor = chosen.build()
    return extractor, chosen.spec.name


def stylize(
    content: Picture,
    styles: Sequence[StyleFile],
    extractor: Extractor,
    settings: Settings,
    device: str = AUTO,
    precision: str = AUTO,
) -> Iterator[State]:
    """The states of a transfer of the styles' files to a picture that was read. Raises as `transfer` does."""
    where = pick_device(device)
    longest = round(max(content.pixels.shape[-2:]) * settings.style_scale)
    images = [as_image(read_style(style.path, longest), where) for style in styles]
    shares = [style.weight for style in styles]
    try:
        yield from transfer(
            as_image(content, where),
            images,
            extractor,
            settings,
            shares=shares,
            autocast=autocast(where, precision),
        )
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise StyleError(f"Out of memory on {where}: a smaller --size needs less.") from error
        raise


def read_style(path: Path, longest: int) -> Picture:
    """A style's picture, at most `longest` pixels on its longer side: enlarging invents no brush strokes."""
    whole = read_picture(path)
    if max(whole.pixels.shape[-2:]) > longest:
        whole = read_picture(path, longest)
    if min(whole.pixels.shape[-2:]) < 2:
        height, width = whole.pixels.shape[-2:]
        raise DataError(f"{path} is {width} x {height} pixels: too small to have a style.")
    return whole


def as_image(picture: Picture, device: torch.device) -> Float[Tensor, "1 3 h w"]:
    """In [-1, 1], on the device."""
    return to_float(picture.pixels)[None].to(device)


def autocast(device: torch.device, precision: str) -> Any:
    """A maker of autocast blocks: bfloat16 where it is asked for, or gains by `auto`."""
    gains = precision == "bf16" or (precision == AUTO and bf16_gains(device))

    def block() -> AbstractContextManager[object]:
        return torch.autocast(device.type, torch.bfloat16, enabled=gains)

    return block
