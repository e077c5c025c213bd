"""`gantool train`: journeys with the smallest networks on pictures made here."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.api.run_config import ALIASES, RunConfig
from gantool.cli.settings import flag_names
from gantool.cli.training import on_time
from gantool.engine.commands import resume_command
from gantool.engine.precision import Precision
from gantool.run import duration
from gantool.run.config import WITHOUT_FLAG
from gantool.run.duration import Duration

SMALL = ("--arch", "dcgan:width=4,latent=8", "--batch", "4", "--device", "cpu", "--precision", "float32", "-q")
MLP = ("--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--batch", "4", "--device", "cpu", "-q")

pytestmark = pytest.mark.usefixtures("untimed")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    drawn = np.random.default_rng(0)
    for kind in ("cats", "dogs"):
        (folder / kind).mkdir(parents=True)
        for index in range(6):
            pixels = drawn.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{index}.png")
    (folder / "cats" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def same_weights(one: Path, other: Path) -> bool:
    return (one / "generator.safetensors").read_bytes() == (other / "generator.safetensors").read_bytes()


def test_alpha_that_nothing_needs_is_told(gantool, photos):
    words = ("train", *MLP[:-1], "--data", photos, "--resolution", "8", "--images", "4", "--channels", "4")
    ended = gantool(*words)
    assert ended.code == 0, ended.err
    assert "in colour with transparency" in ended.err
    assert "--channels 3 is enough" in ended.err
    for file in photos.glob("*/?.png"):
        Image.new("RGBA", (8, 8)).save(file)
    assert "is enough" not in gantool(*words).err


def test_a_folder_of_pictures_becomes_a_run(gantool, photos):
    ended = gantool("train", *SMALL, "--data", photos, "--resolution", "16", "--images", "24", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    run = Path(told["run"])
    assert run == Path("runs/00001-dcgan-photos")
    assert told["images_seen"] == 24
    assert all(Path(file).is_file() for file in told["files"])
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["images_seen"] == 24
    assert (run / "samples" / "000000024.png").is_file()
    assert "broken.jpg" in (run / "skipped.tsv").read_text()


@pytest.mark.timed  # the trial changes nothing of a run
def test_n_then_n_more_by_the_same_command_equals_2n(gantool, photos):
    base = ("train", *SMALL, "--data", photos, "--resolution", "16", "--penalty", "r1:every=2")
    assert gantool(*base, "--name", "halves", "--images", "16").code == 0
    assert gantool(*base, "--name", "halves", "--images", "32").code == 0
    assert gantool(*base, "--name", "whole", "--images", "32").code == 0
    assert same_weights(Path("runs/halves"), Path("runs/whole"))
    assert gantool("train", "-q", "--resume", "runs/halves", "--images", "40").code == 0
    assert not same_weights(Path("runs/halves"), Path("runs/whole"))


def test_a_resume_with_other_settings_shows_the_difference(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "8").code == 0
    before = Path("runs/one/config.toml").read_bytes()
    ended = gantool(*base, "--images", "16", "--lr", "0.5", "--loss", "hinge")
    assert ended.code == 1
    assert "--lr 0.0004 in the run, 0.5 requested" in ended.err
    assert "hinge" in ended.err
    assert Path("runs/one/config.toml").read_bytes() == before


def test_auto_agrees_with_whatever_the_run_has_resolved(gantool, photos):
    base = ("train", *MLP[:-1], "--data", photos, "--resolution", "8", "--name", "one", "--precision", "auto")
    begun = gantool(*base, "--images", "8")
    assert begun.code == 0
    for flag in ("precision", "layout", "convolutions"):
        chosen = tomllib.loads(Path("runs/one/config.toml").read_text())[flag]
        assert f"Chosen: --{flag} {chosen} (by timing, kept for this machine)" in begun.err
    again = gantool(*base, "--images", "16")
    assert (again.code, "by timing" in again.err) == (0, False)


def test_labels_are_learnt_from_sub_folders(gantool, photos):
    ended = gantool(
        "train", *SMALL, "--data", photos, "--resolution", "16", "--labels", "--images", "8", "--name", "pets"
    )
    assert ended.code == 0, ended.err
    assert gantool("sample", "runs/pets", "--label", "dogs", "-n", "2").code == 0
    ended = gantool("sample", "runs/pets", "--label", "dgos", "-n", "2")
    assert ended.code == 2
    assert "dogs" in ended.err


@pytest.mark.long
def test_a_dry_run_tells_parameters_and_trains_nothing(gantool):
    ended = gantool("train", "--arch", "dcgan:width=64", "--resolution", "64", "--dry-run", "--json",
                    "--precision", "float32", "--layout", "contiguous")  # fmt: skip
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["parameters"] == {"generator": 2_371_136, "discriminator": 2_765_568}
    assert told["config"]["loss"].startswith("logistic")
    assert told["memory_bytes"] > 4 * (2_371_136 + 2_765_568) * 4
    warned = gantool("train", "--arch", "mlp", "--lr", "0.5", "--images", "100", "--dry-run", "--json")
    warnings = json.loads(warned.out)["warnings"]
    assert "--lr 0.5 is 1,250 times" in warnings[0]
    assert [line for line in warned.err.splitlines() if line.startswith("Warning: ")] == [
        f"Warning: {warning}" for warning in warnings
    ]
    assert not Path("runs").exists()


def test_settings_may_come_from_a_file_that_flags_win_over(gantool, photos):
    Path("run.toml").write_text('data = "photos"\nresolution = 16\nbatch = 6\nimages = "12"\nseed = 7\n')
    assert gantool("train", *SMALL, "--config", "run.toml", "--name", "filed").code == 0
    written = Path("runs/filed/config.toml").read_text()
    assert "batch = 4" in written
    assert "seed = 7" in written


WRONG = [
    (("--arch", "dcgn"), 2, "Did you mean 'dcgan'"),
    (("--arch", "mlp", "--loss", "hing"), 2, "hinge"),
    (("--arch", "dcgan:width=2"), 2, "width"),
    (("--arch", "dcgan", "--resolution", "48"), 2, "16, 28, 32"),
    (("--arch", "mlp", "--images", "many"), 2, "200k"),
    (("--arch", "mlp", "--data", "./nowhere"), 2, "nowhere"),
    (("--arch", "mlp", "--data", "./fotos"), 2, "Did you mean 'photos'"),
    (("--arch", "mlp", "--data", "fotos"), 2, "no folder, archive or source 'fotos'. Did you mean 'photos'?\n"),
    (("--arch", "mlp", "--config", "photoz"), 2, "Did you mean 'photos'"),
    (("--arch", "mlp", "--channels", "2"), 2, "takes one of 1, 3, 4, not 2"),
    (("--arch", "mlp", "--batch", "0"), 2, "--batch"),
    (("--arch", "mlp", "--device", "cdua"), 2, "Did you mean 'cuda'"),
    (("--resume", "runs/none"), 2, "runs/none"),
    (("--arch", "mlp", "--config", "none.toml"), 2, "none.toml"),
    (("--arch", "mlp", "--name", "../out"), 2, "--name"),
    (("--arch", "mlp", "--name", "a\x1b[31mb"), 2, r"--name 'a\x1b[31mb': a name is one line"),
    (("--minutes", "0"), 2, "--minutes takes a number above 0, not 0"),
    (("--minutes", "5", "--images", "9"), 2, "exclude each other"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "words"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, tuple) else None
)
def test_what_is_wrong_is_said_in_a_sentence(gantool, photos, arguments, code, words):
    ended = gantool("train", *arguments)
    assert ended.code == code
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not Path("runs").exists()


def test_more_asked_than_there_is_gets_explained(gantool, photos):
    for dry_run in ((), ("--dry-run",)):
        ended = gantool("train", *MLP, "--data", photos / "cats", "--resolution", "8", "--labels", *dry_run)
        assert (ended.code, f"no classes in {photos / 'cats'}" in ended.err) == (1, True)
        ended = gantool("train", *MLP, "--data", photos, "--resolution", "8", "--batch", "64", *dry_run)
        assert (ended.code, "--batch 12 or less" in ended.err) == (1, True)
        alone = Path("alone")
        alone.mkdir(exist_ok=True)
        (alone / "1.png").write_bytes((photos / "cats" / "0.png").read_bytes())
        ended = gantool("train", *MLP, "--data", alone, "--resolution", "8", *dry_run)
        assert (ended.code, "There is one image in alone; training needs two" in ended.err) == (1, True)
    empty = Path("empty")
    empty.mkdir()
    ended = gantool("train", *MLP, "--data", empty)
    assert (ended.code, "no pictures" in ended.err) == (1, True)
    assert not Path("runs").exists()


def test_a_damaged_checkpoint_is_refused_with_the_last_good_one_and_a_way_on(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one", "--log", "watch:off=yes")
    assert gantool(*base, "--images", "40", "--checkpoint-every", "20").code == 0
    newest = Path("runs/one/checkpoints/000000040/state.pt")
    newest.write_bytes(newest.read_bytes()[:100])
    ended = gantool(*base, "--images", "60")
    assert ended.code == 1
    assert "000000040" in ended.err
    assert "--resume runs/one/checkpoints/000000020" in ended.err
    assert gantool("train", "-q", "--resume", "runs/one/checkpoints/000000020", "--images", "60").code == 0
    assert gantool(*base, "--images", "80").code == 0


def test_a_finished_run_is_left_as_it_is(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one", "--images", "8")
    assert gantool(*base).code == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in Path("runs/one/checkpoints").rglob("*"))
    assert gantool(*base).code == 0
    assert sorted((path, path.stat().st_mtime_ns) for path in Path("runs/one/checkpoints").rglob("*")) == before


@pytest.mark.long
@pytest.mark.timed
def test_a_run_goes_on_for_so_many_minutes_more(gantool, photos):
    assert gantool("train", *SMALL, "--data", "photos", "--images", "32", "--name", "one").code == 0
    ended = gantool("train", "--resume", "runs/one", "--dry-run")
    way_on = "a larger --images, or --resume RUN --minutes N, trains on"
    assert f"Time: none, as the run has seen 32 images already; {way_on}" in ended.out
    more = json.loads(gantool("train", "--resume", "runs/one", "--images", "64", "--dry-run", "--json").out)
    assert (more["images_seen"], more["config"]["images"]) == (32, 64)
    told = gantool("train", "--resume", "runs/one", "--minutes", "0.01", "--dry-run")
    assert "32 seen, and" in told.err
    assert "too few to learn pictures" not in told.err  # a sentence for new runs, whose time is that of all images
    assert " more images on cpu in " in told.out
    falling = ("--lr-schedule", "linear", "--change")
    told = gantool("train", "--resume", "runs/one", "--minutes", "0.01", *falling, "--dry-run", "--json")
    assert json.loads(told.out)["config"]["horizon"] == json.loads(told.out)["config"]["images"] > 32
    longer = gantool("train", "--resume", "runs/one", "--minutes", "0.01", "--json")
    assert longer.code == 0, longer.err
    assert json.loads(longer.out)["images_seen"] > 32
    same = gantool("train", *SMALL[:-1], "--data", "photos", "--name", "one", "--minutes", "0.01")
    assert "the length of the run that resumes" in same.err
    assert "Nothing to do" in same.err


def test_fewer_images_than_a_run_has_seen_are_one_clear_sentence(gantool, photos):
    base = ("train", *MLP[:-1], "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "16").code == 0
    before = contents(Path("runs/one"))
    ended = gantool("train", "--resume", "runs/one", "--images", "8", "--clip-grad", "1", "--change")
    assert ended.code == 0
    assert "Changed from here on" not in ended.err
    assert "the run runs/one has already seen 16 images, more than --images 8; give a larger --images" in ended.err
    assert ended.err.count("Nothing to do") == 1
    assert "Training" not in ended.err
    assert contents(Path("runs/one")) == before


def background(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "gantool",
        "train",
        *SMALL[:-1],
        "--data",
        "photos",
        "--resolution",
        "16",
        *arguments,
    ]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_prints_the_command_that_resumes(gantool, photos, number, code):
    process = background("--name", "long", "--images", "1M")
    wait_for(lambda: Path("runs/long/metrics.jsonl").is_file())
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "gantool train --resume runs/long" in err
    assert "Traceback" not in err
    saved = int(max(path.name for path in Path("runs/long/checkpoints").iterdir()))
    assert saved % 4 == 0
    assert gantool("train", "-q", "--resume", "runs/long", "--images", str(saved + 8)).code == 0
    assert (
        gantool(
            "train", *SMALL, "--data", "photos", "--resolution", "16", "--name", "whole", "--images", str(saved + 8)
        ).code
        == 0
    )
    assert same_weights(Path("runs/long"), Path("runs/whole"))


@pytest.mark.long
def test_kill_9_in_the_middle_loses_nothing_but_what_came_after_the_checkpoint(gantool, photos):
    process = background("--name", "killed", "--images", "1M", "--checkpoint-every", "16")
    wait_for(lambda: Path("runs/killed/checkpoints").is_dir() and any(Path("runs/killed/checkpoints").glob("0*")))
    process.kill()
    process.communicate(timeout=60)
    goal = str(int(max(path.name for path in Path("runs/killed/checkpoints").glob("0*"))) + 16)
    assert gantool("train", "-q", "--resume", "runs/killed", "--images", goal).code == 0
    assert (
        gantool("train", *SMALL, "--data", "photos", "--resolution", "16", "--name", "whole", "--images", goal).code
        == 0
    )
    assert same_weights(Path("runs/killed"), Path("runs/whole"))
    lines = [json.loads(line) for line in Path("runs/killed/metrics.jsonl").read_text().splitlines()]
    seen = [line["images_seen"] for line in lines if "loss_d" in line]
    assert seen == sorted(set(seen))


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_run_that_another_process_trains_is_left_alone(gantool, photos):
    base = ("train", *SMALL, "--data", photos, "--resolution", "16", "--name", "one")
    process = background("--name", "one", "--images", "1M", "--checkpoint-every", "16")
    try:
        wait_for(lambda: Path("runs/one/checkpoints").is_dir() and any(Path("runs/one/checkpoints").glob("0*")))
        process.send_signal(signal.SIGSTOP)
        before = contents(Path("runs/one"))
        for arguments in ((*base, "--images", "2M"), ("train", "-q", "--resume", "runs/one/checkpoints/000000016")):
            ended = gantool(*arguments)
            assert (ended.code, ended.out) == (1, "")
            assert ended.err.count("\n") == 1
            assert "Another process is training the run runs/one." in ended.err
        assert contents(Path("runs/one")) == before
    finally:
        process.kill()
        process.communicate(timeout=60)
    goal = str(int(max(path.name for path in Path("runs/one/checkpoints").glob("0*"))) + 4)
    assert gantool(*base, "--images", goal).code == 0


def test_a_process_killed_before_its_run_began_is_no_obstacle(gantool, photos):
    Path("runs/one").mkdir(parents=True)
    Path("runs/one/.lock").touch()
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "8").code == 0


def test_a_run_follows_its_pictures_when_they_move(gantool, photos):
    base = ("train", *MLP, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--data", photos, "--images", "8").code == 0
    photos.rename("elsewhere")
    assert gantool(*base, "--data", "elsewhere", "--images", "16").code == 0
    Path("elsewhere/cats/0.png").unlink()
    ended = gantool(*base, "--data", "elsewhere", "--images", "24")
    assert (ended.code, "12 then, 11 now" in ended.err) == (1, True)


def test_a_refused_resume_leaves_the_run_as_it_was(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "8").code == 0
    Path("runs/one/checkpoints/000000008/state.pt").write_bytes(b"")
    before = Path("runs/one/config.toml").read_bytes()
    assert gantool(*base, "--images", "16").code == 1
    assert Path("runs/one/config.toml").read_bytes() == before


def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one", "--checkpoint-every", "4")
    assert gantool(*base, "--images", "8").code == 0
    ended = gantool("train", "--resume", "runs/one/checkpoints/00000000")
    assert (ended.code, "There is no checkpoint runs/one/checkpoints/00000000." in ended.err) == (2, True)
    assert "000000004, 000000008" in ended.err
    for manifest in Path("runs/one/checkpoints").glob("*/manifest.json"):
        manifest.unlink()
    ended = gantool(*base, "--images", "16")
    assert (ended.code, "no good one left" in ended.err) == (1, True)


def test_a_run_that_lost_its_checkpoints_does_not_begin_anew(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "8").code == 0
    shutil.rmtree("runs/one/checkpoints")
    before = contents(Path("runs/one"))
    ended = gantool(*base, "--images", "16")
    assert (ended.code, "lost its checkpoints" in ended.err) == (1, True)
    assert contents(Path("runs/one")) == before
    Path("runs/one/generator.safetensors").unlink()
    assert gantool(*base, "--images", "16").code == 0


def test_a_batch_larger_than_the_data_is_refused_before_it_is_tried(gantool, photos, monkeypatch):
    monkeypatch.setattr("gantool.run.prepare.resolve_precision", lambda *_: pytest.fail("it was tried"))
    ended = gantool("train", *MLP, "--data", photos, "--resolution", "8", "--batch", "64")
    assert (ended.code, "--batch 12 or less" in ended.err) == (1, True)


def test_sigterm_before_training_clears_away_what_is_half_done(gantool, photos, monkeypatch):
    cleared = []

    def build(*_):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            cleared.append(True)

    monkeypatch.setattr("gantool.run.start.build_source", build)
    assert gantool("train", *MLP, "--data", photos, "--resolution", "8").code == 143
    assert cleared == [True]


def test_a_copy_among_the_checkpoints_is_not_mistaken_for_one(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--name", "one")
    assert gantool(*base, "--images", "8").code == 0
    shutil.copytree("runs/one/checkpoints/000000008", "runs/one/checkpoints/000000008.bak")
    assert gantool(*base, "--images", "16").code == 0
    assert Path("runs/one/checkpoints/000000008.bak").is_dir()


def test_an_observer_that_every_run_has_can_be_given_options(gantool, photos):
    base = ("train", *MLP, "--data", photos, "--resolution", "8", "--images", "8")
    assert gantool(*base, "--name", "once", "--log", "jsonl", "--log", "samples:pixels=8").code == 0
    assert Path("runs/once/metrics.jsonl").read_text().count("loss_d") == 2  # a tick is one batch here


def test_resume_and_name_exclude_each_other_and_one_image_is_too_few(gantool, photos):
    assert gantool("train", "--resume", "runs/a", "--name", "b").code == 2
    Path("lonely").mkdir()
    shutil.copy(photos / "cats" / "0.png", "lonely")
    ended = gantool("train", *MLP, "--data", "lonely", "--resolution", "8")
    assert (ended.code, "needs two" in ended.err) == (1, True)


def test_networks_too_large_for_memory_are_explained_before_training(gantool):
    ended = gantool("train", "--arch", "dcgan:width=100000000,max_width=100000000", "--dry-run")
    assert ended.code == 2
    assert "do not fit in this machine's memory" in ended.err


def test_the_command_that_resumes_can_be_pasted():
    assert resume_command(Path("out/my run"), [Path("a b")]) == (
        "gantool train --resume 'out/my run' --plugins-dir 'a b'"
    )


def test_every_setting_but_those_for_files_has_a_flag():
    assert set(flag_names()) == set(RunConfig.model_fields) - set(WITHOUT_FLAG) | set(ALIASES)


@pytest.mark.long
def test_a_signal_to_one_of_many_processes_stops_and_saves_them_all(gantool, photos):
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    told = ("--layout", "contiguous", "--images", "1M", "--name", "both")
    ranks = [background(*told, RANK=str(rank), **place) for rank in range(2)]
    try:
        metrics = Path("runs/both/metrics.jsonl")  # a tick means that both have taken steps together
        wait_for(lambda: metrics.is_file() and "loss_d" in metrics.read_text())
        ranks[1].send_signal(signal.SIGTERM)
        (_, err), _ = (process.communicate(timeout=60) for process in ranks)
    finally:
        for process in ranks:
            process.kill()
    assert [process.returncode for process in ranks] == [130, 0]
    assert "gantool train --resume runs/both" in err
    assert "Traceback" not in err
    saved = int(max(path.name for path in Path("runs/both/checkpoints").iterdir()))
    assert gantool("train", "-q", "--resume", "runs/both", "--images", str(saved + 8)).code == 0


def test_strategies_are_flags_of_a_run_and_of_its_resume(gantool, photos):
    flags = (*SMALL, "--data", photos, "--resolution", "16", "--name", "held")
    held = (
        "--balance", "skip-d:below=1.2", "--lr-schedule", "cosine", "--warmup", "8", "--instance-noise", "0.2",
        "--clip-grad", "1", "--accumulate", "2", "--penalty", "path-length",
    )  # fmt: skip
    first = gantool("train", *flags, *held, "--images", "16")
    assert first.code == 0, first.err
    written = tomllib.loads(Path("runs/held/config.toml").read_text())
    assert written["horizon"] == 16
    assert written["balance"].startswith("skip-d:below=1.2,")
    again = gantool("train", *flags, *held, "--images", "24")
    assert again.code == 0, again.err
    assert "learning rates are 0" in again.err
    other = gantool("train", *flags, *held, "--images", "24", "--warmup", "12")
    assert other.code == 1
    assert "--warmup 8 in the run, 12 requested" in other.err


def test_a_combination_that_cannot_work_leaves_no_run_behind(gantool, photos):
    flags = (*SMALL, "--data", photos, "--resolution", "16", "--images", "8")
    ended = gantool("train", *flags, "--penalty", "clip", "--penalty", "gp")
    assert ended.code == 2
    assert "--penalty clip and --penalty gp do not go together" in ended.err
    assert not Path("runs").exists()
    for more in ((), ("--dry-run",)):
        odd = gantool("train", *flags, "--accumulate", "3", *more)
        assert odd.code == 2
        assert "--accumulate 3 does not fit the batch of 4" in odd.err
    assert not Path("runs").exists()
    misspelt = gantool("train", *flags, "--dry-run", "--balance", "skp-d")
    assert misspelt.code == 2
    assert "skip-d" in misspelt.err


def test_what_was_chosen_is_told_with_its_reason_and_kept_when_the_run_goes_on(gantool, photos):
    flags = (
        "train",
        *[word for word in SMALL if word != "-q"],
        "--data",
        photos,
        "--resolution",
        "16",
        "--name",
        "run",
    )
    first = gantool(*flags, "--images", "8", "--penalty", "r1")
    assert first.code == 0, first.err
    assert "Chosen: --augment diffaugment" in first.err
    assert "Chosen: --penalty r1:weight=0.0128" in first.err
    again = gantool(*flags, "--images", "16", "--penalty", "r1", "--augment", "auto")
    assert again.code == 0, again.err
    assert "Chosen:" not in again.err
    dry = json.loads(gantool(*flags[:-2], "--images", "8", "--dry-run", "--json").out)
    assert {choice["flag"] for choice in dry["choices"]} >= {"--augment", "--ema"}


def test_a_dry_run_tells_the_time_in_the_precision_that_the_run_will_have(gantool, monkeypatch):
    monkeypatch.setattr("gantool.run.prepare.choose", lambda *_: Precision("bf16"))
    dry = ("train", "--arch", "mlp", "--resolution", "8", "--dry-run", "--layout", "contiguous")
    ended = gantool(*dry, "--verbose")
    assert ended.code == 0, ended.err
    assert "precision = bf16" in ended.out
    assert "Chosen: --precision bf16 (by timing, kept for this machine)" in ended.err
    assert " on cpu in bf16\n" in ended.out
    assert "precision = " not in gantool(*dry).out  # all settings are behind --verbose


def test_told_times_are_said_to_be_without_graphs_where_there_may_be_some():
    assert "without graphs" in next(on_time("auto", "cuda", 1))
    for given in (("off", "cuda", 1), ("auto", "cpu", 1), ("auto", "cuda", 2)):
        assert not [*on_time(*given)]


@pytest.mark.timed
def test_length_and_time_come_from_one_measurement(gantool, photos, monkeypatch):
    measured = []
    trial = duration.Trial
    monkeypatch.setattr(duration, "Trial", lambda *given: measured.append("steps") or trial(*given))
    monkeypatch.setattr("gantool.run.prepare.choose", lambda *_: measured.append("precision") or Precision())
    of_seconds = ("train", *SMALL[:-1], "--resolution", "16", "--data", "photos", "--minutes", "0.01")
    for more in (("--dry-run",), ()):
        said = gantool(*of_seconds, *more)
        assert said.code == 0, said.err
        assert sorted(measured) == ["precision", "steps"]
        measured.clear()
        words = re.search(r"Chosen: --images [\d,]+ \((about .*\)) here, by timing\)", said.err)
        assert words is not None, said.err
        told = re.search(r"(?:Time: |This will take )(about .*\))", said.out + said.err)
        assert told is not None
        assert told[1] == words[1]
        assert re.search(r"The [\d,]+ images of this time are too few to learn pictures", said.err)
        assert more or said.err.splitlines()[-1].endswith(" --images 5000")  # what the warning names


@pytest.mark.long
def test_a_dry_run_tells_what_is_trained_on_what_and_how_long(gantool, photos):
    ended = gantool("train", "--data", "photos", "--resolution", "16", "--labels", "--device", "cpu", "--images", "500",
                    "--dry-run")  # fmt: skip
    assert ended.code == 0, ended.err
    assert (
        "Chosen: --arch dcgan:width=64 (quick to train, at 16 to 256 pixels; width 64, that of the paper)\n"
        in ended.err
    )
    titles = [line.partition(":")[0] for line in ended.out.splitlines()]
    assert titles == ["Data", "Classes", "Networks", "Memory", "Time"]
    assert "images from photos, at 16 pixels, in colour" in ended.out
    assert "Classes: 2: cats, dogs" in ended.out
    assert " for 500 images on cpu" in ended.out


def test_a_run_that_would_take_days_on_a_cpu_is_told_of_before_it_begins(gantool, photos, monkeypatch):
    def expected(prepared, *_, **__):
        images = float(prepared.config.images)
        return Duration(images, images, (1.0, 1.0), {})

    for room in ("forecast", "start"):
        monkeypatch.setattr(f"gantool.run.{room}.duration", expected)
    small = ("train", *SMALL, "--data", photos, "--resolution", "16")
    ended = gantool(*small, "--images", "864k", "--dry-run")
    assert "On this CPU the run will take about 10 days: 864,000 images, in the end about 1 a second." in ended.err
    assert "fewer --images (3k take about an hour)" in ended.err
    assert "gantool plugins show dcgan" in ended.err
    assert "On this CPU" not in gantool(*small, "--images", "20k", "--dry-run").err
    monkeypatch.setattr("gantool.run.forecast.LONG_RUN", 20)
    assert "On this CPU the run will take" in gantool(*small, "--images", "24", "--name", "slow").err
    assert "On this CPU" not in gantool(*small, "--images", "48", "--name", "slow").err  # it is known to go on
