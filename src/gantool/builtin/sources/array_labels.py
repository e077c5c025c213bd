"""The labels of the source `array`: words, whole numbers or one-hot rows, in the file of the pictures or their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.errors import DataError, did_you_mean, nearest_beside
from gantool.homes import at_home

Named = Mapping[str, NDArray[Any]]
_LABELS = ("labels", "label", "y", "targets", "target", "classes")
_SHOWN = 6


def labels_of(
    named: Named, pictures: Named, wanted: str, path: Path, read: Callable[[Path], Named]
) -> tuple[NDArray[Any] | None, str]:
    """The labels of all pictures, `[n]` or None, and a sentence on where they are from; `read` opens a file.

    At "auto" they are found by name, as y_train belongs to x_train. Raises DataError when those that are named are
    missing or unusable.
    """
    if wanted == "none":
        return None, ""
    if wanted != "auto":
        count = sum(map(len, pictures.values()))
        return _decoded(named[wanted] if wanted in named else _of_file(named, wanted, path, read), wanted, count), ""
    names = [next(_names_beside(named, name, alone=len(pictures) == 1), None) for name in pictures]
    known = [name for name in names if name is not None]
    if len(known) < len(names):
        others = ", ".join(name for name, array in named.items() if array.ndim == 1)
        return None, f"None of {others} is by its name their labels (labels=NAME uses one)." if others else ""
    try:
        pairs = zip(known, pictures.values(), strict=True)
        found = np.concatenate([_decoded(named[name], name, len(array)) for name, array in pairs])
    except DataError as error:
        return None, f"{error} They are not used."
    return found, f"Labels are those of {' and '.join(known)}."


def _of_file(named: Named, wanted: str, path: Path, read: Callable[[Path], Named]) -> NDArray[Any]:
    """The only array of a file beside the pictures or at a place of its own, or the one that is named labels."""
    file = path.parent / at_home(wanted)
    if not file.is_file():
        near = did_you_mean(wanted, named) or nearest_beside(file)
        raise DataError(
            f"There are no labels {wanted}: neither an array of {path}, which holds {listed(named)}, nor a file beside "
            f"it or in the working folder.{near}"
        )
    found = read(file)
    names = list(found) if len(found) == 1 else [name for name in _LABELS if name in found]
    if not names:
        raise DataError(f"{file} holds {listed(found)}: none is named labels. Save the labels alone, as .npy.")
    return found[names[0]]


def _names_beside(named: Named, name: str, alone: bool) -> Iterator[str]:
    """The arrays that by their names have the labels of the pictures `name`, the likeliest first."""
    likely = [name.replace("x", "y", 1), name.replace("images", "labels"), name.replace("image", "label")]
    return (key for key in (*likely, *(_LABELS if alone else ())) if key in named and key != name)


def _decoded(array: NDArray[Any], name: str, count: int) -> NDArray[Any]:
    """Labels `[n]` of one value each, of `[n]`, `[n, 1]`, or one-hot rows `[n, k]` as indices of classes."""
    if array.shape in ((count,), (count, 1)) and array.dtype.kind in "iuU":
        return np.asarray(array).reshape(count)
    if array.ndim == 2 and array.shape[1] > 1 and len(array) == count and array.dtype.kind in "buif":
        ones: NDArray[Any] = np.asarray(array) == 1
        if (ones.sum(1) == 1).all() and np.count_nonzero(array) == count:
            return np.asarray(ones.argmax(1))
    raise DataError(
        f"{name} has {list(array.shape)} values of {array.dtype} as labels of {count:,} pictures; they are whole "
        "numbers or words, [n] or [n, 1], or rows [n, classes] with a single 1."
    )


def listed(named: Named) -> str:
    """The first arrays with their shapes and types."""
    items: Sequence[tuple[str, NDArray[Any]]] = list(named.items())[:_SHOWN]
    return ", ".join(f"{name} {list(array.shape)} of {array.dtype}" for name, array in items) or "nothing"
