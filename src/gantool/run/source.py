"""The source of a run, built and checked: are there labels where they are wanted, and images enough?"""

from collections.abc import Sequence

from gantool.api.data import Source
from gantool.api.run_config import RunConfig
from gantool.data.pictures.labels import unlabelled
from gantool.errors import DataError, one_image
from gantool.plugins.selection import Chosen
from gantool.run.joined import JoinedChoice


def build_source(config: RunConfig, chosen: Chosen) -> Source:
    """The source of a run. Raises DataError when labels are wanted and there are none."""
    source: Source = chosen.build(resolution=config.resolution, channels=config.channels)
    if config.labels and not source.class_names:
        raise _unlabelled(chosen, source.notes, config.init)
    return source


def check_batch(config: RunConfig, count: int, source: str) -> None:
    """Raise DataError when there are too few images to train on, or to fill a batch."""
    if count == 1:
        raise DataError(one_image(source))
    if config.batch > count > 0:
        raise DataError(
            f"--batch {config.batch} is more than the {count} images there are; use --batch {count} or less."
        )


def _unlabelled(source: Chosen, notes: Sequence[str], init: str) -> DataError:
    kind = "the sources" if isinstance(source, JoinedChoice) else "source"
    place = getattr(source.options, "path", f"{kind} {source.spec.name}")
    return unlabelled(place, notes, init)
