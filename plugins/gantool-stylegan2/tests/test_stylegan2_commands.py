"""`gantool mix` and `gantool project`: what they draw, write, tell and refuse."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import gantool
from gantool.commands import find_extractor, to_float
from gantool.testing import write_untrained
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.likeness import Likeness
from gantool_stylegan2.mixing import layer_groups, mixed, parse_layers
from gantool_stylegan2.networks import build
from gantool_stylegan2.noise import autocorrelation, renormalized


@pytest.fixture
def write_model(tmp_path, tiny):
    def write(architecture=tiny, classes=(), channels=3, name="model"):
        path = write_untrained(
            tmp_path / f"{name}.safetensors", architecture, resolution=32, channels=channels, class_names=classes
        )
        with safe_open(path, framework="pt") as file:
            card = json.loads(file.metadata()["gantool"]) | {"digest": ""}  # since other weights follow
        weights = load_file(path)
        for weight in (weights[one] for one in weights if one.endswith("strength")):
            weight.fill_(0.3)  # else noise would be nothing
        save_file(weights, path, {"gantool": json.dumps(card)})
        return path

    return write


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened)


def cell(sheet, row, column, side=32, margin=2):
    top, left = (margin + index * (side + margin) for index in (row, column))
    return sheet[top : top + side, left : left + side]


@pytest.mark.parametrize("side", [64, 128])
def test_groups_of_layers_go_by_the_sides_of_their_convolutions(side):
    options = StyleGan2(channel_base=128, channel_max=8, latent=8)
    synthesis = build(options, gantool.ImageShape(side)).generator.synthesis
    sides = [conv.noise.shape[-1] for conv in synthesis.convs]
    groups = layer_groups(synthesis.layers)
    assert {sides[layer] for layer in groups["coarse"]} == {4, 8}
    assert {sides[layer] for layer in groups["middle"]} == {16, 32}
    assert min(sides[layer] for layer in groups["fine"] if layer < len(sides)) == 64
    assert sorted(layer for group in groups.values() for layer in group) == list(range(synthesis.layers))


def test_groups_of_layers_are_a_third_each_where_there_are_few():
    assert layer_groups(8) == {"coarse": range(3), "middle": range(3, 5), "fine": range(5, 8)}


def test_layers_are_named_or_numbered():
    assert parse_layers("coarse, 6", 8) == [0, 1, 2, 6]
    assert parse_layers("3-5,5", 8) == [3, 4, 5]
    for wrong, words in (("8", "layers 0 to 7"), ("5-3", "layers 0 to 7"), ("rough", "'rough' is neither")):
        with pytest.raises(gantool.UsageError, match=words):
            parse_layers(wrong, 8)


def test_mixing_takes_the_columns_layers_and_no_others():
    rows, columns = torch.zeros(2, 4, 3), torch.ones(3, 4, 3)
    assert mixed(rows, columns, [1, 2])[1, 2].mean(dim=1).tolist() == [0, 1, 1, 0]
    assert torch.equal(mixed(rows, columns, range(4)), columns.expand(2, -1, -1, -1))
    assert rows.sum() == 0  # as it was


def test_a_sheet_has_rows_left_columns_on_top_and_mixtures_inside(gantool_cli, write_model, tmp_path):
    path = write_model()
    ended = gantool_cli("mix", path, "--rows", "0-1", "--cols", "5,6,7", "--styles", "0-7", "-o", tmp_path / "all.png")
    assert (ended.code, ended.out) == (0, f"{tmp_path / 'all.png'}\n"), ended.err
    sheet, model = pixels(tmp_path / "all.png"), gantool.load(path, "cpu")
    own = model.images([0, 1, 5, 6, 7]).permute(0, 2, 3, 1).numpy()
    assert (cell(sheet, 0, 0) == 255).all()
    for index in range(2):
        assert np.array_equal(cell(sheet, index + 1, 0), own[index])
        for column in range(3):
            assert np.array_equal(cell(sheet, 0, column + 1), own[2 + column])
            assert np.array_equal(cell(sheet, index + 1, column + 1), own[2 + column])  # all layers: the other latent
    ended = gantool_cli(
        "mix", path, "--rows", "0", "--cols", "5", "--truncation", "0.5", "-o", tmp_path / "b.png", "--json"
    )
    told = json.loads(ended.out)
    assert told == {"files": [str(tmp_path / "b.png")], "rows": [0], "cols": [5], "layers": [0, 1, 2]}
    sheet = pixels(tmp_path / "b.png")
    assert not np.array_equal(cell(sheet, 1, 1), cell(sheet, 1, 0))
    assert not np.array_equal(cell(sheet, 1, 1), cell(sheet, 0, 1))


def test_what_cannot_be_mixed_or_projected_is_told_in_a_sentence(gantool_cli, write_model, tmp_path, photos):
    plain = write_model("dcgan:width=8,latent=4", name="plain")
    photo = photos / "cats" / "1.png"
    found, taken = ("-o", tmp_path / "a.png"), tmp_path / "b.safetensors"
    taken.touch()
    for words, code, cause in (
        (("mix", plain, *found), 2, "no latents of their own"),
        (("mix", write_model(), *found, "--styles", "9"), 2, "layers 0 to 7"),
        (("mix", write_model(), *found, "--styles", "nonsense"), 2, "'nonsense' is neither"),
        (("mix", write_model(), *found, "--rows", "x"), 2, "--rows takes numbers"),
        (("mix", write_model(), "-o", tmp_path / "a.txt"), 2, "the suffix chooses the format"),
        (("project", plain, photo, *found), 2, "no latent space w"),
        (("project", write_model(), photo, *found, "--space", "z"), 2, "--space"),
        (("project", write_model(), photo, "-o", tmp_path / "b.png"), 2, "b.safetensors is there already"),
        (("project", write_model(), tmp_path / "no.png", *found), 1, "no.png cannot be read"),
        (("project", write_model(), plain, *found), 1, "is not a picture"),
    ):
        ended = gantool_cli(*words)
        assert ended.code == code, words
        assert cause in ended.err, words
        assert "Traceback" not in ended.err
        assert not (tmp_path / "a.png").exists()


def test_a_picture_with_transparency_is_found_too(gantool_cli, write_model, tmp_path):
    path = write_model(channels=4)
    gantool.load(path, "cpu").sample([3])[0].save(tmp_path / "target.png")
    words = ("--extractor", "random:scales=1,filters=8", "--steps", 30, "--json")
    ended = gantool_cli("project", path, tmp_path / "target.png", "-o", tmp_path / "found.png", *words)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["distance"] < 0.9 * told["distance_of_mean"]


@pytest.mark.long
@pytest.mark.parametrize(("channels", "classes"), [(3, ()), (1, ("cats", "dogs"))])
def test_a_picture_of_the_model_is_found_again(gantool_cli, write_model, tmp_path, channels, classes):
    path = write_model(channels=channels, classes=classes)
    target = gantool.load(path, "cpu").sample([3])[0]
    target.save(tmp_path / "target.png")
    words = ("--extractor", "random:scales=2,filters=16", "--steps", 60, "--json", "--space", "w+")
    ended = gantool_cli("project", path, tmp_path / "target.png", "-o", tmp_path / "found.png", *words)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["files"] == [str(tmp_path / "found.png"), str(tmp_path / "found.safetensors")]
    assert told["distance"] < 0.5 * told["distance_of_mean"]
    sheet = pixels(tmp_path / "found.png")
    assert np.array_equal(cell(sheet, 0, 0), np.asarray(target))
    ended = gantool_cli("sample", path, "--latents", tmp_path / "found.safetensors", "--out", tmp_path / "drawn")
    assert ended.code == 0, ended.err
    assert np.array_equal(pixels(tmp_path / "drawn" / "found-latent000000.png"), cell(sheet, 0, 1))
    model, kept = gantool.load(path, "cpu"), gantool.load_latents(str(tmp_path / "found.safetensors"))
    pixels_of = model.render(kept.latents, buffers=kept.buffers)  # as in the README
    assert np.array_equal(pixels_of[0].permute(1, 2, 0).squeeze(-1).numpy(), cell(sheet, 0, 1))
    with model.replacing(kept.buffers), torch.no_grad():
        picture = model.generator.synthesize(kept.latents)[-1]
    likeness = Likeness(find_extractor(words[1])[0], to_float(model.images([3])))
    assert told["distance"] == pytest.approx(likeness(picture).item(), rel=1e-4)
    again = gantool_cli("project", path, tmp_path / "target.png", "-o", tmp_path / "found.png", *words)
    assert again.code == 2
    assert "--overwrite" in again.err


def test_help_needs_no_torch():
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "import gantool_stylegan2.mix, gantool_stylegan2.project\n"
        "print(sorted({'torch', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ctrl_c_keeps_the_best_so_far(gantool_cli, write_model, tmp_path, photos, monkeypatch):
    from gantool_stylegan2 import projecting

    def interrupted(*arguments):
        import os
        import signal

        for found in real(*arguments):
            if found.step == 3:
                os.kill(os.getpid(), signal.SIGINT)
            yield found

    real = projecting.project
    monkeypatch.setattr(projecting, "project", interrupted)
    words = ("--extractor", "random:scales=1,filters=8", "-o", tmp_path / "found.png")
    ended = gantool_cli("project", write_model(), photos / "cats" / "1.png", *words)
    assert ended.code == 130
    assert "Stopped; the best so far" in ended.err
    assert (tmp_path / "found.png").exists()
    assert gantool.load_latents(tmp_path / "found.safetensors").latents.shape == (1, 8, 8)


def test_a_distance_that_is_not_disturbed_is_that_of_the_latents(write_model):
    from gantool_stylegan2.projecting import Search, measured, project

    model, (extractor, _) = gantool.load(write_model(), "cpu"), find_extractor("random:scales=1,filters=8")
    target = to_float(model.images([3]))
    states = list(project(model, target, extractor, Search(steps=8)))
    assert [found.disturbed for found in states] == [False, *[True] * 5, False, False, False]
    for found in states:
        anew = measured(model, target, extractor, replace(found, disturbed=True))
        assert not anew.disturbed
        assert (anew.distance == pytest.approx(found.distance, rel=1e-5)) is not found.disturbed


@pytest.mark.parametrize(("stopped", "best"), [(False, 3), (True, 2)])
def test_a_step_that_was_only_lucky_is_not_the_best(
    gantool_cli, write_model, tmp_path, photos, monkeypatch, stopped, best
):
    """Distances as told: 9 at the mean, 0 and 1 while disturbed, 5 and 6 after it. What was measured anew is 4."""
    from gantool_stylegan2 import projecting

    def told(model, *arguments):
        first = next(real(model, *arguments))
        states = [(9.0, False), (0.0, True), (1.0, True), (5.0, False), (6.0, False)]
        for step, (distance, disturbed) in enumerate(states[:3] if stopped else states):
            yield replace(first, step=step, distance=distance, disturbed=disturbed)

    def again(model, target, extractor, found):
        return replace(found, distance=4.0, disturbed=False) if found.disturbed else found

    real = projecting.project
    monkeypatch.setattr(projecting, "project", told)
    monkeypatch.setattr(projecting, "measured", again)
    words = ("--extractor", "random:scales=1,filters=8", "-o", tmp_path / "found.png", "--json")
    ended = gantool_cli("project", write_model(), photos / "cats" / "1.png", *words)
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert (said["step"], said["distance"], said["distance_of_mean"]) == (best, 4.0 if stopped else 5.0, 9.0)


def test_the_target_itself_is_no_distance_away():
    extractor, _ = find_extractor("random:scales=2,filters=8")
    target = torch.randn(1, 3, 16, 16).clamp(-1, 1)
    likeness = Likeness(extractor, target)
    assert likeness(target) == 0
    assert likeness(target + 0.1) < likeness(target + 0.5)


def test_white_noise_is_free_and_noise_that_carries_a_picture_is_not():
    torch.manual_seed(0)
    white = torch.randn(32, 32)
    smooth = torch.nn.functional.avg_pool2d(torch.randn(1, 1, 64, 64), 33, 1)[0, 0]
    renormalized([white, smooth])
    assert smooth.mean().abs() < 1e-5
    assert smooth.var(correction=0).item() == pytest.approx(1, rel=1e-3)
    assert autocorrelation([white]) < 0.1
    assert autocorrelation([smooth]) > 1
    assert autocorrelation([]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
def test_a_model_is_exported_to_onnx_which_draws_the_same(write_model, tmp_path, gantool_cli, classes):
    """The command compares batches of 1, 2 and 5 by itself, and writes nothing that differs by more than 1e-4."""
    pytest.importorskip("onnxruntime")
    done = gantool_cli("export", write_model(classes=classes), "-o", tmp_path / "model.onnx")
    assert done.code == 0, done.err
    assert (tmp_path / "model.onnx").exists()
