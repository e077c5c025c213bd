"""`gantool data shard` and `gantool data index`."""

import json

import pytest

from gantool.cli.shards import read_size
from gantool.errors import OptionError


@pytest.fixture
def photos(tmp_path):
    import numpy as np
    from PIL import Image

    for number in range(12):
        file = tmp_path / "photos" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)).save(file)
    return tmp_path / "photos"


def test_photos_become_shards_that_are_indexed_and_planned_for(gantool, photos, tmp_path, monkeypatch):
    out = tmp_path / "shards"
    made = json.loads(gantool("data", "shard", photos, "-o", out, "--size", "10KB", "--json").out)
    assert made["pictures"] == 12
    assert len(made["files"]) > 2
    assert all((tmp_path / file).is_file() for file in made["files"])
    monkeypatch.chdir(tmp_path)
    again = json.loads(gantool("data", "index", "shards", "--json").out)
    assert (again["pictures"], again["classes"]) == (12, ["a", "b"])
    assert again["notes"] == []
    assert again["files"] == ["shards/index.json", "shards/index.members.npy"]
    beside = gantool("data", "index", "shards/{data-000000,data-000001}.tar", "-o", ".")
    assert beside.out.startswith("index.json: "), beside.err
    planned = gantool(
        "train", "--arch", "dcgan:width=4", "--data", f"shards:path={out}", "--labels", "--batch", "4", "--dry-run"
    )
    assert planned.code == 0, planned.err
    assert "12 images from" in planned.out
    refused = gantool("data", "shard", photos, "-o", out)
    assert refused.code == 1
    assert "not an empty folder" in refused.err
    folder = gantool("train", "--arch", "dcgan", "--data", out, "--dry-run")
    assert folder.code == 1
    assert "--data shards:path=" in " ".join(folder.err.split())


@pytest.mark.long
def test_a_folder_of_strange_letters_is_told_in_plain_ones(gantool, photos, tmp_path):
    out = tmp_path / "a\x1b[31m\x07"
    assert "--data shards:path=" in (told := gantool("data", "shard", photos, "-o", out).out)
    assert r"a\x1b[31m\x07" in told
    assert r"a\x1b[31m\x07" in gantool("data", "index", out).out
    planned = gantool("train", "--arch", "mlp", "--data", f"shards:{out}", "--dry-run")
    assert r"a\x1b[31m\x07" in planned.out
    assert r"a\x1b[31m\x07" in gantool("data", "check", f"shards:{out}").out


def test_another_source_needs_a_resolution(gantool, tmp_path):
    refused = gantool("data", "shard", "shapes:count=3", "-o", tmp_path / "s")
    assert refused.code == 2
    assert "give --resolution" in refused.err
    made = gantool("data", "shard", "shapes:count=3", "-o", tmp_path / "s", "--resolution", "16")
    assert "3 pictures in 1 shard: --data shards:path=" in made.out


def test_sizes_are_read():
    sizes = ("10KB", "500MB", "1GB", "1.5 g", "20000")
    assert [read_size(text) for text in sizes] == [10**4, 5 * 10**8, 10**9, 15 * 10**8, 20_000]
    for text in ("1", "GB", "-1GB", "1PB", ""):
        with pytest.raises(OptionError, match="give the bytes of a shard"):
            read_size(text)
