"""`gantool train`: from settings to a run folder."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantool.api.panels import FIRST, RUN
from gantool.cli.components import PluginsDir
from gantool.cli.settings import takes_settings
from gantool.engine.importing import import_torch

if TYPE_CHECKING:
    from gantool.run.planning import Plan


def _first(help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=FIRST, **more)


def _run(help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=RUN, **more)


@takes_settings()
def train(
    settings: Mapping[str, Any],
    minutes: Annotated[
        float | None,
        _first("Train for about N minutes, with --resume for N more. Default on a CPU: 15.", metavar="N"),
    ] = None,
    resume: Annotated[Path | None, _first("Run to resume, or one of its checkpoints.", metavar="RUN")] = None,
    name: Annotated[str | None, _first("Name of the run; an existing one is resumed.", metavar="NAME")] = None,
    out: Annotated[Path, _first("Parent folder of the runs.", metavar="DIR")] = Path("runs"),
    dry_run: Annotated[bool, _first("Show what would be trained, and how long; train nothing.", "--dry-run")] = False,
    config: Annotated[Path | None, _run("TOML file with settings; flags override it.", metavar="FILE.toml")] = None,
    change: Annotated[
        bool, _run("Let a run that resumes take other settings, as in --resume RUN --lr 1e-4 --change.", "--change")
    ] = False,
    accept_new_data: Annotated[
        bool, _run("With --resume: go on with changed images, in a new run.", "--accept-new-data")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="With --dry-run: show all settings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON result on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress output.")] = False,
    plugins_dir: PluginsDir = None,
) -> None:
    """Train a generator, or resume a run."""
    from gantool.cli.interrupts import before_training

    with before_training():
        import_torch()
        from gantool.cli.progress import showing_progress
        from gantool.cli.training import run_to_the_end
        from gantool.plugins.host import host
        from gantool.run import length, planning

        def planned(images: int | None = None) -> planning.Plan:
            wanted = {**settings, "images": images} if images else settings
            return planning.plan(host(), wanted, config, out, name, resume, change)

        with redirect_stdout(sys.stderr), showing_progress():
            plan = length.timed(planned(), minutes, planned, more=resume is not None)
    if dry_run:
        _tell(plan, as_json, verbose)
        return
    run_to_the_end(plan, out, plugins_dir or (), accept_new_data=accept_new_data, quiet=quiet, as_json=as_json)


def _tell(plan: "Plan", as_json: bool, verbose: bool) -> None:
    """What would be trained, and how long."""
    from gantool.cli.interrupts import before_training
    from gantool.cli.progress import showing_progress
    from gantool.cli.training import show_forecast
    from gantool.run.adversary import heeded_choices
    from gantool.run.defaults import measured
    from gantool.run.forecast import forecast

    with before_training(), redirect_stdout(sys.stderr), showing_progress():
        expected = forecast(plan.config, plan.components, plan.given, plan.initial, plan.timing, plan.images_seen)
    choices = heeded_choices(plan.choices, expected.discriminator > 0)
    show_forecast(expected, (*choices, *measured(plan.config, expected.config)), as_json, verbose)
