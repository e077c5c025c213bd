"""Runs that grow, from the command to the sheet: exact in mid-fade, and at any level afterwards."""

import json
import shutil
import tomllib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import gantool as library
from gantool.errors import DataError
from gantool.files import cache_folder

# 4 pixels to image 16, 8 pixels fade in to 48 and train to 64, 16 pixels fade in to 96.
PROGRESSIVE = "progressive:fmap_base=64,fmap_max=8,latent=6,stabilise_kimg=0.016,fade_kimg=0.032"
COMPUTED = ["--precision", "float32", "--layout", "contiguous", "--convolutions", "direct"]  # each test has a cache
UNREPORTED = ["--log", "report:off=yes"]
MSG = "msg:fmap_base=64,fmap_max=8,latent=6"

pytestmark = pytest.mark.usefixtures("untimed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path):
    for index in range(8):
        folder = tmp_path / "photos" / ("cats" if index % 2 else "dogs")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "photos"


@pytest.fixture
def train(gantool, photos, tmp_path):
    def run(*words, arch=PROGRESSIVE, name="run"):
        flags = ["--resolution", 16, "--batch", 4, "--device", "cpu", "--out", tmp_path, *COMPUTED, *UNREPORTED]
        ended = gantool("train", "--arch", arch, "--data", photos, "--name", name, *map(str, flags), "-q", *words)
        assert ended.code == 0, ended.err
        return tmp_path / name

    return run


def weights(run, images_seen):
    folder = run / "checkpoints" / f"{images_seen:09d}"
    tensors = {name: load_file(folder / f"{name}.safetensors") for name in ("generator", "discriminator", "ema")}
    state = torch.load(folder / "state.pt", weights_only=True)
    moments = {f"{o} {i} {k}": v for o in ("optimizer_g", "optimizer_d")
               for i, s in state[o]["state"].items() for k, v in s.items()}  # fmt: skip
    return {f"{name} {key}": v for name, part in tensors.items() for key, v in part.items()} | moments


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# In each stage, and where one ends.
@pytest.mark.parametrize("halt", [32, 64, 80, *(pytest.param(halt, marks=pytest.mark.slow) for halt in (8, 48, 96))])
def test_a_run_stopped_anywhere_is_bit_for_bit_the_unbroken_one(train, halt):
    whole = train("--images", "112", name="whole")
    train("--images", str(halt), name="parts")
    parts = train("--images", "112", name="parts")
    assert same(weights(whole, 112), weights(parts, 112))


@pytest.mark.timed  # a trial of each stage changes nothing of the run
@pytest.mark.parametrize("halt", [40, pytest.param(60, marks=pytest.mark.slow)])
def test_a_batch_that_shrinks_on_the_way_changes_nothing(train, halt):
    arch = f"{PROGRESSIVE},batch_halves_beyond=4"
    whole = train("--images", "120", "--batch", "8", arch=arch, name="whole")
    train("--images", str(halt), "--batch", "8", arch=arch, name="parts")
    parts = train("--images", "120", "--batch", "8", arch=arch, name="parts")
    assert same(weights(whole, 120), weights(parts, 120))


@pytest.mark.long
def test_several_stops_in_a_row_change_nothing(train):
    whole = train("--images", "72", "--labels", name="whole")
    for images in ("12", "20", "36", "72"):
        parts = train("--images", images, "--labels", name="parts")
    assert same(weights(whole, 72), weights(parts, 72))


@pytest.mark.long
def test_msg_goes_on_exactly_too(train):
    whole = train("--images", "32", "--labels", arch=MSG, name="whole")
    train("--images", "12", "--labels", arch=MSG, name="parts")
    parts = train("--images", "32", "--labels", arch=MSG, name="parts")
    assert same(weights(whole, 32), weights(parts, 32))


@pytest.mark.long
def test_moments_are_forgotten_when_a_fade_begins_and_ends_unless_told_not_to(train):
    def steps(arch):
        run = train("--images", "48", arch=arch, name=f"run{len(arch)}")
        run = train("--images", "52", arch=arch, name=f"run{len(arch)}")
        return {int(v) for key, v in weights(run, 52).items() if key.endswith("step")}

    assert steps(PROGRESSIVE) == {1}
    assert max(steps(f"{PROGRESSIVE},reset_moments=no")) == 13


@pytest.mark.long
def test_auto_is_resolved_when_the_run_begins_and_kept_when_it_goes_on(train, gantool, tmp_path):
    auto = "progressive:fmap_base=64,fmap_max=8,latent=6"
    run = train("--images", "80", arch=auto)
    resolved = tomllib.loads((run / "config.toml").read_text("utf-8"))["arch"]
    assert "stabilise_kimg=0.01,fade_kimg=0.01" in resolved
    train("--images", "160", arch=auto)  # the same command, longer
    assert (run / "checkpoints" / "000000160").is_dir()
    assert resolved in (run / "config.toml").read_text("utf-8")
    ended = gantool("train", "--resume", run, "--arch", f"{auto},stabilise_kimg=0.02", "--images", "200")
    assert ended.code != 0
    assert "stabilise_kimg=0.02" in ended.err


@pytest.mark.long
def test_metrics_tell_level_and_alpha_and_sheets_show_growth_at_one_size(train):
    run = train("--images", "112", "--snapshot-every", "8")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    last_tick = [line for line in lines if "level" in line][-1]
    assert (last_tick["level"], last_tick["alpha"]) == (16, 1)
    scored = [line["images_seen"] for line in lines if "score" in line]
    assert scored == [line["images_seen"] for line in lines if line.get("side") == 16]  # others cannot be compared
    assert 0 not in scored
    assert 112 in scored
    sheets = {int(path.stem): pixels(path) for path in (run / "samples").iterdir()}
    assert len({sheet.shape for sheet in sheets.values()}) == 1
    cell = sheets[8][2:66, 2:66]  # 64 pixels that show 4
    assert np.array_equal(cell, np.kron(cell[8::16, 8::16], np.ones((16, 16, 1), np.uint8)))
    cell = sheets[112][2:66, 2:66]
    assert not np.array_equal(cell, np.kron(cell[8::16, 8::16], np.ones((16, 16, 1), np.uint8)))


def test_sheets_of_msg_show_the_pyramid_beside_the_picture(train):
    run = train("--images", "8", arch=MSG)
    sheet = pixels(run / "samples" / "000000008.png")
    model = library.load(run, device="cpu")
    scale = 4
    left = 3 + 16 * scale  # margin of a thirty-second of 24 * 4 pixels
    assert np.array_equal(sheet[3 : 3 + 64 : scale, 3:left:scale], np.asarray(model.sample([0])[0]))
    eight, four = (np.asarray(model.sample([0], level=level)[0]) for level in (8, 4))
    assert np.array_equal(sheet[3 : 3 + 32 : scale, left : left + 32 : scale], eight)
    assert np.array_equal(sheet[35 : 35 + 16 : scale, left : left + 16 : scale], four)


@pytest.mark.long
def test_any_level_can_be_sampled_and_walked(train, gantool, tmp_path):
    run = train("--images", "112", "--labels")
    for level in (4, 8, 16):
        ended = gantool("sample", run, "-n", "2", "--level", str(level), "--label", "cats", "--out", tmp_path / "out")
        assert ended.code == 0, ended.err
        assert pixels(tmp_path / "out" / f"seed000001-cats-level{level}.png").shape == (level, level, 3)
        walk = tmp_path / f"walk{level}.webp"
        assert (
            gantool("interpolate", run, "--seeds", "1,2", "--level", str(level), "--scale", "1", "-o", walk).code == 0
        )
        assert pixels(walk).shape == (level, level, 3)
    ended = gantool("sample", run, "--level", "32")
    assert ended.code == 2
    assert "No level of 32 pixels: this progressive draws 4, 8, 16." in ended.err


def test_a_model_in_mid_fade_draws_what_its_sheet_shows(train):
    run = train("--images", "32")
    model = library.load(run, device="cpu")
    sheet = pixels(run / "samples" / "000000032.png")
    drawn = model.images([0])[0].permute(1, 2, 0).numpy()
    assert drawn.shape == (8, 8, 3)
    assert np.abs(sheet[2:66:8, 2:66:8].astype(int) - drawn).max() <= 1
    with pytest.raises(library.GantoolError, match="draws 4, 8"):
        model.sample([0], level=16)


@pytest.mark.long
def test_dry_run_tells_the_course_with_the_memory_of_each_stage(gantool, photos):
    words = ["train", "--arch", PROGRESSIVE, "--data", photos, "--resolution", "16", "--batch", "4", "--dry-run"]
    told = json.loads(gantool(*words, "--images", "70", "--json").out)
    assert [(stage["start"], stage["resolution"], stage["batch"]) for stage in told["stages"]] == [
        (0, 4, 4), (16, 8, 4), (48, 8, 4), (64, 16, 4), (96, 16, 4),
    ]  # fmt: skip
    memory = [stage["memory_bytes"] for stage in told["stages"]]
    assert memory == sorted(memory)
    assert told["memory_bytes"] == memory[-1] > memory[0]
    page = gantool(*words, "--images", "70").out
    assert "fade in 16 pixels" in page
    assert page.count("not reached by --images") == 1


@pytest.mark.long
def test_memory_of_the_final_level_is_warned_about_at_the_start(train, monkeypatch, gantool, photos, tmp_path):
    flags = ["--resolution", "16", "--batch", "4", "--device", "cpu", "--out", tmp_path]
    words = ["train", "--arch", PROGRESSIVE, "--data", photos, *flags[:6], "--images", "60000", "--dry-run", "--json"]
    ended = gantool(*words)
    assert ended.code == 0, ended.err
    memory = [stage["memory_bytes"] for stage in json.loads(ended.out)["stages"]]
    monkeypatch.setattr("gantool.run.stage_memory.free_memory", lambda device: (memory[2] + memory[3]) // 2)
    ended = gantool("train", "--arch", PROGRESSIVE, "--data", photos, "--images", "72", *flags)
    assert ended.code == 0
    assert "From 64 images on, at 16 pixels, a step will need about" in ended.err
    assert "Lower --batch" in ended.err
    ended = gantool("train", "--arch", PROGRESSIVE, "--data", photos, "--images", "40", *flags)
    assert "a step will need" not in ended.err  # it never comes to 16 pixels


@pytest.mark.long
def test_a_run_that_ends_before_it_has_grown_is_told_so(gantool, photos, tmp_path):
    flags = ["--resolution", "16", "--batch", "4", "--device", "cpu", "--images", "72", "--out", tmp_path]
    ended = gantool("train", "--arch", PROGRESSIVE, "--data", photos, *flags)
    assert "--images 72 ends the run in the stage 'fade in 16 pixels'" in ended.err
    assert "would begin at 96" in ended.err
    (run,) = tmp_path.glob("*-progressive-photos")
    ended = gantool("train", "--resume", run, "--images", "40")
    assert "Nothing to do" in ended.err
    assert "ends the run in the stage" not in ended.err


def test_a_cache_that_is_emptied_meanwhile_does_not_stop_a_run_that_grows(photos, tmp_path):
    config = library.configure(
        arch=PROGRESSIVE, data=str(photos), resolution=16, batch=4, images=112, device="cpu", precision="float32"
    )
    made = library.trainer(config, tmp_path)
    made.step()
    shutil.rmtree(cache_folder())
    assert made.train().images_seen == 112


def test_a_cache_that_cannot_be_written_is_explained_before_there_is_a_run(photos, tmp_path, monkeypatch):
    def locked(place):
        raise PermissionError(13, "Permission denied", str(place))

    config = library.configure(
        arch=PROGRESSIVE, data=str(photos), resolution=16, batch=4, images=112, device="cpu", precision="float32"
    )
    monkeypatch.setattr("gantool.data.cache.reduced.only_builder", locked)
    with pytest.raises(DataError, match=r"could not be cached in .*Permission denied"):
        library.trainer(config, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_schedule_is_explained_where_one_looks_for_it(gantool):
    page = gantool("plugins", "show", "progressive").out
    for word in ("stabilise_kimg", "fade_kimg", "--dry-run", "wasserstein"):
        assert word in page
