"""`gantool interpolate`: a walk between seeds, as a strip, an animation or a film."""

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
            "-o", "--out", metavar="FILE", help="A strip (.png), an animation or film (.webp .gif .apng .mp4)."
        ),
    ],
    seeds: Annotated[
        str, typer.Option(metavar="SEEDS", help="The seeds to pass through, in order: 1,5,9 or 0-3.")
    ] = "0-3",
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=100_000,
            help="Frames in all; a second from seed to seed (8 in a strip) if not given.",
        ),
    ] = None,
    method: Annotated[
        Literal["auto", "slerp", "lerp", "smooth"],
        typer.Option(help="Great circles, lines, or a spline; auto is slerp in z and smooth in w."),
    ] = "auto",
    loop: Annotated[bool, typer.Option("--loop", help="Come back to the first seed, and repeat for ever.")] = False,
    fps: Annotated[int, typer.Option(metavar="N", min=1, max=240, help="Frames a second.")] = 25,
    truncation: Truncation = 1.0,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="A class, by name or index; in a w space also one for each seed."),
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
        raise OptionError("--seeds: a walk takes two seeds or more, as in --seeds 1,5,9.")
    steps = len(numbers) if loop else len(numbers) - 1
    per_step = STRIP_FRAMES_PER_STEP if out.suffix.lower() == ".png" else SECONDS_PER_STEP * fps
    count = steps * per_step + (not loop) if frames is None else frames
    if count < len(numbers):
        raise OptionError(f"--frames {count} is too few to pass through {len(numbers)} seeds: each takes a frame.")

    from gantool.cli import output
    from gantool.cli.out_files import check_out
    from gantool.cli.progress import showing_progress
    from gantool.render.animations import check_fps, save_frames
    from gantool.render.pictures import upscale
    from gantool.sampling.load import load

    check_out(out, overwrite, moving=True)
    check_fps(out, fps)
    with redirect_stdout(sys.stderr), showing_progress():  # which a guest's network may write to
        loaded = load(model, device)
        if count * (loaded.card.resolution * scale) ** 2 * loaded.card.channels > MOST_PIXELS:
            raise OptionError(f"{count} frames at --scale {scale} do not fit in memory: lower --frames or --scale.")
        labels = None if not label else label[0] if len(label) == 1 else label
        if labels is None and loaded.class_names and loaded.space == "z":
            first = loaded.class_names[numbers[0] % len(loaded.class_names)]
            output.say(f"Staying in class {first!r}, that of seed {numbers[0]}; --label chooses another.")
        images = loaded.interpolate(numbers, count, method, loop, truncation, labels, level)
        save_frames(out, upscale(images, scale), fps, loop)
    if as_json:
        output.result_json({"files": [str(out)], "seeds": numbers, "frames": count, "fps": fps, "loop": loop})
    else:
        output.result(str(out))
