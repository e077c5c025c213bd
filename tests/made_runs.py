"""Run folders as training leaves them, written in a moment: for tests of the report."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.api.run_config import RunConfig
from gantool.engine.run_names import BEST, CHOICES, METRICS, SAMPLES, sheet_of
from gantool.report.frames import Encoder
from gantool.report.page import page_of
from gantool.report.record import Record, read_record
from gantool.run.folder import load_config, save_config

HOSTILE = "<img src=x onerror=alert(1)>"


def made_run(
    folder: Path,
    *,
    sheets: int = 4,
    ticks: int = 40,
    side: int = 24,
    warnings: tuple[str, ...] = (),
    **settings: object,
) -> Path:
    """A run of 100 images a tick with so many sheets, each of a grey of its own where `side` is small."""
    goal = 100 * ticks
    config = RunConfig.model_validate({"arch": "dcgan", "resolution": 16, "images": goal, **settings})
    folder.mkdir(parents=True)
    save_config(folder, config)
    lines: list[dict[str, object]] = []
    for tick in range(1, ticks + 1):
        seen = 100 * tick
        lines.append({"images_seen": seen, "images_per_second": 50.0, "loss_d": 1.4 - tick / ticks, "loss_g": 0.7,
                      "real_accuracy": 0.75, "fake_accuracy": 0.5, "gradient_norm_d": 2.0,
                      "terms_<b>": 0.25})  # fmt: skip
    for index in range(0, ticks + 1, max(1, ticks // 8)):
        lines.append({"images_seen": 100 * index, "swd": 2 / (1 + index), "diversity": index / ticks, "score": 1.0})
    lines += [{"images_seen": goal // 2, "warning": warning} for warning in warnings]
    (folder / METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / BEST).write_text(json.dumps({"images_seen": goal, "score": 1.0, "checkpoint": f"checkpoints/{goal:09d}"}))
    (folder / CHOICES).write_text(json.dumps([{"setting": "batch", "value": "64", "why": "the recipe"}]))
    (folder / SAMPLES).mkdir()
    for index in range(sheets):
        save_sheet(folder, index * goal // max(1, sheets - 1), 10 * index % 250, side)
    return folder


def save_sheet(folder: Path, images_seen: int, shade: int, side: int) -> None:
    """A sheet of one grey; a large one is noise beside it, as hard to encode as samples can be."""
    pixels = np.full((side, side, 3), shade, np.uint8)
    if side > 100:
        pixels = np.random.default_rng(shade).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(sheet_of(folder, images_seen), compress_level=1)


def record_of(folder: Path) -> Record:
    """The run, read."""
    return read_record(folder, load_config(folder))


def html_of(*folders: Path) -> str:
    """The page of these runs."""
    return page_of([record_of(folder) for folder in folders], Encoder(pages=len(folders)))
