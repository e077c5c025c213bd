"""`gantool import`: a model file made of StyleGAN2 weights of others."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import gantool
from gantool import commands
from gantool.commands import Json, Overwrite

if TYPE_CHECKING:
    from gantool_stylegan2.foreign import Imported


def import_model(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .pkl of StyleGAN2-ADA (PyTorch), or a .pt of rosinality's code.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Model file to write: .safetensors.")],
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make a model file of the StyleGAN2 networks in FILE, for sample, interpolate, mix, project and train --init.

    FILE is read without running anything of it: tensors and numbers are taken, code is passed over, and whatever else
    it asks for is refused by name. A discriminator that fits is written beside the model, for train --init.
    """
    commands.check_model_out(out, overwrite)
    if file.is_dir():
        raise gantool.UsageError(f"{file} is a folder: give the file of weights, a .pkl or .pt. A run needs no import.")
    if not file.is_file():
        raise gantool.UsageError(f"There is no file {file}.")
    if file.suffix == ".safetensors":
        raise gantool.UsageError(
            f"{file} is no .pkl or .pt, of which import makes models. A model of gantool needs no import."
        )

    from gantool_stylegan2.foreign import read_model

    found = read_model(file)
    card = card_of(found)
    out.parent.mkdir(parents=True, exist_ok=True)
    gantool.save_generator(out, found.generator, card)
    files = [out]
    if found.discriminator is not None:
        files.append(gantool.save_discriminator(out, found.discriminator))
    else:
        out.with_name(f"{out.stem}-discriminator.safetensors").unlink(missing_ok=True)  # that of the model before
    if as_json:
        document = {"files": [*map(str, files)], "source": found.source, "architecture": card.architecture}
        commands.result_json(document | {"resolution": card.resolution, "left_out": found.left_out})
        return
    commands.say(f"Read {found.source}: {card}.")
    for path in files[1:]:
        commands.say(f"Its discriminator is {path}, with which train --init begins, too, while it is beside the model.")
    for one in found.left_out:
        commands.say(f"Left out {one}.")
    commands.result(str(out))


def card_of(found: "Imported") -> gantool.ModelCard:
    """The card of a model that others trained: nobody knows for how many images, and classes have but numbers."""
    values = found.options.model_dump().items()
    written = ",".join(f"{name}={('no', 'yes')[value] if isinstance(value, bool) else value}" for name, value in values)
    return gantool.ModelCard(
        architecture=f"stylegan2:{written}",
        resolution=found.shape.resolution,
        channels=found.shape.channels,
        class_names=tuple(map(str, range(found.shape.classes))),
        images_seen=0,
        provider="gantool-stylegan2",
    )
