"""The optimizers of style transfer: L-BFGS, or Adam with a running average of the iterates."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from gantool.style.lbfgs import Lbfgs
from gantool.style.objective import Image, Objective, Terms

Minimise = Callable[[Objective, Image, int], Iterator[tuple[Image, Terms]]]
"""A function from an objective, a start and a number of steps to the image and its losses after each step."""

LEARNING_RATE = 0.04
"""Adam's learning rate at the first step, for pixels in [-1, 1]."""
LEFT_AT_THE_END = 0.1
"""The share of the learning rate that is left at the last step."""
AVERAGE = 0.9
"""The decay of the running average of images, which removes Adam's oscillation from step to step."""
TILT = 0.5
"""The power by which L-BFGS favours low frequencies. A photograph has far more of these than of high ones, and a loss
on features changes far less with them: half of the steps reach the same loss."""


def lbfgs(objective: Objective, start: Image, steps: int, tilt: float = TILT) -> Iterator[tuple[Image, Terms]]:
    """L-BFGS with a history of 10. The loss never rises; it ends early where no lower point is found."""
    latest: Terms

    def evaluate(image: Tensor) -> tuple[float, Tensor]:
        # The loss is multiplied by the number of pixels, so that the gradient is about 1 and not lost in float32.
        nonlocal latest
        latest, gradient = objective.evaluate(image)
        return latest.total * image.numel(), gradient * image.numel()

    optimizer = Lbfgs(start, evaluate, metric=lambda gradient: tilted(gradient, tilt))
    terms = latest
    for _ in range(steps):
        before = optimizer.image
        if not optimizer.stuck:
            optimizer.step()
        if optimizer.image is not before:  # a step that was accepted is the last one tried
            terms = latest
        yield optimizer.image, terms


def tilted(image: Image, by: float) -> Image:
    """The image with each frequency scaled by its inverse to the power `by`: a symmetric positive linear map."""
    if by == 0:
        return image
    height, width = image.shape[-2:]
    down = torch.fft.fftfreq(height, device=image.device)[:, None]
    across = torch.fft.rfftfreq(width, device=image.device)
    share = 2 * (down.square() + across.square()).sqrt().clamp(min=1 / max(height, width))
    result: Tensor = torch.fft.irfft2(torch.fft.rfft2(image) * share.pow(-by).clamp(min=1), s=(height, width))
    return result


def adam(objective: Objective, start: Image, steps: int) -> Iterator[tuple[Image, Terms]]:
    """Adam within [-1, 1]; it yields the running average, and the losses of the iterate."""
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
