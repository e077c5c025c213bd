"""Errors that a newcomer meets: each says what to give instead, and guesses only what may be meant."""

from pathlib import Path

import pytest

import gantool as face
from gantool.errors import UsageError, nearest_beside, suffix_meant
from gantool.plugins.status import plugin_meant
from gantool.run import planning

SMALL = ("--arch", "mlp", "--resolution", "8", "--images", "16", "--batch", "4", "--device", "cpu", "-q")


@pytest.fixture(autouse=True)
def here(tiny_pictures, monkeypatch):
    folder = tiny_pictures.parent
    tiny_pictures.rename(folder / "photos")
    (folder / "empty").mkdir()
    (folder / "README.md").write_text("about")
    (folder / "c.toml").write_text("lr = 1e-3\narch = dcgan  # mine\n")
    (folder / "sets" / "thumbs").mkdir(parents=True)
    (folder / "shots[1]").mkdir()
    for name in ("photo.jpg", "the-scream.jpg", "sets/a.png", "net.safetensors"):
        (folder / name).touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GANTOOL_PLUGINS", "")


@pytest.fixture
def run(gantool):
    ended = gantool("train", "--data", "photos", *SMALL, "--name", "one")
    assert ended.code == 0, ended.err


SAID = {
    "stylize photo.jpg nothere.jpg -o o.png": "There is no file nothere.jpg.\n",
    "stylize photo.jpg the-scream.jpg -o o.bmp": "the suffix chooses the format: .png, .webp, .jpg.\n",
    "stylize photo.jpg the-scream.jpg --alpha 0.5": "Did you mean --strength?",
    "train --data photos --penalty r1:every": "The option 'every' of r1 has no value: write it as in r1:every=1. It",
    "train --data photos --penalty r1:weight=3,every": "The option 'every' in 'r1:weight=3,every' has no value: write",
    "train --data photos --loss hinge:much": "'much' is not key=value: write it as in hinge:margin=1.0. It takes",
    "train --data README.md": "zip or tar of pictures. Give a folder of pictures, or a zip or tar of them.",
    "train --data empty": "holds no pictures: it is empty. Give a folder of pictures, or a zip or tar of them.",
    "train --data photos --out README.md --arch mlp --resolution 8": "README.md is a file. Give a folder, --out DIR.",
    "train --data photos --config c.toml": 'column 8). Text needs quotes: arch = "dcgan".\n',
    "train --data pho*": "pho* is a pattern, not a folder. --data photos reads all pictures in it, at any depth.",
    "train --data nowhere/*.png": "There is no folder or archive nowhere/*.png.\n",
    "train --data *.png": "*.png is a pattern, not a folder. --data . reads all pictures in it, at any depth.",
    "train --data sets/*": "sets/* is a pattern, not a folder. --data sets reads",
    "train --data set?/*.png": "set?/*.png is a pattern, not a folder. --data sets reads",
    "train --data shot[1]": "There is no folder, archive or source 'shot[1]'. Did you mean 'shots[1]'?\n",
    "train --data photos --augment ada:fixed": "The option 'fixed' of ada has no value: write it as in ada:fixed=yes.",
    "train --data mnist:root": "The option 'root' of mnist has no value: write it as in mnist:root=VALUE. It",
    "train --data photos --arch mlp --resolution 8 --images 16 --loss wasserstein --augment ada": "Use --augment "
    "auto, or a constant strength (ada:p=0.3,fixed=yes or diffaugment:rise=0), or --loss logistic.\n",
    "tune --resume nothere": "nothere is no search of gantool tune: it has no search.json.\n",
    "data index emtpy": "There is no folder of shards, index or tar emtpy. Did you mean 'empty'?\n",
    "data index a-{0..2}.tar": "or tar a-{0..2}.tar. The first would be a-0.tar.\n",
    "style export nett.safetensors -o n.onnx": "does not exist or is not a file. Did you mean 'net.safetensors'?\n",
    "plugins show gantool-faststyl": "distribution 'gantool-faststyl'. Did you mean 'gantool-faststyle'?\n",
    "data check nothere": "Error: There is no folder, archive or source 'nothere'. Sources: folder, ",
    "sample photos": "photos is no run folder and no checkpoint. Give a run folder (as in runs/NAME), a checkpoint",
    "sample": "MODEL is missing. Give a run folder (as in runs/NAME), a checkpoint folder, a .safetensors file, or hf:",
    "train --data photos --images 1e4": "'1e4' is not a number of images. Write 10000 or 10k.",
    "train --data photos --images 1e-4": "'1e-4' is not a number of images. Write 5000, 200k or 1.5M.",
    "--verson": "No such option: --verson. Did you mean --version?\n",
}


@pytest.mark.parametrize("words", SAID)
def test_an_error_says_what_to_give_instead(gantool, words):
    ended = gantool(*words.split())
    assert ended.code in (1, 2)
    assert SAID[words] in ended.err
    assert "╭" not in ended.err  # a box would break commands in two


def test_a_model_that_is_none_is_told_with_the_newest_run(gantool, run):
    for words in ("sample", "interpolate", "sample photos", "evaluate photos"):
        assert "The newest run is runs/one." in gantool(*words.split()).err
    told = "MODEL... is missing. Give a run folder (as in runs/NAME), a checkpoint folder, a .safetensors file, or hf:"
    several = gantool("compare").err
    assert told in several
    assert "of the Hub. Two or more are compared. The newest run is runs/one.\n" in several
    assert "RUN... is missing. Give one or more run folders, as in runs/NAME. The newest run is runs/one.\n" in (
        gantool("report").err
    )
    inside = "runs/one/samples is a folder inside a run. Give the run: runs/one\n"
    assert inside in gantool("sample", "runs/one/samples").err


def test_settings_of_another_program_make_no_run_of_the_folder_around(gantool):
    Path("config.toml").write_text("title = 'a site'\n")
    assert "photos is no run folder and no checkpoint. Give a run folder" in gantool("sample", "photos").err


def test_a_link_that_leads_nowhere_is_no_model_and_no_failure(gantool, run):
    for folder in ("runs", "."):
        Path(folder, "gone.safetensors").symlink_to("nowhere")
    assert "MODEL is missing. Give a run folder" in gantool("sample").err
    assert "There is no model at oen. Did you mean 'runs/one'?" in gantool("sample", "oen").err


def test_a_label_in_python_is_told_the_right_word(run):
    model = face.load("runs/one")
    for draw in (model.sample, model.images, model.latents):
        with pytest.raises(UsageError, match="takes labels="):
            draw([0], label=3)


def test_ctrl_c_before_training_says_that_nothing_is_lost(gantool, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(planning, "plan", interrupted)
    ended = gantool("train", "--data", "photos", *SMALL)
    assert (ended.code, ended.err) == (130, "Stopped before training began; nothing was saved.\n")
    monkeypatch.undo()


def test_guesses_are_of_what_tells_names_apart(tmp_path):
    (tmp_path / "the-scream.jpg").touch()
    (tmp_path / "photo.png").touch()
    assert nearest_beside(tmp_path / "nothere.jpg") == ""
    assert nearest_beside(tmp_path / "the-scram.jpg") == " Did you mean 'the-scream.jpg'?"
    assert nearest_beside(tmp_path / "photo.jpg") == " Did you mean 'photo.png'?"
    formats = (".png", ".webp", ".jpg", ".mp4")
    assert suffix_meant(".bmp", formats) == ""
    assert [suffix_meant(one, formats) for one in (".wepb", ".pgn")] == [
        " Did you mean '.webp'?",
        " Did you mean '.png'?",
    ]
    known = ("gantool_faststyle", "gantool-faststyle", "gantool_blobs", "gantool-blobs")
    assert plugin_meant("gantool-blbs", known) == " Did you mean 'gantool-blobs'?"
    assert plugin_meant("gantool-blbs", known[:2]) == ""
