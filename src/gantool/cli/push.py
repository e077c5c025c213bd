"""`gantool push`: a model to the Hugging Face Hub."""

import sys
from contextlib import redirect_stdout
from typing import Annotated

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Json, ModelPath


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
    no picture of the data, and no path. The licence is yours to name. A discriminator may remember pictures that it
    was trained on, so it is sent by --discriminator alone.
    """
    from gantool.cli import output
    from gantool.cli.progress import showing_progress
    from gantool.publishing.contents import CARD, contents
    from gantool.publishing.push import check_names
    from gantool.publishing.push import push as send

    named = check_names(repository, license)
    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        given = contents(model, repository, named, discriminator)
        address = f"hf://{repository}" if dry_run else send(given, repository, private)
    if as_json:
        files = {name: len(content) for name, content in given.items()}
        output.result_json({"model": address, "files": files, "card": given[CARD].decode(), "dry_run": dry_run})
    elif dry_run:
        sizes = "\n".join(f"{name}  {len(content):,} bytes" for name, content in given.items())
        output.result(f"{sizes}\n\n{given[CARD].decode()}")
    else:
        output.result(address)
