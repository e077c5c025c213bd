"""`gantool tune`: which settings suit these pictures best, by short runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gantool.cli.borrowed import with_settings_of
from gantool.cli.components import PluginsDir
from gantool.cli.train import REPEATABLE, SETTINGS, train

NOT_SHARED = ("snapshot_every", "checkpoint_every", "keep", "patience", "log")
SHARED = tuple(name for name in SETTINGS if name not in NOT_SHARED)
TRIALS = 12


def _flag(help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel="Search", **more)


@with_settings_of(train, SHARED)
def tune(
    settings: Mapping[str, Any],
    run: Annotated[
        Path | None, typer.Argument(help="A run whose settings the search begins with.", metavar="RUN")
    ] = None,
    trials: Annotated[
        int | None, _flag(f"Settings to try, the start among them. Default: {TRIALS}.", metavar="N")
    ] = None,
    search: Annotated[
        list[str] | None,
        _flag(
            "What to search: lr=1e-4..1e-2, loss=logistic,hinge, penalty=none,r1:weight=0.1..10; KEY=start does not; "
            "may be given again.",
            metavar="KEY=...",
        ),
    ] = None,
    out: Annotated[Path, _flag("Where searches are kept.", metavar="DIR")] = Path("runs"),
    name: Annotated[
        str | None, _flag("Name of the search; the same name again goes on with it. Default: tune-ARCH-SOURCE.")
    ] = None,
    resume: Annotated[Path | None, _flag("Go on with a search, as it was begun.", metavar="DIR")] = None,
    config: Annotated[
        Path | None, _flag("Settings to begin with, from a file; flags win.", metavar="FILE.toml")
    ] = None,
    as_json: Annotated[bool, _flag("The result as JSON on standard output.", "--json")] = False,
    quiet: Annotated[bool, _flag("No progress.", "--quiet", "-q")] = False,
    plugins_dir: PluginsDir = None,
) -> None:
    """Search for better settings, by short runs and the watch's score.

    A trial is a run of --images. At a quarter and at half of them, only
    the better half of all so far goes on.

    Searched are learning rates, batch, penalty and, with few pictures,
    augmentation: those of them that no flag here fixes.

    Scores of short runs are noisy: the start is run with two seeds, to
    see by how much.
    """
    from gantool.cli.tuning import begin, resumed, run_search
    from gantool.errors import UsageError
    from gantool.tuning.halving import import_optuna

    import_optuna()  # before anything is made, if it is missing
    given = {key: value or None if key in REPEATABLE else value for key, value in settings.items()}
    if resume is not None:
        others = [key for key, value in given.items() if value is not None]
        others += [
            key for key, value in (("RUN", run), ("search", search), ("name", name), ("config", config)) if value
        ]
        if others:
            raise UsageError(f"--resume goes on with a search as it was begun: leave out {', '.join(others)}.")
        folder, begun = resumed(resume, trials)
    else:
        folder, begun = begin(given, run, config, search or (), TRIALS if trials is None else trials, out, name)
    run_search(folder, begun, plugins_dir or (), quiet=quiet, as_json=as_json)
