"""Commands that lead on from a run, ready to paste into a shell."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from gantool.engine.run_names import CONFIG, beside

Values = Mapping[str, int | float | str]
"""Values of settings by name."""
Folders = Sequence[Path | str]
"""The folders of plugins that a run was begun with."""


def sample_command(run: Path, plugins: Folders = (), best: bool = True) -> str:
    """The command that samples from the best checkpoint, or from the last model where there is none."""
    return shlex.join(["gantool", "sample", str(run / "best" if best else run), "--grid", *folders(plugins)])


def repeat_command(run: Path, plugins: Folders = ()) -> str:
    """The command that trains a run again, by its settings, in a folder of its own."""
    return shlex.join(["gantool", "train", "--config", str(run / CONFIG), *folders(plugins)])


def resume_command(run: Path, plugins: Folders = ()) -> str:
    """The command that resumes a run."""
    return shlex.join(["gantool", "train", "--resume", str(run), *folders(plugins)])


def change_command(run: Path, settings: Values, plugins: Folders = ()) -> str:
    """The command that resumes a run, or one of its checkpoints, with other values for some settings."""
    return shlex.join(["gantool", "train", "--resume", str(run), *_flags(settings), "--change", *folders(plugins)])


def longer_command(run: Path, settings: Values, plugins: Folders = ()) -> str:
    """The command that resumes a run up to more images; other settings beside these need `--change`."""
    change = ["--change"] if settings.keys() - {"images"} else []
    return shlex.join(["gantool", "train", "--resume", str(run), *_flags(settings), *change, *folders(plugins)])


def anew_command(run: Path, settings: Values, plugins: Folders = (), init: bool = True) -> str:
    """The command that begins a new run beside a run, with other values for some settings; `init`: from its best."""
    new = beside(run)
    start = ["--init", str(run / "best")] if init else []
    words = ["gantool", "train", *start, "--config", str(run / CONFIG), *_flags(settings)]
    place = [] if new.parent == Path("runs") else ["--out", str(new.parent)]
    return shlex.join([*words, *place, "--name", new.name, *folders(plugins)])


def folders(plugins: Folders) -> list[str]:
    """The flags that name folders of plugins."""
    return [word for folder in plugins for word in ("--plugins-dir", str(folder))]


def _flags(settings: Values) -> list[str]:
    both = settings.keys() >= {"lr_g", "lr_d"} and settings["lr_g"] == settings["lr_d"]
    if both:  # which a network without an adversary needs, too
        settings = {"lr": settings["lr_g"]} | {name: value for name, value in settings.items() if name[:3] != "lr_"}
    return [
        word
        for name, value in settings.items()
        for word in (f"--{name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value))
    ]
