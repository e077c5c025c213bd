"""`gantool reconstruct`: pictures beside what a VAE makes of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gantool
from gantool import commands
from gantool.commands import Device, Json, ModelPath, Overwrite, Scale, complete

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from PIL import Image
    from torch import Tensor

    from gantool_vae.networks import Vae


def reconstruct(
    model: ModelPath,
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURES",
            help="Picture files, or a source as --data of train takes it.",
            autocompletion=complete("source"),
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Sheet to write: .png, .webp or .jpg.")],
    count: Annotated[int, typer.Option("-n", metavar="N", min=1, help="The first N pictures of a source.")] = 8,
    label: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="Class of all pictures, by name or index."),
    ] = None,
    scale: Scale = 1,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Draw pictures on the upper row and below each its reconstruction by a VAE: encoded and decoded again.

    What is lost is what the latents do not keep. `error` is the root mean square error, in 8-bit steps of a pixel.
    """
    commands.check_out(out, overwrite)
    with commands.showing_progress():
        loaded = gantool.load(model, device)
        network = _encoding(loaded, model)
        shown, labels = _read(pictures, count, loaded, label)
        sheet, error = _compared(loaded, network, shown, labels, scale)
        commands.save_pictures([sheet], [out], overwrite)
    if as_json:
        commands.result_json({"files": [str(out)], "pictures": len(shown), "error": error})
    else:
        commands.say(f"Root mean square error {error:.1f} of 255 over {len(shown)} pictures.")
        commands.result(str(out))


def _encoding(model: gantool.Model, path: Path | str) -> "Vae":
    from gantool_vae.networks import Vae

    if not isinstance(model.generator, Vae):
        raise gantool.UsageError(
            f"{path} is of {model.card.architecture.partition(':')[0]}, which has no encoder: a model of vae has one. "
            "gantool project (gantool-stylegan2) finds a latent of a picture by optimisation."
        )
    return model.generator


def _read(
    texts: list[str], count: int, model: gantool.Model, label: str | None
) -> "tuple[UInt8[Tensor, 'n c h w'], list[str | int] | str | None]":
    """The pictures, and their labels where the model has classes: the source's, unless one is given."""
    import torch

    side, channels = model.card.resolution, model.card.channels
    if all(Path(text).is_file() for text in texts) and (len(texts) > 1 or _is_picture(Path(texts[0]))):
        shown = torch.stack([commands.read_square(Path(text), side, channels) for text in texts])
        return shown, label
    if len(texts) > 1:
        raise gantool.UsageError("PICTURES are picture files, or one source: a folder, an archive, a name.")
    source = commands.open_source(texts[0], side, channels)
    images, labels = zip(*(source[index] for index in range(min(count, len(source)))), strict=True)
    names = [source.class_names[one] for one in labels if one is not None and source.class_names]
    known = [name for name in names if name in model.class_names]
    return torch.stack(images), label if label is not None or len(known) < len(images) else list(known)


def _is_picture(path: Path) -> bool:
    from PIL import Image as Pillow

    return path.suffix.lower() in Pillow.registered_extensions()


def _compared(
    model: gantool.Model,
    network: "Vae",
    shown: "UInt8[Tensor, 'n c h w']",
    labels: "list[str | int] | str | None",
    scale: int,
) -> "tuple[Image.Image, float]":
    """The sheet, and the root mean square error in 8-bit steps."""
    import torch

    if model.class_names and labels is None:
        raise gantool.UsageError(f"This model draws classes: say which with --label, one of {model.class_names}.")
    chosen = model.choose_labels(range(len(shown)), labels)
    with torch.inference_mode():
        on_device = None if chosen is None else chosen.to(model.device)
        latents = network.encode(commands.to_float(shown).to(model.device), on_device)
        if isinstance(network, gantool.MappedGenerator):
            latents = network.map(latents, on_device)
    again = model.render(latents.cpu(), labels)
    error = float((again.float() - shown.float()).square().mean().sqrt())
    return commands.sheet(torch.cat([shown, again]), columns=len(shown), scale=scale), error
