"""`gantool tune`: a search for better training settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gantool.api.panels import RUN
from gantool.cli.components import PluginsDir
from gantool.cli.settings import takes_settings

TRIALS = 12

_TRIALS = f"Number of trials, the initial settings included. Default: {TRIALS}."
_SEARCH = """\
Search space of a setting: lr=1e-4..1e-2, loss=logistic,hinge, penalty=none,r1:weight=0.1..10; KEY=start keeps it \
fixed; may be given again."""
_NAME = "Name of the search; an existing one is resumed. Default: tune-ARCH-SOURCE."
_CONFIG = "TOML file with the initial settings; flags override it."


def _flag(help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel="Search", **more)


@takes_settings(lambda panel: panel != RUN, first=False)  # whose settings a search chooses itself
def tune(
    settings: Mapping[str, Any],
    run: Annotated[Path | None, typer.Argument(help="Run with the initial settings.", metavar="RUN")] = None,
    trials: Annotated[int | None, _flag(_TRIALS, metavar="N")] = None,
    search: Annotated[list[str] | None, _flag(_SEARCH, metavar="KEY=...")] = None,
    out: Annotated[Path, _flag("Parent folder of the searches.", metavar="DIR")] = Path("runs"),
    name: Annotated[str | None, _flag(_NAME, metavar="NAME")] = None,
    resume: Annotated[Path | None, _flag("Search to resume, with its settings.", metavar="DIR")] = None,
    config: Annotated[Path | None, _flag(_CONFIG, metavar="FILE.toml")] = None,
    as_json: Annotated[bool, _flag("JSON result on standard output.", "--json")] = False,
    quiet: Annotated[bool, _flag("No progress output.", "--quiet", "-q")] = False,
    plugins_dir: PluginsDir = None,
) -> None:
    """Search for better training settings by successive halving.

    A trial is a run of --images. At a quarter and at half of its length,
    only the better half of the trials continues, by the score of the watch.

    Learning rates, batch size, penalty and, with few images, augmentation
    are searched, unless a flag fixes them.

    Scores of short runs are noisy: to measure the noise, the initial
    settings are run with two random seeds.
    """
    from gantool.cli.tuning import begin, resumed, run_search
    from gantool.tuning.halving import import_optuna

    import_optuna()  # before anything is made, if it is missing
    if resume is not None:
        _check_alone({**settings, "RUN": run, "search": search, "name": name, "config": config})
        folder, initial = resumed(resume, trials)
    else:
        folder, initial = begin(settings, run, config, search or (), TRIALS if trials is None else trials, out, name)
    run_search(folder, initial, plugins_dir or (), quiet=quiet, as_json=as_json)


def _check_alone(given: Mapping[str, Any]) -> None:
    """Raise UsageError for what was given beside --resume."""
    from gantool.errors import UsageError

    others = [key for key, value in given.items() if value is not None and value != []]
    if others:
        raise UsageError(f"--resume continues a search with its first settings: leave out {', '.join(others)}.")
