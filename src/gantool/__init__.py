"""gantool: train generative adversarial networks from the command line, with plugins.

This is the face for plugin authors and library users. Importing it imports no torch; each name is fetched on first use.
It imports nothing at all, not even `typing`, since the command guards against Ctrl-C only after it (`cli/main`).
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers take this name for true

if TYPE_CHECKING:
    from typing import Any

    from gantool.api.data import PictureFile, PictureFiles, Skipped, Source
    from gantool.api.events import Checkpoint, Event, Finished, Measured, Snapshot, Started, Tick, Warned
    from gantool.api.features import Extractor, PlaceWeights, Statistics, StyleLoss
    from gantool.api.hookspecs import hookimpl
    from gantool.api.metrics import Better, Metric, Pictures
    from gantool.api.networks import Critic, Gan, Images, Labels, Logits, MappedGenerator, Seen, Stage
    from gantool.api.observers import Listener, Observer
    from gantool.api.run_config import RunConfig
    from gantool.api.specs import (
        API_VERSION,
        Architecture,
        Command,
        Component,
        ImageShape,
        OnCpu,
        OptimizerSetting,
        Options,
        Recipe,
        Setting,
        ShortRun,
        option,
    )
    from gantool.api.strategies import Augmentation, Balance, Loss, Penalty, Turn
    from gantool.api.style_networks import StyleNetwork
    from gantool.data.pictures.options import PictureOptions
    from gantool.data.pictures.spool import cached_pictures, natural_shape
    from gantool.data.shards.remote import open_url
    from gantool.engine.discriminator_file import save_discriminator
    from gantool.engine.model_file import ModelCard, save_generator
    from gantool.errors import (
        CheckpointError,
        DataError,
        GantoolError,
        OptionError,
        PluginError,
        ResumeError,
        StyleError,
        TrainingError,
        UnknownNameError,
        UsageError,
    )
    from gantool.evaluation.evaluate import evaluate
    from gantool.evaluation.result import Evaluation
    from gantool.evaluation.scores import Scores
    from gantool.exporting.export import export
    from gantool.files import cache_folder
    from gantool.run.face import build, configure, extractor, train, trainer
    from gantool.sampling.directions import Directions, load_directions, save_directions
    from gantool.sampling.finding import find_directions
    from gantool.sampling.latent_file import LatentFile, load_latents, save_latents
    from gantool.sampling.load import load
    from gantool.sampling.model import Model

__version__ = "0.1.0"

_HOME = {
    "gantool.evaluation.evaluate": ("evaluate",),
    "gantool.evaluation.result": ("Evaluation",),
    "gantool.evaluation.scores": ("Scores",),
    "gantool.run.face": ("build", "configure", "extractor", "train", "trainer"),
    "gantool.sampling.load": ("load",),
    "gantool.api.specs": (
        "API_VERSION", "Architecture", "Command", "Component", "ImageShape", "OnCpu", "OptimizerSetting",
        "Options", "Recipe", "Setting", "ShortRun", "option",
    ),
    "gantool.api.run_config": ("RunConfig",),
    "gantool.api.networks": ("Critic", "Gan", "Images", "Labels", "Logits", "MappedGenerator", "Seen", "Stage"),
    "gantool.api.strategies": ("Augmentation", "Balance", "Loss", "Penalty", "Turn"),
    "gantool.api.data": ("PictureFile", "PictureFiles", "Skipped", "Source"),
    "gantool.data.pictures.options": ("PictureOptions",),
    "gantool.data.pictures.spool": ("cached_pictures", "natural_shape"),
    "gantool.data.shards.remote": ("open_url",),
    "gantool.files": ("cache_folder",),
    "gantool.api.features": ("Extractor", "PlaceWeights", "Statistics", "StyleLoss"),
    "gantool.api.style_networks": ("StyleNetwork",),
    "gantool.api.metrics": ("Better", "Metric", "Pictures"),
    "gantool.api.observers": ("Listener", "Observer"),
    "gantool.api.events": ("Checkpoint", "Event", "Finished", "Measured", "Snapshot", "Started", "Tick", "Warned"),
    "gantool.engine.discriminator_file": ("save_discriminator",),
    "gantool.engine.model_file": ("ModelCard", "save_generator"),
    "gantool.errors": (
        "GantoolError", "UsageError", "UnknownNameError", "OptionError", "PluginError", "DataError", "CheckpointError",
        "ResumeError", "TrainingError", "StyleError",
    ),
    "gantool.api.hookspecs": ("hookimpl",),
    "gantool.sampling.latent_file": ("LatentFile", "load_latents", "save_latents"),
    "gantool.sampling.directions": ("Directions", "load_directions", "save_directions"),
    "gantool.sampling.finding": ("find_directions",),
    "gantool.exporting.export": ("export",),
    "gantool.sampling.model": ("Model",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [  # noqa: RUF022 (in the order an author meets them)
    "__version__", "API_VERSION", "hookimpl", "Options", "option", "Architecture", "Component", "Command", "Recipe",
    "ShortRun", "OnCpu", "Setting", "OptimizerSetting", "ImageShape", "Gan", "Seen", "Stage", "Images", "Labels",
    "Logits", "Loss", "Critic", "Penalty", "Augmentation", "Balance", "Turn", "Source", "Skipped", "PictureFiles",
    "PictureFile", "PictureOptions", "cached_pictures", "natural_shape", "open_url", "cache_folder", "Extractor",
    "StyleLoss", "Statistics", "PlaceWeights", "StyleNetwork", "Metric", "Pictures", "Better", "Observer",
    "Listener", "Event", "Started", "Tick", "Snapshot", "Measured", "Checkpoint", "Warned", "Finished",
    "MappedGenerator",
    "GantoolError", "UsageError", "UnknownNameError", "OptionError", "PluginError", "DataError", "CheckpointError",
    "ResumeError", "TrainingError", "StyleError", "RunConfig", "build", "configure", "train", "trainer",
    "extractor", "load", "Model", "ModelCard", "save_generator", "save_discriminator", "LatentFile", "load_latents",
    "save_latents", "find_directions", "Directions", "load_directions", "save_directions", "export", "evaluate",
    "Evaluation", "Scores",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'gantool' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
