"""`gantool import`: files of others become models that draw what their own code would draw."""

import argparse
import json
import zipfile

import authors
import numpy as np
import pickled
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import gantool
from gantool_stylegan2.foreign import read_model
from gantool_stylegan2.networks import build


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def ada(tmp_path):
    """A file of the authors, with its weights."""

    def write(protocol=4, classes=0, **more):
        weights = authors.generator_weights(classes=classes), authors.discriminator_weights(classes=classes)
        path = tmp_path / "ada.pkl"
        path.write_bytes(pickled.dumps(pickled.of_authors(*weights, **more), protocol))
        return path, *weights

    return write


@torch.no_grad()
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_authors_pickles_are_read_in_every_protocol(ada, protocol):
    path, generator, discriminator = ada(protocol, classes=2, clamp=0.5)
    found = read_model(path)
    assert found.left_out == ["training_set_kwargs: not needed to draw", "augment_pipe: not needed to draw"]
    assert (found.options.clamp, found.options.stddev_group) == (0.5, 2)
    assert found.shape == gantool.ImageShape(32, 3, 2)
    gan = build(found.options, found.shape)
    gan.generator.load_state_dict(found.generator)
    gan.discriminator.load_state_dict(found.discriminator)
    gan.generator.eval()
    z, labels = torch.randn(4, 6), torch.tensor([0, 1, 1, 0])
    one_hot = torch.nn.functional.one_hot(labels).float()
    w = gan.generator.map(z, labels)
    (pictures,) = gan.generator.synthesize(w)
    assert torch.allclose(w[:, 0], authors.mapped(generator, z, one_hot), atol=1e-5)
    assert torch.allclose(pictures, authors.drawn(generator, w, clamp=0.5), atol=1e-4)
    logits = gan.discriminator((pictures,), labels)
    assert torch.allclose(logits[:, None], authors.judged(discriminator, pictures, one_hot, 0.5, group=2), atol=1e-4)


def test_every_command_works_on_an_imported_model(gantool_cli, ada, tmp_path, photos):
    path, *_ = ada(classes=2)
    model = tmp_path / "models" / "model.safetensors"  # whose folder is not there yet
    ended = gantool_cli("import", path, "-o", model)
    assert (ended.code, ended.out) == (0, f"{model}\n"), ended.err
    assert "Read StyleGAN2-ADA (PyTorch), G_ema: stylegan2, 32 x 32, colour, 2 classes" in ended.err
    assert (
        f"Its discriminator is {model.parent / 'model-discriminator.safetensors'}, with which train --init" in ended.err
    )
    assert "Left out training_set_kwargs" in ended.err
    before = model.read_bytes()
    again = gantool_cli("import", path, "-o", model)
    assert (again.code, model.read_bytes() == before) == (2, True)
    both = f"{model} and {model.parent / 'model-discriminator.safetensors'} are there already"
    assert f"{both}: choose another name, or replace them with --overwrite." in again.err
    told = json.loads(gantool_cli("import", path, "-o", model, "--overwrite", "--json").out)
    assert told["files"] == [str(model), str(model.parent / "model-discriminator.safetensors")]
    assert "clamp=256" in told["architecture"]
    assert gantool.load(model, "cpu").class_names == ("0", "1")
    target, small = photos / "cats" / "1.png", ("--extractor", "random:scales=1,filters=8", "--steps", 3)
    for words in (
        ("sample", model, "-n", 2, "--out", tmp_path / "drawn"),
        ("interpolate", model, "--seeds", "1,2", "--frames", 3, "-o", tmp_path / "walk.webp"),
        ("mix", model, "--rows", "0", "--cols", "1", "--label", "1", "-o", tmp_path / "mix.png"),
        ("project", model, target, "-o", tmp_path / "found.png", *small),
    ):
        ended = gantool_cli(*words)
        assert ended.code == 0, (words, ended.err)
    with Image.open(next((tmp_path / "drawn").glob("*.png"))) as picture:
        assert np.asarray(picture).std() > 1


@pytest.mark.long
def test_a_run_begins_with_an_imported_model(gantool_cli, ada, tmp_path, photos):
    path, _, judge = ada()
    model = tmp_path / "model.safetensors"
    assert gantool_cli("import", path, "-o", model).code == 0
    words = ("--data", photos, "--images", 4, "--batch", 4, "--device", "cpu", "--out", tmp_path, "--name", "run", "-q")
    ended = gantool_cli("train", "--init", model, *words, "--freeze-d", "1")
    assert ended.code == 0, ended.err
    trained = load_file(tmp_path / "run/checkpoints/000000004/discriminator.safetensors")
    assert torch.equal(trained["blocks.0.first.weight"], judge["b32.conv0.weight"])
    assert not torch.equal(trained["last.weight"], judge["b4.out.weight"])
    run = gantool.load(tmp_path / "run", "cpu")
    assert "clamp=256" in run.card.architecture
    assert "began_with=Origin" in repr(run.card)


@torch.no_grad()
@pytest.mark.parametrize(("zipped", "mean"), [(True, True), (False, False)])
def test_rosinalitys_files_are_read_in_both_formats_of_torch(tmp_path, zipped, mean):
    generator, discriminator = authors.generator_weights(), authors.discriminator_weights()
    value = pickled.of_rosinality(generator, discriminator) | {"args": argparse.Namespace(size=32)}
    if not mean:
        del value["latent_avg"]
    torch.save(value, tmp_path / "r.pt", _use_new_zipfile_serialization=zipped)
    assert zipfile.is_zipfile(tmp_path / "r.pt") is zipped
    found = read_model(tmp_path / "r.pt")
    assert found.left_out == ["g_optim: not needed to draw", "args: not needed to draw"]
    gan = build(found.options, found.shape)
    gan.generator.load_state_dict(found.generator)
    gan.discriminator.load_state_dict(found.discriminator)
    gan.generator.eval()
    w = gan.generator.map(torch.randn(4096, 6), None)
    assert torch.allclose(w[:, 0].mean(dim=0), gan.generator.mean_w, atol=0.1) is not mean
    (pictures,) = gan.generator.synthesize(w[:4])
    assert torch.allclose(pictures, authors.drawn(generator, w[:4]), atol=1e-4)
    assert torch.allclose(gan.discriminator((pictures,))[:, None], authors.judged(discriminator, pictures), atol=1e-4)


@torch.no_grad()
def test_a_generator_that_was_saved_without_its_fixed_noise_gets_some(tmp_path):
    generator, discriminator = authors.generator_weights(), authors.discriminator_weights()
    value = pickled.of_rosinality(generator, discriminator)  # as the 256 pixels of faces in rosinality's own README
    value["g_ema"] = {name: one for name, one in value["g_ema"].items() if not name.startswith("noises.")}
    torch.save(value, tmp_path / "r.pt")
    one, other = read_model(tmp_path / "r.pt"), read_model(tmp_path / "r.pt")
    assert "is drawn anew, by seed 0" in one.left_out[-1]
    noise = {name: tensor for name, tensor in one.generator.items() if name.endswith(".noise")}
    assert [tensor.shape[0] for tensor in noise.values()] == [4, 8, 8, 16, 16, 32, 32]
    assert all(torch.equal(tensor, other.generator[name]) for name, tensor in noise.items())
    assert all(0.5 < tensor.std() < 1.5 for tensor in noise.values())
    value["g_ema"]["noises.noise_3"] = torch.randn(1, 1, 16, 16)  # some and not all: a file that is damaged
    torch.save(value, tmp_path / "r.pt")
    with pytest.raises(gantool.CheckpointError, match=r"lacks 'synthesis\.convs\.0\.noise'"):
        read_model(tmp_path / "r.pt")


def test_statistics_of_the_whole_batch_are_of_a_group_as_large_as_any(ada):
    path, generator, discriminator = ada()
    value = pickled.of_authors(generator, discriminator)  # as converted from TensorFlow by the authors' legacy.py
    value["D"].meta["state"]["_modules"]["b4"].meta["state"]["_modules"]["mbstd"].meta["state"]["group_size"] = None
    path.write_bytes(pickled.dumps(value))
    found = read_model(path)
    gan = build(found.options, found.shape)
    gan.discriminator.load_state_dict(found.discriminator)
    pictures = torch.randn(6, 3, 32, 32)
    with torch.no_grad():
        logits = gan.discriminator((pictures,))
        expected = authors.judged(discriminator, pictures, clamp=256, group=6)
    assert torch.allclose(logits[:, None], expected, atol=1e-4)


def test_a_discriminator_of_another_kind_is_left_out_with_the_reason(ada):
    found = read_model(ada(architecture="orig")[0])
    assert found.discriminator is None
    assert "has the architecture 'orig', which stylegan2 does not have" in found.left_out[-1]


def lone(name, tensor):
    """The authors' file with a generator of one tensor."""
    return {"G_ema": pickled.network("Generator", {name: tensor}, None, "skip")}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"GAN": {}, "version": "1"}, "lucidrains"),
        ({"G": {"G.initial_block": torch.ones(1)}}, "no generator"),
        ([1, 2], "it holds a list"),
        (lone("synthesis.input.weight", torch.ones(1)), "StyleGAN3"),
        (pickled.of_authors(authors.generator_weights(), skip="resnet"), "architecture 'resnet', which"),
        (lone("synthesis.b4.resample_filter", torch.ones(4, 4)), "another filter than"),
        (pickled.of_authors(authors.generator_weights(channels=2)), "of 2 channels; stylegan2 has 1, 3 or 4"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused_with_the_reason(tmp_path, value, words):
    (tmp_path / "a.pkl").write_bytes(pickled.dumps(value))
    with pytest.raises(gantool.CheckpointError, match=rf"a\.pkl cannot be imported: .*{words}"):
        read_model(tmp_path / "a.pkl")


def test_a_pickle_of_the_tensorflow_code_is_refused_with_the_way_to_convert_it(tmp_path):
    network = b"cdnnlib.tflib.network\nNetwork\n)\x81}(X\x03\x00\x00\x00srcX\x01\x00\x00\x00xub"
    (tmp_path / "tf.pkl").write_bytes(b"\x80\x03" + network + network + network + b"\x87.")
    with pytest.raises(
        gantool.CheckpointError, match=r"TensorFlow code, .*; legacy\.py of their stylegan2-ada-pytorch"
    ):
        read_model(tmp_path / "tf.pkl")


def test_a_discriminator_of_the_model_before_is_not_kept_beside_it(gantool_cli, ada, tmp_path):
    model, beside = tmp_path / "model.safetensors", tmp_path / "model-discriminator.safetensors"
    assert gantool_cli("import", ada()[0], "-o", model).code == 0
    model.unlink()
    ended = gantool_cli("import", ada(architecture="orig")[0], "-o", model)
    assert (ended.code, f"{beside} is there already" in ended.err) == (2, True)
    assert gantool_cli("import", ada(architecture="orig")[0], "-o", model, "--overwrite").code == 0
    assert (model.exists(), beside.exists()) == (True, False)


def test_a_file_in_the_place_of_the_discriminator_that_is_none_is_not_removed(gantool_cli, ada, tmp_path):
    model, beside = tmp_path / "model.safetensors", tmp_path / "model-discriminator.safetensors"
    beside.write_bytes(b"of somebody else")
    for more in ((), ("--overwrite",)):
        ended = gantool_cli("import", ada(architecture="orig")[0], "-o", model, *more)
        assert (ended.code, model.exists(), beside.read_bytes()) == (2, False, b"of somebody else")
        assert f"{beside} has the name of the discriminator of {model}, and cannot be replaced as such" in ended.err
        assert "Move it away, or choose another name." in ended.err


def test_wrong_usage_is_told(gantool_cli, tmp_path):
    own = tmp_path / "own.safetensors"
    own.write_bytes(b"a model that is there")
    for words, cause in (
        ((tmp_path / "no.pkl", "-o", tmp_path / "a.safetensors"), "There is no file"),
        ((tmp_path, "-o", tmp_path / "a.safetensors"), "is a folder: give the file of weights"),
        ((own, "-o", tmp_path / "a.safetensors"), "own.safetensors is no .pkl or .pt, of which import makes models"),
        ((__file__, "-o", tmp_path / "a.pkl"), "a model file ends in .safetensors"),
    ):
        ended = gantool_cli("import", *words)
        assert ended.code == 2
        assert cause in ended.err
