"""Checkpoints that others made, or changed on purpose: refused in a sentence, before they cost anything."""

import hashlib
import json
import zipfile

import pytest
import torch

from gantool.engine import checkpoint
from gantool.engine.model_file import ModelCard
from gantool.errors import CheckpointError


@pytest.fixture
def saved(tmp_path):
    weights = {"weight": torch.ones(8)}
    card = ModelCard(architecture="tiny", resolution=8, channels=3, images_seen=8)
    optimizer = {"state": {}, "param_groups": [{"params": [0]}]}
    state = {
        "images_seen": 8, "data": {"count": 8, "fingerprint": "f"}, "optimizer_g": optimizer, "optimizer_d": optimizer,
        "components": {}, "stage_start": 0, "turns": {"d": 1, "g": 1},
        "best": {"images_seen": 0, "score": float("inf"), "since": 0, "last": None},
    }  # fmt: skip
    return checkpoint.save(tmp_path, checkpoint.Contents(8, weights, weights, weights, card, state))


def sealed(saved):
    """With digests that fit whatever is there now."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in saved.glob("*.[sp]*t*")}
    (saved / "manifest.json").write_text(json.dumps({"images_seen": 8, "sha256": digests}))


def test_a_compressed_state_is_refused_before_it_is_unpacked(saved):
    sealed(saved)
    assert checkpoint.load(saved).images_seen == 8
    with zipfile.ZipFile(saved / "state.pt") as old:
        entries = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(saved / "state.pt", "w", zipfile.ZIP_DEFLATED) as bomb:
        for name, content in entries.items():
            bomb.writestr(name, content + bytes(2**20))
    sealed(saved)
    with pytest.raises(CheckpointError, match="an archive with compressed entries"):
        checkpoint.load(saved)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"sha256": ' + "9" * 5000 + "}", '{"sha256": {"a": 1}}', "null"])
def test_a_manifest_of_any_content_is_damage(saved, text):
    (saved / "manifest.json").write_text(text)
    assert "manifest.json" in checkpoint.damage(saved)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        checkpoint.load(saved)


@pytest.mark.parametrize("name", ["²", "٣", "1e3", "-1", "superseded-000000008"])
def test_folders_that_only_look_like_numbers_are_no_checkpoints(saved, name):
    (saved.parent / name).mkdir()
    assert list(checkpoint.every(saved.parents[1])) == [saved]
