"""Errors in Python name settings as Python has them, and no flags; commands for a shell stay as they are."""

import pytest

import gantool
from gantool.run import length
from gantool.run.duration import Duration
from gantool.run.face import in_python
from gantool.run.folder import load_config


@pytest.mark.parametrize(
    ("shell", "python"),
    [
        ("--lr takes a number (above 0), not fast.", "lr takes a number (above 0), not fast."),
        ("--batch 64 is more than the 3 images there are; use --batch 3 or less.",
         "batch=64 is more than the 3 images there are; use batch=3 or less."),
        ("Use --balance adaptive, or --balance fixed.", 'Use balance="adaptive", or balance="fixed".'),
        ("Try --penalty r1:weight=0.1.", 'Try penalty="r1:weight=0.1".'),
        ("--augment ada:p=0.5,fixed=yes, or --loss hinge:margin=1,x=2.",
         'augment="ada:p=0.5,fixed=yes", or loss="hinge:margin=1,x=2".'),
        ("--labels was given; leave --labels out.", "labels was given; leave labels out."),
        ("Without labels, give --no-labels.", "Without labels, give labels=False."),
        ("Say which: --data SOURCE.", "Say which: data=SOURCE."),
        ("Give --lr-end 0.1 or --precision bf16.", 'Give lr_end=0.1 or precision="bf16".'),
        ("--change is for runs. Go on with: gantool train --resume runs/a --lr 1e-4 --change",
         "--change is for runs. Go on with: gantool train --resume runs/a --lr 1e-4 --change"),
        ("Lower --batch. 'gantool plugins show dcgan --json' has more; --lr 1e-3.",
         "Lower batch. 'gantool plugins show dcgan --json' has more; lr=1e-3."),
    ],
)  # fmt: skip
def test_flags_become_settings(shell, python):
    assert in_python(shell) == python


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr": "fast"}, "lr takes a number"),
        ({"batch": 3.5}, "batch takes an integer"),
        ({"resolution": 300}, "resolution=300: dcgan cannot do that size"),
        ({"loss": "hing"}, "Did you mean 'hinge'?"),
        ({"penalty": "hinge"}, 'Did you mean loss="hinge"?'),
    ],
)
def test_wrong_settings_are_named_as_python_has_them(settings, said):
    with pytest.raises(gantool.UsageError) as caught:
        gantool.configure(arch="dcgan", **settings)
    assert said in str(caught.value)
    assert "The settings:" not in str(caught.value)


def test_errors_of_a_run_are_in_the_words_of_python(tmp_path):
    config = gantool.configure(arch="dcgan:width=4", data="shapes:count=3", resolution=16, batch=8, device="cpu")
    with pytest.raises(gantool.DataError, match=r"^batch=8 is more than the 3 images"):
        gantool.trainer(config, out=tmp_path)


def test_a_run_is_resumed_from_python(tmp_path):
    small = {"arch": "mlp:generator_hidden=4,discriminator_hidden=4", "data": "shapes:count=8", "resolution": 8}
    run = gantool.train(**small, batch=4, device="cpu", augment="none", images=8, out=tmp_path, progress=False)
    assert gantool.train(resume=run, images=16, progress=False) == run
    assert sorted(path.name for path in (run / "checkpoints").iterdir())[-1] == "000000016"
    assert gantool.train(resume=run, progress=False) == run  # it has what it was to have
    with pytest.raises(gantool.ResumeError, match=r"resolution=8 in the run|resolution 8 in the run"):
        gantool.train(resume=run, resolution=16, progress=False)
    with pytest.raises(gantool.UsageError, match=r"^resume beside a configuration: .* Leave the configuration out"):
        gantool.train(gantool.configure(**small), resume=run)
    with pytest.raises(gantool.UsageError, match=r"^minutes beside a configuration, which has its number of images"):
        gantool.train(gantool.configure(**small), minutes=1.0)
    with pytest.raises(gantool.UsageError, match=r"^resume goes on with a run, init begins a new one"):
        gantool.train(resume=run, init=run)
    weights = run / "generator.safetensors"
    with pytest.raises(gantool.UsageError) as caught:
        gantool.train(resume=weights)
    assert f'by its folder, resume="{run}", or begin' in str(caught.value)


def test_a_run_of_minutes_has_as_many_images_as_take_so_long(tmp_path, monkeypatch):
    def seconds(prepared, *_, **__):
        images = float(prepared.config.images)
        return Duration(images, images, (1.0, 1.0), {})

    monkeypatch.setattr(length, "time_of", seconds)
    arch = "mlp:generator_hidden=4,discriminator_hidden=4"
    small = {"arch": arch, "data": "shapes:count=8", "resolution": 8, "batch": 4, "device": "cpu", "augment": "none"}
    run = gantool.train(**small, out=tmp_path, progress=False, minutes=0.2)
    assert load_config(run).images == 12
    with pytest.raises(gantool.UsageError, match=r"^minutes and images exclude each other"):
        gantool.train(**small, out=tmp_path, images=3, minutes=0.2)
