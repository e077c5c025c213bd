"""`gantool interpolate`: a latent walk between seeds, as a strip, an animation or a film."""

import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Json, Level, ModelPath, Overwrite, SheetScale
from gantool.cli.moves import DirectionsFile, Move, parse_moves, shift_of
from gantool.cli.seeds import parse_seeds
from gantool.engine.importing import import_torch
from gantool.errors import OptionError
from gantool.sampling.limits import MOST_FRAMES, MOST_PIXELS, MOST_TRUNCATION

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from torch import Tensor

    from gantool.sampling.model import Model

STRIP_FRAMES_PER_STEP = 8
SECONDS_PER_STEP = 1


@dataclass(frozen=True)
class Walk:
    """The arguments of the command."""

    model: ModelPath
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Output: a strip (.png), an animation or film (.webp .gif .apng .mp4), or a folder of frames.",
        ),
    ]
    seeds: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds to pass through, in order: 1,5,9 or 0-3.")] = "0-3"
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=MOST_FRAMES,
            help="Number of frames. Default: one second from seed to seed (8 frames in a strip).",
        ),
    ] = None
    method: Annotated[
        Literal["auto", "slerp", "lerp", "smooth"],
        typer.Option(help="Great circles, lines, or a spline; auto is slerp in z and smooth in w."),
    ] = "auto"
    loop: Annotated[bool, typer.Option("--loop", help="Return to the first seed, and repeat for ever.")] = False
    fps: Annotated[int, typer.Option(metavar="N", min=1, max=240, help="Frames per second.")] = 25
    truncation: Annotated[
        str,
        typer.Option(
            metavar="X[-Y]",
            help="Truncation psi: 1 disables it, 0 gives the mean picture; 0.3-1 goes from the one to the other.",
        ),
    ] = "1"
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Class, by name or index; a model with a w space also takes one per seed."),
    ] = None
    level: Level = None
    move: Move = None
    directions: DirectionsFile = None
    scale: SheetScale = None
    overwrite: Overwrite = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Json = False

    def numbers(self) -> list[int]:
        """The seeds. Raises OptionError for fewer than two, where truncation does not go from a value to another."""
        numbers = parse_seeds(self.seeds)
        if len(numbers) < 2 and not isinstance(self.psi(), tuple):
            raise OptionError("--seeds: a walk needs two seeds or more, as in --seeds 1,5,9, or --truncation 0.3-1.")
        return numbers

    def psi(self) -> float | tuple[float, float]:
        """The truncation, or that of the first and last frame. Raises OptionError for what is neither."""
        match = re.fullmatch(r"(\d*\.?\d+)(?:-(\d*\.?\d+))?", self.truncation.strip())
        values = [float(text) for text in match.groups() if text] if match else []
        if not values or max(values) > MOST_TRUNCATION:
            raise OptionError(
                f"--truncation takes a number from 0 to {MOST_TRUNCATION:g}, or two as in 0.3-1, not {self.truncation}."
            )
        return values[0] if len(values) == 1 else (values[0], values[1])

    def is_folder(self) -> bool:
        """True if frames become files of their own."""
        return self.out.is_dir() or not self.out.suffix

    def count(self, seeds: int) -> int:
        """The number of frames through so many seeds. Raises OptionError if they are too few."""
        steps = seeds if self.loop else max(1, seeds - 1)
        per_step = STRIP_FRAMES_PER_STEP if self.out.suffix.lower() == ".png" else SECONDS_PER_STEP * self.fps
        count = steps * per_step + (not self.loop) if self.frames is None else self.frames
        if count < seeds:
            raise OptionError(f"--frames {count} is too few for {seeds} seeds: each needs a frame.")
        return count


@takes(Walk)
def interpolate(walk: Walk) -> None:
    """Walk from seed to seed: each seed's own frame is exactly what `gantool sample` draws for it.

    `-o FOLDER` writes frame000000.png and so on, at the model's size. `--truncation 0.3-1` goes from the one to the
    other, also for a single seed.
    """
    numbers = walk.numbers()
    count = walk.count(len(numbers))

    import_torch()
    from gantool.cli import output
    from gantool.cli.out_files import check_frames, check_out, tell_what_is_lost
    from gantool.cli.progress import showing_progress
    from gantool.render.animations import check_rate
    from gantool.render.grids import enlargement
    from gantool.render.pictures import upscale
    from gantool.sampling.load import load

    psi, moves = walk.psi(), parse_moves(walk.move, walk.directions)
    if walk.is_folder():
        check_frames(walk.out, count, walk.overwrite)
    else:
        check_out(walk.out, walk.overwrite, moving=True)
        check_rate(walk.out, walk.fps)
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        loaded = load(walk.model, walk.device)
        side = min(walk.level or loaded.card.resolution, loaded.card.resolution)
        scale = walk.scale or (1 if walk.is_folder() else enlargement(side))
        if count * (side * scale) ** 2 * loaded.card.channels > MOST_PIXELS:
            raise OptionError(f"{count} frames at --scale {scale} do not fit in memory: lower --frames or --scale.")
        labels = _labels(walk, loaded, numbers[0])
        shift = shift_of(moves, walk.directions, walk.model, loaded)
        images = loaded.interpolate(numbers, count, walk.method, walk.loop, psi, labels, walk.level, shift)
        files = _write(walk, upscale(images, scale))
        tell_what_is_lost(walk.out.suffix, loaded.card.channels)
    if walk.as_json:
        drawn = {"files": [str(file) for file in files], "seeds": numbers}
        output.result_json({**drawn, "frames": count, "fps": walk.fps, "loop": walk.loop})
    else:
        output.result(str(walk.out))


def _write(walk: Walk, images: "UInt8[Tensor, 'n c h w']") -> list[Path]:
    """Write the frames as one file, or each as one of its own."""
    from gantool.render.animations import save_frames
    from gantool.render.pictures import save_numbered

    if walk.is_folder():
        return save_numbered(walk.out, images, walk.overwrite)
    save_frames(walk.out, images, [Fraction(1, walk.fps)] * len(images), plays=0 if walk.loop else 1)
    return [walk.out]


def _labels(walk: Walk, model: "Model", first: int) -> str | list[str] | None:
    """The classes of the walk; a line names it where the first seed chooses it."""
    from gantool.cli.output import say

    if walk.label:
        return walk.label[0] if len(walk.label) == 1 else walk.label
    if model.class_names and model.space == "z":
        name = model.class_names[first % len(model.class_names)]
        say(f"All frames are of class {name!r}, that of seed {first}; --label chooses another.")
    return None
