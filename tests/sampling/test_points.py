"""Points: their text, and the latents that it means; favourites in their file."""

import json
from pathlib import Path

import pytest
import torch

import gantool
from explore_models import write_model
from gantool.engine import latents as latent_space
from gantool.errors import DataError, OptionError, UsageError
from gantool.sampling.directions import directions_file, save_directions
from gantool.sampling.favourites import favourites_file, load_favourites, save_favourites
from gantool.sampling.finding import find_directions
from gantool.sampling.model import Model
from gantool.sampling.points import labels_of, latents_of, parse_point

STYLED = "stylegan2:channel_base=128,channel_max=8,latent=8"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return gantool.load(write_model(tmp_path_factory.mktemp("z") / "plain.safetensors"), "cpu")


def at(model: Model, *texts: str) -> torch.Tensor:
    return latents_of(model, [parse_point(text) for text in texts])


@pytest.mark.parametrize(
    "text",
    [
        "seed=7",
        "seed=7~3:0.2~4294967295:1&truncation=0.7&label=wild%20dog%26co",
        "seed=7&to=9~1:0.5&at=0.25&styles=4~2:0.5:0-3&move=1:-2.5,3:2",
    ],
)
def test_a_text_is_that_of_its_point(text) -> None:
    assert str(parse_point(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "seed", "seed=", "seed=x", "seed=1&seed=2", "seed=1&k=2", "seed=1~2", "seed=1~2:1.5", "seed=1&truncation=3",
     "seed=1&truncation=nan", "seed=1&at=nan&to=2", "seed=1&styles=2:4-1", "seed=1&move=1:2,1:3", "seed=1&move=1:1e9",
     "seed=" + "1~1:0.1" * 70, "seed=1&label=" + "x" * 5000],
)  # fmt: skip
def test_any_other_text_is_refused(text) -> None:
    with pytest.raises(OptionError):
        parse_point(text)


def test_a_seed_has_the_latent_of_sample_and_so_do_ends_of_turns_and_morphs(model) -> None:
    seeds = model.latents([7, 9])
    assert torch.equal(at(model, "seed=7", "seed=9"), seeds)
    assert torch.equal(at(model, "seed=7~9:0", "seed=7~9:1"), seeds)
    assert torch.equal(at(model, "seed=7&to=9&at=0", "seed=7&to=9&at=1"), seeds)
    assert torch.equal(at(model, "seed=7&truncation=0.7", "seed=9")[0], model.latents([7], truncation=0.7)[0])


def test_a_neighbour_is_as_near_as_its_share_says(model) -> None:
    centre, *near = at(model, "seed=7", "seed=7~1000:0.1", "seed=7~1000:0.3", "seed=7~1000:0.6")
    distances = [(one - centre).norm() for one in near]
    assert distances == sorted(distances)
    assert torch.equal(near[0], latent_space.slerp(*model.latents([7, 1000]), 0.1))


def test_a_class_is_the_seeds_own_unless_it_is_named(tmp_path) -> None:
    pets = gantool.load(write_model(tmp_path / "pets.safetensors", classes=("cat", "wild dog")), "cpu")
    points = [parse_point(text) for text in ("seed=3", "seed=4", "seed=3&label=cat", "seed=3&label=wild%20dog")]
    assert labels_of(pets, points) == [1, 0, 0, 1]


def test_styles_are_those_of_the_other_in_these_layers_alone(tmp_path, gantool_host) -> None:
    gantool_host.add(pytest.importorskip("gantool_stylegan2"), "gantool-stylegan2")
    styled = gantool.load(write_model(tmp_path / "styled.safetensors", STYLED, side=32), "cpu")
    seven, nine = styled.latents([7, 9])
    (mixed,) = at(styled, "seed=7&styles=9:1-2")
    assert torch.equal(mixed[1:3], nine[1:3])
    assert torch.equal(mixed[3:], seven[3:])
    assert torch.equal(mixed[:1], seven[:1])
    with pytest.raises(OptionError, match="There is no layer 99"):
        at(styled, "seed=7&styles=9:1-99")


def test_a_morph_goes_from_class_to_class_where_classes_blend(tmp_path, gantool_host) -> None:
    gantool_host.add(pytest.importorskip("gantool_stylegan2"), "gantool-stylegan2")
    styled = gantool.load(write_model(tmp_path / "styled.safetensors", STYLED, ("cat", "dog"), side=32), "cpu")
    cat, dog = styled.latents([4, 7])
    assert not torch.equal(*styled.latents([7, 7], ["cat", "dog"]))
    for place, wanted in (("0", cat), ("1", dog)):
        assert torch.equal(at(styled, f"seed=4&to=7&at={place}")[0], wanted)
    assert torch.equal(at(styled, "seed=4&to=7&at=1&label=cat")[0], styled.latents([7], "cat")[0])


def test_what_a_model_lacks_is_told(model) -> None:
    with pytest.raises(UsageError, match="no styles to mix"):
        at(model, "seed=7&styles=9:0-1")
    with pytest.raises(UsageError, match="gantool directions finds them"):
        at(model, "seed=7&move=1:2")


def test_favourites_of_a_run_belong_to_all_of_its_checkpoints(tmp_path) -> None:
    run = tmp_path / "run"
    write_model(run / "generator.safetensors")
    write_model(run / "checkpoints/000000500/ema.safetensors")
    (run / "config.toml").write_text("")
    assert favourites_file(run) == favourites_file(run / "checkpoints/000000500") == run / "favourites.json"
    alone = write_model(tmp_path / "alone.safetensors")
    assert favourites_file(alone) == tmp_path / "alone-favourites.json"


def test_favourites_are_read_as_they_were_written(tmp_path) -> None:
    place = tmp_path / "favourites.json"
    assert load_favourites(place) == []
    points = [parse_point("seed=7&truncation=0.7"), parse_point("seed=1&label=%3Cb%3E")]
    save_favourites(place, points)
    assert load_favourites(place) == points
    with pytest.raises(OptionError, match="up to 1,000"):
        save_favourites(place, points * 501)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2}', '{"format": 1, "favourites": ["seed=x"]}', "\x00"])
def test_a_file_without_favourites_is_refused_by_name(tmp_path, content) -> None:
    place = tmp_path / "favourites.json"
    place.write_text(content)
    with pytest.raises(DataError, match=r"favourites\.json"):
        load_favourites(place)


def test_sample_draws_favourites(tmp_path: Path, gantool_cli, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_model(tmp_path / "alone.safetensors")
    loaded = gantool.load(file, "cpu")
    assert "has no favourites yet" in gantool_cli("sample", str(file), "--favourites").err
    directions = find_directions(loaded, count=2)
    save_directions(directions_file(file), directions)
    points = ["seed=7", "seed=9&truncation=0.5", "seed=9&move=2:3"]
    save_favourites(favourites_file(file), [parse_point(text) for text in points])
    done = gantool_cli("sample", str(file), "--favourites", "-o", "out", "--json")
    assert json.loads(done.out)["favourites"] == points
    gantool_cli("sample", str(file), "--seeds", "7", "-o", "a")
    gantool_cli("sample", str(file), "--seeds", "9", "--truncation", "0.5", "-o", "b")
    gantool_cli("sample", str(file), "--seeds", "9", "--move", "2:3", "-o", "c")
    wanted = [next((tmp_path / folder).iterdir()).read_bytes() for folder in "abc"]
    assert [(tmp_path / f"out/favourite00000{n}.png").read_bytes() for n in range(3)] == wanted
    assert "favourites-0-2.png" in gantool_cli("sample", str(file), "--favourites", "--grid", "-o", "out").out
    refused = gantool_cli("sample", str(file), "--favourites", "--seeds", "7")
    assert refused.code == 2
    assert "--favourites alone say what is drawn" in refused.err
