"""The event files, read back with TensorBoard's own reader."""

import io
import sys
import time
from pathlib import Path

import pytest
import torch

import gantool
from gantool.testing import check_observer
from gantool_tensorboard import TensorBoardOptions
from gantool_tensorboard.observer import build

tensorboard = pytest.importorskip("tensorboard")

QUICK = ("--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--data", "shapes", "--resolution", "8",
         "--batch", "4", "--device", "cpu", "--precision", "float32", "-q", "--log", "tensorboard")  # fmt: skip


def observer(**options):
    return build(TensorBoardOptions(**options))


def started(run, images_seen=0):
    run.mkdir(exist_ok=True)
    config = gantool.RunConfig(arch="mlp", resolution=8)
    return gantool.Started(run, "mlp", images_seen, 400, "cpu", "float32", 4, 8, config)


def a_second_later():
    """Files are read in the order of their names, which tell the second; another start is never in the same one."""
    time.sleep(1 - time.time() % 1)


def tick(images_seen, loss=1.0):
    return gantool.Tick(images_seen, 400, 1.0, 50.0, {"loss_d": loss}, {"level": 2.0})


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0}).Reload()


def curve(folder, tag):
    return [(point.step, round(point.value, 4)) for point in read(folder).Scalars(tag)]


def text(folder, tag):
    return [event.tensor_proto.string_val[0].decode() for event in read(folder).Tensors(f"{tag}/text_summary")]


def test_it_conforms():
    check_observer("tensorboard")


def test_every_event_is_found_again(tmp_path):
    from PIL import Image

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text('arch = "mlp"\nbatch = 4\n')
    seen = observer()
    seen(started(tmp_path / "run"))
    coarse, fine = (torch.full((4, 3, side, side), 200, dtype=torch.uint8) for side in (4, 8))
    seen(gantool.Snapshot(0, (coarse, fine)))
    seen(tick(100, 0.5))
    seen(gantool.Measured(100, {"swd": 0.25}, score=3.0))
    seen(gantool.Warned(100, "The samples are much alike."))
    seen(gantool.Finished(100, tmp_path / "run", interrupted=False))

    folder = tmp_path / "run" / "tensorboard"
    assert curve(folder, "training/loss_d") == [(100, 0.5)]
    assert curve(folder, "status/level") == [(100, 2.0)]
    assert curve(folder, "speed/images_per_second") == [(100, 50.0)]
    assert curve(folder, "measured/swd") == [(100, 0.25)]
    assert curve(folder, "measured/score") == [(100, 3.0)]
    assert text(folder, "warnings") == ["The samples are much alike."]
    assert '    arch = "mlp"\n    batch = 4' in text(folder, "config")[0]
    assert "| images | from 0 to 400 |" in text(folder, "run")[0]
    (sheet,) = read(folder).Images("samples")
    assert sheet.step == 0
    pixels = Image.open(io.BytesIO(sheet.encoded_image_string))
    assert pixels.getpixel((5, 5)) == (200, 200, 200)  # true colours, not rescaled
    assert [image.step for image in read(folder).Images("levels/4")] == [0]


def test_a_run_that_goes_on_continues_its_curves_without_a_fork(tmp_path):
    first = observer()
    first(started(tmp_path / "run"))
    for images_seen in (100, 200, 300):
        first(tick(images_seen, images_seen / 100))
    first._writer.close()  # it broke off, with a checkpoint at 200
    a_second_later()
    again = observer()
    again(started(tmp_path / "run", 200))
    for images_seen in (300, 400):
        again(tick(images_seen, -1.0))
    again(gantool.Finished(400, tmp_path / "run", interrupted=False))
    assert curve(tmp_path / "run" / "tensorboard", "training/loss_d") == [(100, 1), (200, 2), (300, -1), (400, -1)]


@pytest.mark.long
def test_a_run_that_begins_again_replaces_what_was_told(tmp_path):
    for loss in (1.0, 2.0):
        a_second_later()
        seen = observer()
        seen(started(tmp_path / "run"))
        seen(tick(100, loss))
        seen(gantool.Finished(100, tmp_path / "run", interrupted=False))
    assert curve(tmp_path / "run" / "tensorboard", "training/loss_d") == [(100, 2.0)]


def test_pictures_with_transparency_lie_on_a_checkerboard(tmp_path):
    from PIL import Image

    (tmp_path / "run").mkdir()
    seen = observer()
    seen(started(tmp_path / "run"))
    seen(gantool.Snapshot(0, (torch.zeros(1, 4, 8, 8, dtype=torch.uint8),)))
    seen(gantool.Finished(0, tmp_path / "run", interrupted=False))
    (found,) = read(tmp_path / "run" / "tensorboard").Images("samples")
    with Image.open(io.BytesIO(found.encoded_image_string)) as opened:
        assert {color for _, color in opened.getcolors()} == {(255, 255, 255), (204, 204, 204)}


def test_options_choose_the_folder_and_leave_out_images(tmp_path):
    seen = observer(folder=tmp_path / "boards", images=False, flush=1)
    seen(started(tmp_path / "one"))
    seen(gantool.Snapshot(0, (torch.zeros(1, 1, 8, 8, dtype=torch.uint8),)))
    seen(tick(100))
    seen(gantool.Finished(100, tmp_path / "one", interrupted=False))
    assert not (tmp_path / "one" / "tensorboard").exists()
    assert curve(tmp_path / "boards" / "one", "training/loss_d") == [(100, 1.0)]
    assert read(tmp_path / "boards" / "one").Tags()["images"] == []


def test_events_before_a_start_and_after_the_end_are_nothing(tmp_path):
    seen = observer()
    seen(tick(100))
    seen(started(tmp_path / "run"))
    seen(gantool.Finished(0, tmp_path / "run", interrupted=False))
    seen(tick(200))
    assert read(tmp_path / "run" / "tensorboard").Tags()["scalars"] == []


def test_what_is_saved_is_told(tmp_path):
    seen = observer(flush=3600)
    seen(started(tmp_path / "run"))
    seen(tick(100))
    seen(gantool.Checkpoint(100, tmp_path))
    assert curve(tmp_path / "run" / "tensorboard", "training/loss_d") == [(100, 1.0)]
    seen(gantool.Finished(100, tmp_path / "run", interrupted=False))


@pytest.mark.long
def test_a_run_of_the_command_line_is_watched_and_goes_on(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert gantool_cli("train", *QUICK, "--images", "512", "--name", "one").code == 0
    assert gantool_cli("train", "--resume", "runs/one", "--images", "1024", "-q").code == 0
    folder = Path("runs/one/tensorboard")
    steps = [step for step, _ in curve(folder, "training/loss_d")]
    assert steps == sorted(set(steps))
    assert {512, 1024} <= set(steps)
    assert 'log = ["tensorboard' in text(folder, "config")[0]
    assert read(folder).Images("samples")


def test_a_missing_package_is_a_sentence_with_the_remedy_and_leaves_no_run(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(gantool.GantoolError, match=r"pip install 'tensorboard>=2\.21'"):
        observer()
    ended = gantool_cli("train", *QUICK, "--images", "8")
    assert ended.code == 1
    assert "Error: The observer tensorboard cannot import the package tensorboard" in ended.err
    assert not Path("runs").exists()
