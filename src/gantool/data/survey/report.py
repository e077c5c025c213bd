"""The report of `gantool data check` as text."""

from collections.abc import Iterator, Mapping, Sequence

from gantool.api.run_config import COLORS
from gantool.data.survey.check import ALIKE_LIMIT, Broken, Report, Spread, Training
from gantool.errors import counted, shortened

_SHOWN = 10
_LONGEST = 60
"""Letters of a class's name that are shown: a column of captions may be taken for labels."""
_IMBALANCE = 10
_FEW = 1000
_MANY = 0.1


def as_text(report: Report) -> str:
    """The report as a page: the contents, the oddities, and the data that training would use."""
    return "\n".join(f"{title:<12} {text}".rstrip() for title, text in _lines(report))


def _lines(report: Report) -> Iterator[tuple[str, str]]:
    yield (
        "pictures",
        f"{report.usable:,} usable of {report.files:,} in {report.path}",
    )
    yield from (("", f"{count:,} of {name}") for name, count in report.sources.items())
    if report.others:
        yield "other files", f"{report.ignored:,}: {_few(report.others)}"
    if report.width and report.height and report.aspect:
        yield "width", _range(report.width)
        yield "height", _range(report.height)
        yield "aspect", _range(report.aspect)
    if report.usable:
        yield "formats", _counts(report.formats)
        yield "modes", _counts(report.modes)
    kept = report.training is not None and report.training.channels == 4
    odd = {
        f"with transparency ({'kept' if kept else 'laid on white'})": report.transparent,
        "animated (first frame used)": report.animated,
        "CMYK": report.cmyk,
    }
    if any(odd.values()):
        yield "of these", ", ".join(f"{count:,} {what}" for what, count in odd.items() if count)
    yield from _groups("duplicates", "the same file twice or more", report.duplicates)
    if report.alike is None:
        yield "look alike", f"not compared: there are more than {ALIKE_LIMIT:,} pictures"
    else:
        yield from _groups("look alike", "perhaps the same picture", report.alike)
    yield from _classes(report.classes)
    for note in report.notes:
        yield "note", note
    yield from _files("no label", report.unlabelled)
    yield from _files("broken", report.broken)
    yield from _files("suspect", report.suspect)
    if report.training is None:
        yield "training", "impossible: none of the pictures can be used"
        return
    yield from _training(report.training, report.enlarged)
    if report.transparent >= _MANY * report.usable and not kept:
        yield "note", "--channels 4 trains with transparency, as for sprites and emoji, instead of on white"
    if kept and not report.transparent and "pad" not in report.training.fit:  # whose borders are transparent
        yield "note", "nothing is transparent: --channels 3 is enough for such pictures"


def _files(title: str, files: Sequence[Broken]) -> Iterator[tuple[str, str]]:
    for place, broken in enumerate(files[:_SHOWN]):
        yield "" if place else title, f"{broken.path} {broken.reason}"
    if len(files) > _SHOWN:
        yield "", f"... and {len(files) - _SHOWN:,} more (all with --json)"


def _training(training: Training, enlarged: int) -> Iterator[tuple[str, str]]:
    size, kind = training.resolution, COLORS[training.channels]
    fit = f", fit={training.fit}" if training.fit else ""
    labels = f", {counted(training.classes, 'class', 'classes')} (with --labels)" if training.classes else ""
    yield "training", f"{counted(training.images, 'image')} of {size} x {size}, {kind}{fit}{labels}"
    if enlarged:
        yield "note", f"{counted(enlarged, 'picture')} smaller than {size} pixels would be enlarged, which blurs"
    if 1 < training.images < _FEW:
        yield "note", f"{training.images:,} images are few: expect copies of them; --flip adds their mirror images"


def _classes(classes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if not classes:
        return
    yield "classes", f"{len(classes)}: {_counts(classes)}"
    least, most = min(classes, key=classes.__getitem__), max(classes, key=classes.__getitem__)
    if classes[most] > _IMBALANCE * classes[least]:
        many, few = (f"{classes[name]:,} of {shortened(name, _LONGEST)!r}" for name in (most, least))
        yield "note", f"the classes are uneven: {many}, {few}"


def _groups(title: str, what: str, groups: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    if not groups:
        return
    count = f"{len(groups):,} group{'s' * (len(groups) > 1)}"
    yield title, f"{sum(len(group) - 1 for group in groups):,} too many ({count}; {what}), for example"
    for group in groups[:3]:
        yield "", " = ".join(group[:3]) + (" = ..." if len(group) > 3 else "")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _range(spread: Spread) -> str:
    return f"{spread.minimum:,.4g} to {spread.maximum:,.4g}, median {spread.median:,.4g}"


def _counts(counts: Mapping[str, int]) -> str:
    shown = [f"{shortened(name, _LONGEST)} {count:,}" for name, count in list(counts.items())[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(counts) > _SHOWN else "")
