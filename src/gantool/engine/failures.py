"""Messages for a run that fails or skips steps, with remedies."""

from pathlib import Path

import torch

from gantool.api.networks import Gan
from gantool.api.run_config import RunConfig
from gantool.engine import checkpoint
from gantool.engine.commands import Folders, change_command, resume_command
from gantool.engine.devices import out_of_memory
from gantool.engine.stages import stage_at, stages_of
from gantool.errors import TrainingError


def memory_ran_out(config: RunConfig, gan: Gan, images_seen: int, device: torch.device) -> TrainingError:
    """The message when memory ran out, with the flags to lower in the current stage."""
    stages = stages_of(gan, config.resolution, config.batch)
    if len(stages) == 1:
        return out_of_memory(config.batch, device)
    now = stage_at(stages, images_seen)
    halved = stage_at(stages_of(gan, config.resolution, config.batch // 2), images_seen)
    where = f"in the stage {now.title!r}, with batch {now.batch},"
    return out_of_memory(config.batch, device, where, smaller_helps=halved.batch < now.batch)


def not_finite(steps: int, images_seen: int, run: Path, config: RunConfig, plugins: Folders) -> TrainingError:
    """The message when every step is skipped, with the command that goes on from the last good checkpoint."""
    good = checkpoint.newest_good(run)
    slower = {"lr_g": config.lr_g / 2, "lr_d": config.lr_d / 2, "clip_grad": 1.0}
    return TrainingError(
        f"Loss or gradient was not finite for {steps} steps in a row, at {images_seen:,} images. Try a lower --lr, "
        "--clip-grad 1 or --precision float32. "
        + (
            f"The last good checkpoint is {good}; to go on from there with half of --lr: "
            f"{change_command(good, slower, plugins)}"
            if good
            else "There is no checkpoint yet."
        )
    )


def saved(images_seen: int, run: Path, plugins: Folders) -> str:
    """The message when Ctrl-C ends a run in Python."""
    return f"The run is saved at {images_seen:,} images; it goes on by: {resume_command(run, plugins)}"


def skipped(count: int) -> str:
    """The warning about skipped steps."""
    return (
        f"{count} updates were skipped because loss or gradient was not finite; the weights are unharmed. "
        "If this continues, try a lower --lr or --precision float32."
    )
