"""A run to evaluate, with data of its own, and an extractor and a metric that count what they are asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import gantool
from gantool.api.specs import ImageShape
from gantool.engine.model_file import ModelCard, save_generator
from gantool.plugins.host import host
from gantool.run.folder import save_config

SIDE = 8
CLASSES = ("blue", "red")


class Means(gantool.Extractor):
    """Means of quarters: two features for each channel and row; `seen` counts pictures, all instances together."""

    seen: list[int] = []
    calibrated = True

    def __init__(self, options: object) -> None:
        pass

    def __call__(self, images: Tensor) -> Sequence[Tensor]:
        self.seen.append(len(images))
        return (torch.nn.functional.adaptive_avg_pool2d(images, 2).flatten(1),)


class Near(gantool.Metric):
    """The mean distance of a sample to the nearest real, and which they are."""

    against_all = True
    mirrors = True
    better: Mapping[str, gantool.Better] = {"near": "lower"}

    def __init__(self, options: object) -> None:
        pass

    def _least(self, reals: gantool.Pictures, samples: gantool.Pictures) -> tuple[Tensor, Tensor]:
        assert reals.features is not None
        assert reals.mirrored is not None
        assert samples.features is not None
        found = torch.cdist(samples.features.double(), reals.features.double()).min(dim=1)
        return found.values, found.indices

    def __call__(self, reals: gantool.Pictures, samples: gantool.Pictures) -> dict[str, float]:
        if len(samples) < 3:
            raise ValueError("Near needs at least 3 samples.")
        return {"near": float(self._least(reals, samples)[0].mean()), "near_error": 0.001}

    def read(self, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
        return f"near {values['near']:.3f} beside {reference['near']:.3f}."

    def pairs(self, reals: gantool.Pictures, samples: gantool.Pictures) -> list[tuple[int, int, float]]:
        values, indices = self._least(reals, samples)
        return [(int(row), int(indices[row]), float(values[row])) for row in values.argsort()[:4]]


class Plugin:
    """Both as a plugin."""

    @staticmethod
    @gantool.hookimpl
    def gantool_extractors() -> list[gantool.Component]:
        return [gantool.Component("means", "Means of quarters", gantool.Options, f"{__name__}:Means")]

    @staticmethod
    @gantool.hookimpl
    def gantool_metrics() -> list[gantool.Component]:
        return [gantool.Component("near", "Distance to the nearest", gantool.Options, f"{__name__}:Near")]


def write_data(folder: Path, count: int = 24, classes: Sequence[str] = CLASSES) -> Path:
    """A folder of pictures of noise about a colour, the last class three times as often as each other."""
    chance = np.random.default_rng(0)
    places = [*classes, classes[-1], classes[-1]] if classes else [""]
    for number in range(count):
        name = places[number % len(places)]
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        pixels = chance.integers(0, 120, (SIDE, SIDE, 3)) + 60 * len(name) % 130
        gantool_image(pixels.astype(np.uint8), place / f"{number}.png")
    return folder


def gantool_image(pixels: np.ndarray, path: Path) -> None:
    from PIL import Image

    Image.fromarray(pixels).save(path)


def write_run(run: Path, data: Path | str, classes: Sequence[str] = (), images_seen: int = 640, seed: int = 0) -> Path:
    """A run of a small, untrained mlp on this data, with its configuration, one checkpoint and its model."""
    chosen = host().resolve("architecture", "mlp:latent=4,generator_hidden=8,discriminator_hidden=8")
    torch.manual_seed(seed)
    gan = chosen.build(ImageShape(SIDE, 3, len(classes)))
    card = ModelCard(
        architecture=chosen.text, resolution=SIDE, channels=3, class_names=tuple(classes), images_seen=images_seen
    )
    for place in (run / "generator.safetensors", run / f"checkpoints/{images_seen:09d}/ema.safetensors"):
        place.parent.mkdir(parents=True, exist_ok=True)
        save_generator(place, gan.generator.state_dict(), card)
    settings = {"arch": chosen.text, "data": str(data), "resolution": SIDE, "labels": bool(classes), "batch": 2}
    save_config(run, gantool.configure(**settings))
    return run
