"""The pictures of the data that samples are compared with, and their features, kept in the cache."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int64, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from gantool.api.data import Source
from gantool.data.cache.build import CachedSource, cached_items, is_to_cache
from gantool.data.cache.store import check_whole
from gantool.data.items import gathered
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.errors import DataError, counted
from gantool.evaluation.extraction import FeatureNetwork
from gantool.evaluation.sharing import shared
from gantool.files import only_builder, remove_unfinished, replace_file
from gantool.plugins.host import PluginHost
from gantool.reading import check_header
from gantool.run.components import resolve_source
from gantool.run.joined import JoinedChoice

_log = logging.getLogger("gantool")


@dataclass(frozen=True)
class Reals:
    """The data at a model's resolution and channels, by row.

    `data` is its text in the grammar of `--data`, `brief` the same for messages, `channels` those of its pictures
    before they were brought to that shape, 0 where a quick look does not tell.
    """

    data: str
    brief: str
    source: Source
    shape: tuple[int, int, int]
    channels: int = 0

    def __len__(self) -> int:
        return len(self.source)

    @property
    def fingerprint(self) -> str | None:
        """A hash of pixels and labels; None where the source promises none."""
        return self.source.fingerprint if isinstance(self.source, CachedSource) else None

    @property
    def class_names(self) -> Sequence[str]:
        """The names of the data's classes; empty where a picture has none."""
        labelled = not isinstance(self.source, CachedSource) or self.source.labels is not None
        return self.source.class_names if labelled else ()

    def take(self, rows: Int64[Tensor, "n"]) -> tuple[UInt8[Tensor, "n c h w"], Int64[Tensor, "n"] | None]:
        """The pictures of these rows, with their labels."""
        if isinstance(self.source, CachedSource):
            images = torch.from_numpy(check_whole(self.source.pixels)[rows.numpy()])
            labels = self.source.labels
            return images, None if labels is None else torch.from_numpy(labels[rows.numpy()])
        return gathered(self.source, rows.tolist(), self.data, self.shape, bool(self.class_names), "reading the data")


def open_reals(plugins: PluginHost, data: str, card: ModelCard) -> Reals:
    """The data at the shape of a model. Raises DataError, or UnknownNameError where there is no such data."""
    chosen = resolve_source(plugins, data)
    source: Source = chosen.build(resolution=card.resolution, channels=card.channels)
    if is_to_cache(source):
        name = chosen.texts if isinstance(chosen, JoinedChoice) else chosen.text  # as training names it
        source = cached_items(source, name, card.channels, card.resolution)
    if len(source) < 2:
        raise DataError(f"{data} has {counted(len(source), 'picture')}: two halves of it cannot be compared.")
    look = chosen.natural() if card.channels == 1 else None
    shape = (card.channels, card.resolution, card.resolution)
    return Reals(chosen.text, chosen.brief, source, shape, 0 if look is None else look.channels)


def halves(count: int, n: int, seed: int) -> tuple[Int64[Tensor, "n"], Int64[Tensor, "n"]]:
    """The rows of two halves of n of the data's `count` pictures, without a row in both; smaller halves lie within
    larger ones of the same seed."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))[: 2 * n]
    return order[0::2], order[1::2]


def features_of(
    reals: Reals, rows: Int64[Tensor, "n"], images: UInt8[Tensor, "n c h w"], network: FeatureNetwork, world: World,
    mirrored: bool = False,
) -> Float[Tensor, "n d"]:  # fmt: skip
    """The features of some of the data's pictures, mirrored ones if asked for, all processes sharing the work.

    Those of a source with a fingerprint are kept beside its cached pictures, and not computed twice.
    """
    file = _file(reals, network, mirrored) if world.leads else None
    what = "features of the data, mirrored" if mirrored else "features of the data"
    with _locked(file):
        known_rows, known = world.from_leader(_read(file, network.width))
        missing = world.from_leader(torch.nonzero(~torch.isin(rows, known_rows))[:, 0])
        if len(missing):
            pictures = images[missing].flip(-1) if mirrored else images[missing]
            found = shared(world, len(missing), lambda places: (network(pictures[places], what),))[0]
            known_rows, known = torch.cat([known_rows, rows[missing]]), torch.cat([known, found])
            _write(file, known_rows, known)
    order = torch.argsort(known_rows)
    return known[order[torch.searchsorted(known_rows[order], rows)]]


def missing(reals: Reals, rows: Int64[Tensor, "n"], network: FeatureNetwork, mirrored: bool = False) -> int:
    """The number of rows whose features are not kept."""
    known_rows, _ = _read(_file(reals, network, mirrored), network.width)
    return int((~torch.isin(rows, known_rows)).sum())


def _file(reals: Reals, network: FeatureNetwork, mirrored: bool) -> Path | None:
    """The file of kept features, by all that they depend on; None for a source without fingerprint."""
    if not isinstance(reals.source, CachedSource):
        return None
    known = (
        reals.fingerprint, reals.shape, network.chosen.text, network.chosen.release, network.digest, network.flavour,
        network.setting, network.answer, mirrored, torch.__version__,
    )  # fmt: skip
    return reals.source.folder / f"features-{hashlib.sha256(repr(known).encode()).hexdigest()[:20]}.safetensors"


@contextmanager
def _locked(file: Path | None) -> Iterator[None]:
    """Only one process at a time measures the data; without a lock where the cache cannot be written."""
    try:
        lock = None if file is None else file.with_name("features.lock")
        if lock is not None:
            lock.touch()
    except OSError:
        lock = None
    if lock is None:
        yield
        return
    with only_builder(lock, "measures the data"):
        yield


def _read(file: Path | None, width: int) -> tuple[Int64[Tensor, "n"], Float[Tensor, "n d"]]:
    """The rows and their features in the file; none where it is missing or damaged."""
    nothing = torch.empty(0, dtype=torch.int64), torch.empty(0, width)
    if file is None or not file.is_file():
        return nothing
    try:
        check_header(file)
        kept = load_file(file)
        rows, features = kept["rows"], kept["features"]
    except (SafetensorError, OSError, ValueError, KeyError):
        return nothing
    sound = rows.dtype == torch.int64 and features.dtype == torch.float32
    return (rows, features) if sound and rows.dim() == 1 and features.shape == (len(rows), width) else nothing


def _write(file: Path | None, rows: Int64[Tensor, "n"], features: Float[Tensor, "n d"]) -> None:
    """Keep features; where that is impossible they are computed again next time, and a warning says so."""
    if file is None:
        return
    content = save({"rows": rows.contiguous(), "features": features.contiguous()})
    try:
        remove_unfinished(file.parent, "features-*")
        replace_file(file, lambda temporary: temporary.write_bytes(content))
    except OSError as error:
        _log.warning("The features of the data are not kept for the next time: %s.", error.strerror or error)
