"""The library as its users know it: configure, train, load."""

import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gantool
from gantool.api.events import Finished, Tick
from gantool.engine.distributed import World
from gantool.errors import CheckpointError, DataError, PluginError, ResumeError, UsageError
from gantool.plugins.host import host
from gantool.run import folder, planning, start

SMALL = {"arch": "dcgan:width=4,latent=8", "resolution": 16, "batch": 4, "device": "cpu", "precision": "float32"}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(8):
        pixels = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return folder


def test_train_then_load_then_sample(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=16, out=tmp_path / "runs")
    model = gantool.load(run, device="cpu")
    pictures = model.sample(seeds=[3, 4], truncation=0.7)
    assert [picture.size for picture in pictures] == [(16, 16)] * 2
    for same in (run / "generator.safetensors", run / "checkpoints" / "000000016"):
        again = gantool.load(same, device="cpu").sample(seeds=[3, 4], truncation=0.7)
        assert [picture.tobytes() for picture in again] == [picture.tobytes() for picture in pictures]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"layout": "channels_last"},
        {"layout": "channels_last", "precision": "bf16"},
        {"arch": "progressive:fmap_base=32,fmap_max=8,latent=8,stabilise_kimg=0.004,fade_kimg=0.008"},
    ],
    ids=["contiguous", "channels last", "bf16", "in the middle of a fade"],
)
def test_the_last_sheet_of_a_run_shows_what_its_seeds_give_pixel_for_pixel(tmp_path, photos, more):
    run = gantool.train(**SMALL | more, data=str(photos), images=16, out=tmp_path / "runs")
    from gantool.render.grids import sheet

    model = gantool.load(run, device="cpu")
    images = model.images(range(64))
    drawn = sheet(images, scale=64 // images.shape[-1])
    assert np.array_equal(np.asarray(drawn), np.asarray(Image.open(run / "samples" / "000000016.png")))


def test_every_run_is_watched_and_its_best_has_a_name(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=16, snapshot_every=4, keep=1, out=tmp_path / "runs")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    scores = {line["images_seen"]: line["score"] for line in lines if "score" in line and line["images_seen"]}
    best = min(scores, key=scores.get)
    assert list(scores) == [4, 8, 12, 16]
    assert json.loads((run / "best.json").read_text()) == {
        "images_seen": best, "score": scores[best], "checkpoint": f"checkpoints/{best:09d}"
    }  # fmt: skip
    named, meant = (gantool.load(run / place, device="cpu") for place in ("best", f"checkpoints/{best:09d}"))
    assert named.sample(seeds=[1])[0].tobytes() == meant.sample(seeds=[1])[0].tobytes()
    assert planning.plan(host(), {"images": 20}, resume=run / "best").checkpoint == run / "checkpoints" / f"{best:09d}"


def test_a_run_without_the_watch_has_no_scores(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=8, log=("watch:off=yes",), out=tmp_path / "runs")
    assert "swd" not in (run / "metrics.jsonl").read_text()
    assert not (run / "best.json").exists()


@pytest.mark.parametrize("progress", [True, False])
def test_training_from_python_shows_how_it_goes_unless_told_not_to(tmp_path, photos, capsys, progress):
    more = {} if progress else {"progress": False}
    gantool.train(**SMALL, data=str(photos), images=8, augment="ada", out=tmp_path / "runs", **more)
    shown = capsys.readouterr()
    assert shown.out == ""
    if progress:
        assert "on cpu in float32, contiguous; the run is" in shown.err
        assert "8/8 images" in shown.err
        assert "Warning: --augment ada" in shown.err
    else:
        assert shown.err == ""


def test_a_trainer_can_be_watched_and_stopped(tmp_path, photos):
    config = gantool.configure(**SMALL, data=str(photos), images="1k", tick=4)
    events = []

    def watch(event):
        events.append(event)
        if isinstance(event, Tick):
            trainer.interrupt()

    trainer = gantool.trainer(config, out=tmp_path / "runs", observers=[watch])
    finished = trainer.train()
    assert (finished.interrupted, finished.images_seen) == (True, 4)
    assert isinstance(events[-1], Finished)


def test_pictures_that_changed_are_noticed_and_touched_ones_are_not(tmp_path, photos):
    assembly = importlib.import_module("gantool.run.start")
    settings = {**SMALL, "data": str(photos), "images": 8}
    assembly.trainer(planning.plan(host(), settings, out=tmp_path, name="one"), tmp_path).train()
    for path in photos.iterdir():
        path.touch()
    again = planning.plan(host(), settings | {"images": 12}, out=tmp_path, name="one")
    assert assembly.trainer(again, tmp_path).train().images_seen == 12
    shutil.copy(photos / "0.png", photos / "copy.png")
    more = planning.plan(host(), settings | {"images": 16}, out=tmp_path, name="one")
    with pytest.raises(ResumeError, match="8 then, 9 now"):
        assembly.trainer(more, tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()}
    accepted = assembly.trainer(more, tmp_path, accept_new_data=True)
    finished = accepted.train()
    assert (finished.run, finished.images_seen) == (tmp_path / "one-2", 16)
    assert {path: path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()} == before
    (warning,) = [text for text in accepted.warnings if "images are not those" in text]
    assert f"the run {tmp_path / 'one'}: it stays as it is, and {tmp_path / 'one-2'} goes on from there." in warning
    on = planning.plan(host(), {"images": 20}, resume=tmp_path / "one-2")
    assert on.checkpoint.name == "000000016"
    assert assembly.trainer(on, tmp_path).train().images_seen == 20
    assert assembly.trainer(more, tmp_path, accept_new_data=True).run == tmp_path / "one-3"
    (photos / "copy.png").unlink()
    shutil.copy(photos / "1.png", photos / "0.png")
    with pytest.raises(ResumeError, match=r"8 then, 8 now.* colours of 16 bits.*range=MIN-MAX"):
        assembly.trainer(more, tmp_path)


@pytest.mark.parametrize("rank", [0, 1])
def test_the_leading_process_chooses_and_makes_the_folder_for_new_images(tmp_path, photos, monkeypatch, rank):
    settings = {**SMALL, "data": str(photos), "images": 4}
    gantool.train(planning.plan(host(), settings, out=tmp_path, name="one"))
    shutil.copy(photos / "0.png", photos / "copy.png")
    (tmp_path / "one-2").mkdir()
    chosen = tmp_path / "one-3"

    class Pair(World):
        def from_leader(self, value):
            assert value == chosen or not self.leads or not isinstance(value, Path)
            return chosen if isinstance(value, Path) else value

        def gathered(self, values):
            return values

    monkeypatch.setattr("gantool.run.start.join_world", lambda device, minutes: Pair(rank, 2))
    again = planning.plan(host(), settings | {"images": 8}, out=tmp_path, name="one")
    assert gantool.trainer(again, tmp_path, accept_new_data=True).run == chosen
    assert chosen.exists() == (rank == 0)


@pytest.mark.parametrize("writes", ["save_choices", "save_config"])
def test_a_run_killed_before_its_settings_were_whole_begins_again_and_has_its_choices(
    tmp_path, photos, monkeypatch, writes
):
    settings = {**SMALL, "data": str(photos), "images": 4}

    def killed(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folder, writes, killed)
        with pytest.raises(KeyboardInterrupt):
            gantool.trainer(planning.plan(host(), settings, out=tmp_path, name="one"), tmp_path)
    assert not (tmp_path / "one" / "config.toml").exists()
    run = gantool.train(planning.plan(host(), settings, out=tmp_path, name="one"), tmp_path)
    assert run == tmp_path / "one"
    assert {one["setting"] for one in json.loads((run / "choices.json").read_text())} > {"arch", "data"}


def test_a_trainer_holds_its_run_until_it_has_trained(tmp_path, photos):
    assembly = importlib.import_module("gantool.run.start")
    planned = planning.plan(host(), {**SMALL, "data": str(photos), "images": 4}, out=tmp_path, name="one")
    first = assembly.trainer(planned, tmp_path)
    with pytest.raises(ResumeError, match="Another process"):
        assembly.trainer(planned, tmp_path)
    first.train()
    with pytest.raises(ResumeError, match=r"begun the run .* meanwhile"):  # planned when there was none
        assembly.trainer(planned, tmp_path)
    again = planning.plan(host(), {"images": 8}, out=tmp_path, resume=tmp_path / "one")
    dropped = assembly.trainer(again, tmp_path)
    del dropped
    assert assembly.trainer(again, tmp_path).train().images_seen == 8


def test_a_run_that_went_on_meanwhile_is_not_set_back(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=4, out=tmp_path / "runs")
    by_run, by_checkpoint = (
        planning.plan(host(), {"images": 12}, resume=path) for path in (run, run / "checkpoints" / "000000004")
    )
    gantool.train(planning.plan(host(), {"images": 8}, resume=run))
    with pytest.raises(ResumeError, match=r"has gone on meanwhile\. The same command again resumes"):
        gantool.trainer(by_run)
    assert gantool.trainer(planning.plan(host(), {"images": 12}, resume=run)).images_seen == 8
    assert gantool.trainer(by_checkpoint).images_seen == 4


def test_a_checkpoint_that_was_set_aside_is_used_once_it_has_its_name_again(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=8, checkpoint_every=4, out=tmp_path / "runs")
    gantool.trainer(planning.plan(host(), {}, resume=run / "checkpoints" / "000000004"))
    aside = run / "checkpoints" / "superseded-000000008"
    words = r"There is no checkpoint .*superseded-000000008\. It was set aside .*, rename it to 000000008\."
    with pytest.raises(UsageError, match=words):
        planning.plan(host(), {}, resume=aside)
    with pytest.raises(CheckpointError, match=words):
        gantool.configure(**SMALL, init=str(aside))
    named = aside.rename(aside.with_name("000000008"))
    assert gantool.trainer(planning.plan(host(), {}, resume=named)).images_seen == 8


def test_a_damaged_model_to_begin_with_names_a_good_one_for_init(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=8, checkpoint_every=4, out=tmp_path / "runs")
    config = gantool.configure(**SMALL, init=str(run))
    (run / "checkpoints" / "000000008" / "state.pt").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"begin with that one by: init=\".*/checkpoints/000000004\""):
        gantool.trainer(config, out=tmp_path / "runs")


def test_a_model_whose_plugin_is_missing_names_it(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=4, out=tmp_path / "runs")
    from gantool.engine.model_file import load_generator, save_generator

    weights, card = load_generator(run / "generator.safetensors")
    foreign = card.model_copy(update={"architecture": "blobs:width=8", "provider": "gantool-blobs"})
    save_generator(tmp_path / "foreign.safetensors", weights, foreign)
    with pytest.raises(PluginError, match="gantool-blobs"):
        gantool.load(tmp_path / "foreign.safetensors")


def test_weights_that_do_not_fit_are_refused_in_one_sentence(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=4, out=tmp_path / "runs")
    from gantool.engine.model_file import load_generator, save_generator

    weights, card = load_generator(run / "generator.safetensors")
    wider = card.model_copy(update={"architecture": card.architecture.replace("width=4", "width=8")})
    save_generator(tmp_path / "wrong.safetensors", weights, wider)
    with pytest.raises(
        CheckpointError, match=r"wrong\.safetensors.*tensor '.*' is \[.*\] in the file and \[.*\] in the network"
    ) as raised:
        gantool.load(tmp_path / "wrong.safetensors")
    assert "It was made with" not in str(raised.value)  # gantool's own has no other version to install
    save_generator(tmp_path / "foreign.safetensors", weights, wider.model_copy(update={"provider": "gantool-blobs"}))
    with pytest.raises(CheckpointError, match=r"'dcgan' of gantool-blobs; here it is that of gantool \d"):
        gantool.load(tmp_path / "foreign.safetensors")


def test_a_pickle_is_refused_by_name(tmp_path):
    torch.save({"weights": torch.zeros(3)}, tmp_path / "stolen.pth")
    with pytest.raises(gantool.GantoolError, match=r"stolen\.pth"):
        gantool.load(tmp_path / "stolen.pth")


def test_a_run_whose_data_has_moved_asks_for_its_place_and_goes_on_with_it(tmp_path, photos):
    run = gantool.train(**SMALL, data=str(photos), images=16, out=tmp_path / "runs")
    elsewhere = photos.rename(tmp_path / "elsewhere")

    def resumed(**settings):
        return start.trainer(planning.plan(host(), settings | {"images": 32}, resume=run), tmp_path / "runs")

    with pytest.raises(DataError, match=r"data of the run .*00001-dcgan-photos cannot .* Say where it is by --data"):
        resumed()
    with pytest.raises(UsageError, match="There is no folder"):
        resumed(data=str(photos))
    assert resumed(data=str(elsewhere)).train().images_seen == 32


def test_names_of_folders_keep_their_letters_without_accents(tmp_path):
    titles = {
        "dcgan-Fotos für Öl": "dcgan-fotos-fur-ol",
        "mlp-Straße_3": "mlp-strasse-3",
        "mlp-写真": "mlp",
        "mlp-Żółć": "mlp-zolc",
    }
    for number, (title, name) in enumerate(titles.items(), start=1):
        assert folder.fresh(tmp_path, title).name == f"{number:05d}-{name}"
