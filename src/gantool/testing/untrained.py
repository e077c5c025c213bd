"""Untrained models, with which the commands of plugins can be tested."""

from collections.abc import Sequence
from pathlib import Path

from gantool.api.specs import ImageShape
from gantool.engine.model_file import ModelCard, save_generator
from gantool.testing.choosing import chosen
from gantool.testing.networks import Case


def write_untrained(
    path: Path, architecture: str, *, resolution: int, channels: int = 3, class_names: Sequence[str] = ()
) -> Path:
    """Write the model file of an architecture as it begins, the same each time; `gantool.load(path)` draws from it.

    `architecture` is text as on the command line, `"blobs:width=8"`.
    """
    with chosen("architecture", architecture) as (component, plugins):
        case = Case(component, ImageShape(resolution, channels, len(class_names)), plugins)
    card = ModelCard(
        architecture=case.resolved.text,
        resolution=resolution,
        channels=channels,
        class_names=tuple(class_names),
        images_seen=0,
        provider=case.component.distribution,
    )
    save_generator(path, case.build().generator.state_dict(), card)
    return path
