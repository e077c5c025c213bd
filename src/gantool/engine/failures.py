"""Messages for a run that fails or skips steps, with remedies."""

from dataclasses import dataclass
from pathlib import Path

import torch

from gantool.api.networks import Gan
from gantool.api.run_config import RunConfig
from gantool.engine import checkpoint
from gantool.engine.commands import Folders, change_command, resume_command
from gantool.engine.devices import out_of_memory
from gantool.engine.stages import check_parts, stage_at, stages_of
from gantool.errors import INTACT, OptionError, TrainingError, counted


@dataclass(frozen=True)
class Failing:
    """A run that fails: what its messages tell, and what their commands need."""

    run: Path
    config: RunConfig
    images_seen: int
    plugins: Folders = ()

    def memory_ran_out(self, gan: Gan, device: torch.device, processes: int) -> TrainingError:
        """The message when memory ran out, with the flags to lower in the current stage and the command that does."""
        config, stages = self.config, stages_of(gan, self.config.resolution, self.config.batch)
        error = out_of_memory(config.batch, device)
        if len(stages) > 1:
            now = stage_at(stages, self.images_seen)
            halved = stage_at(stages_of(gan, config.resolution, config.batch // 2), self.images_seen)
            where = f"in the stage {now.title!r}, with batch {now.batch},"
            error = out_of_memory(config.batch, device, where, smaller_helps=halved.batch < now.batch)
        if device.type == "cuda" and config.graph != "off":
            error = TrainingError(f"{error} Recorded steps take memory of their own: --graph off spares it.")
        if config.updates == "simultaneous":
            error = TrainingError(f"{error} --updates alternating keeps what one network's step needs at a time.")
        if checkpoint.newest(self.run) is None:
            return error
        try:
            check_parts(stages, 2 * config.accumulate, processes)
        except OptionError:  # a batch too small for more parts
            return error
        command = change_command(self.run, {"accumulate": 2 * config.accumulate}, self.plugins)
        return TrainingError(f"{error} To go on from there with half the memory for activations: {command}")

    def disk_full(self, error: TrainingError) -> TrainingError:
        """The message when the disk is full, with the command that goes on from what is saved."""
        what = str(error).removesuffix(INTACT)
        command = resume_command(self.run, self.plugins)
        if checkpoint.newest(self.run) is None:
            return TrainingError(f"{what} No checkpoint was saved yet: free space, and begin again by: {command}")
        return TrainingError(f"{what} What was saved before is intact; free space, and go on with: {command}")

    def not_finite(self, steps: int) -> TrainingError:
        """The message when every step is skipped, with the command that goes on from the last good checkpoint."""
        good = checkpoint.newest_good(self.run)
        if good is None and self.images_seen <= steps * self.config.batch:
            return TrainingError(
                f"Loss or gradient was not finite in any step, from the first of {steps} on, which no --lr mends: "
                f"{self._parts} has such values for these pictures."
            )
        slower = {**self._slower, "clip_grad": 1.0}
        exact = "" if self.config.precision == "float32" else " or, in a new run, --precision float32"
        return TrainingError(
            f"Loss or gradient was not finite for {steps} steps in a row, at {self.images_seen:,} images. Try a lower "
            f"--lr, --clip-grad 1{exact}. "
            + (
                f"The last good checkpoint is {good}; to go on from there with half of --lr: "
                f"{change_command(good, slower, self.plugins)}"
                if good
                else "There is no checkpoint yet."
            )
        )

    def skipped(self, count: int) -> str:
        """The warning about skipped steps."""
        told = f"{counted(count, 'update')} skipped because loss or gradient was not finite; the weights are unharmed."
        if checkpoint.newest(self.run) is None:
            return told
        command = change_command(self.run, self._slower, self.plugins)
        return f"{told} If this continues, stop the run and go on with half of --lr: {command}"

    def saved(self, ended: bool) -> str:
        """The message when Ctrl-C ends a run in Python, which may have come in its last step."""
        if ended:
            return f"The run is saved at {self.images_seen:,} images, and is complete: {self.run}"
        command = resume_command(self.run, self.plugins)
        return f"The run is saved at {self.images_seen:,} images; it goes on by: {command}"

    @property
    def _parts(self) -> str:
        """What a step's values come from."""
        named = [("architecture", self.config.arch), ("loss", self.config.loss)]
        named += [("penalty", one) for one in self.config.penalty]
        *others, last = [f"the {kind} {text.partition(':')[0]}" for kind, text in named]
        return f"{', '.join(others)} or {last}"

    @property
    def _slower(self) -> dict[str, float]:
        return {"lr_g": self.config.lr_g / 2, "lr_d": self.config.lr_d / 2}
