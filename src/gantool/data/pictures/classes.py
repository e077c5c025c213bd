"""Folders as classes: the level whose folders tell pictures apart."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

_PARTS = frozenset(["train", "training", "test", "testing", "val", "valid", "validation", "eval", "evaluation", "dev"])
_SHOWN = 5


def folder_classes(paths: Sequence[str]) -> tuple[list[str] | None, tuple[str, ...]]:
    """The class of each path, its first folder below the folder that holds them all, and sentences on the choice.

    None, that is unlabelled, when a picture lies beside the class folders instead of in one. Folders around all
    pictures (as archives have) do not count, so a single folder of pictures is unlabelled too; nor do train/, test/ and
    the like, which are parts of a set.
    """
    parents = [PurePosixPath(path).parts[:-1] for path in paths]
    depth = _shared(parents)
    folders = sorted({parts[depth] for parts in parents if len(parts) > depth})
    stray = [path for path, parts in zip(paths, parents, strict=True) if len(parts) <= depth]
    if stray or not folders:
        return None, _on_stray(stray, folders, len(paths))
    if not all(name.lower() in _PARTS for name in folders):
        return [parts[depth] for parts in parents], ()
    below = ["/".join(PurePosixPath(path).parts[depth + 1 :]) for path in paths]
    classes, notes = folder_classes(below)
    return classes, (f"The folders {', '.join(folders)} are parts of one set, not classes; all are used.", *notes)


def _on_stray(stray: Sequence[str], folders: Sequence[str], count: int) -> tuple[str, ...]:
    if len(folders) < 2 or 2 * len(stray) > count:
        return ()
    more = f" and {len(stray) - 1:,} more pictures lie" if len(stray) > 1 else " lies"
    named = ", ".join(folders[:_SHOWN]) + (", ..." if len(folders) > _SHOWN else "")
    return (f"{stray[0]}{more} beside the folders {named}, so these are no classes. Move it away or into one of them.",)


def _shared(parents: Iterable[tuple[str, ...]]) -> int:
    """The number of leading folders that all have in common."""
    low, high = min(parents, default=()), max(parents, default=())
    for depth, (one, other) in enumerate(zip(low, high, strict=False)):
        if one != other:
            return depth
    return min(len(low), len(high))
