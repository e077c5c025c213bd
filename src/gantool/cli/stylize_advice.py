"""What `gantool stylize` says of a picture's frames that it does not draw, with the command that draws all of them."""

import shlex
from dataclasses import fields
from pathlib import Path

from gantool.cli.out_files import tell_what_is_lost
from gantool.cli.output import say
from gantool.cli.stylize import ORIGINAL, Job
from gantool.cli.stylize_film import MOVING
from gantool.cli.stylize_setup import flag_of
from gantool.data.pictures.decode import quiet_pillow
from gantool.data.pictures.inspection import frame_count
from gantool.data.pictures.whole import Picture
from gantool.errors import printable
from gantool.pixels import ALPHA_CHANNELS

NOT_OF_A_FILM = {"content", "styles", "out", "sheet", "save_every"}
"""What the command for all frames has in another way, or cannot have."""


def frames_in(picture: Path) -> int:
    """The number of frames of a picture file; 0 for what is no file."""
    if not picture.is_file():
        return 0
    with picture.open("rb") as file, quiet_pillow():
        return frame_count(file)


def note_losses(job: Job, source: Path, content: Picture, out: Path) -> None:
    """Say which frames, and what transparency, the result `out` of a picture lacks."""
    count = frames_in(source)
    if count > 1:
        command = printable(_for_all_frames(job, source, out))
        say(f"{printable(str(source))} has {count} frames; the first is drawn. For all of them: {command}")
    tell_what_is_lost(out.suffix, 3 if content.alpha is None else ALPHA_CHANNELS)


def _for_all_frames(job: Job, source: Path, out: Path) -> str:
    """The command that draws a picture of a folder, or the only one, as a film."""
    words = ["gantool", "stylize", str(source), *job.styles]
    for field in fields(Job):
        value = getattr(job, field.name)
        if field.name in NOT_OF_A_FILM or value == field.default:
            continue
        flag = flag_of(field.name)
        values = value if isinstance(value, list) else [ORIGINAL if field.name == "size" and value == 0 else value]
        words += [flag] if value is True else [word for one in values for word in (flag, str(one))]
    return shlex.join([*words, "-o", str(_film_beside(source, out))])


def _film_beside(source: Path, out: Path) -> Path:
    """The file of a film where `out` is that of its first frame: other files' results and the source stay."""
    named = out.with_suffix("")  # the name of the source, where others have its stem
    moves = named.suffix.lower() in (*MOVING, ".webp")
    film = named if named.name == source.name and moves else out.with_suffix(".gif")
    return film.with_stem(f"{film.stem}-drawn") if film.resolve() == source.resolve() else film
