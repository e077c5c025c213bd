"""`gantool train`: settings to a run folder full of pictures."""

import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gantool.cli.components import PluginsDir, complete
from gantool.cli.counts import read_count

COMPONENT = "NAME[:option=value,...]"
REPEATABLE = ("penalty", "log")
SETTINGS = (
    *("arch", "loss", "augment", "balance", "instance_noise", "data", "resolution", "channels", "labels", "flip"),
    *("images", "batch", "lr", "lr_g", "lr_d", "lr_schedule", "lr_end", "warmup", "horizon", "clip_grad"),
    *("accumulate", "ema"),
    *("seed", "device", "precision", "layout", "snapshot_every", "checkpoint_every", "keep", "patience"),
    *REPEATABLE,
)
"""The flags that are settings of the run, by the names they have in RunConfig."""


def _flag(panel: str, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


_game = partial(_flag, "The game")
_images = partial(_flag, "Images")
_learning = partial(_flag, "Length and learning")
_machine = partial(_flag, "Machine")
_run = partial(_flag, "Run")
_count: dict[str, Any] = {"metavar": "N", "parser": read_count}


def train(
    arch: Annotated[
        str | None,
        _game("The architecture.", "--arch", metavar=COMPONENT, autocompletion=complete("architecture")),
    ] = None,
    loss: Annotated[str | None, _game("Adversarial loss.", metavar=COMPONENT, autocompletion=complete("loss"))] = None,
    penalty: Annotated[
        list[str] | None,
        _game(
            "Penalty; may be given again, and 'none' drops the recipe's.",
            metavar=COMPONENT,
            autocompletion=complete("penalty"),
        ),
    ] = None,
    augment: Annotated[
        str | None,
        _game("Augmentation of reals and fakes alike.", metavar=COMPONENT, autocompletion=complete("augmentation")),
    ] = None,
    balance: Annotated[
        str | None,
        _game(
            "Who learns from which batch. Default: both, always.",
            metavar=COMPONENT,
            autocompletion=complete("balance"),
        ),
    ] = None,
    instance_noise: Annotated[
        float | None,
        _game("Noise on all that the discriminator sees, at first; it falls to 0 until --horizon.", metavar="X"),
    ] = None,
    data: Annotated[
        str | None,
        _images(
            "A folder, a zip or tar of pictures, or a source by name; photos/:fit=pad sets options. Default: shapes.",
            "--data",
            metavar="SOURCE",
            autocompletion=complete("source"),
        ),
    ] = None,
    resolution: Annotated[
        int | None,
        _images("Side of the pictures in pixels. Default: near the source's own, of a folder 64 at most.", metavar="N"),
    ] = None,
    channels: Annotated[int | None, _images("Grey or colour. Default: as the source is.", metavar="1|3")] = None,
    labels: Annotated[bool | None, _images("Learn classes: sub-folders are labels.", "--labels/--no-labels")] = None,
    flip: Annotated[bool | None, _images("Show half of the pictures mirrored.", "--flip/--no-flip")] = None,
    images: Annotated[int | None, _learning("Images to see in all: 5000, 200k, 1.5M.", **_count)] = None,
    batch: Annotated[int | None, _learning("Images a step.", metavar="N")] = None,
    lr: Annotated[float | None, _learning("Learning rate of both networks.", metavar="X")] = None,
    lr_g: Annotated[float | None, _learning("Learning rate of the generator.", "--lr-g", metavar="X")] = None,
    lr_d: Annotated[float | None, _learning("Learning rate of the discriminator.", "--lr-d", metavar="X")] = None,
    lr_schedule: Annotated[
        str | None, _learning("constant, linear or cosine: how learning rates fall until --horizon.")
    ] = None,
    lr_end: Annotated[
        float | None, _learning("Share of the learning rates that --lr-schedule leaves in the end.", metavar="X")
    ] = None,
    warmup: Annotated[int | None, _learning("Images over which learning rates rise from 0.", **_count)] = None,
    horizon: Annotated[
        int | None, _learning("Images at which what falls has fallen. Default: --images as the run begins.", **_count)
    ] = None,
    clip_grad: Annotated[float | None, _learning("Shorten gradients longer than this; 0: never.", metavar="X")] = None,
    accumulate: Annotated[
        int | None, _learning("Learn from a batch in N parts, one after the other, to save memory.", metavar="N")
    ] = None,
    ema: Annotated[int | None, _learning("Half-life of the averaged generator in images; 0: none.", **_count)] = None,
    seed: Annotated[int | None, _learning("Of everything random. Default: 0.", metavar="N")] = None,
    device: Annotated[str | None, _machine("auto, cuda, cuda:1, mps or cpu.")] = None,
    precision: Annotated[str | None, _machine("auto (the faster, measured), float32 or bf16.")] = None,
    layout: Annotated[str | None, _machine("auto (the faster, measured), contiguous or channels_last.")] = None,
    out: Annotated[Path, _run("Where runs are kept.", metavar="DIR")] = Path("runs"),
    name: Annotated[str | None, _run("Name of the run; the same name again goes on with it.")] = None,
    resume: Annotated[Path | None, _run("Go on with a run, or from one of its checkpoints.", metavar="RUN")] = None,
    config: Annotated[Path | None, _run("Settings from a file; flags win.", metavar="FILE.toml")] = None,
    snapshot_every: Annotated[int | None, _run("Images between sample sheets.", **_count)] = None,
    checkpoint_every: Annotated[int | None, _run("Images between checkpoints.", **_count)] = None,
    keep: Annotated[int | None, _run("Checkpoints to keep besides the best. Default: 3.", metavar="N")] = None,
    patience: Annotated[
        int | None, _run("Stop after N snapshots without a better score; 0, the default: never.", metavar="N")
    ] = None,
    log: Annotated[
        list[str] | None,
        _run("One more observer; may be given again.", metavar=COMPONENT, autocompletion=complete("observer")),
    ] = None,
    accept_new_data: Annotated[bool, _run("Go on although the images have changed.", "--accept-new-data")] = False,
    dry_run: Annotated[bool, _run("Show settings, parameters and memory; train nothing.", "--dry-run")] = False,
    as_json: Annotated[bool, _run("The result as JSON on standard output.", "--json")] = False,
    quiet: Annotated[bool, _run("No progress.", "--quiet", "-q")] = False,
    plugins_dir: PluginsDir = None,
) -> None:
    """Train a generator, or go on with a run."""
    given = locals()
    settings = {name: given[name] or None if name in REPEATABLE else given[name] for name in SETTINGS}
    from gantool.cli.progress import showing_progress
    from gantool.cli.training import run_to_the_end, show_forecast
    from gantool.plugins.host import host
    from gantool.run import start

    plan = start.plan(host(), settings, config, out, name, resume)
    if dry_run:
        from gantool.run.forecast import forecast

        with redirect_stdout(sys.stderr), showing_progress():
            told = forecast(plan.config, plan.components)
        show_forecast(told, plan.choices, as_json)
        return
    run_to_the_end(plan, out, plugins_dir or (), accept_new_data=accept_new_data, quiet=quiet, as_json=as_json)
