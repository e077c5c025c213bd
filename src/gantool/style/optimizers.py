"""Going downhill from an image: L-BFGS, or Adam with an average of where it has been."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from gantool.style.lbfgs import Lbfgs
from gantool.style.objective import Image, Objective, Terms

Minimise = Callable[[Objective, Image, int], Iterator[tuple[Image, Terms]]]
"""From an objective, a start and a number of steps to the image and its losses after each step."""

LEARNING_RATE = 0.04
"""Of Adam at the first step, in units where black is -1 and white 1."""
LEFT_AT_THE_END = 0.1
"""Of the learning rate at the last step."""
AVERAGE = 0.9
"""Of the running average of images: what Adam leaves behind at one step, it takes back at the next."""
TILT = 0.5
"""Of the frequencies in a step of L-BFGS. A photograph has far more of the low ones than of the high ones, and a loss
on features changes far less with them: half of the steps do for the same loss."""


def lbfgs(objective: Objective, start: Image, steps: int, tilt: float = TILT) -> Iterator[tuple[Image, Terms]]:
    """L-BFGS with a history of 10. The loss never rises; it ends early where nothing is lower."""
    latest: Terms

    def evaluate(image: Tensor) -> tuple[float, Tensor]:
        # Times the pixels, so that the gradient is about 1 and not lost in float32.
        nonlocal latest
        latest, gradient = objective.evaluate(image)
        return latest.total * image.numel(), gradient * image.numel()

    optimizer = Lbfgs(start, evaluate, metric=lambda gradient: tilted(gradient, tilt))
    terms = latest
    for _ in range(steps):
        before = optimizer.image
        if not optimizer.stuck:
            optimizer.step()
        if optimizer.image is not before:  # a step that was taken is the last one tried
            terms = latest
        yield optimizer.image, terms


def tilted(image: Image, by: float) -> Image:
    """Each frequency times its inverse to the power `by`, the highest as it is; symmetric, positive, linear."""
    if by == 0:
        return image
    height, width = image.shape[-2:]
    down = torch.fft.fftfreq(height, device=image.device)[:, None]
    across = torch.fft.rfftfreq(width, device=image.device)
    share = 2 * (down.square() + across.square()).sqrt().clamp(min=1 / max(height, width))
    result: Tensor = torch.fft.irfft2(torch.fft.rfft2(image) * share.pow(-by).clamp(min=1), s=(height, width))
    return result


def adam(objective: Objective, start: Image, steps: int) -> Iterator[tuple[Image, Terms]]:
    """Adam within [-1, 1]; what it yields is the running average, and the losses of the iterate."""
    image = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([image], betas=(0.9, 0.99), eps=1e-12)
    average, kept = torch.zeros_like(start), 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (1 - (1 - LEFT_AT_THE_END) * step / steps)
        terms, image.grad = objective.evaluate(image)
        optimizer.step()
        with torch.no_grad():
            image.clamp_(-1, 1)
            average = AVERAGE * average + (1 - AVERAGE) * image
            kept = AVERAGE * kept + (1 - AVERAGE)
        objective.turn()
        yield average / kept, terms


MINIMISERS: dict[str, Minimise] = {"lbfgs": lbfgs, "adam": adam}
