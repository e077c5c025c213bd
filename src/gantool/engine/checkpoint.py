"""Checkpoints: the complete state for an exact resume, in files that can be read without running code.

`checkpoints/NNNNNNNNN/` holds the networks as safetensors, the averaged generator as a shareable model file, the rest
as `state.pt` (read with `weights_only=True`) and `manifest.json` with a digest of each, so that damage is noticed.
"""

import filecmp
import hashlib
import json
import pickle
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gantool.engine import saved_state
from gantool.engine.model_file import ModelCard, load_generator, weights_file
from gantool.engine.run_names import AVERAGED, CHECKPOINTS, DISCRIMINATOR, GENERATOR, by_images
from gantool.engine.whole_file import save_whole
from gantool.errors import CheckpointError, shortened
from gantool.files import remove_unfinished, write_atomically, write_folder_atomically
from gantool.reading import check_archive, read_json

ASIDE = "superseded-"
"""The beginning of the name of a checkpoint that was set aside."""
RESUMING = "resume from it with: gantool train --resume"
STATE, MANIFEST = "state.pt", "manifest.json"


class MisfitError(CheckpointError):
    """Weights whose names or shapes do not fit the network."""


@dataclass(frozen=True)
class Contents:
    """The contents of a checkpoint; `state` has plain numbers, strings, lists, dictionaries and tensors."""

    images_seen: int
    generator: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None
    """None where the generator has no adversary."""
    averaged: Mapping[str, Tensor]
    card: ModelCard
    state: dict[str, Any]


def save(run: Path, contents: Contents) -> Path:
    """Write a checkpoint atomically. Raises TrainingError on a full disk."""
    path = run / CHECKPOINTS / by_images(contents.images_seen)

    def write(folder: Path) -> None:
        (folder / GENERATOR).write_bytes(weights_file(contents.generator))
        if contents.discriminator is not None:
            (folder / DISCRIMINATOR).write_bytes(weights_file(contents.discriminator))
        (folder / AVERAGED).write_bytes(weights_file(contents.averaged, contents.card))
        save_whole(folder / STATE, contents.state)
        digests = {file.name: digest(file) for file in sorted(folder.iterdir())}
        manifest = {"images_seen": contents.images_seen, "state": saved_state.names(contents.state), "sha256": digests}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")

    write_folder_atomically(path, write)
    return path


def prune(run: Path, keep: int, best: int = 0) -> None:
    """Remove all checkpoints but the last `keep` and the one of `best` images, and what was left unfinished."""
    for old in newest_first(run)[keep:]:
        if images_of(old) != best:
            shutil.rmtree(old, ignore_errors=True)
    remove_unfinished(run / CHECKPOINTS)


def publish(path: Path, file: Path) -> None:
    """Have the shareable model of a checkpoint as `file`, too. Raises TrainingError on a full disk."""
    if not (file.is_file() and filecmp.cmp(path / AVERAGED, file, shallow=False)):
        write_atomically(file, lambda temporary: shutil.copyfile(path / AVERAGED, temporary))


def load(path: Path, way_on: str = RESUMING) -> Contents:
    """Read a checkpoint back; the inverse of `save`. `way_on` are the words before another one, in the error.

    Raises CheckpointError that names the damaged or missing file; a pickle with code in it is refused, never run.
    """
    try:
        return _read(path)
    except ValueError as error:
        raise unusable(path, str(error), way_on) from error


def data_of(path: Path) -> tuple[int, str] | None:
    """The number of images that a checkpoint was made with, and their fingerprint; None where it cannot be read."""
    try:
        check_archive(path / STATE)
        found = torch.load(path / STATE, map_location="cpu", weights_only=True, mmap=True)["data"]
        return int(found["count"]), str(found["fingerprint"])
    except (pickle.UnpicklingError, RuntimeError, LookupError, TypeError, ValueError, OSError, CheckpointError):
        return None


def _read(path: Path) -> Contents:
    """The same. Raises ValueError with the problem in a few words."""
    problem = damage(path)
    if problem:
        raise ValueError(problem)
    try:
        averaged, card = load_generator(path / AVERAGED)
        generator = load_file(path / GENERATOR)
        discriminator = load_file(path / DISCRIMINATOR) if (path / DISCRIMINATOR).is_file() else None
        check_archive(path / STATE)
        state = torch.load(path / STATE, map_location="cpu", weights_only=True)
        problem = saved_state.form_problem(state, read_json(path / MANIFEST).get("state", ()), images_of(path))
    except (
        SafetensorError, pickle.UnpicklingError, RuntimeError, LookupError, TypeError, ValueError, OSError,
        AttributeError, EOFError, CheckpointError,
    ) as error:  # fmt: skip
        raise ValueError(str(error).strip().partition("\n")[0].removesuffix(".")) from error
    if problem:
        raise ValueError(f"{STATE} holds {problem}")
    return Contents(state["images_seen"], generator, discriminator, averaged, card, state)


def unusable(path: Path, problem: str, way_on: str = RESUMING) -> CheckpointError:
    """The error about a checkpoint with such a problem, with the last good one beside it."""
    return CheckpointError(f"The checkpoint {path} cannot be used: {problem}.{_remedy(path, way_on)}")


def every(run: Path) -> Iterator[Path]:
    """All checkpoint folders of a run, including damaged ones."""
    folder = run / CHECKPOINTS
    paths = folder.iterdir() if folder.is_dir() else iter(())
    return (path for path in paths if is_one(path))


def is_one(path: Path) -> bool:
    """True if a folder inside `checkpoints` is a checkpoint by its name, and none that was set aside."""
    return path.name.isascii() and path.name.isdigit() and path.is_dir()


def newest_first(run: Path) -> list[Path]:
    """All checkpoint folders of a run, from the one with the most images seen."""
    return sorted(every(run), key=images_of, reverse=True)


def back_in_use(path: Path) -> str:
    """A hint for an error: the name that a checkpoint needs which was set aside; empty for any other path."""
    if not (path.is_dir() and path.name.startswith(ASIDE)):
        return ""
    return (
        f" It was set aside when the run went on from an older one; to use it, rename it to {path.name[len(ASIDE) :]}."
    )


def images_of(path: Path) -> int:
    """The images seen of a checkpoint, by its name."""
    return int(path.name)


def newest(run: Path) -> Path | None:
    """The checkpoint with the most images seen, whether or not it is damaged."""
    return max(every(run), default=None, key=images_of)


def newest_good(run: Path) -> Path | None:
    """The newest checkpoint whose files are all there and undamaged."""
    return next((path for path in newest_first(run) if not damage(path)), None)


def damage(path: Path) -> str:
    """The damage to a checkpoint's files, in a few words; empty if there is none."""
    try:
        digests = read_json(path / MANIFEST)["sha256"]
        names = {GENERATOR, AVERAGED, STATE}
        if set(digests) - {DISCRIMINATOR} != names:
            return f"{MANIFEST} does not list {', '.join(sorted(names))}"
        for name, expected in digests.items():
            if not (path / name).is_file():
                return f"{name} is missing"
            if digest(path / name) != expected:
                return f"{name} is damaged or truncated"
    except FileNotFoundError:
        return f"{MANIFEST} is missing, so it is no complete checkpoint of gantool"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is damaged"
    return ""


def set_aside_newer(run: Path, images_seen: int) -> None:
    """Move checkpoints beyond `images_seen` aside, since a run that resumes from an older one will write its own."""
    for path in list(every(run)):
        if images_of(path) > images_seen:
            target = path.parent / f"{ASIDE}{path.name}"
            shutil.rmtree(target, ignore_errors=True)
            path.replace(target)


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], name: str) -> None:
    """Load a state dict into a network. Raises MisfitError in one sentence if names or shapes do not fit."""
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        wrong = misfits(network, weights) or [str(error).strip().splitlines()[-1].strip()]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise MisfitError(f"The weights of {name} do not fit the network: {shortened(wrong[0], 200)}{more}.") from error


def misfits(network: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """The tensors of a state dict that do not fit a network, a phrase each: those of another shape come first."""
    own = network.state_dict()
    shapes = [
        f"tensor {name!r} is {list(weights[name].shape)} in the file and {list(tensor.shape)} in the network"
        for name, tensor in own.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    absent = [f"tensor {name!r} {list(own[name].shape)} is not in the file" for name in own if name not in weights]
    strange = [f"the network has no tensor {name!r} {list(weights[name].shape)}" for name in weights if name not in own]
    return [*shapes, *absent, *strange]


def _remedy(path: Path, way_on: str) -> str:
    if path.parent.name != CHECKPOINTS:
        return ""
    others = [other for other in newest_first(path.parent.parent) if other != path]
    good = next((other for other in others if _is_readable(other)), None)
    if good is None:
        left = path.parent.parent / GENERATOR
        more = f"its generator alone is {left}" if way_on != RESUMING and left.is_file() else "start a new run"
        return f" The run has no good one left; {more}."
    return f" The last good one is {good}; {way_on} {shlex.quote(str(good))}"


def _is_readable(path: Path) -> bool:
    try:
        _read(path)
    except ValueError:
        return False
    return True


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
