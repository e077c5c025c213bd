"""The discriminator beside a model file."""

import pytest
import torch

import gantool
from gantool.engine.discriminator_file import discriminator_file, load_discriminator
from gantool.engine.model_file import load_generator
from gantool.engine.run_names import models_in
from gantool.errors import CheckpointError
from gantool.run.initial import find, read_weights

CARD = gantool.ModelCard(architecture="mlp", resolution=16, channels=3, images_seen=0)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "faces.safetensors"
    gantool.save_generator(path, {"weight": torch.ones(3)}, CARD)
    return path


def test_it_is_read_back_and_a_run_begins_with_it(model):
    assert load_discriminator(model) is None
    assert find(str(model)).networks.startswith("the generator of")
    path = gantool.save_discriminator(model, {"judge": torch.arange(2.0)})
    assert path == discriminator_file(model) == model.with_name("faces-discriminator.safetensors")
    weights = read_weights(find(str(model)))
    assert torch.equal(weights.discriminator["judge"], torch.arange(2.0))
    assert list(weights.generator) == ["weight"]
    assert weights.initial.networks.startswith("generator and discriminator of")


def test_it_is_no_model_by_itself(model):
    path = gantool.save_discriminator(model, {"judge": torch.ones(2)})
    assert models_in(model.parent) == [str(model)]
    with pytest.raises(CheckpointError, match="is a discriminator, and a generator is needed here"):
        load_generator(path)


def test_that_of_another_model_and_a_damaged_one_are_refused(model):
    path = gantool.save_discriminator(model, {"judge": torch.ones(2)})
    gantool.save_generator(model, {"weight": torch.zeros(3)}, CARD)
    with pytest.raises(CheckpointError, match=r"another model than .* To begin without, copy faces\.safetensors alone"):
        read_weights(find(str(model)))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="faces-discriminator"):
        load_discriminator(model)


def test_what_bears_its_name_by_chance_is_told_with_the_remedy(model):
    path = discriminator_file(model)
    gantool.save_generator(path, {"weight": torch.ones(3)}, CARD)
    words = rf"is a generator, and a discriminator is needed here\. .*belong to {model}\. To begin without, copy"
    with pytest.raises(CheckpointError, match=words):
        load_discriminator(model)
    path.unlink()
    path.mkdir()
    assert load_discriminator(model) is None
