"""Other tools' words: each gets the flag, command or component that means the same here, or the reason for none."""

import importlib
import sys
import tomllib
from pathlib import Path

import pytest

import gantool as face
from gantool import hints
from gantool.api.kinds import KINDS
from gantool.api.run_config import SETTINGS
from gantool.errors import OptionError, UsageError
from gantool.hints.words import FLAGS
from gantool.plugins.companions import COMPANIONS, absent
from gantool.plugins.host import PluginHost
from gantool.run.config import check_types, read_config

REPOSITORY = Path(__file__).parents[2]


def test_a_name_that_begins_with_a_dash_is_told_how_it_is_given(gantool, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-my photos").mkdir()
    assert gantool("data", "check", "-my photos").err.startswith(
        "Error: No such option: -m. The file or folder of that name is given as './-my photos'.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train --image-size 64", "Did you mean --resolution?"),
        ("train --imageSize 64", "Did you mean --resolution?"),
        ("train --epochs 20", "E epochs of N pictures are --images E*N"),
        ("train --num-steps 20", "S steps of --batch B are --images S*B"),
        ("train --steps 20", "S steps of --batch B are --images S*B"),
        ("train --size 20", "Did you mean --resolution?"),
        ("interpolate x --steps 20", "Did you mean --frames?"),
        ("train --kimg 200", "--images 200k"),
        ("train --mirror 1", "Did you mean --flip?"),
        ("train --fp32 1", "Did you mean --precision float32?"),
        ("train --metrics fid50k", "gantool evaluate RUN"),
        ("train --gpus 2", "torchrun --nproc-per-node N"),
        ("train --outdir x", "Did you mean --out?"),
        ("train --batch_size 3", "Did you mean --batch?"),
        ("train --batch-size 3", "Did you mean --batch?"),
        ("train --learning-rate 3", "Did you mean --lr?"),
        ("train --dataroot x", "Did you mean --data?"),
        ("train --cond 1", "Did you mean --labels?"),
        ("train --lr-policy linear", "Did you mean --lr-schedule?"),
        ("train --n_epochs_decay 100", "Did you mean --lr-hold?"),
        ("train --no-cuda", "--device cpu"),
        ("train --num-workers 4", "there are no workers to set"),
        ("train --latent-dim 4", "--arch dcgan:latent=100"),
        ("train --pretrained x", "Did you mean --init?"),
        ("train --finetune x", "Did you mean --init?"),
        ("train --init-weights x", "Did you mean --init?"),
        ("train --weights x", "Did you mean --init?"),
        ("train --load-weights x", "Did you mean --init?"),
        ("train --resume-pkl x", "Did you mean --init?"),
        ("train --netG x", "Did you mean --init?"),
        ("train --load-model x", "Did you mean --resume?"),
        ("train --transparent", "Transparency is a fourth channel: --channels 4."),
        ("data check x --alpha", "Transparency is a fourth channel: --channels 4."),
        ("train --flpi", "Did you mean --flip?"),
        ("train photos", "named by --data"),
        ("tune --epochs 3", "--images E*N"),
        ("sample x --network y", "The model is the first argument"),
        ("sample x --num 4", "Did you mean -n?"),
        ("sample x --trunc 0.7", "Did you mean --truncation?"),
        ("sample x --class 1", "Did you mean --label?"),
        ("sample x --outdir y", "Did you mean --out?"),
        ("stylize a b --content-image c", "gantool stylize CONTENT STYLE"),
        ("stylize a b --num-steps 10", "Did you mean --steps?"),
        ("stylize a b --image-size 10", "Did you mean --size?"),
        ("data check x --batch 3", "'gantool train' takes it"),
        ("generate x", "Did you mean 'sample'?"),
        ("ls", "Did you mean 'report'?"),
        ("train --data= --arch mlp", "--data is empty: it takes a folder"),
        ("gui x", "Did you mean 'explore'?"),
        ("upload x", "Did you mean 'push'?"),
        ("doctor", "Did you mean 'plugins'?"),
        ("finetune x", "Did you mean 'train'?"),
        ("version", "Did you mean gantool --version?"),
        ("help", "Did you mean gantool --help?"),
        ("lsgan", "Did you mean --loss lsgan?"),
        ("train --tick 50", "Did you mean --snapshot-every?"),
        ("train --max-epoch 3", "--images E*N"),
        ("train --val-split 0.1", "gantool evaluate RUN"),
        ("train --spectral-norm", "--arch dcgan:discriminator_norm=spectral"),
        ("train --label-smoothing 0.1", "--loss logistic:smooth=0.1"),
        ("sample x --seed-range 0-3", "Did you mean --seeds?"),
        ("stylize a b --init noise", "Did you mean --start?"),
        ("stylize a b --tv 1", "Did you mean --tv-weight?"),
        ("style-transfer x", "Did you mean 'stylize'?"),
        ("plugins remove x", "Did you mean 'plugins uninstall'?"),
        ("sample x --best 16", "The best checkpoint of a run is a model by itself: RUN/best."),
        ("style apply x", "There is no command 'style apply'. Did you mean 'stylize'? There are: train, export."),
        ("style learn x", "Did you mean 'style train'?"),
        ("data inspect x", "Did you mean 'data check'?"),
        ("data export x", "There is no command 'data export'. There are: check, shard, index."),
        ("plugin list", "Did you mean 'plugins'?"),
        ("projector x", "comes with gantool-stylegan2, which is not installed: gantool plugins install"),
        ("convert x.pkl", "comes with gantool-stylegan2, which is not installed: gantool plugins install"),
        ("train --arch stylegan2", "comes with gantool-stylegan2, which is not installed: gantool plugins install"),
        ("train --arch stylegan", "Did you mean 'stylegan2'? Architecture 'stylegan2' comes with gantool-stylegan2"),
        ("train --arch cnn", "Did you mean 'dcgan'?"),
        ("train --arch hinge", "Did you mean --loss hinge?"),
        ("train --arch lsgan", "Did you mean --loss lsgan?"),
        ("train --arch wgan", "Did you mean --loss wasserstein?"),
        ("train --arch wgan-gp", "Did you mean --loss wasserstein --penalty gp?"),
        ("train --arch mlp --loss wgan", "Did you mean 'wasserstein'?"),
        ("train --arch mlp --data hf:me/cats", "Source 'hf' comes with gantool-hf-data, which is not installed"),
        ("train --arch mlp --data hf://datasets/me/cats", "comes with gantool-hf-data, which is not installed"),
        ("train --arch mlp --data parquet:a.parquet,fit=pad", "comes with gantool-hf-data, which is not installed"),
        (
            "train --arch mlp --data https://huggingface.co/datasets/me/cats",
            "reads: --data hf:me/cats.",
        ),
        ("train --arch mlp --log tensorboard", "comes with gantool-tensorboard, which is not installed"),
        ("train --arch mlp --log wandb", "gantool plugins new wandb --kind observer"),
        ("train --arch mlp --device gpu", "Did you mean 'cuda'?"),
        ("train --arch mlp --device 1", "Did you mean 'cuda:1'?"),
        ("train --arch mlp --precision fp16", "Did you mean 'bf16'?"),
        ("train --arch dcgan --resolution 512 --data shapes", "Architectures that do: progressive, msg, stylegan2 ("),
        ("train --lr fast", "--lr takes a number, not 'fast'"),
        ("train --batch 1.5", "--batch takes a whole number, not '1.5'"),
        ("train --arch mlp --betas 0.5", "--betas takes 2 numbers (at least 0, below 1) joined by ',', not 0.5"),
        ("sample x -n 0", "-n takes 1 or more, not 0"),
        ("sample x --truncation 0.3-1", "not '0.3-1'. A sweep is drawn by gantool interpolate MODEL --seeds 7"),
        ("sample x --format gif", "'gif' is not one of 'png', 'webp', 'jpeg'"),
        ("train --target 0.6", "--augment ada:target=0.6"),
        ("train --aug-types x", "diffaugment:policy=color+translation"),
        ("train --ema-rampup 0.05", "Did you mean --ema?"),
        ("train --direction BtoA", "It is of pix2pix and CycleGAN. gantool draws from noise"),
        ("train --init_type normal", "Each architecture draws its own first weights"),
        ("train --greyscale", "Did you mean --channels?"),
        ("train --preprocess crop", "--data photos/:fit=crop"),
        ("train --validation_split 0.2", "gantool evaluate RUN"),
        ("train --generate", "gantool sample RUN"),
        ("train --new", "A run begins anew unless"),
        ("train --steps_per_epoch 9", "S steps of --batch B are --images S*B"),
        ("train --labels 1", "--labels takes no value, and '1' follows it. Did you mean --labels alone?"),
        ("train --flip False", "--flip takes no value, and 'False' follows it. Did you mean --no-flip alone?"),
        ("train --no-flip 0", "--no-flip takes no value, and '0' follows it. Did you mean --flip alone?"),
        ("sample x --grid no", "--grid takes no value, and 'no' follows it. Leave --grid out."),
        ("train -q photos", "(photos). Pictures are named by --data"),
        ("train --data color", "There is no folder, archive or source 'color'. Sources: folder"),
        ("train --data hinge", "Did you mean --loss hinge?"),
        ("train --arch mlp --penalty none:weight=1", "There is no penalty 'none'. The word 'none' means to do without"),
        ("train -flip", "No such option: -flip. Did you mean --flip?"),
        ("train --arch cycle_gan", "No architecture here is that of pix2pix or CycleGAN."),
        ("train --arch sngan", "--arch dcgan:discriminator_norm=spectral --loss hinge"),
        ("train --arch lightweight-gan", "Architecture 'fastgan' comes with gantool-projected"),
        ("train --arch vanilla", "Did you mean 'mlp'?"),
        ("train --arch mlp --loss vanilla", "Did you mean 'logistic'?"),
        ("train --arch mlp --loss wgan-gp", "Did you mean 'wasserstein'?"),
        ("train --arch mlp --loss nsgan", "Did you mean 'logistic'?"),
        ("train --arch mlp --penalty wgan-gp", "Did you mean 'gp'?"),
        ("train --arch mlp --penalty sn", "--arch dcgan:discriminator_norm=spectral"),
        ("train --arch mlp --augment noaug", "Did you mean 'none'?"),
        ("train --arch mlp --augment bgc", "Did you mean 'ada'?"),
        ("train --arch mlp --lr-schedule CosineAnnealingLR", "Did you mean 'cosine'?"),
        ("train --arch mlp --precision mixed_float16", "Did you mean 'bf16'?"),
        ("train --arch mlp --log csv", "Did you mean 'jsonl'?"),
        ("interpolate x --num-keyframes 5", "The key frames are the seeds"),
        ("interpolate x --slerp", "Did you mean --method?"),
        ("evaluate x --num_test 5", "Did you mean -n?"),
        ("evaluate x --gpus 1", "This command uses one device"),
        ("stylize -content_image a.jpg", "No such option: -content_image. Pictures have no flag"),
        ("stylize a b --original_colors 1", "Did you mean --preserve-color?"),
        ("stylize a b --model x.pth", "Did you mean --fast?"),
        ("style train --style-image b.jpg", "gantool style train PAINTING"),
        ("style train b.jpg --epochs 2", "as in --images 40k"),
        ("style eval", "Did you mean 'stylize'?"),
        ("generate.py x", "Did you mean 'sample'?"),
        ("gen_images x", "Did you mean 'sample'?"),
        ("lr_find", "Did you mean 'tune'?"),
        ("fid_score a b", "Did you mean 'evaluate'?"),
        ("plugins show wandb", "gantool-trackio"),
        ("plugins show r3gan", "Architecture 'r3gan' comes with gantool-r3gan"),
        ("plugins show tensorboard", "comes with gantool-tensorboard"),
        ("plugins show gantool-r3gan", "gantool-r3gan is not installed: gantool plugins install"),
    ],
)
def test_a_word_of_others_gets_a_hint(gantool, monkeypatch, tmp_path, words, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("GANTOOL_PLUGINS", "")
    ended = gantool(*words.split())
    assert ended.code == 2
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert "Input should" not in ended.err
    assert "Value error" not in ended.err


def test_a_pattern_of_many_files_gets_the_folder_and_does_not_name_them_all(gantool, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder = Path("my photos")
    folder.mkdir()
    files = [folder / f"{number}.jpg" for number in range(40)]
    for file in files:
        file.touch()
    ended = gantool("train", "--data", *files)
    assert ended.code == 2
    assert "as by a pattern like *.jpg. --data takes their folder: --data 'my photos'." in ended.err
    assert "17.jpg" not in ended.err
    two = gantool("train", "--data", *files[:2])
    assert "as by a pattern like *.jpg. --data takes their folder: --data 'my photos'." in two.err
    two = gantool("data", "shard", *files[:2], "-o", "shards")
    assert "as by a pattern like *.jpg. Give their folder: 'my photos'." in two.err
    two = gantool("tune", "--data", *files[:2])
    assert "1.jpg is a picture, and no run folder. Pictures are named by their folder: --data 'my photos'." in two.err


def test_archives_are_named_one_by_one_and_not_by_their_folder(gantool, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("a.zip", "b c.zip", "d.tar"):
        Path(name).touch()
    ended = gantool("train", "--data", "a.zip", "b c.zip", "d.tar")
    assert ended.code == 2
    assert "Each archive takes a --data of its own, as in --data 'b c.zip'." in ended.err


def test_many_words_that_are_no_files_are_no_name_that_is_too_long(gantool):
    ended = gantool("train", *map(str, range(2000)))
    assert ended.code == 2
    assert "Pictures are named by --data" in ended.err
    assert "too long" not in ended.err


def test_a_word_of_absurd_length_is_told_in_short(gantool, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    for words in (
        ("train", "--batch", "9" * 5000),
        ("sample", "x", "--format", "y" * 5000),
        ("train", "--" + "z" * 5000),
    ):
        ended = gantool(*words)
        assert ended.code == 2
        assert "..." in ended.err
        assert len(ended.err) < 3000


def test_settings_in_files_and_python_get_the_same_hints(tmp_path):
    (tmp_path / "a.toml").write_text("image_size = 64")
    with pytest.raises(UsageError, match=r"no setting 'image_size'. Did you mean 'resolution'"):
        read_config(tmp_path / "a.toml")
    with pytest.raises(OptionError, match=r"no setting 'epochs'. Training is counted in images"):
        check_types({"epochs": 3}, "here")
    with pytest.raises(OptionError, match=r"no setting 'learning_rate'. Did you mean 'lr'"):
        face.configure(arch="mlp", learning_rate=1e-3)


def test_every_word_has_one_meaning_in_a_command_that_trains():
    known = {name: f"--{name}" for name in SETTINGS}
    for name, words in FLAGS.items():
        for word in words.split() if name in known else ():
            assert hints.hint(word, known), word
    for word in SETTINGS:
        assert hints.counterpart(word, known, FLAGS) == word


def test_a_model_file_is_no_run_to_resume(gantool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    for name in ("config.toml", "generator.safetensors"):
        (run / name).touch()
    ended = gantool("train", "--resume", "runs/one/generator.safetensors")
    assert ended.code == 2
    assert "holds weights alone. Resume the run by its folder, --resume runs/one, or begin" in ended.err
    assert "--init runs/one/generator.safetensors" in ended.err


def test_the_list_ends_with_the_projects_own_plugins_that_are_not_installed(gantool, monkeypatch):
    monkeypatch.setenv("GANTOOL_PLUGINS", "")
    said = "Not installed: gantool-tensorboard (tensorboard): gantool plugins install"
    assert said in gantool("plugins", "list").out
    there = ["r3gan", "gantool-stylegan2", "vae", "fastgan", "trackio", "parquet", "any-picture"]
    assert [each.distribution for each in absent(there)] == ["gantool-tensorboard"]


@pytest.mark.parametrize("companion", COMPANIONS, ids=lambda each: each.distribution)
def test_companions_bring_what_their_packages_declare(companion, monkeypatch):
    folder = REPOSITORY / "plugins" / companion.distribution
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    (module,) = project["entry-points"]["gantool"].values()
    monkeypatch.setattr(sys, "path", [str(folder / "src"), *sys.path])
    host = PluginHost(third_party=False, environ={})
    host.add(importlib.import_module(module), companion.distribution)
    brought = {kind: tuple(spec.name for _, spec in host.provided() if spec.name in host.specs(kind)) for kind in KINDS}
    if companion.beside:
        named = {name for names in companion.provides.values() for name in names}
        others = {kind: [name for name in names if name not in named] for kind, names in brought.items()}
        assert companion.beside == f"{len(others['style-network'])} styles"
        brought = {kind: tuple(name for name in names if name in named) for kind, names in brought.items()}
    assert {kind: names for kind, names in brought.items() if names} == dict(companion.provides)
    for name in companion.provides.get("architecture", ()):
        assert host.find("architecture", name).resolutions == companion.resolutions
    assert companion.way.endswith(companion.distribution)


def test_there_are_no_other_companions():
    assert {each.distribution for each in COMPANIONS} == {
        path.parent.name for path in (REPOSITORY / "plugins").glob("*/pyproject.toml")
    }
