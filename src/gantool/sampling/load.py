"""Loading a Model from a run folder, a checkpoint or a model file."""

from pathlib import Path

import torch

from gantool.api.networks import Gan
from gantool.api.specs import Architecture, ImageShape
from gantool.arguments import type_checked
from gantool.engine import checkpoint
from gantool.engine.bounds import MOST_TENSORS, TooLargeError, bounded
from gantool.engine.contract_check import check_contract
from gantool.engine.devices import pick_device
from gantool.engine.model_file import ModelCard, load_generator, tensors_in
from gantool.errors import CheckpointError, GantoolError, PluginError, cause, shortened
from gantool.plugins.host import PluginHost, host
from gantool.plugins.selection import Chosen
from gantool.sampling import providers
from gantool.sampling.locate import generator_file
from gantool.sampling.model import Model

LEAST_BOUND, LEAST_TENSORS, BOUND = 2**28, 4_000, 16
"""Bytes and tensors that networks may take, and how many more for each of their file, which lacks the discriminator."""


@type_checked
def load(model: Path | str, device: torch.device | str = "auto") -> Model:
    """The generator in a run folder, a checkpoint or a `.safetensors` file; a card without a digest has its file's.

    Raises CheckpointError if it is none or damaged, PluginError if the plugin with its architecture is missing.
    """
    return load_by(host(), model, device)


def load_by(plugins: PluginHost, model: Path | str, device: torch.device | str = "auto") -> Model:
    """The same, by the architectures of these plugins."""
    path = generator_file(Path(model))
    weights, card = load_generator(path)
    try:
        chosen = plugins.resolve("architecture", card.architecture, stored=True)
    except Exception as error:
        why = providers.unusable(plugins, card, error) if isinstance(error, GantoolError) else error
        raise PluginError(
            f"{path} needs the architecture of {card.provider}, which is not usable here: {why}"
        ) from error
    gan = built(path, card, chosen)
    with providers.explaining_misfit(path, chosen):
        checkpoint.load_weights(gan.generator, weights, str(path))
    gan.advance(card.images_seen)  # state that follows from images_seen takes precedence over averaged buffers
    known = card.digest or checkpoint.digest(path)  # files of earlier versions have none
    return Model(gan, card.model_copy(update={"digest": known}), pick_device(str(device)))


def built(path: Path, card: ModelCard, chosen: Chosen) -> Gan:
    """The networks of a card, which may be anybody's: no larger than the file can fill, and whatever fails is told."""
    shape = ImageShape(card.resolution, card.channels, len(card.class_names))
    size = path.stat().st_size
    able = chosen.spec.resolutions if isinstance(chosen.spec, Architecture) else ()
    if able and card.resolution not in able:
        raise CheckpointError(
            f"{path} cannot be used: it is of {card.resolution} pixels, and {chosen.spec.name} does "
            f"{', '.join(map(str, able))}."
        )
    try:
        tensors = min(MOST_TENSORS, LEAST_TENSORS + BOUND * tensors_in(path))
        with torch.random.fork_rng(devices=[]), bounded(LEAST_BOUND + BOUND * size, tensors):
            gan: Gan = chosen.build(shape)
        if chosen.is_plugin:
            check_contract(gan, shape, chosen.title, judging=False)
        gan.advance(card.images_seen)
    except GantoolError:
        raise
    except TooLargeError as error:
        raise CheckpointError(
            f"{path} cannot be used: its card asks for networks far beyond the {size / 2**20:,.1f} MB of its weights "
            f"({shortened(card.architecture, 80)} at {card.resolution} pixels)."
        ) from error
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be used: no networks can be built by its card, {shortened(card.architecture, 80)} at "
            f"{card.resolution} pixels with {card.channels} channels ({cause(error)})."
        ) from error
    return gan
