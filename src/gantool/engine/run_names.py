"""Names of run folders, and of what lies in them."""

from contextlib import suppress
from itertools import count
from operator import itemgetter
from pathlib import Path

CONFIG = "config.toml"
GENERATOR = "generator.safetensors"
"""The model to share in a run; in a checkpoint, the generator as it is trained."""
CHECKPOINTS = "checkpoints"
AVERAGED = "ema.safetensors"
"""The model to share in a checkpoint."""
BEST = "best.json"
METRICS = "metrics.jsonl"
EVALUATIONS = "evaluations.jsonl"
SAMPLES = "samples"
SKIPPED = "skipped.tsv"
CHOICES = "choices.json"
"""The defaults chosen for a run, each with its reason."""
REPORT = "report.html"
FAVOURITES = "favourites.json"
DIRECTIONS, DISCRIMINATOR = "directions.safetensors", "discriminator.safetensors"


def by_images(images_seen: int) -> str:
    """The name of a checkpoint or a sheet, which sorts by images seen."""
    return f"{images_seen:09d}"


def sheet_of(run: Path, images_seen: int) -> Path:
    """The sheet of a snapshot."""
    return run / SAMPLES / f"{by_images(images_seen)}.png"


def beside(run: Path) -> Path:
    """A new folder, not made yet, for a run that begins where another stands: `NAME-2`, or the next that is free."""
    run = run if run.name else run.absolute()  # it may be "."
    return next(place for number in count(2) if not (place := run.with_name(f"{run.name}-{number}")).exists())


def models_in(folder: Path) -> list[str]:
    """Runs and generator files right inside a folder, newest first; none where it cannot be read."""
    found = []
    with suppress(OSError):
        for entry in folder.iterdir():
            with suppress(OSError):  # a link that leads nowhere
                if _is_model(entry):
                    found.append((entry.stat().st_mtime, str(entry)))
    return [path for _, path in sorted(found, key=itemgetter(0), reverse=True)]


def _is_model(entry: Path) -> bool:
    if entry.suffix == ".safetensors":
        return not entry.name.endswith((DIRECTIONS, DISCRIMINATOR))
    return entry.is_dir() and any((entry / name).exists() for name in (GENERATOR, AVERAGED, CHECKPOINTS, CONFIG))


def a_model(more: str = "") -> str:
    """What a MODEL is, in a sentence, then `more`, and the newest run of `runs`."""
    return (
        "Give a run folder (as in runs/NAME), a checkpoint folder, a .safetensors file, or hf://OWNER/NAME of the Hub."
        f"{more}{newest_run()}"
    )


def newest_run() -> str:
    """A sentence, after a space, with the newest run of `runs`; "" where there is none."""
    return next((f" The newest run is {path}." for path in models_in(Path("runs")) if Path(path).is_dir()), "")
