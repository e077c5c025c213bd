"""What a MODEL argument may be, and what is said when it is something else."""

import shutil
from pathlib import Path

import pytest
import torch

from gantool.engine.model_file import ModelCard, save_generator
from gantool.errors import CheckpointError
from gantool.sampling.locate import generator_file, model_name


def write_model(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    card = ModelCard(architecture="fake", resolution=8, channels=3, images_seen=5)
    save_generator(path, {"weight": torch.zeros(64)}, card)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with two checkpoints."""
    folder = tmp_path / "runs" / "cats"
    for images in ("000000100", "000000200"):
        write_model(folder / "checkpoints" / images / "ema.safetensors")
        (folder / "checkpoints" / images / "generator.safetensors").write_bytes(b"raw weights")
    write_model(folder / "generator.safetensors")
    return folder


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def test_a_run_a_checkpoint_and_a_file_all_mean_a_generator(run: Path, tmp_path: Path) -> None:
    assert generator_file(run) == run / "generator.safetensors"
    assert generator_file(str(run)) == run / "generator.safetensors"
    checkpoint = run / "checkpoints" / "000000100"
    assert generator_file(checkpoint) == checkpoint / "ema.safetensors"
    elsewhere = Path(shutil.copytree(checkpoint, tmp_path / "copied"))
    assert generator_file(elsewhere) == elsewhere / "ema.safetensors"
    shared = write_model(tmp_path / "shared.safetensors")
    assert generator_file(shared) == shared


def test_an_unfinished_run_means_its_newest_readable_checkpoint(run: Path) -> None:
    (run / "generator.safetensors").unlink()
    assert generator_file(run).parent.name == "000000200"
    assert generator_file(run / "checkpoints").parent.name == "000000200"
    truncated(run / "checkpoints" / "000000200" / "ema.safetensors")
    assert generator_file(run).parent.name == "000000100"


def test_a_checkpoint_that_was_set_aside_is_not_the_newest(run: Path) -> None:
    (run / "generator.safetensors").unlink()
    (run / "checkpoints" / "000000200").rename(run / "checkpoints" / "superseded-000000200")
    write_model(run / "checkpoints" / "1000000000" / "ema.safetensors")
    assert generator_file(run).parent.name == "1000000000"
    shutil.rmtree(run / "checkpoints" / "1000000000")
    assert generator_file(run).parent.name == "000000100"


@pytest.mark.parametrize("broken", ["generator.safetensors", "checkpoints/000000200/ema.safetensors"])
def test_a_damaged_model_is_refused_with_the_last_good_checkpoint(run: Path, broken: str) -> None:
    truncated(run / broken)
    with pytest.raises(CheckpointError, match=f"{broken}.*newest readable checkpoint is .*/0000001?"):
        generator_file((run / broken).parent)


def test_a_run_without_a_checkpoint_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    with pytest.raises(CheckpointError, match="--resume"):
        generator_file(tmp_path)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".ckpt", ".PT"])
def test_a_pickle_is_refused_by_name_unopened(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"stylegan{suffix}"
    file.write_bytes(b"")
    file.chmod(0)
    with pytest.raises(CheckpointError, match="run any code") as caught:
        generator_file(file)
    assert f"gantool import {file} -o stylegan.safetensors" in str(caught.value)


def test_the_weights_of_training_point_to_their_folder(run: Path) -> None:
    folder = run / "checkpoints" / "000000100"
    with pytest.raises(CheckpointError, match=f"its folder instead: {folder}"):
        generator_file(folder / "generator.safetensors")


def test_a_wrong_name_gets_the_near_one_or_the_list(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parent.parent)
    for wrong in ("runs/cast", "cats", "cat"):
        with pytest.raises(CheckpointError, match="Did you mean 'runs/cats'"):
            generator_file(wrong)
    with pytest.raises(CheckpointError, match="There are: runs/cats"):
        generator_file("runs/something-else")
    with pytest.raises(CheckpointError, match="holds these: runs/cats"):
        generator_file("runs")


def test_a_wrong_name_is_compared_with_names_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parent.parent)
    run.rename("runs/zip")
    write_model(Path("models/zip.safetensors"))
    for wrong, there in (("runs/nope", "runs/zip"), ("models/nope.safetensors", "models/zip.safetensors")):
        with pytest.raises(CheckpointError, match=f"There is no model at {wrong}. There are: {there}."):
            generator_file(wrong)
    for wrong, there in (("runs/zap", "runs/zip"), ("models/zap.safetensors", "models/zip.safetensors")):
        with pytest.raises(CheckpointError, match=f"Did you mean '{there}'"):
            generator_file(wrong)


def test_folders_and_files_of_other_kinds_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CheckpointError, match="no model"):
        generator_file(tmp_path / "notes.txt")
    with pytest.raises(CheckpointError, match="no run folder"):
        generator_file(tmp_path)


def test_a_model_is_called_by_its_run_or_file(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = run / "checkpoints" / "000000100"
    for path in (run, run / "generator.safetensors", checkpoint, checkpoint / "ema.safetensors"):
        assert model_name(path) == "cats"
    assert model_name(write_model(tmp_path / "dogs.safetensors")) == "dogs"
    monkeypatch.chdir(run)
    assert model_name(".") == "cats"


def test_the_best_of_a_run_has_a_name(run: Path) -> None:
    (run / "config.toml").touch()
    with pytest.raises(CheckpointError, match=r"no best checkpoint.*best\.json"):
        generator_file(run / "best")
    (run / "best.json").write_text('{"images_seen": 100, "score": 0.5, "checkpoint": "checkpoints/000000100"}')
    assert generator_file(run / "best") == run / "checkpoints" / "000000100" / "ema.safetensors"
    assert model_name(run / "best") == "cats"
