"""`gantool project`: the latent of a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import gantool
from gantool.cli.components import complete
from gantool.cli.model_options import Device, ModelPath, Scale

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from torch import Tensor

    from gantool_stylegan2.projecting import Found, Search


def project(
    model: ModelPath,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture; its middle square is used.")],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="FILE", help="Target and projection side by side: .png, .webp or .jpg."),
    ],
    space: Annotated[
        Literal["w", "w+"], typer.Option(help="w: one latent for all layers; w+: one for each, closer, less editable.")
    ] = "w",
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of the search.")] = 500,
    extractor: Annotated[
        str,
        typer.Option(
            metavar="E",
            help="Network that compares pictures: a component; auto is vgg19, or random without its weights.",
            autocompletion=complete("extractor"),
        ),
    ] = "auto",
    noise: Annotated[bool, typer.Option(help="Also search for the noise of the layers.")] = True,
    label: Annotated[str | None, typer.Option(metavar="LABEL", help="Begin at the mean of a class.")] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The same seed gives the same files.")] = 0,
    scale: Scale = 1,
    device: Device = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Describe the result as JSON.")] = False,
) -> None:
    """Find the latent whose picture is most like IMAGE, and draw both side by side.

    The latent is kept beside the sheet as .safetensors: gantool sample MODEL --latents FILE draws it again. The first
    Ctrl-C stops and keeps the best so far; the second ends at once.
    """
    from gantool.cli import output
    from gantool.cli.interrupts import interruptible
    from gantool.cli.out_files import check_out
    from gantool.cli.progress import showing_progress
    from gantool.stylizing import find_extractor
    from gantool_stylegan2.projecting import Search

    latents = out.with_suffix(".safetensors")
    check_out(out, overwrite)
    if latents.exists() and not overwrite:
        raise gantool.GantoolError(f"{latents} is there already: choose another name, or replace it with --overwrite.")
    loaded = gantool.load(model, device)
    if loaded.space != "w":
        raise gantool.GantoolError(
            f"{model} is of {loaded.card.architecture.partition(':')[0]}, which has no latent space w to search in. "
            "A model of stylegan2 has one."
        )
    target = read_target(image, loaded)
    with interruptible() as caught, showing_progress():
        network, name = find_extractor(extractor)
        first, best = _search(loaded, target, network, Search(space, steps, seed, noise), label, caught)
    gantool.save_latents(latents, best.latents, best.noises)
    _save_sheet(out, target, loaded.render(best.latents, buffers=best.noises), scale)
    if as_json:
        told = {"files": [str(out), str(latents)], "space": space, "extractor": name, "step": best.step}
        output.result_json(told | {"distance": best.distance, "distance_of_mean": first.distance})
    else:
        output.say(f"Distance {best.distance:.3f}, from {first.distance:.3f} at the mean, by {name}.")
        output.result(str(out))
    if caught:
        output.say(f"Stopped; the best so far, of step {best.step}, is in {out} and {latents}.")
        raise typer.Exit(128 + caught[0])


def _search(
    model: gantool.Model,
    target: "UInt8[Tensor, 'c h w']",
    extractor: gantool.Extractor,
    search: "Search",
    label: str | None,
    caught: list[int],
) -> "tuple[Found, Found]":
    """The first state and the best one, measured without the noise of the search."""
    from gantool.pixels import to_float
    from gantool.progress import report
    from gantool_stylegan2.projecting import measured, project

    first = best = None
    wanted = to_float(target[None])
    for found in project(model, wanted, extractor, search, label):
        report("searching", found.step, found.steps)
        first = first or found
        best = found if best is None or found.distance <= best.distance else best
        if caught:
            break
    assert first is not None
    assert best is not None
    return first, measured(model, wanted, extractor, best)


def read_target(path: Path, model: gantool.Model) -> "UInt8[Tensor, 'c h w']":
    """A picture as the model's training would see it: its middle square, reduced, on white."""
    from io import BytesIO

    import torch

    from gantool.data import FolderOptions
    from gantool.data.decode import UndecodableError, decode, quiet_pillow

    try:
        with quiet_pillow():
            content = BytesIO(path.read_bytes())
            pixels = decode(content, FolderOptions(path=str(path.parent)), model.card.resolution, model.card.channels)
    except OSError as error:
        raise gantool.GantoolError(f"{path} cannot be read: {error.strerror}.") from error
    except UndecodableError as error:
        raise gantool.GantoolError(f"{path} {error}.") from error
    return torch.from_numpy(pixels.copy())


def _save_sheet(path: Path, target: "UInt8[Tensor, 'c h w']", found: "UInt8[Tensor, '1 c h w']", scale: int) -> None:
    import torch

    from gantool.render.grids import sheet
    from gantool.render.pictures import save_pictures

    save_pictures([sheet(torch.cat([target[None], found]), columns=2, scale=scale)], [path], overwrite=True)
