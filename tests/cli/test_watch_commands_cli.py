"""The commands that a run's warnings end with run when they are pasted, and do what the advice says."""

import shlex
import tomllib
from pathlib import Path

import pytest

ALIKE = "off=no,least_diversity=1000,grace=0,warm_up=0,every=0,samples=4"
"""At the end of any run that is not too short the watch finds all samples alike."""
TRAIN = (
    "train", "--arch", "dcgan:width=4,latent=8,grow=transposed,generator_norm=none",
    "--data", "shapes", "--resolution", "16",
    "--images", "1200", "--batch", "20", "--snapshot-every", "100", "--augment", "none", "--loss", "hinge",
    "--device", "cpu", "--precision", "float32", "--layout", "contiguous",
)  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def commands(text):
    """The words after `gantool` of each command at the end of a line."""
    return [shlex.split(line.partition("gantool ")[2]) for line in text.splitlines() if "gantool train " in line]


def config(run):
    return tomllib.loads((Path(run) / "config.toml").read_text())


@pytest.mark.long
def test_the_command_begins_a_new_run_with_the_best_checkpoint_at_the_rate_first_advised(gantool, monkeypatch):
    for page in ("watch", "detector"):  # the scores of four samples differ by chance, and the latest would be the best
        monkeypatch.setattr(f"gantool.builtin.observers.{page}.chance_of", lambda _: 0.0)
    Path("my plugins").mkdir()
    out = "anna's runs"
    ended = gantool(*TRAIN, "--lr", "1e-30", "--log", f"watch:{ALIKE}", "--out", out, "--name", "one",
                    "--plugins-dir", "my plugins")  # fmt: skip
    assert "Begin a new run with it and the --lr of the recipe by: gantool train" in ended.err
    words, *_ = commands(ended.err)
    assert words[:3] == ["train", "--init", f"{out}/one/best"]
    assert words[-2:] == ["--plugins-dir", "my plugins"]
    before, again = config(f"{out}/one"), gantool(*words)
    assert again.code == 0, again.err
    assert "generator, discriminator and average of anna's runs/one/best, after" in again.err
    after = config(f"{out}/one-2")
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"lr_g", "lr_d", "init", "init_sha256", "init_discriminator_sha256", "init_images", "init_taken"}
    assert after["lr_g"] == after["lr_d"] == 2e-4
    words, *_ = commands(again.err)
    assert words[words.index("--name") + 1] == "one-2-2"


@pytest.mark.long
@pytest.mark.parametrize(
    ("schedule", "horizon"), [((), {}), (("--lr-schedule", "linear", "--lr-hold", "0.5"), {"horizon": 1200})]
)
def test_without_a_best_checkpoint_the_command_goes_on_with_the_run_at_half_the_rate(gantool, schedule, horizon):
    ended = gantool(*TRAIN, *schedule, "--lr-d", "1e-4", "--log", f"watch:best=no,{ALIKE}")
    words = next(words for words in commands(ended.err) if "--images" in words)  # those in mid-run have none
    assert words[:3] == ["train", "--resume", "runs/00001-dcgan-shapes"]
    assert words[words.index("--images") + 1] == "2400"
    before = config(words[2])
    again = gantool(*words)
    assert again.code == 0, again.err
    after = config(words[2])
    assert after["images"] == 2400
    assert (after["lr_g"], after["lr_d"]) == (before["lr_g"] / 2, 5e-5)
    assert "the learning rates are 0" not in again.err
    assert after["history"] == [{"until": 1200, "settings": {"lr_g": before["lr_g"], "lr_d": 1e-4, **horizon}}]


@pytest.mark.long
def test_the_command_for_another_architecture_names_only_the_options_that_are_not_defaults(gantool):
    grid = "off=no,checkerboard=1.001,least_diversity=0,grace=1,warm_up=0,every=0,samples=16"
    ended = gantool(*TRAIN, "--log", f"watch:{grid}", "--name", "one")
    words = next(words for words in commands(ended.err) if "--arch" in words)
    assert words[words.index("--arch") + 1] == "dcgan:latent=8,width=4,grow=upsample,generator_norm=none"
    again = gantool(*words)
    assert again.code == 0, again.err
    before, after = config("runs/one"), config("runs/one-2")
    assert {key for key in before if before[key] != after[key]} == {"arch"}
    assert after["arch"] == before["arch"].replace("grow=transposed", "grow=upsample")
