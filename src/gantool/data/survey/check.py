"""The survey that `gantool data check` makes of a folder of pictures."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float32
from pydantic import BaseModel, BeforeValidator

from gantool.data.names import distinct
from gantool.data.pictures.decode import Header, is_grey
from gantool.data.pictures.inspection import LOOKS
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import Kind, Range
from gantool.data.pictures.worker import Answer
from gantool.data.survey.surveys import Survey, header_of, survey_folder
from gantool.errors import printable

ALIKE_BITS = 6
ALIKE_SHARE = 0.06
"""Two pictures look alike if at most this share of a perceptual hash's set bits differ, and at most ALIKE_BITS."""
ALIKE_LIMIT = 20_000
"""The most pictures that are compared by their looks, since every pair of them is."""
_ROWS = 1024

Text = Annotated[str, BeforeValidator(printable)]


class Spread(BaseModel):
    """Minimum, median and maximum."""

    minimum: float
    median: float
    maximum: float


class Broken(BaseModel):
    """A file that cannot be used, with the reason."""

    path: Text
    reason: Text


class Training(BaseModel):
    """The data that `gantool train` would use."""

    images: int
    resolution: int
    channels: int
    fit: str
    classes: int


class Report(BaseModel):
    """All findings about the pictures of a source, or of several."""

    path: Text
    files: int
    usable: int
    ignored: int
    """The number of other files, all of which are in `others`."""
    others: list[Text] = []
    sources: dict[Text, int] = {}
    """The usable pictures of each source, if there are several."""
    width: Spread | None = None
    height: Spread | None = None
    aspect: Spread | None = None
    formats: dict[str, int] = {}
    modes: dict[str, int] = {}
    transparent: int = 0
    """The number of pictures in which something is transparent; an alpha channel alone does not count."""
    animated: int = 0
    cmyk: int = 0
    grey: int = 0
    enlarged: int = 0
    """The number of pictures smaller than the training size, which would be enlarged."""
    duplicates: list[list[Text]] = []
    """Groups of files with the same bytes."""
    alike: list[list[Text]] | None = []
    """Groups that look the same though their bytes differ; None if there are too many pictures to compare."""
    broken: list[Broken] = []
    suspect: list[Broken] = []
    """Files that are used, though libtiff found faults in them."""
    unlabelled: list[Broken] = []
    """Pictures that are left out, since a file of labels names no class for them."""
    classes: dict[str, int] = {}
    notes: list[Text] = []
    """Sentences about labels and pixels that training would begin with."""
    ranges: dict[Kind, Range] = {}
    """The values that become black and white in pictures of more than 8 bits, by kind; empty if there are none."""
    training: Training | None = None


def check(options: FolderOptions, resolution: int | None = None, channels: int | None = None) -> Report:
    """Read every picture of `options.path` once; resolution and channels are those to train at, None for the defaults.

    Raises DataError if there is no picture; the report lists broken ones.
    """
    return report_on([survey_folder(options)], resolution, channels)


def report_on(surveys: Sequence[Survey], resolution: int | None = None, channels: int | None = None) -> Report:
    """What was found in these sources, and what training on all of them together would use."""
    several = len(surveys) > 1

    def under(survey: Survey, path: str) -> str:
        return f"{survey.name}: {path}" if several else path

    def listed(which: str) -> list[Broken]:
        pairs = ((survey, *one) for survey in surveys for one in getattr(survey, which))
        return [Broken(path=under(survey, path), reason=reason) for survey, path, reason in pairs]

    broken, unlabelled, found = listed("broken"), listed("unlabelled"), [len(survey.answers) for survey in surveys]
    others = [under(survey, path) for survey in surveys for path in survey.others]
    notes = [under(survey, note) for survey in surveys for note in survey.notes]
    bare = [survey.name for survey in surveys if not survey.classes]
    if bare and len(bare) < len(surveys):
        notes.append(f"Without classes, since {bare[0]} has none.")
    paths = [under(survey, path) for survey in surveys for path in survey.paths]
    return Report(
        path=" and ".join(survey.name for survey in surveys),
        files=sum(found) + len(broken) + len(unlabelled),
        usable=sum(found),
        ignored=len(others),
        others=others,
        sources=dict(zip((survey.name for survey in surveys), found, strict=True)) if several else {},
        broken=broken,
        suspect=listed("suspect"),
        unlabelled=unlabelled,
        notes=notes,
        ranges=dict(surveys[0].ranges) if not several else {},
        **_findings(surveys, paths, resolution, channels) if any(found) else {},
    )


def _findings(
    surveys: Sequence[Survey], paths: Sequence[str], resolution: int | None, channels: int | None
) -> dict[str, Any]:
    """The fields of the report that only usable pictures give."""
    usable = [survey for survey in surveys if survey.answers]
    found = [answer for survey in usable for answer in survey.answers]
    sized = [(answer, survey.fit) for survey in usable for answer in survey.answers if "width" in answer]
    files, headers = [answer for answer, _ in sized], [header_of(answer) for answer, _ in sized]
    whole = all(survey.classes for survey in usable)
    counts = Counter(name for survey in usable for name in survey.classes or ()) if whole else {}
    classes = {name: counts[name] for survey in usable for name in survey.class_names} if whole else {}
    training = Training(
        images=len(found),
        resolution=resolution or min(survey.natural.resolution for survey in usable),
        channels=channels or max(survey.natural.channels for survey in usable),
        fit=", ".join(dict.fromkeys(survey.fit for survey in usable if survey.fit)),
        classes=len(classes),
    )
    return {
        "width": _spread([one["width"] for one in files]),
        "height": _spread([one["height"] for one in files]),
        "aspect": _spread([one["width"] / one["height"] for one in files]),
        "formats": dict(Counter(one["format"] for one in found).most_common()),
        "modes": dict(Counter(one["mode"] for one in found).most_common()),
        "transparent": sum(one["transparent"] for one in found),
        "animated": sum(one["animated"] for one in files),
        "cmyk": sum(one["mode"] == "CMYK" for one in found),
        "grey": sum(is_grey(one["mode"]) for one in found),
        "enlarged": sum(
            _used_side(header, fit) < training.resolution for header, (_, fit) in zip(headers, sized, strict=True)
        ),
        "duplicates": _duplicates(paths, found),
        "alike": _alike(paths, found),
        "classes": dict(zip(distinct(list(classes)), classes.values(), strict=True)),
        "training": training,
    }


def _used_side(header: Header, fit: str) -> int:
    return max(header.width, header.height) if fit == "pad" else min(header.width, header.height)


def _spread(values: Sequence[int] | Sequence[float]) -> Spread | None:
    if not values:
        return None
    return Spread(minimum=min(values), median=float(np.median(values)), maximum=max(values))


def _duplicates(paths: Sequence[str], answers: Sequence[Answer]) -> list[list[str]]:
    same = defaultdict(list)
    for path, answer in zip(paths, answers, strict=True):
        same[answer["digest"]].append(path)
    return [paths for paths in same.values() if len(paths) > 1]


def _alike(paths: Sequence[str], answers: Sequence[Answer]) -> list[list[str]] | None:
    """Groups that look alike, without the exact copies in `duplicates`; blank pictures are never alike."""
    first_of = {answer["digest"]: place for place, answer in reversed(list(enumerate(answers)))}
    places = sorted(first_of.values())
    if len(places) > ALIKE_LIMIT:
        return None
    looks = [bytes.fromhex(answers[place]["looks"]) for place in places]
    bits = np.array([np.unpackbits(np.frombuffer(one, np.uint8)) for one in looks])
    structured = bits.sum(1) > ALIKE_BITS
    paths = [paths[place] for place, keep in zip(places, structured, strict=True) if keep]
    groups = _near(bits[structured].astype(np.float32))
    return [[paths[index] for index in group] for group in groups]


def _near(bits: Float32[np.ndarray, "n bits"]) -> list[list[int]]:
    """Groups of rows of bits that differ in few places; each row joins the first one that it is near to."""
    leader = np.arange(len(bits))
    signs, allowed = bits * 2 - 1, np.minimum(ALIKE_BITS, ALIKE_SHARE * bits.sum(1))
    for start in range(0, len(bits), _ROWS):
        end = start + _ROWS
        differing = (LOOKS * LOOKS - signs[start:end] @ signs[:end].T) / 2
        leader[start:end] = (differing <= allowed[start:end, None]).argmax(1)
    groups = defaultdict(list)
    for index, first in enumerate(leader):
        groups[int(leader[first])].append(index)
    return [members for members in groups.values() if len(members) > 1]
