"""What training a small dcgan on the CPU comes to stays bit for bit what it was, whatever is rearranged."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import gantool

EARLY, STEPS, BATCH = 20, 200, 8
"""By EARLY steps another processor's rounding leaves weights within TOLERANCE; by STEPS it has grown to anything."""
TOLERANCE = 1e-4
KEPT = load_file(Path(__file__).parents[1] / "fixtures" / "early_weights.safetensors")
PLAIN = {
    "arch": "dcgan:width=8,latent=4,grow=transposed", "data": "shapes", "resolution": 16, "batch": BATCH,
    "images": STEPS * BATCH, "lr": 1e-3,
    "augment": "none", "seed": 0, "device": "cpu", "precision": "float32", "layout": "contiguous",
}  # fmt: skip
STEERED = PLAIN | {"penalty": ["r1:weight=1,every=2"], "balance": "adaptive", "augment": "diffaugment"}
VARIANTS = {
    "plain": (PLAIN, "aaa9cf810512bc030e673548730065a77ed9df309bcf72b253e54299c5d7a70f"),
    "steered": (STEERED, "ba9873dc46de834e52e9b77f227407a4964c7dda60a48a20fe21f5aa6dea22c1"),
}
"""Settings, and SHA-256 of all weights after STEPS."""


def weights(trainer):
    """The tensors of a checkpoint by network and name."""
    trainer.save()
    folder = trainer.run / "checkpoints" / f"{trainer.images_seen:09d}"
    networks = {
        network: load_file(folder / f"{network}.safetensors") for network in ("discriminator", "ema", "generator")
    }
    return {f"{network}/{name}": value for network, part in networks.items() for name, value in part.items()}


@pytest.mark.long
@pytest.mark.parametrize("variant", VARIANTS)
def test_training_computes_what_it_always_did(variant, tmp_path):
    settings, digest = VARIANTS[variant]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            trainer = gantool.trainer(gantool.configure(**settings), out=tmp_path)
            for _ in range(EARLY):
                trainer.step()
            early = weights(trainer)
            kept = {name: KEPT[f"{variant}/{name}"] for name in early}
            for name, value in kept.items():
                torch.testing.assert_close(early[name], value, atol=TOLERANCE, rtol=0, msg=name)
            if not all(torch.equal(early[name], value) for name, value in kept.items()):
                pytest.skip("the weights agree to rounding; their digest holds for one processor and version of torch")
            for _ in range(EARLY, STEPS):
                trainer.step()
            late = weights(trainer)
    finally:
        torch.set_num_threads(threads)
    assert (
        hashlib.sha256(b"".join(late[name].contiguous().numpy().tobytes() for name in sorted(late))).hexdigest()
        == digest
    )
