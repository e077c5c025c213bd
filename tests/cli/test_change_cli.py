"""`gantool train --resume RUN --change`: settings that a run may change in its middle, and the history it keeps."""

import json
import tomllib
from pathlib import Path

import pytest

from gantool.plugins.host import host
from gantool.run import planning, start

MLP = (
    "train", "-q", "--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--data", "shapes", "--resolution", "8",
    "--batch", "4", "--device", "cpu", "--precision", "float32", "--layout", "contiguous", "--augment", "none",
    "--log", "watch:off=yes", "--penalty", "r1:weight=1,every=2", "--lr-schedule", "cosine", "--horizon", "64",
)  # fmt: skip
CHANGES = ("--lr", "0.001", "--batch", "8", "--penalty", "r1:weight=3", "--change")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(gantool, *arguments):
    ended = gantool(*arguments)
    assert ended.code == 0, ended.err
    return ended.err


def resumed(gantool, run, images, *arguments):
    return trained(gantool, "train", "--resume", f"runs/{run}", "--images", images, *arguments)


def weights(run):
    return Path("runs", run, "generator.safetensors").read_bytes()


def config(run):
    return tomllib.loads(Path("runs", run, "config.toml").read_text())


@pytest.mark.long
def test_settings_change_from_a_checkpoint_on_and_a_later_resume_goes_on_with_them_exactly(gantool):
    for name in ("straight", "parts", "same"):
        trained(gantool, *MLP, "--name", name, "--images", "16")
    said = resumed(gantool, "straight", "48", *CHANGES)
    assert "Changed from here on: --penalty r1:weight=1.0,every=2 before, r1:weight=3.0,every=1 now; --bat" in said
    assert "Data: 20,000 images from shapes, at 8 pixels" in said
    resumed(gantool, "parts", "32", *CHANGES)
    resumed(gantool, "parts", "48")
    resumed(gantool, "same", "48")
    assert weights("straight") == weights("parts") != weights("same")
    written = config("parts")
    assert (written["lr_g"], written["batch"]) == (0.001, 8)
    former = {"penalty": ["r1:weight=1.0,every=2"], "batch": 4, "lr_g": 0.0002, "lr_d": 0.0002}
    assert written["history"] == [{"until": 16, "settings": former}]


@pytest.mark.long
def test_rates_betas_and_decay_of_the_next_step_are_the_new_ones(gantool):
    trained(gantool, *MLP, "--name", "one", "--images", "16")
    new = {"lr_g": 0.001, "lr_schedule": "constant", "betas": "0.1,0.9", "weight_decay": 0.5, "images": 24}
    plan = planning.plan(host(), new, resume=Path("runs/one"), change=True)
    trainer = start.trainer(plan)
    trainer.step()
    (group_g,), (group_d,) = (optimizer.param_groups for optimizer in trainer.game.optimizers)
    for group, rate in ((group_g, 0.001), (group_d, 0.0002)):
        assert (group["lr"], group["betas"], group["weight_decay"]) == (rate, (0.1, 0.9), 0.5)


def test_a_change_taken_back_before_a_step_leaves_no_history(gantool):
    trained(gantool, *MLP, "--name", "one", "--images", "16")
    before = config("one")
    resumed(gantool, "one", "16", "--lr", "0.001", "--change")
    resumed(gantool, "one", "16", "--lr-g", "0.002", "--change")
    assert config("one")["history"] == [{"until": 16, "settings": {"lr_g": 0.0002, "lr_d": 0.0002}}]
    resumed(gantool, "one", "16", "--lr", "0.0002", "--change")
    assert config("one") == before


@pytest.mark.long
def test_an_older_checkpoint_goes_on_with_the_settings_of_its_time(gantool):
    for name in ("back", "whole"):
        trained(gantool, *MLP, "--name", name, "--images", "32", "--checkpoint-every", "16", "--keep", "9")
    resumed(gantool, "back", "48", *CHANGES)
    resumed(gantool, "back", "64", "--clip-grad", "1", "--change")
    assert [former["until"] for former in config("back")["history"]] == [32, 48]
    told = gantool("train", "--resume", "runs/back/checkpoints/000000016", "--minutes", "0.01", "--dry-run").err
    assert told.count("drops that: --") == 1, told  # though the plan is made anew, for the length that was timed
    said = resumed(gantool, "back/checkpoints/000000016", "48")
    assert "resumes from before its settings were changed, and drops that:" in said
    assert "--batch 4 now, 8 later" in said
    resumed(gantool, "whole", "48")
    assert weights("back") == weights("whole")
    assert config("back")["history"] == []


def test_a_schedule_that_is_begun_at_the_end_of_a_run_ends_with_what_follows(gantool):
    constant = [{"cosine": "constant"}.get(word, word) for word in MLP if word not in ("--horizon", "64")]
    trained(gantool, *constant, "--name", "one", "--images", "16")
    refused = gantool("train", "--resume", "runs/one", "--images", "24", "--lr-schedule", "linear").err
    assert "other settings: --lr-schedule constant in the run, linear requested. Leave" in refused
    assert "Learning rates" not in resumed(gantool, "one", "16", "--lr-schedule", "linear", "--change")
    assert (config("one")["lr_schedule"], config("one")["horizon"]) == ("linear", "auto")
    said = resumed(gantool, "one", "48")
    assert "learning rates are 0" not in said
    assert "Learning rates go on at 67%, not 100%: their schedule counts from the run's first image" in said
    assert config("one")["horizon"] == 48
    assert "learning rates are 0" in resumed(gantool, "one", "64")  # the schedule has begun, and keeps its end
    assert config("one")["history"] == [{"until": 16, "settings": {"lr_schedule": "constant", "horizon": "auto"}}]


def test_a_warm_up_that_would_have_been_over_is_warned_of(gantool):
    trained(gantool, *MLP, "--name", "one", "--images", "16")
    said = resumed(gantool, "one", "24", "--warmup", "16", "--change")
    assert "--warmup 16 changes nothing from 16 images on: it counts from the run's first image." in said
    assert "changes nothing" not in resumed(gantool, "one", "32", "--warmup", "32", "--change")


REFUSED = {
    ("--lr", "0.5"): "to resume it, add --change to change them from 16 images on, or begin a new",
    ("--loss", "hinge", "--change"): "to resume it: --loss cannot change in the middle of a run.",
    (
        "--seed",
        "3",
        "--lr",
        "0.5",
        "--change",
    ): "--seed cannot change in the middle of a run. Other settings need a new",
    ("--penalty", "r2", "--change"): "the kinds of penalties cannot change in the middle of a run",
    ("--penalty", "none", "--change"): "the kinds of penalties cannot change in the middle of a run",
}


def test_other_settings_are_refused_with_both_ways_to_have_them(gantool):
    trained(gantool, *MLP, "--name", "one", "--images", "16")
    before = config("one")
    for arguments, words in REFUSED.items():
        ended = gantool("train", "--resume", "runs/one", *arguments)
        assert ended.code == 1
        assert words in ended.err
        assert "a new run from its weights: --init runs/one, under another --name or none." in ended.err
    assert config("one") == before
    ended = gantool(*MLP, "--name", "two", "--change")
    assert (ended.code, "--change is for a run that exists" in ended.err) == (2, True)


@pytest.mark.long
def test_a_new_run_from_its_weights_is_advised_where_they_fit_alone(gantool):
    archs = {"dcgan": "dcgan:width=4,latent=8", "progressive": "progressive:latent=8,fmap_base=64,fmap_max=8"}
    archs["mlp"] = "mlp:generator_hidden=8,discriminator_hidden=8"
    small = ("--resolution", "16", "--images", "4", *MLP[4:6], *MLP[8:18])
    for name, arch in archs.items():
        trained(gantool, "train", "-q", "--arch", arch, *small, "--name", name)
    for name, arguments, fits in (
        ("dcgan", ("--resolution", "32"), False),
        ("mlp", ("--arch", "dcgan"), False),
        ("progressive", ("--resolution", "32"), True),
        ("dcgan", ("--loss", "hinge"), True),
    ):
        ended = gantool("train", "--resume", f"runs/{name}", *arguments, "--change")
        assert ended.code == 1
        assert f"{arguments[0]} cannot change in the middle of a run. Other settings need a new run" in ended.err
        assert ("from its weights: --init runs/" in ended.err) == fits
        assert ("a new run without --resume and --init, whose networks its weights do not fit" in ended.err) != fits
        obeyed = gantool("train", "--dry-run", "--init", f"runs/{name}", *arguments)
        assert (obeyed.code == 0) == fits, obeyed.err


@pytest.mark.long
def test_a_constant_augmentation_rises_from_a_change_on_and_options_at_auto_are_chosen_for_it(gantool):
    constant, rising = (f"diffaugment:policy=color,strength=0.3{rise}" for rise in ("", ",rise=auto"))
    few = [{"shapes": "shapes:count=32", "none": constant}.get(word, word) for word in MLP]
    for name in ("straight", "parts", "same"):
        trained(gantool, *few, "--name", name, "--images", "16")
    said = resumed(gantool, "straight", "48", "--augment", rising, "--change")
    assert "Changed from here on: --augment diffaugment:rise=0.0 before, diffaugment:rise=0.64 now" in said
    resumed(gantool, "parts", "32", "--augment", rising, "--change")
    resumed(gantool, "parts", "48", "--augment", rising)  # the same as it was, by now
    resumed(gantool, "same", "48")
    assert weights("straight") == weights("parts")
    ticks = [json.loads(line) for line in Path("runs/straight/metrics.jsonl").read_text().splitlines()]
    assert {"augment_p" in tick for tick in ticks if tick["images_seen"] <= 16} == {False}
    assert any("augment_p" in tick for tick in ticks if tick["images_seen"] > 16)
    (former,) = config("parts")["history"]
    assert former["until"] == 16
    assert "rise=0.0" in former["settings"]["augment"]
    assert "rise=0.64" in config("parts")["augment"]
    assert "rise=0.0" in config("same")["augment"]


def test_an_augmentation_of_another_kind_is_refused_in_mid_run(gantool):
    trained(gantool, *MLP, "--name", "one", "--images", "16")
    refused = gantool("train", "--resume", "runs/one", "--augment", "ada", "--change")
    assert refused.code == 1
    assert "the kind of augmentation cannot change in the middle of a run" in refused.err


@pytest.mark.long
def test_another_start_of_an_augmentation_that_adapts_is_refused_with_what_does_work(gantool):
    adapting = [*MLP, "--name", "one", "--images", "16"]
    adapting[adapting.index("none")] = "ada:p=0.1"
    trained(gantool, *adapting)
    refused = gantool("train", "--resume", "runs/one", "--augment", "ada:p=0.5", "--change")
    assert refused.code == 2
    assert "ada:p=0.5 has no effect in the middle of a run: p is where it began, 0.1" in refused.err
    resumed(gantool, "one", "20", "--augment", "ada:p=0.1,target=0.7", "--change")
    resumed(gantool, "one", "24", "--augment", "ada:target=0.8", "--change")
    assert "p=0.1,target=0.8" in config("one")["augment"]
    resumed(gantool, "one", "32", "--augment", "ada:p=0.5,fixed=yes", "--change")
    assert "p=0.5" in config("one")["augment"]
    refused = gantool("train", "--resume", "runs/one", "--augment", "ada:p=0.1", "--change")
    assert "it goes on from 0.5, where it was kept. Leave it at p=0.5" in refused.err
    resumed(gantool, "one", "40", "--augment", "ada:p=0.5", "--change")


@pytest.mark.long
def test_an_augmentation_that_a_run_chose_by_itself_is_chosen_anew_for_another_loss_or_other_data(gantool, tmp_path):
    few = [*MLP, "--name", "one", "--images", "16"]
    few[few.index("shapes")] = "shapes:count=60"
    few[few.index("none")] = "auto"
    trained(gantool, *few)
    assert "rise=0.0" not in config("one")["augment"]
    other = ("train", "-q", "--config", "runs/one/config.toml", "--loss", "wasserstein", "--penalty", "gp")
    trained(gantool, *other, "--name", "two")
    trained(gantool, *other, "--name", "two")  # the same command is the same run
    assert config("two")["augment"].startswith("diffaugment:")
    assert "rise=0.0" in config("two")["augment"]
    same = ("train", "-q", "--config", "runs/one/config.toml", "--lr", "1e-4")
    trained(gantool, *same, "--name", "second")  # that of a run that has its settings from a file, too
    assert config("second")["augment"] == config("one")["augment"]
    of_second = ("train", "-q", "--config", "runs/second/config.toml")
    trained(gantool, *of_second, *other[4:], "--name", "third")
    assert config("third")["augment"] == config("two")["augment"]
    for _ in range(2):
        trained(gantool, *of_second, "--data", "shapes:count=90", "--name", "fourth")
    assert "after=270" in config("fourth")["augment"]
    assert "after=180" in config("one")["augment"]
    trained(gantool, *few[:-4], "--name", "three", "--images", "16", "--augment", config("one")["augment"])
    named = gantool("train", "-q", "--config", "runs/three/config.toml", "--loss", "wasserstein", "--penalty", "gp")
    assert named.code == 2
    assert "do not go together" in named.err
    trained(gantool, "train", "-q", "--config", "runs/three/config.toml", "--data", "shapes:count=90", "--name", "five")
    assert config("five")["augment"] == config("one")["augment"]
    trained(gantool, *few[:-4], "--name", "six", "--images", "16", "--augment", "diffaugment:after=auto,rise=0")
    trained(gantool, "train", "-q", "--config", "runs/six/config.toml", "--data", "shapes:count=90", "--name", "seven")
    assert config("seven")["augment"] == config("six")["augment"]
