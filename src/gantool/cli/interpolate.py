"""`gantool interpolate`: a latent walk between seeds, as a strip, an animation or a film."""

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Json, Level, ModelPath, Overwrite, Scale, Truncation
from gantool.cli.seeds import parse_seeds
from gantool.errors import OptionError

if TYPE_CHECKING:
    from gantool.sampling.model import Model

STRIP_FRAMES_PER_STEP = 8
SECONDS_PER_STEP = 1
MOST_PIXELS = 2**32


@dataclass(frozen=True)
class Walk:
    """The arguments of the command."""

    model: ModelPath
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="FILE", help="Output: a strip (.png), an animation or film (.webp .gif .apng .mp4)."
        ),
    ]
    seeds: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds to pass through, in order: 1,5,9 or 0-3.")] = "0-3"
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=100_000,
            help="Number of frames. Default: one second from seed to seed (8 frames in a strip).",
        ),
    ] = None
    method: Annotated[
        Literal["auto", "slerp", "lerp", "smooth"],
        typer.Option(help="Great circles, lines, or a spline; auto is slerp in z and smooth in w."),
    ] = "auto"
    loop: Annotated[bool, typer.Option("--loop", help="Return to the first seed, and repeat for ever.")] = False
    fps: Annotated[int, typer.Option(metavar="N", min=1, max=240, help="Frames per second.")] = 25
    truncation: Truncation = 1.0
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Class, by name or index; a model with a w space also takes one per seed."),
    ] = None
    level: Level = None
    scale: Scale = 1
    overwrite: Overwrite = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Json = False

    def numbers(self) -> list[int]:
        """The seeds. Raises OptionError for fewer than two."""
        numbers = parse_seeds(self.seeds)
        if len(numbers) < 2:
            raise OptionError("--seeds: a walk needs two seeds or more, as in --seeds 1,5,9.")
        return numbers

    def count(self, seeds: int) -> int:
        """The number of frames through so many seeds. Raises OptionError if they are too few."""
        steps = seeds if self.loop else seeds - 1
        per_step = STRIP_FRAMES_PER_STEP if self.out.suffix.lower() == ".png" else SECONDS_PER_STEP * self.fps
        count = steps * per_step + (not self.loop) if self.frames is None else self.frames
        if count < seeds:
            raise OptionError(f"--frames {count} is too few for {seeds} seeds: each needs a frame.")
        return count


@takes(Walk)
def interpolate(walk: Walk) -> None:
    """Walk from seed to seed: each seed's own frame is exactly what `gantool sample` draws for it."""
    numbers = walk.numbers()
    count = walk.count(len(numbers))

    from gantool.cli import output
    from gantool.cli.out_files import check_out, tell_what_is_lost
    from gantool.cli.progress import showing_progress
    from gantool.render.animations import check_rate, save_frames
    from gantool.render.pictures import upscale
    from gantool.sampling.load import load

    check_out(walk.out, walk.overwrite, moving=True)
    check_rate(walk.out, walk.fps)
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        loaded = load(walk.model, walk.device)
        if count * (loaded.card.resolution * walk.scale) ** 2 * loaded.card.channels > MOST_PIXELS:
            raise OptionError(
                f"{count} frames at --scale {walk.scale} do not fit in memory: lower --frames or --scale."
            )
        labels = _labels(walk, loaded, numbers[0])
        images = loaded.interpolate(numbers, count, walk.method, walk.loop, walk.truncation, labels, walk.level)
        times = [Fraction(1, walk.fps)] * count
        save_frames(walk.out, upscale(images, walk.scale), times, plays=0 if walk.loop else 1)
        tell_what_is_lost(walk.out.suffix, loaded.card.channels)
    if walk.as_json:
        files = {"files": [str(walk.out)], "seeds": numbers}
        output.result_json({**files, "frames": count, "fps": walk.fps, "loop": walk.loop})
    else:
        output.result(str(walk.out))


def _labels(walk: Walk, model: "Model", first: int) -> str | list[str] | None:
    """The classes of the walk; a line names it where the first seed chooses it."""
    from gantool.cli.output import say

    if walk.label:
        return walk.label[0] if len(walk.label) == 1 else walk.label
    if model.class_names and model.space == "z":
        name = model.class_names[first % len(model.class_names)]
        say(f"All frames are of class {name!r}, that of seed {first}; --label chooses another.")
    return None
