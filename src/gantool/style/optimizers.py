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


def lbfgs(objective: Objective, start: Image, steps: int) -> Iterator[tuple[Image, Terms]]:
    """L-BFGS with a history of 10. The loss never rises; it ends early where nothing is lower."""
    latest: Terms

    def evaluate(image: Tensor) -> tuple[float, Tensor]:
        # Times the pixels, so that the gradient is about 1 and not lost in float32.
        nonlocal latest
        latest, gradient = objective.evaluate(image)
        return latest.total * image.numel(), gradient * image.numel()

    optimizer = Lbfgs(start, evaluate)
    terms = latest
    for _ in range(steps):
        before = optimizer.image
        if not optimizer.stuck:
            optimizer.step()
        if optimizer.image is not before:  # a step that was taken is the last one tried
            terms = latest
        yield optimizer.image, terms


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
