"""The catalogue of sources that need no files of the user's own."""

from gantool.components import Component, ImageShape, Options, option


class ShapesOptions(Options):
    """What `shapes` takes."""

    count: int = option(20_000, "how many pictures there are", ge=1, le=100_000_000)
    seed: int = option(0, "another seed, other pictures of the same kinds", ge=0)


def shapes_natural(options: ShapesOptions) -> ImageShape:
    """32 pixels in colour: clear, and quick to learn."""
    return ImageShape(32, 3)


SPECS = [
    Component(
        "shapes",
        "Drawn on demand: one figure on a soft background, 2,304 kinds",
        ShapesOptions,
        "gantool.data.shapes:build",
        natural="gantool.data.builtin_sets:shapes_natural",
    ),
]
