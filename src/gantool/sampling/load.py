"""Loading a Model from a run folder, a checkpoint or a model file."""

from pathlib import Path

import torch

from gantool.api.specs import ImageShape
from gantool.engine import checkpoint
from gantool.engine.contract_check import check_contract
from gantool.engine.devices import pick_device
from gantool.engine.model_file import load_generator
from gantool.errors import PluginError
from gantool.plugins.host import PluginHost, host
from gantool.sampling import providers
from gantool.sampling.locate import generator_file
from gantool.sampling.model import Model


def load(model: Path | str, device: str = "auto") -> Model:
    """The generator in a run folder, a checkpoint or a `.safetensors` file.

    Raises CheckpointError if it is none or damaged, PluginError if the plugin with its architecture is missing.
    """
    return load_by(host(), model, device)


def load_by(plugins: PluginHost, model: Path | str, device: str = "auto") -> Model:
    """The same, by the architectures of these plugins."""
    path = generator_file(Path(model))
    weights, card = load_generator(path)
    try:
        chosen = plugins.resolve("architecture", card.architecture)
    except Exception as error:
        raise PluginError(
            f"{path} needs the architecture of {card.provider}, which is not usable here: {error}"
        ) from error
    shape = ImageShape(card.resolution, card.channels, len(card.class_names))
    with torch.random.fork_rng(devices=[]):
        gan = chosen.build(shape)
    if chosen.is_plugin:
        check_contract(gan, shape, chosen.title)
    gan.advance(card.images_seen)
    with providers.explaining_misfit(path, chosen):
        checkpoint.load_weights(gan.generator, weights, str(path))
    gan.advance(card.images_seen)  # state that follows from images_seen takes precedence over averaged buffers
    return Model(gan, card, pick_device(device))
