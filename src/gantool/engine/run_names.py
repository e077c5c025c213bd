"""Names of what lies in a run folder."""

from pathlib import Path

CONFIG = "config.toml"
GENERATOR = "generator.safetensors"
"""The model to share in a run; in a checkpoint, the generator as it is trained."""
CHECKPOINTS = "checkpoints"
AVERAGED = "ema.safetensors"
"""The model to share in a checkpoint."""
BEST = "best.json"
METRICS = "metrics.jsonl"
SAMPLES = "samples"
SKIPPED = "skipped.tsv"


def by_images(images_seen: int) -> str:
    """The name of a checkpoint or a sheet, which sorts by images seen."""
    return f"{images_seen:09d}"


def sheet_of(run: Path, images_seen: int) -> Path:
    """The sheet of a snapshot."""
    return run / SAMPLES / f"{by_images(images_seen)}.png"
