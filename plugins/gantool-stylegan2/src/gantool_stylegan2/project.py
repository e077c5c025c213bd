"""`gantool project`: the latent of a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import gantool
from gantool import commands
from gantool.commands import Device, Json, ModelPath, Overwrite, Scale, complete

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from torch import Tensor

    from gantool_stylegan2.projecting import Found, Search


def project(
    model: ModelPath,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Target picture; its centre square is used.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Sheet to write, target and projection side by side: .png, .webp or .jpg.",
        ),
    ],
    space: Annotated[
        Literal["w", "w+"],
        typer.Option(
            help="Latent space: w (one latent for all layers) or w+ (one for each layer: closer, less editable)."
        ),
    ] = "w",
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Optimisation steps.")] = 500,
    extractor: Annotated[
        str,
        typer.Option(
            metavar="E",
            help="Extractor that compares pictures; auto is vgg19, or the best at hand without its weights.",
            autocompletion=complete("extractor"),
        ),
    ] = "auto",
    noise: Annotated[bool, typer.Option(help="Optimise the noise inputs too.")] = True,
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Class whose mean w the search starts from.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Random seed.")] = 0,
    scale: Scale = 1,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Find the latent whose picture is most like IMAGE, and draw both side by side.

    The latent is kept beside the sheet as .safetensors: gantool sample MODEL --latents FILE draws it again. The first
    Ctrl-C stops and keeps the best so far; the second ends at once.
    """
    from gantool_stylegan2.projecting import Search

    latents = out.with_suffix(".safetensors")
    commands.check_out(out, overwrite)
    if latents.exists() and not overwrite:
        raise gantool.UsageError(f"{latents} is there already: choose another name, or replace it with --overwrite.")
    loaded = gantool.load(model, device)
    if loaded.space != "w":
        raise gantool.UsageError(
            f"{model} is of {loaded.card.architecture.partition(':')[0]}, which has no latent space w to search in. "
            "A model of stylegan2 has one."
        )
    target = commands.read_square(image, loaded.card.resolution, loaded.card.channels)
    with commands.interruptible() as caught, commands.showing_progress():
        network, name = commands.find_extractor(extractor)
        first, best = _search(loaded, target, network, Search(space, steps, seed, noise), label, caught)
    gantool.save_latents(latents, best.latents, best.noises)
    _save_sheet(out, target, loaded.render(best.latents, buffers=best.noises), scale)
    if as_json:
        document = {"files": [str(out), str(latents)], "space": space, "extractor": name, "step": best.step}
        commands.result_json(document | {"distance": best.distance, "distance_of_mean": first.distance})
    else:
        commands.say(f"Distance {best.distance:.3f}, from {first.distance:.3f} at the mean, by {name}.")
        commands.result(str(out))
    if caught:
        commands.say(f"Stopped; the best so far, of step {best.step}, is in {out} and {latents}.")
        raise typer.Exit(caught.exit_code)


def _search(
    model: "gantool.Model",
    target: "UInt8[Tensor, 'c h w']",
    extractor: "gantool.Extractor",
    search: "Search",
    label: str | None,
    caught: commands.Caught,
) -> "tuple[Found, Found]":
    """The first state and the best one, of the undisturbed states."""
    from gantool_stylegan2.projecting import measured, nearer, project

    wanted = commands.to_float(target[None])
    states = project(model, wanted, extractor, search, label)
    first = best = last = next(states)
    for last in states:
        commands.report("searching", last.step, last.steps)
        best = nearer(best, last)
        if caught:
            break
    return first, nearer(best, measured(model, wanted, extractor, last))


def _save_sheet(path: Path, target: "UInt8[Tensor, 'c h w']", found: "UInt8[Tensor, '1 c h w']", scale: int) -> None:
    import torch

    side_by_side = commands.sheet(torch.cat([target[None], found]), columns=2, scale=scale)
    commands.save_pictures([side_by_side], [path], overwrite=True)
