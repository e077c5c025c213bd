"""`gantool interpolate`: a latent walk between seeds, as a strip, an animation or a film."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Literal

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Json, Level, ModelPath, Overwrite, Scale, Truncation
from gantool.cli.seeds import parse_seeds
from gantool.errors import OptionError

STRIP_FRAMES_PER_STEP = 8
SECONDS_PER_STEP = 1
MOST_PIXELS = 2**32


def interpolate(
    model: ModelPath,
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="FILE", help="Output: a strip (.png), an animation or film (.webp .gif .apng .mp4)."
        ),
    ],
    seeds: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds to pass through, in order: 1,5,9 or 0-3.")] = "0-3",
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=100_000,
            help="Number of frames. Default: one second from seed to seed (8 frames in a strip).",
        ),
    ] = None,
    method: Annotated[
        Literal["auto", "slerp", "lerp", "smooth"],
        typer.Option(help="Great circles, lines, or a spline; auto is slerp in z and smooth in w."),
    ] = "auto",
    loop: Annotated[bool, typer.Option("--loop", help="Return to the first seed, and repeat for ever.")] = False,
    fps: Annotated[int, typer.Option(metavar="N", min=1, max=240, help="Frames per second.")] = 25,
    truncation: Truncation = 1.0,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Class, by name or index; a model with a w space also takes one per seed."),
    ] = None,
    level: Level = None,
    scale: Scale = 1,
    overwrite: Overwrite = False,
    device: Device = "auto",
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
) -> None:
    """Walk from seed to seed: each seed's own frame is exactly what `gantool sample` draws for it."""
    numbers = parse_seeds(seeds)
    if len(numbers) < 2:
        raise OptionError("--seeds: a walk needs two seeds or more, as in --seeds 1,5,9.")
    steps = len(numbers) if loop else len(numbers) - 1
    per_step = STRIP_FRAMES_PER_STEP if out.suffix.lower() == ".png" else SECONDS_PER_STEP * fps
    count = steps * per_step + (not loop) if frames is None else frames
    if count < len(numbers):
        raise OptionError(f"--frames {count} is too few for {len(numbers)} seeds: each needs a frame.")

    from gantool.cli import output
    from gantool.cli.out_files import check_out
    from gantool.cli.progress import showing_progress
    from gantool.render.animations import check_fps, save_frames
    from gantool.render.pictures import upscale
    from gantool.sampling.load import load

    check_out(out, overwrite, moving=True)
    check_fps(out, fps)
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        loaded = load(model, device)
        if count * (loaded.card.resolution * scale) ** 2 * loaded.card.channels > MOST_PIXELS:
            raise OptionError(f"{count} frames at --scale {scale} do not fit in memory: lower --frames or --scale.")
        labels = None if not label else label[0] if len(label) == 1 else label
        if labels is None and loaded.class_names and loaded.space == "z":
            first = loaded.class_names[numbers[0] % len(loaded.class_names)]
            output.say(f"All frames are of class {first!r}, that of seed {numbers[0]}; --label chooses another.")
        images = loaded.interpolate(numbers, count, method, loop, truncation, labels, level)
        save_frames(out, upscale(images, scale), fps, loop)
    if as_json:
        output.result_json({"files": [str(out)], "seeds": numbers, "frames": count, "fps": fps, "loop": loop})
    else:
        output.result(str(out))
