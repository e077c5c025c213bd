"""`gantool sample`: pictures from a trained generator, one file per seed or one sheet."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Level, ModelPath, Scale, Truncation
from gantool.cli.picture_names import of_classes, of_options, words_of
from gantool.cli.seeds import MOST_SEEDS, format_seeds, parse_seeds
from gantool.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jaxtyping import UInt8
    from torch import Tensor

    from gantool.sampling.model import Model

    Draw = Callable[[list[int], str | None], UInt8[Tensor, "n c h w"]]
    PathOf = Callable[[str, list[str | None]], Path]

AT_ONCE = 256  # pictures held in memory while files are written
SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}


def sample(
    model: ModelPath,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", metavar="N", min=1, max=MOST_SEEDS, help="Number of pictures, with seeds 0 to N-1. Default: 16."
        ),
    ] = None,
    seeds: Annotated[str | None, typer.Option(metavar="SEEDS", help="Seeds: 0-63, or 1,5,9-12.")] = None,
    latents: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Latents in place of seeds: a .safetensors file, such as that of a projection."
        ),
    ] = None,
    truncation: Truncation = 1.0,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Class, by name or index; repeat it to draw all seeds in each class."),
    ] = None,
    level: Level = None,
    grid: Annotated[bool, typer.Option("--grid", help="One contact sheet instead of one file per seed.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FOLDER",
            help="Output folder. Default: samples/NAME-IMAGES_SEEN of the model.",
        ),
    ] = None,
    format: Annotated[
        Literal["png", "webp", "jpeg"], typer.Option(help="File format; PNG and WebP are lossless.")
    ] = "png",
    scale: Scale = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that differ.")] = False,
    device: Device = "auto",
    plugins_dir: PluginsDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="List the files as JSON.")] = False,
) -> None:
    """Draw pictures from a trained generator: the same seed is the same picture, every time.

    Files are named by seed, with the label, truncation, level and scale where given: seed000012-cat.png. A sheet is
    named by its seeds: grid-0-15.png. Of --latents face.safetensors the first is face-latent000000.png.
    """
    if n is not None and seeds is not None:
        raise OptionError("-n and --seeds exclude each other: -n 8 is --seeds 0-7.")
    if latents is not None and (n is not None or seeds is not None or truncation != 1):
        raise OptionError("--latents takes the place of -n, --seeds and --truncation; leave these out.")
    numbers = list(dict.fromkeys(parse_seeds(seeds))) if seeds is not None else list(range(n or 16))

    from gantool.cli import output
    from gantool.cli.progress import showing_progress
    from gantool.engine.run_names import SAMPLES, by_images
    from gantool.sampling.latent_file import load_latents
    from gantool.sampling.load import load
    from gantool.sampling.locate import model_name

    found = None if latents is None else load_latents(latents)
    numbers = numbers if found is None else list(range(len(found.latents)))
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        loaded = load(model, device)
        labels = _class_names(loaded, label or [])
        folder = out if out is not None else Path(SAMPLES) / f"{model_name(model)}-{by_images(loaded.card.images_seen)}"
        words = words_of(loaded.class_names)
        options = of_options(truncation, level, scale) + SUFFIXES[format]

        def draw(numbers: list[int], label: str | None) -> "UInt8[Tensor, 'n c h w']":
            if found is not None:
                return loaded.render(found.latents[numbers], label, level, found.buffers)
            return loaded.images(numbers, truncation, label, level)

        def path_of(stem: str, labels: list[str | None]) -> Path:
            stem = stem if latents is None else f"{latents.stem}-{stem.replace('seed', 'latent')}"
            return folder / f"{stem}{of_classes([words[label] for label in labels if label is not None])}{options}"

        write = _write_sheet if grid else _write_singles
        files = write(draw, path_of, numbers, labels, scale, overwrite)
    if as_json:
        chosen = [name for name in labels if name is not None]
        drawn = {"seeds": numbers} if latents is None else {"latents": str(latents)}
        output.result_json({"files": [str(file) for file in files], **drawn, "labels": chosen})
    else:
        output.result(str(files[0] if grid else folder))


def _class_names(model: "Model", wanted: list[str]) -> list[str | None]:
    """The names of the wanted classes, once each; [None] if the seeds choose."""
    if not wanted:
        return [None]
    chosen = [model.choose_labels([0], label) for label in wanted]
    return list(dict.fromkeys(model.class_names[int(index)] for index in chosen if index is not None))


def _write_singles(
    draw: "Draw", path_of: "PathOf", seeds: list[int], labels: list[str | None], scale: int, overwrite: bool
) -> list[Path]:
    """Write one file per seed and class."""
    from gantool.render.pictures import save_pictures, to_pil, upscale

    files = []
    for label in labels:
        for start in range(0, len(seeds), AT_ONCE):
            block = seeds[start : start + AT_ONCE]
            paths = [path_of(f"seed{seed:06d}", [label]) for seed in block]
            save_pictures([to_pil(image) for image in upscale(draw(block, label), scale)], paths, overwrite)
            files += paths
    return files


def _write_sheet(
    draw: "Draw", path_of: "PathOf", seeds: list[int], labels: list[str | None], scale: int, overwrite: bool
) -> list[Path]:
    """Write one sheet of all seeds, nearly square; with several classes, one row for each."""
    import torch

    from gantool.render.grids import sheet
    from gantool.render.pictures import save_pictures

    images = torch.cat([draw(seeds, label) for label in labels])
    path = path_of(f"grid-{format_seeds(seeds)}", labels)
    save_pictures([sheet(images, columns=len(seeds) if len(labels) > 1 else None, scale=scale)], [path], overwrite)
    return [path]
