"""`gantool stylize` on films and animations: frame by frame, each initialised with the one before."""

import time
from dataclasses import replace

import torch

from gantool.cli.stylize import Job, StyleResult
from gantool.cli.stylize_display import Show
from gantool.data.pictures.frames import FILMS, Film, read_film, same_size
from gantool.data.pictures.whole import Picture
from gantool.errors import DataError
from gantool.pixels import to_uint8
from gantool.render.animations import check_fps, save_frames
from gantool.style.job import StyleSetup, as_image, stylize
from gantool.style.transfer import State

MOVING = (".gif", ".apng", *FILMS)
LATER_FRAMES = 3
"""The divisor of steps for frames after the first, which are initialised with the frame before."""

CPU = torch.device("cpu")


def draw_film(job: Job, setup: StyleSetup, show: Show, caught: list[int]) -> StyleResult:
    """Stylise frame by frame; each is initialised with the result before, plus the change in the content."""
    began = time.monotonic()
    film = read_film(job.content, job.longest)
    check_fps(job.out, film.fps)
    later = replace(setup.settings, scales=1, steps=max(1, setup.settings.steps // LATER_FRAMES))
    before: Picture | None = None
    frames: list[torch.Tensor] = []
    image, last = None, None
    for index, content in enumerate(film.frames):
        if before is None or image is None:
            states = stylize(content, setup)
        else:
            same_size(content, before, index + 1)
            moved = image.cpu() + as_image(content, CPU) - as_image(before, CPU)
            states = stylize(content, replace(setup, settings=later), moved.clamp(-1, 1))
        for state in states:
            show(state, f"frame {index + 1} of {film.count}: ", _share(film, index, state))
            last = state
            if caught:
                break
        assert last is not None, "a transfer has at least one step"
        if caught and frames:
            break
        before, image = content, last.image
        height, width = content.pixels.shape[-2:]
        frames.append(to_uint8(torch.nn.functional.interpolate(image, (height, width)))[0].cpu())
        if caught:
            break
    if last is None:
        raise DataError(f"{job.content} has no frames.")
    save_frames(job.out, torch.stack(frames), film.fps, loop=True)
    return StyleResult([job.out], last, time.monotonic() - began)


def _share(film: Film, index: int, state: State) -> float:
    """The share of the work that is done, where later frames take fewer steps than the first."""
    whole = 1 + (film.count - 1) / LATER_FRAMES
    return (state.share if index == 0 else 1 + (index - 1 + state.share) / LATER_FRAMES) / max(whole, 1)
