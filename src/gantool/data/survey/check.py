"""The survey that `gantool data check` makes of a folder of pictures."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float32
from pydantic import BaseModel, BeforeValidator

from gantool.data.names import distinct
from gantool.data.pictures.complaints import with_complaints
from gantool.data.pictures.decode import Header
from gantool.data.pictures.inspection import LOOKS
from gantool.data.pictures.labels import LabelledListing, labelled
from gantool.data.pictures.natural import natural_resolution
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import Kind, Range, described, given_ranges, on_halved, own_ranges
from gantool.data.pictures.worker import Answer, Task
from gantool.data.pictures.workers import spread
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
    """All findings about a folder of pictures."""

    path: Text
    files: int
    usable: int
    ignored: int
    """The number of other files, all of which are in `others`."""
    others: list[Text] = []
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
    pictures = labelled(options)
    listing = pictures.listing
    answers: dict[int, Answer] = {}
    broken = [Broken(path=path, reason=reason) for path, reason in listing.skipped]
    suspect: list[Broken] = []
    for index, answer in sorted(spread(listing, Task(options), "reading images"), key=lambda pair: pair[0]):
        why = with_complaints(answer)
        if "reason" in answer:
            broken.append(Broken(path=listing.items[index].path, reason=str(why)))
        else:
            answers[index] = answer
            suspect += [Broken(path=listing.items[index].path, reason=why)] if why else []
    return Report(
        path=options.path,
        files=len(listing.items) + len(listing.skipped),
        usable=len(answers),
        ignored=len(listing.ignored),
        others=list(listing.ignored),
        broken=broken,
        suspect=suspect,
        **_findings(pictures, answers, options, resolution, channels) if answers else {},
    )


def _findings(
    pictures: LabelledListing,
    answers: Mapping[int, Answer],
    options: FolderOptions,
    resolution: int | None,
    channels: int | None,
) -> dict[str, Any]:
    """The fields of the report that only usable pictures give."""
    found = list(answers.values())
    paths = [pictures.listing.items[index].path for index in answers]
    labels, notes = pictures.classes(list(answers))
    wide = [answer["extremes"] for answer in found if "extremes" in answer]
    ranges = (given_ranges(options.range) or own_ranges(wide)) if wide else {}
    if wide:
        notes = (*notes, described(ranges, wide))
    halved = [path for path, answer in zip(paths, found, strict=True) if "halved" in answer]
    counts = Counter(labels)
    classes = {name: counts[name] for name in pictures.names(labels or ())}
    headers = [Header(one["format"], one["mode"], one["width"], one["height"], one["alpha"]) for one in found]
    training = Training(
        images=len(found),
        resolution=resolution or natural_resolution(headers),
        channels=channels or (1 if all(header.is_grey for header in headers) else 3),
        fit=options.fit,
        classes=len(classes),
    )
    return {
        "width": _spread([one["width"] for one in found]),
        "height": _spread([one["height"] for one in found]),
        "aspect": _spread([one["width"] / one["height"] for one in found]),
        "formats": dict(Counter(one["format"] for one in found).most_common()),
        "modes": dict(Counter(one["mode"] for one in found).most_common()),
        "transparent": sum(one["transparent"] for one in found),
        "animated": sum(one["animated"] for one in found),
        "cmyk": sum(one["mode"] == "CMYK" for one in found),
        "grey": sum(header.is_grey for header in headers),
        "enlarged": sum(_used_side(header, options.fit) < training.resolution for header in headers),
        "duplicates": _duplicates(paths, found),
        "alike": _alike(paths, found),
        "notes": [*notes, *on_halved(halved)],
        "ranges": ranges,
        "classes": dict(zip(distinct(list(classes)), classes.values(), strict=True)),
        "training": training,
    }


def _used_side(header: Header, fit: str) -> int:
    return max(header.width, header.height) if fit == "pad" else min(header.width, header.height)


def _spread(values: Sequence[int] | Sequence[float]) -> Spread:
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
