"""Where does a discriminator's gradient point, when all fakes have one fault that it tells without an error?

    python benchmarks/feature_gradients.py PICTURES [--count 300] [--resolution 64] [--steps 120] [ARCHITECTURE]...

The fakes are the other half of the pictures, in a red cast. The discriminators of the architectures (by default some of
gantool-projected) learn to tell them from reals; the table compares their gradient at the fakes with the way back to
the true colours: the cosine of all pixels, that of means of 8x8 pixels, and that of the mean colour. One seed.
"""

import argparse

import torch
from torch import Tensor
from torch.nn import functional as F

import gantool
from gantool.builtin.sources.folder import build
from gantool.data.pictures.options import FolderOptions
from gantool.engine.judging import parted
from gantool.pixels import to_float

BATCH, RATE, BETAS, LAST = 8, 5e-4, (0.0, 0.99), 20
CAST = (0.0, -0.5, -0.5)
USUAL = (
    "fastgan:width=8", "projected:side=64,pixels=0", "projected:side=128,pixels=0", "projected:side=64,pixels=16"
)  # fmt: skip


def main() -> None:
    """Print a row for each discriminator."""
    parser = argparse.ArgumentParser(description="Gradients of discriminators at fakes in a red cast.")
    parser.add_argument("pictures")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("discriminators", nargs="*", default=USUAL)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    pictures = loaded(asked.pictures, asked.count, asked.resolution)
    reals, others = pictures.chunk(2)
    print("| discriminator | hinge loss | cosine | of 8x8 means | of the mean colour |\n|---|---|---|---|---|")
    for text in asked.discriminators:
        values = judged(text, reals, others + torch.tensor(CAST).view(1, 3, 1, 1), asked.steps)
        print(f"| `{text}` | " + " | ".join(f"{value:.3f}" for value in values) + " |", flush=True)


def loaded(path: str, count: int, resolution: int) -> Tensor:
    """Pictures of a folder or zip, drawn by chance, in [-1, 1]."""
    source = build(FolderOptions(path=path, count=count), resolution=resolution, channels=3)
    return to_float(torch.stack([source[place][0] for place in range(len(source))]))


def judged(text: str, reals: Tensor, fakes: Tensor, steps: int) -> list[float]:
    """The hinge loss of the last steps, and the cosines of the gradient at the fakes with the way back."""
    torch.manual_seed(0)
    network = gantool.build(text, gantool.ImageShape(reals.shape[-1])).discriminator
    assert network is not None
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer, losses = torch.optim.Adam(learning, RATE, BETAS), []
    for _ in range(steps):
        real, fake = (each[torch.randperm(len(each))[:BATCH]] for each in (reals, fakes))
        real_logits, fake_logits = (logits_of(network, images) for images in (real, fake))
        loss = F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    back = -torch.tensor(CAST).view(1, 3, 1, 1).expand(BATCH, *fakes.shape[1:])
    found = []
    for place in range(0, 6 * BATCH, BATCH):
        seen = fakes[place : place + BATCH].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(logits_of(network, seen).mean(), seen)
        pairs = [(gradient, back), (F.avg_pool2d(gradient, 8), F.avg_pool2d(back, 8))]
        pairs.append((gradient.mean(dim=(0, 2, 3)), back.mean(dim=(0, 2, 3))))
        found.append([F.cosine_similarity(one.flatten(), other.flatten(), dim=0) for one, other in pairs])
    return [sum(losses[-LAST:]) / LAST, *torch.tensor(found).mean(dim=0).tolist()]


def logits_of(network: torch.nn.Module, images: Tensor) -> Tensor:
    """All judgements of pictures, whatever else the discriminator returns."""
    logits: Tensor = parted(network((images,)))[0]
    return logits.flatten()


if __name__ == "__main__":
    main()
