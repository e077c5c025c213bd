"""`gantool stylize` by a style network: its setup, and the options that it does not take."""

from dataclasses import fields
from pathlib import Path

from gantool.cli.stylize import Job
from gantool.engine.devices import pick_device
from gantool.errors import DataError, OptionError, nearest_beside
from gantool.style.network_file import load_style_network
from gantool.style.passes import NetworkSetup

TAKEN = {"content", "styles", "out", "size", "preserve_color", "strength", "sheet"}
"""What a pass takes of the job, beside what says nothing of the picture."""
OF_ANY_JOB = {"device", "overwrite", "plugins_dir", "as_json", "quiet"}


def network_setup(job: Job, path: Path) -> tuple[NetworkSetup, str]:
    """The network of the job on its device, and the name of its extractor.

    Raises OptionError for options of optimisation, which are left out or have been chosen when the network learned.
    """
    _refuse_others(job, path)
    for file in (job.content, path):
        if not file.exists():
            raise DataError(f"There is no file {file}.{nearest_beside(file)}")
    network, card = load_style_network(path)
    device = pick_device(job.device)
    keeps_color = job.preserve_color == "luminance"
    return NetworkSetup(network.to(device), card.width, device, job.strength, keeps_color), card.extractor


def _refuse_others(job: Job, path: Path) -> None:
    given = [
        _flag(field.name)
        for field in fields(Job)
        if field.name not in TAKEN | OF_ANY_JOB and getattr(job, field.name) != field.default
    ]
    if given:
        raise OptionError(
            f"{', '.join(given)}: for style images, which are optimised; {path} is a style network and draws in one "
            "pass. Leave it out, or give it to 'gantool style train' where that has it."
        )
    if job.preserve_color == "match":
        raise OptionError(
            "--preserve-color match recolours a style image before it is learned; with a style network give luminance."
        )


def _flag(name: str) -> str:
    """The flag of a field: the one that it declares, else by its name."""
    (declared,) = Job.__dataclass_fields__[name].type.__metadata__  # type: ignore[union-attr]
    first = str(declared.default)  # where Typer keeps the first of the flags that are given in Annotated
    return first if first.startswith("--") else f"--{name.replace('_', '-')}"
