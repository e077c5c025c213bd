"""The observer that writes event files. The step of every curve is the number of images seen."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import gantool
from gantool import commands
from gantool_tensorboard import TensorBoardOptions

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def build(options: TensorBoardOptions) -> "TensorBoard":
    """The observer. Raises GantoolError when the package tensorboard is missing or cannot be used."""
    try:
        import torch.utils.tensorboard  # noqa: F401 (now, and not when the run has begun)
    except ImportError as error:
        raise gantool.GantoolError(
            f"The observer tensorboard cannot import the package tensorboard ({error}). "
            "Install it: pip install 'tensorboard>=2.21'."
        ) from error
    return TensorBoard(options)


class TensorBoard(gantool.Observer):
    """Writes event files; a resumed run continues its curves from its checkpoint."""

    def __init__(self, options: TensorBoardOptions) -> None:
        self._options = options
        self._writer: SummaryWriter | None = None

    def __call__(self, event: gantool.Event) -> None:
        """Write the event down."""
        if isinstance(event, gantool.Started):
            self._writer = self._begin(event)
        if self._writer is None:
            return
        writer, step = self._writer, event.images_seen
        match event:
            case gantool.Started():
                writer.add_text("run", _facts(event), step)
                writer.add_text("config", _settings(event.run), step)
            case gantool.Tick():
                _scalars(writer, "training", event.scalars, step)
                _scalars(writer, "status", event.status, step)
                _scalars(writer, "speed", {"images_per_second": event.images_per_second}, step)
            case gantool.Measured():
                score = {} if event.score is None else {"score": event.score}
                _scalars(writer, "measured", {**event.values, **score}, step)
            case gantool.Snapshot() if self._options.images:
                for level in event.images:
                    name = "samples" if level is event.images[-1] else f"levels/{level.shape[-1]}"
                    writer.add_images(name, commands.on_checkerboard(level), step)
            case gantool.Warned():
                writer.add_text("warnings", event.message, step)
            case gantool.Checkpoint():
                writer.flush()  # a resumed run finds its curves complete up to its checkpoint
            case gantool.Finished():
                writer.close()
                self._writer = None

    def _begin(self, event: gantool.Started) -> "SummaryWriter":
        from torch.utils.tensorboard import SummaryWriter

        folder = self._options.folder
        place = event.run / "tensorboard" if folder is None else folder.expanduser() / event.run.name
        # Later entries of the interrupted run will be written again. The last tick before them will not.
        purge_step = event.images_seen + 1 if event.images_seen else 0
        return SummaryWriter(str(place), purge_step=purge_step, flush_secs=self._options.flush)


def _scalars(writer: "SummaryWriter", group: str, values: Mapping[str, float], step: int) -> None:
    for name, value in values.items():
        writer.add_scalar(f"{group}/{name}", value, step)


def _facts(event: gantool.Started) -> str:
    facts = {
        "architecture": event.architecture,
        "images": f"from {event.images_seen:,} to {event.images_goal:,}",
        "resolution": event.resolution,
        "batch": event.batch,
        "device": event.device,
        "precision": event.precision,
    }
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in facts.items())])


def _settings(run: Path) -> str:
    """The run's settings, indented as Markdown wants code."""
    try:
        lines = (run / "config.toml").read_text(encoding="utf-8").splitlines()
    except OSError:  # a trainer of one's own may keep none
        return "(no config.toml)"
    return "\n".join(f"    {line}" for line in lines)
