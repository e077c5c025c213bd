"""`gantool mix` and `gantool project`: what they draw, write, tell and refuse."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import gantool
from gantool.components import ImageShape
from gantool.engine.export import ModelCard, save_generator
from gantool.latent_files import replaced
from gantool.pixels import to_float
from gantool.plugins import host
from gantool_stylegan2.likeness import Likeness
from gantool_stylegan2.mixing import layer_groups, mixed, parse_layers
from gantool_stylegan2.noise import autocorrelation, renormalized


@pytest.fixture
def write_model(tmp_path, tiny):
    def write(architecture=tiny, classes=(), channels=3, name="model"):
        torch.manual_seed(0)
        chosen = host().resolve("architecture", architecture)
        shape = ImageShape(32, channels, len(classes))
        generator = chosen.build(shape).generator
        for parameter_name, parameter in generator.named_parameters():
            if parameter_name.endswith("strength"):
                parameter.data.fill_(0.3)
        card = ModelCard(architecture=chosen.text, resolution=32, channels=channels, class_names=classes, images_seen=5)
        save_generator(tmp_path / f"{name}.safetensors", generator.state_dict(), card)
        return tmp_path / f"{name}.safetensors"

    return write


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened)


def cell(sheet, row, column, side=32, margin=2):
    top, left = (margin + index * (side + margin) for index in (row, column))
    return sheet[top : top + side, left : left + side]


@pytest.mark.parametrize("side", [64, 128])
def test_groups_of_layers_go_by_the_sides_of_their_convolutions(tiny, side):
    synthesis = host().resolve("architecture", tiny).build(ImageShape(side, 3, 0)).generator.synthesis
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
        with pytest.raises(gantool.GantoolError, match=words):
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
    for words, cause in (
        (("mix", plain, "-o", tmp_path / "a.png"), "no latents of their own"),
        (("mix", write_model(), "-o", tmp_path / "a.png", "--styles", "9"), "layers 0 to 7"),
        (("mix", write_model(), "-o", tmp_path / "a.png", "--rows", "x"), "--rows takes numbers"),
        (("mix", write_model(), "-o", tmp_path / "a.txt"), "the suffix chooses the format"),
        (("project", plain, photo, "-o", tmp_path / "a.png"), "no latent space w"),
        (("project", write_model(), tmp_path / "no.png", "-o", tmp_path / "a.png"), "no.png cannot be read"),
        (("project", write_model(), plain, "-o", tmp_path / "a.png"), "is not a picture"),
    ):
        ended = gantool_cli(*words)
        assert ended.code in (1, 2), words
        assert cause in ended.err, words
        assert "Traceback" not in ended.err
        assert not (tmp_path / "a.png").exists()


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
    with replaced(model.generator, kept.buffers), torch.no_grad():
        picture = model.generator.synthesize(kept.latents)[-1]
    likeness = Likeness(host().resolve("extractor", words[1]).build(), to_float(model.images([3])))
    assert told["distance"] == pytest.approx(likeness(picture).item(), rel=1e-4)
    again = gantool_cli("project", path, tmp_path / "target.png", "-o", tmp_path / "found.png", *words)
    assert again.code == 2
    assert "--overwrite" in again.err


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


def test_the_target_itself_is_no_distance_away():
    extractor = host().resolve("extractor", "random:scales=2,filters=8").build()
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
