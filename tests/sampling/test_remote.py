"""Models on the Hub: downloaded once, read from the cache without a connection, and refused in sentences."""

import sys
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest

import gantool
from gantool.errors import CheckpointError, PluginError, UsageError
from gantool.run.initial import find, read_weights
from gantool.sampling import remote
from gantool.sampling.directions import directions_file
from gantool.sampling.favourites import favourites_file, load_favourites, save_favourites
from gantool.sampling.locate import generator_file, model_name, run_of
from gantool.sampling.points import parse_point
from gantool.testing import write_untrained
from hub_server import serving, unreachable


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub with one model."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    remote.fetched.cache_clear()
    remote.fetch_discriminator.cache_clear()
    with serving() as made:
        monkeypatch.setenv("HF_ENDPOINT", made.address)
        model = write_untrained(tmp_path / "own.safetensors", "dcgan:width=4,latent=6", resolution=16)
        made.files["ann/pets"] = {"generator.safetensors": model.read_bytes(), "config.toml": b"", "evil.bin": b"x"}
        yield made
    remote.fetched.cache_clear()


@pytest.fixture
def gantool_command(request):
    """The command line, whose fixture has the name of the module."""
    return request.getfixturevalue("gantool")


def drawn(model):
    return np.asarray(gantool.load(model, "cpu").sample([7])[0])


def test_a_model_of_the_hub_is_a_model_and_comes_offline_the_second_time(hub, tmp_path, monkeypatch):
    wanted = drawn(tmp_path / "own.safetensors")
    assert np.array_equal(drawn("hf://ann/pets"), wanted)
    assert model_name("hf://ann/pets") == "pets"
    assert run_of("hf://ann/pets") is None
    assert not any("config.toml" in asked or "evil" in asked for asked in hub.asked)
    assert generator_file("hf://ann/pets").name == "generator.safetensors"
    commit = hub.revision("ann/pets")
    assert np.array_equal(drawn(f"hf://ann/pets@{commit}"), wanted)
    unreachable(monkeypatch)
    remote.fetched.cache_clear()
    assert np.array_equal(drawn("hf://ann/pets"), wanted)
    with pytest.raises(CheckpointError, match="hf://ann/birds cannot be reached, and was not downloaded before"):
        gantool.load("hf://ann/birds")


def test_without_a_connection_a_model_is_begun_with_only_once_it_is_known_whether_it_has_a_discriminator(
    hub, monkeypatch
):
    file = generator_file("hf://ann/pets")
    unreachable(monkeypatch)
    with pytest.raises(CheckpointError, match=f"whether its model has a discriminator.*--init {file}"):
        remote.fetch_discriminator("ann/pets", None)
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    remote.fetch_discriminator("ann/pets", None)
    remote.fetch_discriminator.cache_clear()
    unreachable(monkeypatch)
    remote.fetch_discriminator("ann/pets", None)


def test_a_run_that_began_with_a_model_that_has_changed_since_is_told_to_name_its_commit(
    hub, tmp_path, monkeypatch, gantool_command
):
    monkeypatch.chdir(tmp_path)
    Path("run.toml").write_text('init = "hf://ann/pets"\ninit_sha256 = "0123456789abcdef"\ndata = "shapes"\n')
    ended = gantool_command("train", "--config", "run.toml", "--arch", "dcgan", "--resolution", "16", "--dry-run")
    assert ended.code == 1
    assert "(SHA-256 0123456789ab..., now " in ended.err
    assert "Name the commit that was meant, hf://ann/pets@COMMIT, or begin with the model of now" in ended.err


def test_what_a_repository_has_in_the_discriminators_place_is_told_with_a_remedy_that_holds(hub):
    hub.files["ann/pets"]["generator-discriminator.safetensors"] = b"x"
    with pytest.raises(CheckpointError, match=r"To begin without, copy generator\.safetensors alone to another folder"):
        read_weights(find("hf://ann/pets"))


def test_directions_come_with_their_model(hub, tmp_path):
    found = gantool.find_directions(gantool.load(tmp_path / "own.safetensors", "cpu"), count=2)
    gantool.save_directions(tmp_path / "d.safetensors", found)
    hub.files["ann/pets"]["directions.safetensors"] = (tmp_path / "d.safetensors").read_bytes()
    assert len(gantool.load_directions(directions_file("hf://ann/pets"))) == 2


def test_nothing_is_written_into_the_cache_of_the_hub(hub, tmp_path, monkeypatch, gantool_command):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "own-cache"))
    kept = favourites_file("hf://ann/pets")
    assert kept == favourites_file("hf://ann/pets@v2")
    assert tmp_path / "own-cache" in kept.parents
    save_favourites(kept, [parse_point("seed=3")])
    assert len(load_favourites(kept)) == 1
    done = gantool_command("directions", "hf://ann/pets", "-n", "2")
    assert done.code == 2
    assert "name the file of its directions by -o" in done.err
    assert not directions_file("hf://ann/pets").exists()


def test_what_is_not_there_is_told(hub):
    with pytest.raises(CheckpointError, match="no model at hf://ann/none, or it is private"):
        gantool.load("hf://ann/none")
    with pytest.raises(CheckpointError, match="no revision v9"):
        gantool.load("hf://ann/pets@v9")
    hub.files["ann/text"] = {"model.bin": b"pickle"}
    with pytest.raises(CheckpointError, match=r"is no model of gantool: it has no generator\.safetensors"):
        gantool.load("hf://ann/text")


@pytest.mark.parametrize("address", ["hf://", "hf://ann", "hf://ann/pets@", "hf://../..", "hf://ann/../x"])
def test_half_an_address_is_told_as_it_was_given(address):
    with pytest.raises(UsageError) as told:
        gantool.load(address)
    assert str(told.value).startswith(f"{address} is no address on the Hub: it is hf://OWNER/NAME")


def test_a_missing_plugin_is_named(hub, tmp_path):
    made = gantool.load(tmp_path / "own.safetensors", "cpu")
    card = made.card.model_copy(update={"architecture": "birds", "provider": "gantool-birds"})
    gantool.save_generator(tmp_path / "birds.safetensors", made.generator.state_dict(), card)
    hub.files["ann/birds"] = {"generator.safetensors": (tmp_path / "birds.safetensors").read_bytes()}
    with pytest.raises(PluginError, match="needs the architecture of gantool-birds, which is not usable here"):
        gantool.load("hf://ann/birds")


def test_without_the_package_the_command_to_install_it_is_told(hub, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"pip install 'gantool\[hub\]'"):
        gantool.load("hf://ann/pets")
