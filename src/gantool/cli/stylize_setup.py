"""The setup of `gantool stylize`: style images to optimise by, or a style network; and the options that one takes."""

import shlex
from dataclasses import fields
from pathlib import Path

from gantool.cli.components import find_extractor
from gantool.cli.output import say
from gantool.cli.progress import showing_progress
from gantool.cli.stylize import NETWORK, SIDE, Job
from gantool.data.pictures.listing import is_archive_name, to_unpack
from gantool.data.pictures.whole import Picture
from gantool.engine.devices import pick_device
from gantool.engine.spans import in_words
from gantool.errors import DataError, OptionError, nearest_beside
from gantool.plugins.host import host
from gantool.style.fast import KIND, build_network, choose_network
from gantool.style.forecast import expected_seconds
from gantool.style.job import StyleFile, StyleSetup, find_style_loss, parse_styles
from gantool.style.network_file import load_style_network
from gantool.style.passes import NetworkSetup, Setup
from gantool.style.settings import Settings

TAKEN = {"content", "styles", "out", "fast", "size", "preserve_color", "strength", "sheet"}
"""What a pass takes of the job, beside what says nothing of the picture."""
AT_ONCE = 4_000_000
"""The pixels beyond which a style network's pass is announced."""
OF_ANY_JOB = {"device", "overwrite", "plugins_dir", "as_json", "quiet"}

Told = dict[str, object]
"""What the result's JSON says of the networks."""


def setup_of(job: Job, settings: Settings) -> tuple[Setup, Told]:
    """The setup of the job. Raises OptionError for options that do not suit, DataError for files that are not there."""
    if job.network is None and not job.fast:
        return _of_images(job, settings)
    with showing_progress():
        return _of_network(job)


def refuse_archive(content: Path) -> None:
    """Raise OptionError for a zip or tar, which training reads, and a style transfer does not."""
    if is_archive_name(content) and content.is_file():
        _, unpack = to_unpack(content, content.suffix.lower() == ".zip")
        raise OptionError(
            f"{content} is an archive; stylize takes pictures and folders of them. Unpack it and give the folder: "
            f"{unpack}"
        )


def refuse_folder_for_one(job: Job) -> None:
    """Raise OptionError for a folder as the output of one picture, such as the first that a shell makes of *.jpg."""
    is_folder = job.out.is_dir()
    if not job.content.is_file() or (job.out.suffix and not is_folder):
        return
    file = job.out / f"{job.content.stem}.png" if is_folder else f"{job.out}.png"
    folder = shlex.quote(str(job.content.parent))
    many = f" To draw many photos give their folder: gantool stylize {folder} STYLE -o {shlex.quote(str(job.out))}"
    raise OptionError(
        f"-o {job.out}: the photo is one picture, {job.content}; give a file, as in -o {file}."
        f"{many if len(job.styles) > 1 else ''}"
    )


def tell_what_it_takes(content: Picture, setup: Setup, what: str) -> None:
    """Say how long the transfer of `what`, as in "This", takes; of a style network's pass, where it is no moment."""
    height, width = content.pixels.shape[-2:]
    if isinstance(setup, StyleSetup):
        if span := expected_seconds(content, setup):
            say(f"{what} will take {in_words(*span)}.")
    elif height * width > AT_ONCE:
        say(
            f"{width:,} x {height:,} pixels are drawn in one pass, which takes gigabytes of memory and, on a CPU, "
            f"a while; --size {SIDE} takes less."
        )


def _of_images(job: Job, settings: Settings) -> tuple[Setup, Told]:
    if job.strength != 1:
        raise OptionError("--strength is for a style network; with style images --content-weight keeps the photo.")
    if job.content.suffix.lower() == NETWORK and job.content.is_file():
        words = shlex.join(["gantool", "stylize", *job.styles, str(job.content), "-o", str(job.out)])
        raise OptionError(f"{job.content} is no picture. A style network comes behind the photo: {words}")
    styles = parse_styles(job.styles)
    masks = job.masks or []
    for path in (job.content, *(style.path for style in styles), *masks, *([job.start_file] if job.start_file else [])):
        if not path.exists():  # before anyone waits for a network's weights
            near = " It names a style network: add --fast." if str(path) in host().specs(KIND) else nearest_beside(path)
            raise DataError(f"There is no file {path}.{near}")
    with showing_progress():
        extractor, name = find_extractor(job.extractor)
        style_loss = find_style_loss(host(), job.style_loss, extractor)
    return StyleSetup(styles, extractor, settings, masks, job.device, job.precision, style_loss), {"extractor": name}


def _of_network(job: Job) -> tuple[Setup, Told]:
    """The network on its device. Options of optimisation are refused: it has learned, and is not optimised."""
    _refuse_others(job)
    for file in (job.content, *([job.network] if job.network else [])):
        if not file.exists():
            raise DataError(f"There is no file {file}.{nearest_beside(file)}")
    device, keeps_color = pick_device(job.device), job.preserve_color == "luminance"
    if job.network:
        network, card = load_style_network(job.network)
        return NetworkSetup(network.to(device), device, job.strength, keeps_color), {"extractor": card.extractor}
    chosen, picture = choose_network(host(), job.styles)
    styles = [StyleFile(picture)] if picture else []
    made = build_network(chosen, picture, device)
    told: Told = {"network": chosen.text, "distribution": chosen.distribution}
    return NetworkSetup(made, device, job.strength, keeps_color, styles), told


def _refuse_others(job: Job) -> None:
    given = [
        flag_of(field.name)
        for field in fields(Job)
        if field.name not in TAKEN | OF_ANY_JOB and getattr(job, field.name) != field.default
    ]
    if given:
        what = f"{job.network} is a style network and" if job.network else "--fast has a style network, which"
        raise OptionError(
            f"{', '.join(given)}: for style images, which are optimised; {what} draws in one pass. Leave it out, or "
            "give it to 'gantool style train' where that has it."
        )
    if job.preserve_color == "match":
        raise OptionError(
            "--preserve-color match recolours a style image before it is learned; with a style network give luminance."
        )


def flag_of(name: str) -> str:
    """The flag of a field: the one that it declares, else by its name."""
    (declared,) = Job.__dataclass_fields__[name].type.__metadata__  # type: ignore[union-attr]
    first = str(declared.default)  # where Typer keeps the first of the flags that are given in Annotated
    return first if first.startswith("--") else f"--{name.replace('_', '-')}"
