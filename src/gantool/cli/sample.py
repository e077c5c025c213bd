"""`gantool sample`: pictures from a trained generator, one file per seed or one sheet."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Level, ModelPath, SheetScale, Truncation
from gantool.cli.moves import DirectionsFile, Move, move_name, parse_moves, shift_of
from gantool.cli.picture_names import of_classes, of_options, words_of
from gantool.cli.seeds import MOST_SEEDS, format_seeds, parse_seeds
from gantool.engine.importing import import_torch
from gantool.errors import OptionError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor

    from gantool.engine.distributed import World
    from gantool.sampling.latent_file import LatentFile
    from gantool.sampling.model import Model
    from gantool.sampling.points import Point

SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}
PICTURES = (*SUFFIXES.values(), ".jpeg", ".gif", ".apng", ".bmp", ".tif", ".tiff", ".avif", ".mp4")
"""Suffixes that no folder has."""


@dataclass(frozen=True)
class SampleArguments:
    """The arguments of the command."""

    model: ModelPath
    n: Annotated[
        int | None,
        typer.Option(
            "-n", metavar="N", min=1, max=MOST_SEEDS, help="Number of pictures, with seeds 0 to N-1. Default: 16."
        ),
    ] = None
    seeds: Annotated[str | None, typer.Option(metavar="SEEDS", help="Seeds: 0-63, or 1,5,9-12.")] = None
    latents: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Latents in place of seeds: a .safetensors file, such as that of a projection."
        ),
    ] = None
    favourites: Annotated[
        bool, typer.Option("--favourites", help="The favourites of gantool explore in place of seeds.")
    ] = False
    truncation: Truncation = 1.0
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Class, by name or index; repeat it to draw all seeds in each class."),
    ] = None
    level: Level = None
    move: Move = None
    directions: DirectionsFile = None
    grid: Annotated[bool, typer.Option("--grid", help="One contact sheet instead of one file per seed.")] = False
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FOLDER|FILE",
            help="Output folder, or file for one picture or sheet. Default: samples/NAME-IMAGES_SEEN of the model.",
        ),
    ] = None
    format: Annotated[Literal["png", "webp", "jpeg"], typer.Option(help="File format; PNG and WebP are lossless.")] = (
        "png"
    )
    scale: SheetScale = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that differ.")] = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Annotated[bool, typer.Option("--json", help="List the files as JSON.")] = False

    def numbers(self) -> list[int]:
        """The seeds, once each. Raises OptionError for flags that exclude each other."""
        if self.n is not None and self.seeds is not None:
            raise OptionError("-n and --seeds exclude each other: -n 8 is --seeds 0-7.")
        if self.favourites and (
            self.n or self.seeds or self.latents or self.label or self.move or self.truncation != 1
        ):
            raise OptionError("--favourites alone say what is drawn: leave seeds, labels, moves and --truncation out.")
        if self.latents is not None and (self.n is not None or self.seeds is not None or self.truncation != 1):
            raise OptionError("--latents takes the place of -n, --seeds and --truncation; leave these out.")
        return list(range(self.n or 16)) if self.seeds is None else list(dict.fromkeys(parse_seeds(self.seeds)))

    def moves(self) -> dict[int, float]:
        """Moves along directions, by their numbers."""
        return parse_moves(self.move, self.directions)

    def one_file(self) -> bool:
        """True if `--out` names a picture and no folder: by its suffix."""
        return self.out is not None and self.out.suffix.lower() in PICTURES and not self.out.is_dir()

    def check_file(self, seeds: int) -> None:
        """Raise OptionError unless `--out` is a format that is written, and one picture is drawn."""
        from gantool.cli.out_files import check_suffix_of_picture

        assert self.out is not None
        check_suffix_of_picture(self.out)
        if self.format != "png" and SUFFIXES[self.format] != self.out.suffix.lower():
            raise OptionError(f"--format {self.format} and --out {self.out} are two formats: leave --format out.")
        count = seeds * len(self.label or [""])
        if not self.grid and count > 1:
            raise OptionError(
                f"--out {self.out} is one picture, and {count} are drawn: add --grid, or give one seed, or a folder."
            )


@takes(SampleArguments)
def sample(arguments: SampleArguments) -> None:
    """Draw pictures from a trained generator: the same seed is the same picture, every time.

    Files are named by seed, with the label, truncation, level, moves and scale where given: seed000012-cat.png. A sheet
    is named by its seeds: grid-0-15.png. Of --latents face.safetensors the first is face-latent000000.png, of
    --favourites it is favourite000000.png. Processes that torchrun has started share the files out.
    """
    numbers = arguments.numbers()
    arguments.moves()
    import_torch()
    from gantool.cli import output
    from gantool.cli.out_files import tell_what_is_lost
    from gantool.cli.progress import showing_progress
    from gantool.engine.devices import pick_device
    from gantool.engine.distributed import join_world
    from gantool.sampling.favourites import favourites_of
    from gantool.sampling.latent_file import load_latents
    from gantool.sampling.load import load

    found = None if arguments.latents is None else load_latents(arguments.latents)
    points = favourites_of(arguments.model) if arguments.favourites else None
    instead = points if found is None else found.latents
    numbers = numbers if instead is None else list(range(len(instead)))
    if arguments.one_file():
        arguments.check_file(len(numbers))
    world = join_world(pick_device(arguments.device))
    with redirect_stdout(sys.stderr), showing_progress() if world.leads else nullcontext():  # a network may print
        pictures = _Pictures(arguments, load(arguments.model, arguments.device), numbers, found, points)
        files = pictures.write_singles(world) if not arguments.grid else pictures.write_sheet() if world.leads else []
        if not arguments.grid and world.leads:
            tell_what_is_lost(files[0].suffix, pictures.model.card.channels)
    world.finish()
    if not world.leads:
        return
    if arguments.as_json:
        drawn: dict[str, object] = {"latents": str(arguments.latents)} if found else {"seeds": numbers}
        drawn = drawn if points is None else {"favourites": list(map(str, points))}
        output.result_json({"files": [*map(str, files)], **drawn, "labels": [*filter(None, pictures.labels)]})
    else:
        output.result(str(files[0] if arguments.grid or arguments.one_file() else pictures.folder))


@dataclass
class _Pictures:
    """The pictures of the seeds, a latent file or favourites, in every given class, and the names of their files."""

    arguments: SampleArguments
    model: "Model"
    numbers: list[int]
    latents: "LatentFile | None"
    points: "Sequence[Point] | None"
    """The favourites, where these are drawn."""

    @cached_property
    def labels(self) -> list[str | None]:
        """The names of the classes, once each; [None] if the seeds choose."""
        if not self.arguments.label:
            return [None]
        chosen = [self.model.choose_labels([0], label) for label in self.arguments.label]
        return list(dict.fromkeys(self.model.class_names[int(index)] for index in chosen if index is not None))

    @cached_property
    def folder(self) -> Path:
        """The output folder."""
        from gantool.engine.run_names import SAMPLES, by_images
        from gantool.sampling.locate import model_name

        name = f"{model_name(self.arguments.model)}-{by_images(self.model.card.images_seen)}"
        return Path(SAMPLES) / name if self.arguments.out is None else self.arguments.out

    @cached_property
    def shift(self) -> "Float[Tensor, '...'] | None":
        """The shift of all latents."""
        arguments = self.arguments
        return shift_of(arguments.moves(), arguments.directions, arguments.model, self.model)

    def draw(self, numbers: list[int], label: str | None) -> "UInt8[Tensor, 'n c h w']":
        """Pictures of one class, or of those that the seeds choose."""
        level = self.arguments.level
        if self.points is not None:
            from gantool.sampling.favourites import drawn

            return drawn(self.model, self.arguments.model, [self.points[number] for number in numbers], level)
        if self.latents is not None:
            kept = self.latents
            return self.model.render(kept.latents[numbers], label, level, kept.buffers, self.shift)
        return self.model.images(numbers, self.arguments.truncation, label, level, self.shift)

    def path(self, stem: str, labels: list[str | None]) -> Path:
        """The file for a stem, with the options in its name; the output itself if that is a file."""
        arguments = self.arguments
        if arguments.out is not None and arguments.one_file():
            return arguments.out
        stem = stem if arguments.latents is None else f"{arguments.latents.stem}-{stem.replace('seed', 'latent')}"
        stem = stem if self.points is None else stem.replace("seed", "favourite").replace("grid", "favourites")
        words = words_of(self.model.class_names)
        classes = of_classes([words[label] for label in labels if label is not None])
        moves = move_name(arguments.moves())
        options = of_options(arguments.truncation, arguments.level, arguments.scale or 1, moves)
        return self.folder / f"{stem}{classes}{options}{SUFFIXES[arguments.format]}"

    def write_singles(self, world: "World") -> list[Path]:
        """Write one file per seed and class, this process its share of them; the files of all."""
        from gantool.render.pictures import AT_ONCE, save_pictures, to_pil, upscale

        files, mine = [], self.numbers[world.rank :: world.size]
        for label in self.labels:
            files += [self.path(f"seed{seed:06d}", [label]) for seed in self.numbers]
            for start in range(0, len(mine), AT_ONCE):
                block = mine[start : start + AT_ONCE]
                paths = [self.path(f"seed{seed:06d}", [label]) for seed in block]
                images = upscale(self.draw(block, label), self.arguments.scale or 1)
                save_pictures([to_pil(image) for image in images], paths, self.arguments.overwrite)
        return files

    def write_sheet(self) -> list[Path]:
        """Write one sheet of all seeds, nearly square; with several classes, one row for each."""
        import torch

        from gantool.cli.class_sheet import class_sheet
        from gantool.render.pictures import save_pictures

        images = torch.cat([self.draw(self.numbers, label) for label in self.labels])
        path = self.path(f"grid-{format_seeds(self.numbers)}", self.labels)
        columns = len(self.numbers) if len(self.labels) > 1 else None
        names = () if self.latents is not None or self.points is not None else self.model.class_names
        chosen = [self.model.choose_labels(self.numbers, label) for label in self.labels] if names else []
        shown = [int(one) for labels in chosen if labels is not None for one in labels]
        drawn = class_sheet(images, columns, self.arguments.scale, names, shown)
        save_pictures([drawn], [path], self.arguments.overwrite)
        return [path]
