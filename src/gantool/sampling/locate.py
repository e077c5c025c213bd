"""The generator file that a MODEL argument means, found from a run, checkpoint or file by reading headers alone."""

import os
import shlex
from pathlib import Path

from gantool.engine import checkpoint
from gantool.engine.best import best_checkpoint
from gantool.engine.model_file import read_card
from gantool.engine.run_names import AVERAGED, BEST, CHECKPOINTS, CONFIG, GENERATOR, a_model, models_in
from gantool.errors import CheckpointError, nearest
from gantool.homes import folder_of
from gantool.sampling.remote import fetched, repository_of

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")


def generator_file(path: str | Path) -> Path:
    """The generator file of a run or checkpoint folder, of `RUN/best` the best checkpoint's, or the file itself.

    For a run that has no `generator.safetensors` yet, it is that of the newest readable checkpoint. Raises
    CheckpointError with a remedy for anything else; a pickle is refused by its name, since unpickling can run code.
    """
    path = _meant(Path(path))
    if path.is_dir():
        return _in_folder(path)
    if path.suffix.lower() in PICKLES:
        made = path.with_suffix(".safetensors").name
        raise CheckpointError(
            f"{path} is refused by its name: {path.suffix} files are pickles, which can run any code when opened. "
            "gantool reads run folders, checkpoint folders and .safetensors files that it wrote. Of StyleGAN2 models "
            f"the plugin gantool-stylegan2 makes one: {shlex.join(['gantool', 'import', str(path), '-o', made])}"
        )
    if not path.exists():
        raise CheckpointError(f"There is no model at {path}.{_nearest(path)}")
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path} is no model: give a run folder, a checkpoint folder or a .safetensors file.")
    if path.name != AVERAGED and path.with_name(AVERAGED).exists():
        raise CheckpointError(
            f"{path} holds the weights of training alone; give its folder instead: {folder_of(path)}."
        )
    return path


def model_name(path: str | Path) -> str:
    """The name of a MODEL: that of its run or repository, or the stem of a file outside any run."""
    if (at := repository_of(path)) is not None:
        return at[0].partition("/")[2]
    path = _meant(Path(path)).resolve()
    if path.is_file() and path.name not in (GENERATOR, AVERAGED):
        return path.stem
    folder = path.parent if path.is_file() else path
    return folder.parent.parent.name if folder.parent.name == CHECKPOINTS else folder.name


def run_of(path: str | Path) -> Path | None:
    """The run folder that a MODEL belongs to; None for a file outside any run."""
    file = generator_file(path)
    places = [file.parent, *([file.parent.parent.parent] if file.parent.parent.name == CHECKPOINTS else [])]
    return next((place for place in places if (place / CONFIG).is_file()), None)


def _meant(path: Path) -> Path:
    """The path itself; for `RUN/best` the checkpoint that the run's best.json names; on the Hub, its cached folder."""
    if (at := repository_of(path)) is not None:
        return fetched(*at)
    if path.name != "best" or path.exists():
        return path
    run = path.parent
    best = best_checkpoint(run)
    if best is None and (run / CONFIG).exists():
        raise CheckpointError(
            f"The run {run} has no best checkpoint: no snapshot of it has a score ({BEST} is missing or damaged). "
            f"Its last model is {folder_of(path)}."
        )
    return best or path


def _in_folder(folder: Path) -> Path:
    if (folder / AVERAGED).exists() or folder.parent.name == CHECKPOINTS:
        return _sound(folder / AVERAGED, folder.parent.parent)
    if (folder / GENERATOR).exists():
        return _sound(folder / GENERATOR, folder)
    newest = _newest_readable(folder)
    if newest is not None:
        return newest
    if (folder / CHECKPOINTS).exists() or (folder / CONFIG).exists():
        raise CheckpointError(
            f"The run {folder} has no model yet: it has not come to its first checkpoint. "
            f"If it does not train any more, resume it with: gantool train --resume {shlex.quote(str(folder))}"
        )
    if folder.name == CHECKPOINTS and _newest_readable(folder.parent) is not None:
        return _in_folder(folder.parent)
    run = next((place for place in folder.absolute().parents if _is_run(place)), None)
    if run is not None:
        above = shlex.quote(os.path.relpath(run))
        raise CheckpointError(f"{folder} is a folder inside a run. Give the run: {above}")
    runs = models_in(folder)
    inside = f" It holds these: {', '.join(runs[:8])}." if runs else f" {a_model()}"
    raise CheckpointError(f"{folder} is no run folder and no checkpoint.{inside}")


def _is_run(place: Path) -> bool:
    """True for a run that has begun; a file of settings alone, of any program, may be called as a run's is."""
    return (place / CONFIG).is_file() and (place / CHECKPOINTS).is_dir()


def _sound(file: Path, run: Path) -> Path:
    """The file, if its header is sound; else the error also names the newest checkpoint that can be read."""
    try:
        read_card(file)
    except CheckpointError as error:
        newest = _newest_readable(run)
        rescue = f" The newest readable checkpoint is {newest.parent}: use that." if newest else ""
        raise CheckpointError(f"{error}{rescue}") from error
    return file


def _newest_readable(run: Path) -> Path | None:
    for file in (path / AVERAGED for path in checkpoint.newest_first(run)):
        try:
            read_card(file)
        except CheckpointError:
            continue
        return file
    return None


def _nearest(path: Path) -> str:
    """A hint for an error: a similar name beside it, a run of that name in `runs`, or a list of the models there."""
    for folder in (path.parent, path.parent / "runs"):
        if (folder / path.name).exists():
            return f" Did you mean {str(folder / path.name)!r}?"
        # Names alone are compared: a common folder or suffix would make unlike names look similar.
        models = {_bare(model): model for model in reversed(models_in(folder))}
        near = nearest(_bare(path.name), models)
        if near is not None:
            return f" Did you mean {models[near]!r}?"
    known = [*models_in(path.parent / "runs"), *models_in(path.parent)]
    if known:
        more = f", and {len(known) - 8} more" if len(known) > 8 else ""
        return f" There are: {', '.join(known[:8])}{more}."
    return f" {a_model()}"


def _bare(path: str) -> str:
    return Path(path).name.removesuffix(".safetensors")
