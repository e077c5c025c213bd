"""`gantool push`: a model to the Hugging Face Hub."""

import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Json, ModelPath

_KEPT = (
    "The card of {} was edited on the Hub and is kept. To have the one by gantool, which --dry-run shows, delete "
    "README.md there and push again."
)


def push(
    model: ModelPath,
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="Repository on the Hugging Face Hub.")],
    license: Annotated[
        str | None, typer.Option(metavar="LICENCE", help="Licence of the model: mit, cc-by-4.0, other, ...")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a repository that only you can read.")] = False,
    discriminator: Annotated[
        bool, typer.Option("--discriminator", help="Send the discriminator, too: train --init begins with it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files and show the card; send nothing.")] = False,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
) -> None:
    """Share a model on the Hugging Face Hub: others sample from hf://OWNER/NAME.

    Weights, directions, a fresh sheet and a card with evaluation and settings are sent, and nothing else of the run:
    no picture of the data, and no path. The licence is yours to name. A card that was edited on the Hub is kept. A
    discriminator may remember pictures that it was trained on, so it is sent by --discriminator alone.
    """
    from gantool.cli import output
    from gantool.cli.progress import showing_progress
    from gantool.publishing.card import CARD
    from gantool.publishing.contents import contents
    from gantool.publishing.push import Pushed, check_names
    from gantool.publishing.push import push as send

    named = check_names(repository, license)
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        given = contents(model, repository, named, discriminator)
        done = Pushed(f"hf://{repository}", tuple(given)) if dry_run else send(given, repository, private)
    card, sizes = given[CARD].decode(), {name: len(given[name]) for name in done.files}
    card_kept = CARD not in done.files
    if card_kept:
        output.say(_KEPT.format(repository))
    if as_json:
        output.result_json(
            {"model": done.address, "files": sizes, "card": card, "card_kept": card_kept, "dry_run": dry_run}
        )
    elif dry_run:
        listed = "\n".join(f"{name}  {size:,} bytes" for name, size in sizes.items())
        output.result(f"{listed}\n\n{card}")
    else:
        output.result(done.address)
