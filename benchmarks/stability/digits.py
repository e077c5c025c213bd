"""Which digit is it: a small classifier, trained on the folder that the stacks are drawn from, and kept."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gantool.data.cache.build import CachedSource

SIDE = 28
EPOCHS, BATCH, LEARNING_RATE = 5, 128, 2e-3
HELD_OUT = 10_000
SURE = 0.9
"""A digit is recognised when its probability is at least this."""


class DigitNet(nn.Sequential):
    """`[n, 1, 28, 28]` in [-1, 1] to ten logits."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10),
        )  # fmt: skip


def classifier(digits: CachedSource, numbers: Int64[np.ndarray, "n"], folder: Path) -> tuple[DigitNet, float]:
    """The classifier of these digits, which show `numbers`, and its accuracy on those held out; kept in `folder`."""
    file = folder / f"digits-{digits.fingerprint[:12]}.safetensors"
    net = DigitNet()
    if file.is_file():
        weights = load_file(file)
        held_out = float(weights.pop("held_out_accuracy"))
        net.load_state_dict(weights)
        return net.eval(), held_out
    net, held_out = train(torch.from_numpy(digits.pixels.copy()), torch.from_numpy(numbers), seed=0)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({**net.state_dict(), "held_out_accuracy": torch.tensor(held_out)}, file)
    return net, held_out


def train(images: UInt8[Tensor, "n 1 h w"], labels: Int64[Tensor, "n"], seed: int) -> tuple[DigitNet, float]:
    """Fit a classifier to all but the held-out part, at most a sixth, drawn by `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net, order = DigitNet(), torch.randperm(len(images))
        kept_back = min(HELD_OUT, len(images) // 6)
        held_out, rest = order[:kept_back], order[kept_back:]
        optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
        steps = EPOCHS * len(rest) // BATCH
        fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=max(steps, 1))
        for _ in range(steps):
            chosen = rest[torch.randint(len(rest), (BATCH,))]
            loss = F.cross_entropy(net(_floats(images[chosen])), labels[chosen])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            fall.step()
    net.eval()
    digit, _ = read(net, images[held_out])
    return net, float((digit == labels[held_out]).float().mean())


@torch.no_grad()
def read(net: nn.Module, images: UInt8[Tensor, "n 1 h w"]) -> tuple[Int64[Tensor, "n"], Float[Tensor, "n"]]:
    """The likeliest digit of each picture and its probability."""
    logits = torch.cat([net(_floats(part)) for part in torch.split(images, 500)])
    probability, digit = logits.softmax(1).max(1)
    return digit, probability


def _floats(images: UInt8[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h w"]:
    return images.float() / 127.5 - 1
