"""Model files that others made, or changed on purpose: refused in a printable sentence, before they cost anything."""

import json
import re
import struct
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import gantool
from gantool.engine.bounds import TooLargeError, bounded
from gantool.engine.model_file import METADATA_KEY, ModelCard, load_generator, save_generator
from gantool.errors import CheckpointError, GantoolError
from gantool.plugins.host import host

SMALL = "dcgan:latent=4,width=4,max_width=4"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "generator.safetensors"
    chosen = host().resolve("architecture", SMALL)
    weights = chosen.build(gantool.ImageShape(16, 3)).generator.state_dict()
    save_generator(path, weights, ModelCard(architecture=chosen.text, resolution=16, channels=3, images_seen=5))
    return path


def parts(path: Path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def written(path: Path, header, data: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def changed(model: Path, path: Path, **card) -> Path:
    """The model with other values in its card; without a digest, as files of earlier versions."""
    header, data = parts(model)
    described = {**json.loads(header["__metadata__"][METADATA_KEY]), "digest": "", **card}
    return written(path, {**header, "__metadata__": {METADATA_KEY: json.dumps(described)}}, data)


def test_a_file_of_earlier_versions_has_no_digest_and_loads(model, tmp_path):
    assert len(gantool.load(changed(model, tmp_path / "old.safetensors")).sample([0])) == 1


@pytest.mark.parametrize("place", ["weights", "card", "names"])
def test_a_change_of_weights_or_card_is_noticed(model, tmp_path, place):
    header, data = parts(model)
    if place == "weights":
        data = data[:-1] + bytes([data[-1] ^ 1])
    elif place == "card":
        header["__metadata__"][METADATA_KEY] = header["__metadata__"][METADATA_KEY].replace("leak=0.2", "leak=0.3")
    else:
        one, other = "layers.2.weight", "layers.2.bias"
        header[one], header[other] = header[other], header[one]
    with pytest.raises(CheckpointError, match=r"SHA-256 differs"):
        gantool.load(written(tmp_path / "changed.safetensors", header, data))


def test_the_digest_covers_every_kind_of_tensor(tmp_path):
    kinds = {"half": torch.ones(3, dtype=torch.bfloat16), "count": torch.tensor(3), "mask": torch.tensor([True]),
             "empty": torch.ones(0, 4), "strided": torch.ones(2, 3).T}  # fmt: skip
    card = ModelCard(architecture="x", resolution=16, channels=3, images_seen=0)
    save_generator(tmp_path / "a.safetensors", kinds, card)
    weights, read = load_generator(tmp_path / "a.safetensors")
    save_generator(tmp_path / "b.safetensors", dict(reversed(weights.items())), read)
    assert len(read.digest) == 64
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(model, tmp_path, value):
    weights, card = load_generator(model)
    name = next(name for name, one in weights.items() if name.endswith(".weight") and one.dim() == 4)
    weights[name][0] = value
    save_generator(tmp_path / "nan.safetensors", weights, card)
    with pytest.raises(CheckpointError, match=rf"'{re.escape(name)}' are not finite"):
        gantool.load(tmp_path / "nan.safetensors")


def test_weights_that_draw_nothing_finite_are_refused_when_they_draw(model, tmp_path):
    weights, card = load_generator(model)
    huge = {name: torch.full_like(one, 3e38) if one.is_floating_point() else one for name, one in weights.items()}
    save_generator(tmp_path / "huge.safetensors", huge, card)
    with pytest.raises(CheckpointError, match="pictures that are not finite"):
        gantool.load(tmp_path / "huge.safetensors").sample([0])


@pytest.mark.parametrize("value", [99, 0, "1", None, [1]])
def test_other_formats_are_refused(model, tmp_path, value):
    with pytest.raises(CheckpointError, match="this version of gantool reads format 1"):
        gantool.load(changed(model, tmp_path / "later.safetensors", format=value))


@pytest.mark.parametrize(
    "card",
    [
        {"resolution": 0}, {"resolution": -1}, {"resolution": 17}, {"resolution": 2**70}, {"resolution": "wide"},
        {"channels": 0}, {"channels": 10**9}, {"images_seen": -1}, {"images_seen": 10**40}, {"class_names": 5},
        {"architecture": "dcgan:latent=" + "9" * 5000}, {"architecture": "dcgan:latent=1000000000"},
        {"architecture": "dcgan:width=100000,max_width=100000"}, {"architecture": "mlp:generator_hidden=1000000000"},
        {"architecture": "mlp:discriminator_hidden=100000+100000"}, {"architecture": "mlp:latent=9223372036854775808"},
        {"architecture": "mlp:generator_hidden=" + "+".join("1" * 200_000)}, {"architecture": "mlp:latent=8"},
        {"architecture": "progressive:fmap_base=1000000000", "resolution": 1024}, {"architecture": ""},
        {"architecture": "\x1b[31mred"}, {"architecture": "blobs", "provider": "\x1b]0;x\x07\u202e"},
    ],
    ids=lambda card: str(card)[:60],
)  # fmt: skip
def test_any_card_is_a_short_printable_sentence_and_takes_little_memory(model, tmp_path, card):
    path = changed(model, tmp_path / "foreign.safetensors", **card)
    tracemalloc.start()
    try:
        with pytest.raises(GantoolError) as raised:
            gantool.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 700


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "9" * 5000, '{"a":' * 99 + "1" + "}" * 99, " " * 17_000_000])
def test_a_card_of_any_text_is_refused(model, tmp_path, text):
    header, data = parts(model)
    path = written(tmp_path / "foreign.safetensors", {**header, "__metadata__": {METADATA_KEY: text}}, data)
    with pytest.raises(CheckpointError, match=r"card that cannot be read|its header has"):
        gantool.load(path)


def test_a_header_beyond_the_limits_is_refused(model, tmp_path):
    header, data = parts(model)
    (tmp_path / "long.safetensors").write_bytes(struct.pack("<Q", 2**40) + b"{}")
    with pytest.raises(CheckpointError, match="its header has"):
        gantool.load(tmp_path / "long.safetensors")
    many = {f"t{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(50_001)}
    with pytest.raises(CheckpointError, match="tensors; a model of gantool has"):
        gantool.load(written(tmp_path / "many.safetensors", {**many, **header}, data))


def test_networks_are_bounded_before_they_get_memory():
    with bounded(2**12), pytest.raises(TooLargeError):
        torch.nn.Linear(2**30, 2**30)
    with bounded(2**12):
        torch.nn.Linear(16, 16)
        torch.empty(2**40, device="meta")
    with bounded(2**40), pytest.raises(TooLargeError):
        [torch.empty(1) for _ in range(60_000)]


@pytest.mark.parametrize("place", ["../other", "/etc", "checkpoints/../../other", "checkpoints", 5, "checkpoints/²"])
def test_the_best_checkpoint_is_never_outside_its_run(model, tmp_path, place):
    for folder in (tmp_path / "run", tmp_path / "other"):
        folder.mkdir()
        (folder / "ema.safetensors").write_bytes(model.read_bytes())
        (folder / "config.toml").touch()
    (tmp_path / "run/best.json").write_text(json.dumps({"checkpoint": place}))
    with pytest.raises(CheckpointError, match=r"best\.json is missing or damaged"):
        gantool.load(tmp_path / "run/best")


def test_the_fixtures_of_earlier_versions_have_no_digest():
    old = Path(__file__).parents[1] / "fixtures/runs/dcgan/generator.safetensors"
    assert load_generator(old)[1].digest == ""
    assert gantool.load(old).sample([0])
    assert load_file(old)
