from dataclasses import replace

import torch
from PIL import Image

from fakes import started
from gantool.api.events import Snapshot
from gantool.builtin.observers import SamplesOptions
from gantool.builtin.observers.samples import Samples


def test_a_sheet_shows_true_colours_of_the_finest_level(tmp_path):
    observer = Samples(SamplesOptions(pixels=16))
    observer(started(tmp_path))
    dim = torch.full((4, 3, 8, 8), 100, dtype=torch.uint8)
    dim[1] = 103
    observer(Snapshot(640, (dim[:, :, ::2, ::2] * 0, dim)))
    sheet = Image.open(tmp_path / "samples" / "000000640.png")
    colours = {colour for _, colour in sheet.getcolors()}
    assert {(100, 100, 100), (103, 103, 103)} <= colours  # nothing is stretched to full contrast
    assert sheet.width >= 32  # 8 pixels are enlarged to 16


def test_the_classes_of_a_labelled_run_are_named_below_their_pictures(tmp_path):
    images = torch.full((3, 3, 32, 32), 200, dtype=torch.uint8)
    sizes = []
    for names in ((), ("cat", "dog")):
        observer = Samples(SamplesOptions(pixels=32))
        observer(replace(started(tmp_path, resolution=32), class_names=names))
        observer(Snapshot(640, (images,)))
        with Image.open(tmp_path / "samples" / "000000640.png") as sheet:
            sizes.append(sheet.height)
            dark = min(grey for _, grey in sheet.convert("L").getcolors())
    assert sizes[1] == sizes[0] + 14
    assert dark < 100
