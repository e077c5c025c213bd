"""`gantool stylize` on films and animations: frame by frame, each initialised with the one before.

A style network draws each frame by itself.
"""

import time
from dataclasses import dataclass, field, replace

import torch

from gantool.cli.out_files import as_kept, tell_what_is_lost
from gantool.cli.output import say
from gantool.cli.stylize import Job, StyleResult
from gantool.cli.stylize_display import Show
from gantool.data.pictures.frames import FILMS, Film, read_film
from gantool.data.pictures.whole import Picture
from gantool.errors import DataError, GantoolError
from gantool.pixels import multiplied, to_uint8
from gantool.render.animations import check_rate, save_frames
from gantool.render.films import Sound, uncopied_sound
from gantool.style.job import as_image
from gantool.style.passes import NetworkSetup, Setup, states
from gantool.style.transfer import State

MOVING = (".gif", ".apng", *FILMS)
LATER_FRAMES = 3
"""The divisor of steps for frames after the first, which are initialised with the frame before."""

CPU = torch.device("cpu")


@dataclass
class _Drawn:
    """The frames that are drawn, the alpha channel of each, and the last state."""

    frames: list[torch.Tensor] = field(default_factory=list)
    alphas: list[torch.Tensor | None] = field(default_factory=list)
    last: State | None = None


def draw_film(job: Job, setup: Setup, show: Show, caught: list[int]) -> StyleResult:
    """Stylise frame by frame; each is initialised with the result before, plus the change in the content.

    The film so far is written even if an interruption ends it, or an error, which then says where it is.
    """
    began = time.monotonic()
    film = read_film(job.content, job.longest, job.enlarge, leave_out=job.out)
    if not film.times:
        raise DataError(f"{job.content} has no frames.")
    check_rate(job.out, len(film.times) / sum(film.times))
    sound = _sound(job, film)
    film = replace(film, frames=(as_kept(frame, job.out.suffix) for frame in film.frames))
    drawn = _Drawn()
    try:
        _draw(film, setup, show, caught, drawn)
    except GantoolError as error:
        if drawn.frames:
            _save(job, film, drawn, sound)
            so_far = f"The film so far, {len(drawn.frames)} of {len(film.times)} frames, is in {job.out}."
            error.args = (f"{error} {so_far}",)
        raise
    _save(job, film, drawn, sound)
    assert drawn.last is not None, "a film has a frame"
    return StyleResult([job.out], drawn.last, time.monotonic() - began, (len(drawn.frames), len(film.times)))


def _draw(film: Film, setup: Setup, show: Show, caught: list[int], drawn: _Drawn) -> None:
    """Draw frame by frame until an interruption, which leaves out a frame that is not finished, unless it is alone."""
    later = _for_later_frames(setup)
    before: Picture | None = None
    image: torch.Tensor | None = None
    for index, content in enumerate(film.frames):
        if before is None or image is None:
            drawing = states(content, setup)
        else:
            moved = image.cpu() + as_image(content, CPU) - as_image(before, CPU)
            drawing = states(content, later, moved.clamp(-1, 1))
        last: State | None = None
        for last in drawing:
            show(last, f"frame {index + 1} of {len(film.times)}: ", _share(film, index, last, setup))
            if caught:
                break
        assert last is not None, "a transfer has at least one step"
        drawn.last = last
        if last.step < last.steps and drawn.frames:
            return
        before, image = content, last.image
        height, width = content.pixels.shape[-2:]
        drawn.frames.append(to_uint8(torch.nn.functional.interpolate(image, (height, width)))[0].cpu())
        drawn.alphas.append(content.alpha)
        if caught:
            return


def _save(job: Job, film: Film, drawn: _Drawn, sound: Sound | None) -> None:
    """Write the frames that are drawn, with the sound up to the last of them."""
    frames, count = _with_alpha(drawn.frames, drawn.alphas), len(drawn.frames)
    tell_what_is_lost(job.out.suffix, frames.shape[1])
    heard = sound and replace(sound, whole=count == len(film.times))
    save_frames(job.out, frames, film.times[:count], film.plays, heard)


def _sound(job: Job, film: Film) -> Sound | None:
    """The sound that the result will have; a line tells of sound or transparency that it cannot have."""
    if film.alpha:
        say(f"The transparency of {job.content} cannot be read, and is not in {job.out}.")
    if not film.sound:
        return None
    if job.out.suffix.lower() != ".mp4":
        say(f"The sound of {job.content} is not in {job.out}; {job.out.with_suffix('.mp4')} would have it.")
        return None
    if codecs := uncopied_sound(job.content):
        say(f"Sound of {job.content} is not in {job.out}, since an MP4 cannot hold it: {', '.join(codecs.values())}.")
    return Sound(job.content, film.start)


def _with_alpha(frames: list[torch.Tensor], alphas: list[torch.Tensor | None]) -> torch.Tensor:
    """The frames, with an alpha channel where the content has one."""
    if all(alpha is None for alpha in alphas):
        return torch.stack(frames)
    opaque = torch.full_like(frames[0][:1], 255)
    pairs = [(frame, opaque if alpha is None else alpha) for frame, alpha in zip(frames, alphas, strict=True)]
    return torch.stack([torch.cat([multiplied(frame, alpha), alpha]) for frame, alpha in pairs])


def _for_later_frames(setup: Setup) -> Setup:
    if isinstance(setup, NetworkSetup):
        return setup
    settings = replace(setup.settings, scales=1, steps=max(1, setup.settings.steps // LATER_FRAMES))
    return replace(setup, settings=settings)


def _share(film: Film, index: int, state: State, setup: Setup) -> float:
    """The share of the work that is done, where later frames take fewer steps than the first."""
    fewer = 1 if isinstance(setup, NetworkSetup) else LATER_FRAMES
    whole = 1 + (len(film.times) - 1) / fewer
    return (state.share if index == 0 else 1 + (index - 1 + state.share) / fewer) / max(whole, 1)
