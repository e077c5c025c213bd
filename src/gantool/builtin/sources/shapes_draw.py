"""Rendering of the `shapes` pictures: a figure on a soft background, at any resolution, many at a time.

Coordinates run from -1 to 1 with y up, so a picture is the same at every resolution. Colours are mixed in sRGB.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from gantool.builtin.sources.shapes_figures import FIGURES, Plane, length

COLORS = {
    "red": (222, 50, 62),
    "orange": (246, 128, 26),
    "brown": (124, 70, 38),
    "green": (32, 146, 76),
    "teal": (0, 132, 150),
    "blue": (40, 92, 214),
    "purple": (124, 52, 178),
    "navy": (36, 40, 74),
}
"""Colours of the figure."""

BACKGROUNDS = {
    "butter": (252, 226, 112),
    "apricot": (255, 182, 130),
    "blush": (255, 176, 200),
    "lilac": (212, 186, 250),
    "sky": (152, 204, 252),
    "mint": (158, 232, 208),
    "lime": (204, 232, 132),
    "sand": (224, 212, 196),
}

FINISHES = ("plain", "sticker", "badge")
"""Finishes: the figure alone, with a white rim, or on a white disc."""

_SIZE = np.array([0.66, 0.6, 0.5], np.float32)
_RIM = np.array([0.0, 0.105, 0.0], np.float32)
_PLATE_RADIUS = 0.79
_SHADOW_DROP, _SHADOW_REACH, _SHADOW_STRENGTH = 0.075, 0.2, 0.32
_PIXELS_AT_ONCE = 131_072  # the planes of one chunk stay in the processor's cache
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_FIGURE = np.array([[0], [0], [1], [1], [1], [1], [1]], np.float32)  # all paints but the background's two


@dataclass(frozen=True)
class Strokes:
    """The content of n pictures: indices into the tables above, and the pose of the figure.

    `x`, `y`: its centre; `size`: relative to the finish's usual size; `angle`: in radians, counter-clockwise.
    """

    figure: Int64[np.ndarray, "n"]
    color: Int64[np.ndarray, "n"]
    background: Int64[np.ndarray, "n"]
    finish: Int64[np.ndarray, "n"]
    x: Float32[np.ndarray, "n"]
    y: Float32[np.ndarray, "n"]
    size: Float32[np.ndarray, "n"]
    angle: Float32[np.ndarray, "n"]

    def __len__(self) -> int:
        return len(self.figure)

    def __getitem__(self, which: slice | Bool[np.ndarray, "n"]) -> "Strokes":
        return Strokes(**{name: values[which] for name, values in vars(self).items()})


def draw(strokes: Strokes, resolution: int, channels: int = 3) -> UInt8[np.ndarray, "n c h w"]:
    """The pictures, square; one channel is their luminance, four are figure and shadow with alpha."""
    pictures = np.empty((len(strokes), channels, resolution * resolution), np.uint8)
    step = max(1, _PIXELS_AT_ONCE // resolution**2)
    for start in range(0, len(strokes), step):
        part = slice(start, start + step)
        now = strokes[part]
        mixed = _mixed(paints(now.color, now.background, channels), _layers(now, resolution))
        np.add(mixed, 0.5, out=pictures[part], casting="unsafe")
    return pictures.reshape(-1, channels, resolution, resolution)


def _mixed(paints: Float32[np.ndarray, "n c 7"], layers: Float32[np.ndarray, "n 7 p"]) -> Float32[np.ndarray, "n c p"]:
    """The paints by their shares, added up in order: a matrix product is rounded as each processor's BLAS adds."""
    mixed: Float32[np.ndarray, "n c p"] = paints[:, :, 0, None] * layers[:, None, 0]
    for place in range(1, layers.shape[1]):
        mixed += paints[:, :, place, None] * layers[:, None, place]
    return mixed


def _layers(strokes: Strokes, resolution: int) -> Float32[np.ndarray, "n 7 p"]:
    """The share of each of the seven paints in each pixel; they add up to 1."""
    ticks = (np.arange(resolution, dtype=np.float32) + 0.5) * 2 / resolution - 1
    x, y = np.tile(ticks, resolution)[None], np.repeat(-ticks, resolution)[None]
    x, y = x - strokes.x[:, None], y - strokes.y[:, None]
    figure = _distance(strokes, x, y)
    bare = strokes.finish != FINISHES.index("badge")
    outer = _outline(strokes, x, y, figure[bare])
    y = y + _SHADOW_DROP
    below = _outline(strokes, x, y, _distance(strokes[bare], x[bare], y[bare]))

    sharpness = resolution / 2
    inside = np.clip(0.5 - figure * sharpness, 0, 1)
    covered = np.maximum(np.clip(0.5 - outer * sharpness, 0, 1), inside)
    fade = np.clip(1 - (below + _SHADOW_REACH / 2) / (_SHADOW_REACH * 1.5), 0, 1)
    shadow = fade * fade * _SHADOW_STRENGTH * (1 - covered)

    downward = np.repeat((ticks + 1) / 2, resolution)[None]
    layers = np.empty((len(strokes), 7, resolution**2), np.float32)
    for place, amount in enumerate((1 - covered - shadow, covered - inside, inside)):
        np.multiply(amount, downward, out=layers[:, 2 * place + 1])
        np.subtract(amount, layers[:, 2 * place + 1], out=layers[:, 2 * place])
    layers[:, 6] = shadow
    return layers


def _distance(strokes: Strokes, x: Plane, y: Plane) -> Plane:
    """Signed distance to each picture's figure."""
    distances = np.empty_like(x)
    for number, figure in enumerate(FIGURES):
        mine = np.flatnonzero(strokes.figure == number)
        if not len(mine):
            continue
        size = (strokes.size[mine] * _SIZE[strokes.finish[mine]])[:, None]
        angle = strokes.angle[mine, None].astype(np.float64)  # in float32 processors differ
        cos, sin = np.cos(angle).astype(np.float32) / size, np.sin(angle).astype(np.float32) / size
        px, py = x[mine], y[mine]
        distances[mine] = figure(px * cos + py * sin, py * cos - px * sin) * size
    return distances


def _outline(strokes: Strokes, x: Plane, y: Plane, bare_figures: Float32[np.ndarray, "m p"]) -> Plane:
    """Signed distance to the outline against the background: that of the figure with its rim, or of its disc.

    `bare_figures`: the distance to the figures that lie on no disc.
    """
    outline = length(x, y) - _PLATE_RADIUS
    bare = strokes.finish != FINISHES.index("badge")
    outline[bare] = bare_figures - _RIM[strokes.finish[bare]][:, None]
    return outline


def paints(
    color: Int64[np.ndarray, "n"], background: Int64[np.ndarray, "n"], channels: int = 3
) -> Float32[np.ndarray, "n c 7"]:
    """The colours of background, white and figure, each at the top and at the bottom, and of the shadow."""
    below = np.array(list(BACKGROUNDS.values()), np.float32)[background]
    above = np.array(list(COLORS.values()), np.float32)[color]
    white = np.full_like(above, 255)
    mixed = np.stack(
        [
            below + (white - below) * 0.3, below * np.array([0.97, 0.96, 0.98], np.float32),
            white, white * np.array([0.96, 0.965, 0.98], np.float32),
            above + (white - above) * 0.2, above * 0.92,
            below * np.array([0.35, 0.33, 0.45], np.float32),
        ],
        axis=1,
    )  # fmt: skip
    if channels == 1:
        red, green, blue = np.moveaxis(mixed * _LUMA, 2, 0)
        mixed = (red + green + blue)[:, :, None]  # in this order, whatever a BLAS does
    elif channels == 4:
        opaque = np.full((*mixed.shape[:2], 1), 255, np.float32)
        mixed = np.concatenate([mixed, opaque], axis=2) * _FIGURE
    wanted: Float32[np.ndarray, "n c 7"] = mixed.swapaxes(1, 2)
    return wanted
