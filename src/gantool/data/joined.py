"""Several sources as one."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Skipped, Source


class JoinedSource(Source):
    """Images of several sources, one source after another; classes of one name are one class.

    It is labelled if all of them are, and cached if all of them can be. `names` are for messages. Where one of them has
    groups, the others count as groups of the size of its largest, in one window with its own.
    """

    def __init__(self, sources: Sequence[Source], names: Sequence[str]) -> None:
        self._sources = tuple(sources)
        self._starts = [0, *accumulate(map(len, sources))]
        labelled = all(source.class_names for source in sources)
        self.class_names: Sequence[str] = (
            tuple(dict.fromkeys(name for source in sources for name in source.class_names)) if labelled else ()
        )
        known = sources if labelled else ()
        self._labels = [[self.class_names.index(name) for name in source.class_names] for source in known]
        prints = [source.fingerprint for source in sources if isinstance(source.fingerprint, str)]
        if len(prints) == len(sources):
            self.fingerprint: str | None = hashlib.sha256("\n".join(prints).encode()).hexdigest()
        self.cached = all(source.cached for source in sources)
        self._first_groups = [0]
        self.groups: Sequence[int] = self._grouped()
        self.window = max(source.window for source in sources)
        self.skipped: Sequence[Skipped] = tuple(one for source in sources for one in source.skipped)
        counts = ", ".join(f"{len(source):,} of {name}" for source, name in zip(sources, names, strict=True))
        notes = [f"{name}: {note}" for source, name in zip(sources, names, strict=True) for note in source.notes]
        bare = [name for source, name in zip(sources, names, strict=True) if not source.class_names]
        if bare and len(bare) < len(sources):
            notes.append(f"Without classes, since {bare[0]} has none.")
        self.notes: Sequence[str] = (f"Joined: {counts}.", *notes)

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        place = bisect_right(self._starts, index) - 1
        image, label = self._sources[place][index - self._starts[place]]
        return image, self._label(place, label)

    def gather(self, indices: Sequence[int]) -> tuple[Any, Any] | None:
        """The images of each source gathered by it, in the order of the indices."""
        items: list[Any] = [None] * len(indices)
        places = [bisect_right(self._starts, index) - 1 for index in indices]
        for place in sorted(set(places)):
            wanted = [number for number, one in enumerate(places) if one == place]
            some = [indices[number] - self._starts[place] for number in wanted]
            answer = self._sources[place].gather(some)
            found = [self._sources[place][index] for index in some] if answer is None else _pairs(answer)
            for number, (image, label) in zip(wanted, found, strict=True):
                items[number] = image, self._label(place, label)
        return [image for image, _ in items], [label for _, label in items]

    def expect(self, groups: Sequence[int]) -> None:
        """Each source is told of its own groups."""
        for place, source in enumerate(self._sources):
            if source.groups:
                first = self._first_groups[place]
                source.expect([group - first for group in groups if 0 <= group - first < len(source.groups)])

    def _label(self, place: int, label: int | None) -> int | None:
        return None if label is None or not self.class_names else self._labels[place][int(label)]

    def _grouped(self) -> list[int]:
        """The groups of all sources; `_first_groups` has the number of each source's first one."""
        size = max((max(source.groups, default=0) for source in self._sources), default=0)
        groups: list[int] = []
        for source in self._sources if size else ():
            whole, rest = divmod(len(source), size)
            groups += source.groups or [size] * whole + [rest] * (rest > 0)
            self._first_groups.append(len(groups))
        return groups


def _pairs(answer: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    images, labels = answer
    return zip(images, [None] * len(images) if labels is None else labels, strict=True)
