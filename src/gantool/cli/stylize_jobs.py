"""What `gantool stylize` does around the transfer: a picture, a folder or a film, Ctrl-C, and the files."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import torch
import typer
from PIL import Image

from gantool.cli.output import result, result_json, say, warn
from gantool.cli.progress import showing_progress
from gantool.cli.stylize_words import Show, display
from gantool.data.frames import FILMS, Film, read_film, same_size
from gantool.data.tree import usable_listing
from gantool.data.whole import Picture, read_picture
from gantool.errors import DataError, GantoolError, OptionError, did_you_mean
from gantool.pixels import to_uint8
from gantool.render.animations import check_fps, check_suffix, save_frames
from gantool.render.pictures import ENCODINGS, save_pictures, to_pil
from gantool.render.rows import side_by_side
from gantool.style.settings import Settings
from gantool.style.transfer import State
from gantool.stylizing import Manner, as_image, find_extractor, parse_styles, stylize

CPU = torch.device("cpu")
LATER_FRAMES = 3
"""Frames after the first begin with the one before, and take this part of its steps."""


@dataclass(frozen=True)
class Job:
    """What was asked for."""

    content: Path
    styles: Sequence[str]
    out: Path
    extractor: str
    size: int | None
    settings: Settings
    masks: Sequence[Path]
    start: Path | None
    sheet: Path | None
    save_every: int | None
    device: str
    precision: str
    overwrite: bool
    quiet: bool


@dataclass(frozen=True)
class Drawn:
    """A picture that was made, or begun: the files, the last state of it and how long it took."""

    files: list[Path]
    last: State
    seconds: float


def run(job: Job, as_json: bool) -> None:
    """Make what was asked for and write it, and leave with 0, or 130 or 143 after an interruption."""
    moving = job.out.suffix.lower() in (".gif", ".apng", *FILMS) or _is_film(job)
    many = job.content.is_dir() and not moving
    if not many:
        check_out(job.out, job.overwrite, moving)
    for path in [job.sheet] if job.sheet else []:
        check_out(path, job.overwrite)
    manner, name = _manner(job)
    with interruptible() as caught, display(job.quiet) as show:
        if many:
            drawn = _folder(job, manner, show, caught)
        elif moving:
            drawn = [_film(job, manner, show, caught)]
        else:
            drawn = [_picture(job, manner, show, caught, job.content, job.out)]
    if as_json:
        result_json(_summary(job, name, drawn, bool(caught)))
    else:
        result(str(job.out))
    if caught:
        last = drawn[-1].last if drawn else None
        place = f" at step {last.step} of {last.steps}" if last else ""
        say(f"Stopped{place}; what was drawn so far is in {job.out}.")
        raise typer.Exit(128 + caught[0])


def check_out(out: Path, overwrite: bool, moving: bool = False) -> None:
    """Raise OptionError, before any work, when the file cannot be written there."""
    suffix = out.suffix.lower()
    if moving:
        check_suffix(out)
    elif suffix not in ENCODINGS:
        raise OptionError(
            f"{out}: the suffix chooses the format: {', '.join(ENCODINGS)}.{did_you_mean(suffix, ENCODINGS)}"
        )
    if out.exists() and not overwrite:
        raise OptionError(f"{out} is there already: choose another name, or replace it with --overwrite.")


def _is_film(job: Job) -> bool:
    return job.content.suffix.lower() in FILMS


def _manner(job: Job) -> tuple[Manner, str]:
    styles = parse_styles(job.styles)
    with showing_progress():
        extractor, name = find_extractor(job.extractor)
    return Manner(styles, extractor, job.settings, job.masks, job.device, job.precision), name


def _folder(job: Job, manner: Manner, show: Show, caught: list[int]) -> list[Drawn]:
    """Every picture of a folder, by its own name; what cannot be read is told and passed over."""
    listing = usable_listing(str(job.content))
    drawn: list[Drawn] = []
    for index, item in enumerate(listing.items):
        out = job.out / Path(item.path).with_suffix(".png")
        if out.exists() and not job.overwrite:
            say(f"{out} is there already and is kept; --overwrite draws it anew.")
            continue

        def shown(state: State, name: str, share: float, done: int = index, path: str = item.path) -> None:
            show(state, f"{path}: ", (done + share) / len(listing.items))

        try:
            drawn.append(_picture(job, manner, shown, caught, listing.root / item.path, out))
        except DataError as error:
            warn(f"Passed over: {error}")
        if caught:
            break
    return drawn


def _picture(job: Job, manner: Manner, show: Show, caught: list[int], source: Path, out: Path) -> Drawn:
    """One picture; what was reached is written whatever happens."""
    began = time.monotonic()
    content = read_picture(source, job.size)
    start = None if job.start is None else as_image(read_picture(job.start), CPU)
    last: State | None = None
    files = [out]
    try:
        for state in stylize(content, manner, start):
            last = state
            show(state, "", state.share)
            if job.save_every and state.step % job.save_every == 0 and state.step < state.steps:
                files.append(out.with_name(f"{out.stem}-step{state.step:05d}{out.suffix}"))
                _save(_finished(state, content, files[-1]), files[-1], True)
            if caught:
                break
    except GantoolError:
        if last is not None:
            _save(_finished(last, content, out), out, job.overwrite)
            say(f"The picture before that is in {out}.")
        raise
    assert last is not None, "a transfer has a step at least"
    picture = _finished(last, content, out)
    _save(picture, out, job.overwrite)
    if job.sheet:
        styles = [to_pil(read_picture(style.path, max(picture.size)).pixels) for style in manner.styles]
        _save(side_by_side([to_pil(content.pixels), *styles, picture.convert("RGB")]), job.sheet, job.overwrite)
        files.append(job.sheet)
    return Drawn(files, last, time.monotonic() - began)


def _film(job: Job, manner: Manner, show: Show, caught: list[int]) -> Drawn:
    """Frame by frame, each begun with the one before, moved by what has changed in the content."""
    began = time.monotonic()
    film = read_film(job.content, job.size)
    check_fps(job.out, film.fps)
    later = replace(job.settings, scales=1, steps=max(1, job.settings.steps // LATER_FRAMES))
    before: Picture | None = None
    frames: list[torch.Tensor] = []
    image, last = None, None
    for index, content in enumerate(film.frames):
        if before is None or image is None:
            states = stylize(content, manner)
        else:
            same_size(content, before, index + 1)
            moved = image.cpu() + as_image(content, CPU) - as_image(before, CPU)
            states = stylize(content, replace(manner, settings=later), moved.clamp(-1, 1))
        for state in states:
            show(state, f"frame {index + 1} of {film.count}: ", _share(film, index, state))
            last = state
            if caught:
                break
        assert last is not None, "a transfer has a step at least"
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
    return Drawn([job.out], last, time.monotonic() - began)


def _share(film: Film, index: int, state: State) -> float:
    """Of the work, where later frames take a part of the first's."""
    whole = 1 + (film.count - 1) / LATER_FRAMES
    return (state.share if index == 0 else 1 + (index - 1 + state.share) / LATER_FRAMES) / max(whole, 1)


def _finished(state: State, content: Picture, out: Path) -> Image.Image:
    """With the content's transparency, where the format has any, at the picture's size."""
    picture = to_pil(to_uint8(state.image[0]))
    if content.alpha is not None and out.suffix.lower() != ".jpg":
        picture.putalpha(to_pil(content.alpha).resize(picture.size))
    return picture


def _save(picture: Image.Image, out: Path, overwrite: bool) -> None:
    save_pictures([picture], [out], overwrite)


def _summary(job: Job, extractor: str, drawn: Sequence[Drawn], interrupted: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "files": [str(file) for one in drawn for file in one.files],
        "extractor": extractor,
        "interrupted": interrupted,
        "seconds": round(sum(one.seconds for one in drawn), 1),
    }
    if len(drawn) == 1:
        last, terms = drawn[0].last, drawn[0].last.terms
        losses = {"content": terms.content, "style": terms.style, "tv": terms.tv, "total": terms.total}
        height, width = last.image.shape[-2:]
        told |= {"width": width, "height": height, "steps": last.step, "losses": losses}
    return told


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """The first Ctrl-C or SIGTERM is noted in the list, the second ends the process."""
    caught: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if caught:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        caught.append(number)
        say("Finishing the step and saving; once more to quit at once.")

    before: dict[int, Callable[..., object] | int | None] = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
