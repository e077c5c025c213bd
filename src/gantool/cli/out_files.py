"""A check, before any work is done, that a command's output file can be written."""

import tempfile
from pathlib import Path

from gantool.cli.output import say
from gantool.data.pictures.whole import Picture
from gantool.errors import CheckpointError, OptionError, suffix_meant
from gantool.pixels import ALPHA_CHANNELS
from gantool.render.animations import check_suffix
from gantool.render.pictures import ENCODINGS, numbered

_LOST = {
    ".mp4": "MP4 films have no transparency: the pictures lie on white. .webp and .apng keep it.",
    ".jpg": "JPEG has no transparency: the pictures lie on white. PNG and WebP keep it.",
    ".gif": "GIF has no half-transparent pixels, so edges are hard. .webp and .apng keep them.",
}

_ON_WHITE = (".mp4", ".jpg")


def as_kept(content: Picture, suffix: str) -> Picture:
    """The picture to draw for a file of this suffix: on white, or on no ground where the file keeps transparency."""
    return content if suffix.lower() in _ON_WHITE else content.on_no_ground()


def tell_what_is_lost(suffix: str, channels: int) -> None:
    """Say so where files of this suffix cannot hold the transparency of the pictures."""
    if channels == ALPHA_CHANNELS and suffix.lower() in _LOST:
        say(_LOST[suffix.lower()])


def check_suffix_of_picture(out: Path) -> None:
    """Raise OptionError unless pictures of this suffix can be written."""
    suffix = out.suffix.lower()
    if suffix not in ENCODINGS:
        raise OptionError(
            f"{out}: the suffix chooses the format: {', '.join(ENCODINGS)}.{suffix_meant(suffix, ENCODINGS)}"
        )


def check_out(out: Path, overwrite: bool, moving: bool = False) -> None:
    """Raise OptionError, before any work, when the file cannot be written there."""
    if moving:
        check_suffix(out)
    else:
        check_suffix_of_picture(out)
    check_new(out, overwrite)


def check_new(out: Path, overwrite: bool) -> None:
    """Raise OptionError, before any work, when a file of any kind is there already or cannot be written."""
    if out.exists() and not overwrite:
        raise OptionError(f"{out} is there already: choose another name, or replace it with --overwrite.")
    check_place(out)


def check_model_out(out: Path, overwrite: bool) -> None:
    """Raise OptionError, before any work, when a model file and its discriminator cannot be written there.

    Whoever writes a model replaces or removes the discriminator beside it; a file of that name that is none is refused.
    """
    from gantool.engine.discriminator_file import DiscriminatorCard, discriminator_file  # not above: they import torch
    from gantool.engine.model_file import read_card_of

    if out.suffix != ".safetensors":
        raise OptionError(f"{out}: a model file ends in .safetensors.")
    beside = discriminator_file(out)
    if beside.exists():
        try:
            read_card_of(beside, DiscriminatorCard)
        except CheckpointError as error:
            raise OptionError(
                f"{beside} has the name of the discriminator of {out}, and cannot be replaced as such: {error} Move it "
                "away, or choose another name."
            ) from error
    there = [str(path) for path in (out, beside) if path.exists()]
    if there and not overwrite:
        are, them = ("is", "it") if len(there) == 1 else ("are", "them")
        raise OptionError(
            f"{' and '.join(there)} {are} there already: choose another name, or replace {them} with --overwrite."
        )
    check_place(out)


def check_frames(folder: Path, count: int, overwrite: bool) -> None:
    """Raise OptionError, before any work, when so many frames cannot be written into the folder."""
    check_place(numbered(folder, count, overwrite)[0])


def check_place(out: Path) -> None:
    """Raise OptionError, before any work, when no file can be written there."""
    place = next(folder for folder in out.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OptionError(f"{out} cannot be written: in {place} no file can be made ({error.strerror}).") from error
