"""Several sources as one."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Skipped, Source


class JoinedSource(Source):
    """Images of several sources, one source after another; classes of one name are one class.

    It is labelled if all of them are, and cached if all of them can be. `names` are for messages.
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
        return image, None if label is None or not self.class_names else self._labels[place][label]
