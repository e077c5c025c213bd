"""`gantool stylize` for a picture, a folder or a film, with Ctrl-C and the files that are written."""

import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import torch
import typer
from PIL import Image

from gantool.cli.interrupts import interruptible
from gantool.cli.out_files import as_kept, check_out
from gantool.cli.output import result, result_json, say, warn
from gantool.cli.picture_names import of_results
from gantool.cli.stylize import Job, StyleResult
from gantool.cli.stylize_advice import frames_in, note_losses
from gantool.cli.stylize_display import Show, display
from gantool.cli.stylize_film import MOVING, draw_film
from gantool.cli.stylize_setup import Told, refuse_archive, refuse_folder_for_one, setup_of, tell_what_it_takes
from gantool.cli.stylize_sheet import Sheet
from gantool.data.pictures.decode import naming, opened
from gantool.data.pictures.frames import FILMS, pictures_in, within
from gantool.data.pictures.whole import Picture, read_picture
from gantool.errors import DataError, GantoolError, OptionError, printable
from gantool.files import open_file
from gantool.pixels import to_uint8
from gantool.render.pictures import ENCODINGS, save_pictures, to_pil
from gantool.style.job import as_image
from gantool.style.passes import Setup, states
from gantool.style.transfer import State


def run(job: Job) -> None:
    """Stylise, write the files and print the result; an interruption that leaves work ends in 130 or 143."""
    refuse_archive(job.content)
    settings, moving = job.settings(), _is_moving(job)
    many = job.content.is_dir() and not moving
    if (many or moving) and job.save_every:
        raise OptionError("--save-every is for one picture, not for a folder or a film.")
    if moving and job.sheet:
        raise OptionError("--sheet is for pictures, not for a film.")
    if not many:
        refuse_folder_for_one(job)
        check_out(job.out, job.overwrite, moving)
    results = _results(job) if many else []
    sheet_anew = job.overwrite or any(out.exists() for _, out in results)
    if job.sheet:
        _check_sheet(job, job.sheet, many, sheet_anew)
    with redirect_stdout(sys.stderr):  # standard output is for the result alone, whatever a plugin's network prints
        setup, told = setup_of(job, settings)
    sheet = Sheet(job.sheet, [style.path for style in setup.styles], many)
    with redirect_stdout(sys.stderr), interruptible() as caught, display(job.quiet) as show:
        if many:
            try:
                drawn, finished = _folder(job, setup, show, caught, results, sheet)
            except GantoolError:
                sheet.save(sheet_anew)
                raise
        else:
            one = draw_film if moving else partial(_picture, source=job.content, out=job.out, timed="This", sheet=sheet)
            drawn = [one(job, setup, show, caught)]
            finished = drawn[0].finished
    sheets = sheet.save(sheet_anew)
    if job.as_json:
        result_json(_summary(sheets, told, drawn, bool(caught) and not finished))
    else:
        result(str(job.out))
    if caught and finished:
        say(f"Nothing was left to stop: {job.out} is finished.")
    elif caught:
        say(_stopped(job, drawn, [out for _, out in results], moving))
        raise typer.Exit(caught.exit_code)


def _stopped(job: Job, drawn: Sequence[StyleResult], outs: Sequence[Path], moving: bool) -> str:
    """What an interruption has left: of a folder, whose results are `outs`, of a film or of a picture."""
    if outs:
        done = sum(bool(one.files) for one in drawn) if job.overwrite else sum(out.exists() for out in outs)
        others = "" if job.overwrite else " The same command goes on with the others."
        return f"Stopped; {done} of {len(outs)} pictures are drawn in {job.out}.{others}"
    frames, last = drawn[-1].frames, drawn[-1].last
    if moving:
        return f"Stopped after {frames[0]} of {frames[1]} frames; the film so far is in {job.out}."
    return f"Stopped at step {last.step} of {last.steps}; the picture so far is in {job.out}."


def _check_sheet(job: Job, sheet: Path, many: bool, anew: bool) -> None:
    """Raise OptionError where the sheet cannot be written, or would be one of the pictures the next time.

    `anew` is true where it may be there: a call that goes on with a folder draws the sheet again, with all results.
    """
    check_out(sheet, anew)
    if many and within(sheet, job.content) and not (within(sheet, job.out) and within(job.out, job.content)):
        raise OptionError(
            f"--sheet {sheet} would lie among the pictures of {job.content}, and be drawn with them the next time."
        )


def _is_moving(job: Job) -> bool:
    """True if all frames are stylised: by the suffix of the output, or of a film."""
    if job.out.suffix.lower() in MOVING or job.content.suffix.lower() in FILMS:
        return True
    return job.out.suffix.lower() == ".webp" and (job.content.is_dir() or frames_in(job.content) > 1)


def _folder(
    job: Job,
    setup: Setup,
    show: Show,
    caught: list[int],
    results: Sequence[tuple[str, Path]],
    sheet: Sheet,
) -> tuple[list[StyleResult], bool]:
    """Stylise every picture of a folder under a name of its own; one that cannot be read is skipped with a warning.

    False tells that an interruption has left pictures to be drawn.
    """
    drawn: list[StyleResult] = []
    for index, (path, out) in enumerate(results):
        if out.exists() and not job.overwrite:
            say(f"{printable(str(out))} exists and is kept; --overwrite replaces it.")
            _add_kept(job, job.content / path, out, sheet)
            continue
        if caught:
            return drawn, False

        def shown(state: State, name: str, share: float, done: int = index, path: str = path) -> None:
            show(state, f"{printable(path)}: ", (done + share) / len(results))

        try:
            first = "" if drawn else "The first of the pictures"
            drawn.append(_picture(job, setup, shown, caught, job.content / path, out, first, sheet))
        except DataError as error:
            warn(printable(f"Skipped: {error}"))
    if not drawn and not any(out.exists() for _, out in results):
        raise DataError(f"No picture of {job.content} could be read: nothing was drawn in {job.out}.")
    return drawn, all(one.finished for one in drawn)


def _add_kept(job: Job, source: Path, out: Path, sheet: Sheet) -> None:
    """Show a result of a former call on the sheet, or say why it cannot be."""
    if job.sheet:
        try:
            content = read_picture(source, job.longest, job.enlarge)
            with naming(out), open_file(out) as file, opened(file) as picture:
                picture.load()
            sheet.add(content, picture)
        except DataError as error:
            warn(printable(f"Not on the sheet: {error}"))


def _results(job: Job) -> list[tuple[str, Path]]:
    """The pictures of the folder, each with the file of its result; results of former calls are no pictures."""
    if job.out.suffix.lower() in ENCODINGS and not job.out.is_dir():
        raise OptionError(
            f"-o {job.out} is one picture, and {job.content} is a folder: give a folder, or .gif or .mp4."
        )
    apart = within(job.out, job.content) and not within(job.content, job.out)
    paths = pictures_in(job.content, job.out if apart else None)
    outs = [job.out / name for name in of_results(paths)]
    mixed = None if apart else next((out for out in outs if within(out, job.content)), None)
    if mixed:
        raise OptionError(
            f"{mixed} would lie among the pictures of {job.content}, and be drawn with them the next time: give "
            f"another folder, as in -o {job.content}-drawn."
        )
    return list(zip(paths, outs, strict=True))


def _picture(
    job: Job, setup: Setup, show: Show, caught: list[int], source: Path, out: Path, timed: str, sheet: Sheet
) -> StyleResult:
    """Stylise one picture; the last state is written even if an error ends it, or, unless in a folder, an interruption.

    Its time is told before the first step, as that of what `timed` says.
    """
    began = time.monotonic()
    content = read_picture(source, job.longest, job.enlarge)
    note_losses(job, source, content, out)
    if timed and not job.quiet:
        tell_what_it_takes(content, setup, timed)
    seen, start = as_kept(content, out.suffix), None
    if job.start_file is not None:
        start = as_image(as_kept(read_picture(job.start_file), out.suffix), torch.device("cpu"))
    last: State | None = None
    files = [out]
    try:
        for state in states(seen, setup, start):
            last = state
            show(state, "", state.share)
            if job.save_every and state.step % job.save_every == 0 and state.step < state.steps:
                files.append(out.with_name(f"{out.stem}-step{state.step:05d}{out.suffix}"))
                _save(_finished(state, content), files[-1], job.overwrite)
            if caught:
                break
    except GantoolError:
        if last is not None:
            _save(_finished(last, content), out, job.overwrite)
            say(f"The last picture before the error is in {out}.")
        raise
    assert last is not None, "a transfer has at least one step"
    taken = StyleResult(files, last, time.monotonic() - began)
    if not taken.finished and source != job.content:  # of a folder, where the same command keeps what is there
        return replace(taken, files=[])
    picture = _finished(last, content)
    _save(picture, out, job.overwrite)
    sheet.add(content, picture)
    return replace(taken, seconds=time.monotonic() - began)


def _summary(sheets: Sequence[Path], told: Told, drawn: Sequence[StyleResult], interrupted: bool) -> dict[str, object]:
    summary: dict[str, object] = {
        "files": [str(file) for file in (*(file for one in drawn for file in one.files), *sheets)],
        **told,
        "interrupted": interrupted,
        "seconds": round(sum(one.seconds for one in drawn), 1),
    }
    if len(drawn) == 1:
        last = drawn[0].last
        height, width = last.image.shape[-2:]
        losses = {"losses": asdict(last.terms)} if last.terms else {}
        summary |= {"width": width, "height": height, "steps": last.step, **losses}
    return summary


def _finished(state: State, content: Picture) -> Image.Image:
    """The picture at the content's size, with the content's alpha channel."""
    height, width = content.pixels.shape[-2:]
    picture = to_pil(to_uint8(state.image[0]))
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    if content.alpha is not None:
        picture.putalpha(to_pil(content.alpha))
    return picture


def _save(picture: Image.Image, out: Path, overwrite: bool) -> None:
    save_pictures([picture], [out], overwrite)
