"""Exported generators draw what gantool draws, without it; what is refused leaves no file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import gantool
from gantool.api.networks import Gan, Labels
from gantool.api.specs import ImageShape
from gantool.engine.model_file import ModelCard
from gantool.errors import GantoolError, OptionError, UsageError
from gantool.exporting import formats
from gantool.exporting.export import BATCHES
from gantool.exporting.network import Drawing, inputs
from gantool.pixels import multiplied, to_uint8
from gantool.plugins.host import host
from gantool.sampling.model import Model

CLASSES = ("cat", "dog", "owl")


class Styled(nn.Module):
    """Classes move w far apart; noise is drawn if asked for, and the batch may be fixed where it is traced."""

    def __init__(self, noisy: bool = False, fixed: bool = False) -> None:
        super().__init__()
        self.mapping, self.embedding = nn.Linear(4, 6), nn.Embedding(3, 6)
        self.last, self.noisy, self.fixed = nn.Linear(6, 3 * 8 * 8), noisy, fixed

    def map(self, z: Tensor, labels: Labels = None) -> Tensor:
        return self.mapping(z) + 5 * self.embedding(labels)

    def synthesize(self, w: Tensor) -> tuple[Tensor, ...]:
        image = torch.tanh(0.2 * self.last(w)).view(int(w.shape[0]) if self.fixed else -1, 3, 8, 8)
        image = image + torch.rand_like(image) if self.noisy else image
        return (image[..., ::2, ::2], image)

    def forward(self, z: Tensor, labels: Labels = None) -> tuple[Tensor, ...]:
        return self.synthesize(self.map(z, labels))


def styled(**how: bool) -> Model:
    torch.manual_seed(0)
    card = ModelCard(architecture="styled", resolution=8, channels=3, class_names=CLASSES, images_seen=7)
    return Model(Gan(Styled(**how), None, 4), card)


def of(architecture: str, resolution: int, classes: tuple[str, ...], channels: int = 3) -> Model:
    torch.manual_seed(0)
    chosen = host().resolve("architecture", architecture)
    gan = chosen.build(ImageShape(resolution, channels, len(classes)))
    gan.advance(1000)
    card = ModelCard(
        architecture=chosen.text, resolution=resolution, channels=channels, class_names=classes, images_seen=1000
    )
    return Model(gan, card)


def drawn(file: Path, given: dict[str, Tensor]) -> np.ndarray:
    session = onnxruntime.InferenceSession(file)
    return session.run(None, {name: tensor.numpy() for name, tensor in given.items()})[0]


@pytest.mark.long
def test_truncation_in_w_and_classes_are_exported_with_a_card(tmp_path):
    model = styled()
    gantool.export(model, tmp_path / "a.onnx")
    for truncation in (0.0, 0.6, 1.0):
        images = torch.from_numpy(drawn(tmp_path / "a.onnx", inputs(model, 5, truncation)))
        assert (to_uint8(images).int() - model.images(range(5), truncation).int()).abs().max() <= 1
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    meta = session.get_modelmeta()
    card = json.loads(meta.custom_metadata_map["gantool"])
    assert (card["architecture"], card["latent_dim"], card["images_seen"], card["space"]) == ("styled", 4, 7, "w")
    assert meta.producer_name == "gantool"
    assert [(each.name, each.type, len(each.shape)) for each in session.get_inputs()] == [
        ("z", "tensor(float)", 2), ("truncation", "tensor(float)", 0), ("labels", "tensor(int64)", 1),
    ]  # fmt: skip
    assert [each.name for each in session.get_outputs()] == ["images"]


def test_an_exported_program_draws_the_same_and_has_a_card(tmp_path):
    model = styled()
    assert gantool.export(model, tmp_path / "a.pt2") == [tmp_path / "a.pt2"]
    about = {"gantool.json": ""}
    program = torch.export.load(tmp_path / "a.pt2", extra_files=about).module()
    for count in (1, 3, 9):
        given = inputs(model, count, 0.6)
        with torch.no_grad():
            assert (program(**given) - Drawing(model)(**given)).abs().max() < 1e-5
    assert json.loads(about["gantool.json"])["class_names"] == list(CLASSES)


@pytest.mark.long
@pytest.mark.parametrize("channels", [3, 4])
def test_the_script_beside_it_draws_with_numpy_and_onnxruntime_alone(tmp_path, channels):
    model = of("dcgan:width=4,latent=6", 16, ("a", "b"), channels)
    files = gantool.export(model, tmp_path / "pets.onnx")
    assert files == [tmp_path / "pets.onnx", tmp_path / "pets.py"]
    script = files[1].read_text()
    assert len(script.splitlines()) <= 30
    assert {"torch", "gantool", "PIL"}.isdisjoint(
        line.split()[1] for line in script.splitlines() if line.startswith(("import ", "from "))
    )
    command = [sys.executable, "-P", str(files[1]), "3", "5", "0.8"]
    told = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert told.split() == ["pets-5-0.png", "pets-5-1.png", "pets-5-2.png"]
    wrong = {
        "--help": "usage: pets.py [-h] [count] [seed] [truncation]",
        "x": "invalid int value: 'x'",
        "0": "COUNT is 1",
    }
    for word, words in wrong.items():
        done = subprocess.run([*command[:3], word], cwd=tmp_path, check=False, capture_output=True, text=True)
        assert done.returncode == (0 if word == "--help" else 2)
        assert words in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    z = np.random.default_rng(5).standard_normal((3, 6), np.float32)
    given = {"z": torch.from_numpy(z), "truncation": torch.tensor(0.8), "labels": torch.tensor([0, 1, 0])}
    for number, wanted in enumerate(to_uint8(torch.from_numpy(drawn(files[0], given)))):
        with Image.open(tmp_path / f"pets-5-{number}.png") as picture:
            made = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
        if channels == 4:
            made[:3] = multiplied(made[:3], made[3:])
        assert (made.int() - wanted.int()).abs().max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture",
    [
        "mlp:generator_hidden=8+8",
        "dcgan:width=4",
        "progressive:fmap_base=64,fmap_max=16",
        "msg:fmap_base=64,fmap_max=16",
    ],
)
@pytest.mark.parametrize("classes", [(), CLASSES])
def test_every_architecture_is_exported(tmp_path, architecture, classes):
    model = of(architecture, 16, classes)
    gantool.export(model, tmp_path / "a.onnx")
    gantool.export(model, tmp_path / "a.pt2")
    drawing = Drawing(model)
    for count in BATCHES:
        given = inputs(model, count, 0.7)
        with torch.no_grad():
            assert np.abs(drawn(tmp_path / "a.onnx", given) - drawing(**given).numpy()).max() < 1e-4


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "why"),
    [({"noisy": True}, "differs from gantool's by .* draws noise"), ({"fixed": True}, "styled .* cannot be exported")],
)
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_what_would_draw_something_else_is_not_written(tmp_path, how, why, suffix):
    with pytest.raises(GantoolError, match=why):
        gantool.export(styled(**how), tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_what_is_there_or_unknown_or_missing_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("mine")
    with pytest.raises(OptionError, match=r"a\.py is there already"):
        gantool.export(styled(), tmp_path / "a.onnx")
    with pytest.raises(OptionError, match=r"Did you mean '\.onnx'"):
        gantool.export(styled(), tmp_path / "a.onx")
    monkeypatch.setitem(formats.PACKAGES, "onnx", ("onnx", "no_such_package"))
    with pytest.raises(UsageError, match=r"needs no_such_package: pip install 'gantool\[onnx\]'"):
        gantool.export(styled(), tmp_path / "b.onnx")
    assert (tmp_path / "a.py").read_text() == "mine"


@pytest.mark.long
def test_the_command_writes_both_files(tmp_path, monkeypatch, gantool):
    from gantool.engine.model_file import save_generator

    monkeypatch.chdir(tmp_path)
    model = of("dcgan:width=4,latent=6", 16, ())
    save_generator(Path("pets.safetensors"), model.generator.state_dict(), model.card)
    done = gantool("export", "pets.safetensors", "--to", "onnx", "-o", "new/pets.onnx")
    assert done.code == 0, done.err
    assert done.out == "new/pets.onnx\nnew/pets.py\n"
    assert Path("new/pets.onnx").exists()
    again = gantool("export", "pets.safetensors", "-o", "new/pets.onnx")
    assert again.code == 2
    assert "pets.onnx is there already" in again.err
    wrong = gantool("export", "pets.safetensors", "--to", "pt2", "-o", "pets.onnx")
    assert wrong.code == 2
    assert "name pets.pt2" in wrong.err
