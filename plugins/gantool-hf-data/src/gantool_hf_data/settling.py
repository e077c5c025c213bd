"""Which files of which revision a data set of the Hub means, asked of the Hub and kept."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gantool
from gantool_hf_data import HubOptions

COPY = "refs/convert/parquet"
"""The branch on which the Hub keeps a Parquet copy of a data set."""
AUTO = "auto"
_SECONDS = 30
_NUMBERED = re.compile(r"(.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?")
_NUMBER = re.compile(r"\d+")
_PARTIAL = "partial-"
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
}
_WORD = re.compile(rf"(?<![a-z])({'|'.join(sorted(_SPLITS, key=len, reverse=True))})(?![a-z])")


@dataclass(frozen=True)
class Listing:
    """The files of a split of a data set at a commit, each with its bytes; `partial` if the Hub copied only some."""

    name: str
    config: str
    split: str
    commit: str
    files: tuple[tuple[str, int], ...]
    partial: bool = False

    @property
    def place(self) -> str:
        """The data set and its part, for messages."""
        return f"hf:{self.name},config={self.config},split={self.split}"


def pinned(options: HubOptions, setting: gantool.Setting) -> tuple[HubOptions, str]:
    """The options with the commit and configuration of now, so that a run resumes on the same files."""
    if AUTO not in (options.commit, options.config):
        return options, ""
    found = listed(options)
    fixed = options.model_copy(update={"commit": found.commit, "config": found.config})
    return fixed, f"the data set as it is now, commit {found.commit[:7]}"


def listed(options: HubOptions) -> Listing:
    """The files that are meant. Raises DataError where there are none, or the Hub cannot be asked and never was."""
    rev = options.rev if options.commit == AUTO else options.commit
    return _listed(options.name, options.config, options.split, rev, endpoint() or "")


def endpoint() -> str | None:
    """The address of the Hub that HF_ENDPOINT names now; None for the usual one."""
    return os.environ.get("HF_ENDPOINT") or None


@cache
def _listed(name: str, config: str, split: str, rev: str, address: str) -> Listing:
    file = _kept(name, config, split, rev, address)
    if re.fullmatch("[0-9a-f]{40}", rev) and (known := _read(file)):
        return known  # a commit never changes
    try:
        found = _asked(name, config, split, rev)
    except gantool.DataError:
        raise
    except Exception as error:  # of the client, of its HTTP library, of the network
        if known := _read(file):
            return known
        raise explained(name, rev, error) from error
    for place in (file, _kept(name, found.config, split, found.commit, address)):
        _write(place, found)
    return found


def _asked(name: str, config: str, split: str, rev: str) -> Listing:
    """What the Hub has: of its Parquet copy, or of the data set's own files where that is whole and the copy is not."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    api = HfApi(endpoint=endpoint())
    found: list[Listing] = []
    told: gantool.DataError | None = None
    for revision in (COPY, None) if rev == AUTO else (rev,):
        try:
            info = api.dataset_info(name, revision=revision, files_metadata=True, timeout=_SECONDS)
        except RevisionNotFoundError:
            if rev != AUTO:
                raise
            continue
        sizes = {one.rfilename: int(one.size or 0) for one in info.siblings or ()}
        try:
            found.append(_chosen(name, str(info.sha), sizes, config, split))
        except gantool.DataError as error:
            told = told or error
            continue
        if not found[-1].partial:
            return found[-1]
    if found:
        return found[0]
    raise told or gantool.DataError(_without_parquet(name))


def _chosen(name: str, commit: str, sizes: dict[str, int], config: str, split: str) -> Listing:
    """The files of this configuration and split. Raises DataError that lists those there are."""
    entries = [(*_read_path(path), path) for path in sorted(sizes) if path.endswith(".parquet")]
    if not entries:
        raise gantool.DataError(_without_parquet(name))
    configs = sorted({one for one, _, _, _ in entries})
    with_split = sorted({one for one, of_split, _, _ in entries if of_split == split})
    if config != AUTO and config not in configs:
        raise gantool.DataError(f"{name} has no configuration {config!r}; it has {', '.join(configs)}.")
    chosen = config if config != AUTO else "default" if "default" in with_split else (with_split or [""])[0]
    if config == AUTO and len(with_split) > 1 and chosen != "default":
        shown = ", ".join(with_split[:8]) + (", ..." if len(with_split) > 8 else "")
        raise gantool.DataError(f"{name} has several configurations, {shown}: name one, as hf:{name},config={chosen}.")
    files = [(path, partial) for one, of_split, partial, path in entries if (one, of_split) == (chosen, split)]
    if not files:
        splits = sorted({of_split for one, of_split, _, _ in entries if one == chosen or not chosen})
        remedy = f"hf:{name},split={splits[0]}"
        raise gantool.DataError(f"{name} has no split {split!r}; it has {', '.join(splits)}: {remedy}.")
    partial = any(partial for _, partial in files)
    return Listing(name, chosen, split, commit, tuple((path, sizes[path]) for path, _ in files), partial)


def _read_path(path: str) -> tuple[str, str, bool]:
    """Configuration, split, and whether it is a part alone, by a path as the Hub or the library datasets writes it.

    As in default/train/0000.parquet, default/partial-train/0000.parquet, data/train-00000-of-00002.parquet.
    """
    *folders, file = path.split("/")
    stem = file.removesuffix(".parquet")
    if numbered := _NUMBERED.fullmatch(stem):
        split = numbered[1].rpartition("-")[2]  # older copies have the name of the data set before it
    elif _NUMBER.fullmatch(stem) and folders and folders[-1] != "data":
        split = folders.pop()
    else:
        split = next((_SPLITS[found[1]] for part in (stem, *folders) if (found := _WORD.search(part))), "train")
        folders = [part for part in folders if not _WORD.fullmatch(part)]
    config = "/".join(folders)
    return config if config not in ("", "data") else "default", split.removeprefix(_PARTIAL), split.startswith(_PARTIAL)


def _without_parquet(name: str) -> str:
    return (
        f"{name} has neither a Parquet copy on the Hub nor Parquet files of its own. Fetch its files, as by "
        f"'hf download --repo-type dataset {name}', and give the folder of pictures."
    )


def explained(name: str, rev: str, error: Exception) -> gantool.DataError:
    """The DataError for what the Hub answered, or that it did not."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    said = " ".join(str(error).split())[:200].rstrip(".")
    match error:
        case GatedRepoError():
            return gantool.DataError(
                f"{name} is gated: accept its terms on https://huggingface.co/datasets/{name}, then log in with the "
                "Hub's own command, hf auth login."
            )
        case RepositoryNotFoundError():
            return gantool.DataError(
                f"There is no data set {name} on the Hub, or it is private: then log in with the Hub's own command, "
                "hf auth login."
            )
        case RevisionNotFoundError():
            return gantool.DataError(f"{name} has no revision {rev} on the Hub.")
        case HfHubHTTPError() | HFValidationError():
            return gantool.DataError(f"{name} cannot be read from the Hub: {said}.")
    return gantool.DataError(
        f"The Hub cannot be reached ({type(error).__name__}), and {name} was not downloaded before. Try again with a "
        "connection, or fetch the Parquet files elsewhere and give --data parquet:path=FOLDER."
    )


def _kept(name: str, config: str, split: str, rev: str, address: str) -> Path:
    digest = hashlib.sha256(repr((name, config, split, rev, address)).encode()).hexdigest()
    return gantool.cache_folder() / f"hub-{digest[:20]}.json"


def _read(file: Path) -> Listing | None:
    """What was kept; None where nothing was, or it is damaged."""
    try:
        found: Any = json.loads(file.read_text("utf-8"))
        files: Sequence[tuple[str, int]] = tuple((str(path), int(size)) for path, size in found.pop("files"))
        return Listing(**found, files=tuple(files))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _write(file: Path, found: Listing) -> None:
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(found)), "utf-8")
    partial.replace(file)
