"""Files of torch and of StyleGAN2's authors read without running them: tensors, containers and inert records.

Known are plain pickles (in which each tensor holds a file of torch's first format), and both formats of `torch.save`.
"""

import io
import math
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import gantool
from gantool_stylegan2.budget import MOST_OPCODES, Budget, plain
from gantool_stylegan2.pickles import Known, Make, Record, read

MOST_BYTES = 2**32
MOST_ENTRIES = 100_000
MOST_SIDES = 8
MAGIC = 0x1950A86A20F9469CFC6C
"""What a file of torch's first format begins with."""
TYPES = {
    "Float": torch.float32, "Double": torch.float64, "Half": torch.float16, "BFloat16": torch.bfloat16,
    "Long": torch.int64, "Int": torch.int32, "Short": torch.int16, "Char": torch.int8, "Byte": torch.uint8,
    "Bool": torch.bool,
}  # fmt: skip
_NUMBERS = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b", "u1": "B", "b1": "?"}


@dataclass(eq=False)
class Storage:
    """The numbers of tensors: `content` is there once the file is read to its end."""

    dtype: torch.dtype
    count: int
    content: bytes | memoryview | None = None


@dataclass(eq=False)
class StoredTensor:
    """A view of a storage; `tensor` makes it."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def tensor(self) -> Tensor:
        """The tensor. Raises CheckpointError if it is larger than its storage."""
        storage, numbers = self.storage, (self.offset, *self.size, *self.stride)
        if not len(self.size) == len(self.stride) <= MOST_SIDES or not all(0 <= one < 2**40 for one in numbers):
            raise gantool.CheckpointError(f"a tensor {list(self.size)[:MOST_SIDES]} with an impossible size or stride")
        last = self.offset + sum((side - 1) * step for side, step in zip(self.size, self.stride, strict=True))
        count = math.prod(self.size)
        # Without a number in it, its other sides have to be so small as well: torch multiplies them.
        if math.prod(side or 1 for side in self.size) > max(1, storage.count) or (count and last >= storage.count):
            raise gantool.CheckpointError(f"a tensor {list(self.size)} beyond its {storage.count:,} numbers")
        if storage.content is None or len(storage.content) != storage.count * storage.dtype.itemsize:
            raise gantool.CheckpointError(f"a tensor {list(self.size)} whose numbers are missing or cut short")
        if not count:
            return torch.empty(self.size, dtype=storage.dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the bytes cannot be written; they are copied at once
            flat = torch.frombuffer(storage.content, dtype=storage.dtype)
        return flat.as_strided(self.size, self.stride, self.offset).clone()


def read_file(path: Path) -> Any:
    """The value in a file. Raises CheckpointError, in a few words without the file's name, if it is refused."""
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MOST_BYTES:
            raise gantool.CheckpointError(f"no file, or one of more than {MOST_BYTES >> 30} GB")
        reader = Reader(Budget(MOST_OPCODES, 3 * size + 2**20))
        return reader.archive(path) if zipfile.is_zipfile(path) else reader.pickled(path.read_bytes())
    except OSError as error:
        raise gantool.CheckpointError(f"it cannot be read ({error.strerror or error})") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise gantool.CheckpointError(f"a damaged archive ({' '.join(str(error).split())[:120]})") from error


class Reader:
    """The reader of one file and of what it holds; `nested` is True inside the bytes of a tensor."""

    def __init__(self, budget: Budget, nested: bool = False) -> None:
        self.budget = budget
        self.storages: dict[str, Storage] = {}
        self.known: dict[str, Make] = {**_TYPES, "collections.OrderedDict": _ordered}
        if not nested:
            self.known |= _KNOWN | {"torch.storage._load_from_bytes": self._inside}

    def pickled(self, content: bytes) -> Any:
        """The value of a plain pickle, or of a file of torch's first format."""
        stream = io.BytesIO(content)
        value = self._next(stream)
        if type(value) is not int or value != MAGIC:
            return value
        version, _, value, keys = (self._next(stream) for _ in range(4))
        if version != 1001 or not isinstance(keys, list):
            raise gantool.CheckpointError("a file of a format of torch.save that is not known")
        at, view = stream.tell(), memoryview(content)
        for key in keys:
            storage = self.storages.get(key) if isinstance(key, str) else None
            if storage is None or view[at : at + 8] != struct.pack("<q", storage.count):
                raise gantool.CheckpointError("a file of torch.save whose tensors are missing or cut short")
            at += 8
            storage.content = view[at : at + storage.count * storage.dtype.itemsize]
            at += len(storage.content)
        return value

    def archive(self, path: Path) -> Any:
        """The value of a file of torch's second format, a zip archive that is not compressed."""
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            check_entries(list(entries.values()), path.stat().st_size)
            names = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
            if len(names) != 1:
                raise gantool.CheckpointError("a zip archive that torch.save did not write")
            value = self._next(io.BytesIO(archive.read(names[0])))
            folder = names[0].removesuffix(".pkl")
            for key, storage in self.storages.items():
                storage.content = archive.read(f"{folder}/{key}") if f"{folder}/{key}" in entries else None
            return value

    def _next(self, stream: io.BytesIO) -> Any:
        return read(stream, self.known, self.budget, self._storage)[0]

    def _inside(self, content: Any) -> Storage:
        """The storage in the bytes of a tensor: torch would unpickle them, this reads them by the same rules."""
        if not isinstance(content, bytes):
            raise gantool.CheckpointError("a tensor whose numbers are no bytes")
        self.budget.spend(size=len(content))
        found = Reader(self.budget, nested=True).pickled(content)
        if not isinstance(found, Storage):
            raise gantool.CheckpointError(f"a tensor whose numbers are a {type(found).__name__}")
        return found

    def _storage(
        self, kind: Any = "", of: Any = None, key: Any = "", _: Any = "", count: Any = 0, view: Any = None
    ) -> Storage:
        dtype = _TYPES.get(of.name) if isinstance(of, Known) else None
        if kind != "storage" or dtype is None or not isinstance(key, str) or type(count) is not int or view is not None:
            raise gantool.CheckpointError("a pickle that refers to something other than the numbers of a tensor")
        if not 0 <= count < MOST_BYTES or len(self.storages) > MOST_ENTRIES:
            raise gantool.CheckpointError(f"a tensor of {count:,} numbers")
        return self.storages.setdefault(key, Storage(dtype(), count))


def check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Raise CheckpointError for an archive that would take more than its own size; torch compresses nothing."""
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > size:
        raise gantool.CheckpointError("an archive whose entries are larger than itself")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise gantool.CheckpointError("an archive with compressed entries, which torch.save never writes")


def _ordered(*pairs: Any) -> dict[Any, Any]:
    if not pairs:
        return {}
    (listed,) = pairs
    if not isinstance(listed, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in listed):
        raise gantool.CheckpointError("a table that is no list of pairs")
    plain([key for key, _ in listed])
    return dict(map(tuple, listed))


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> StoredTensor:
    sides = [one for pair in (size, stride) for one in (pair if isinstance(pair, tuple) else (None,))]
    if not isinstance(storage, Storage) or not all(type(one) is int for one in (offset, *sides)):
        raise gantool.CheckpointError("a tensor without numbers, or without a size")
    return StoredTensor(storage, offset, size, stride)


def _parameter(data: Any, *_: Any) -> StoredTensor:
    if not isinstance(data, StoredTensor):
        raise gantool.CheckpointError(f"a parameter that is a {type(data).__name__}")
    return data


def _persistent(meta: Any) -> Record:
    """A network of the authors: its class and attributes. The source text of its module is passed over."""
    state = meta.get("state") if isinstance(meta, dict) else None
    if not isinstance(state, dict) or not isinstance(meta.get("class_name"), str):
        raise gantool.CheckpointError("a network of the authors' kind without class or attributes")
    return Record(meta["class_name"], state)


def _set(*values: Any) -> set[Any]:
    return set(plain(values[0])) if values and isinstance(values[0], list) else set()


def _bytes(text: Any = "", encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise gantool.CheckpointError("bytes in an encoding other than latin1")
    return text.encode("latin1")


def _number(dtype: Any, content: Any) -> Any:
    code = dtype.state.get("code") if isinstance(dtype, Record) else None
    form = f"<{_NUMBERS[code]}" if isinstance(code, str) and code in _NUMBERS else ""
    if not form or not isinstance(content, bytes) or len(content) != struct.calcsize(form):
        raise gantool.CheckpointError("a number of a type that is not known, or of another size")
    return struct.unpack(form, content)[0]


def _tensorflow(*_: Any) -> None:
    raise gantool.CheckpointError(
        "it is of the authors' TensorFlow code, which keeps networks as programs; legacy.py of their "
        "stylegan2-ada-pytorch makes a PyTorch pickle of it, which can be imported"
    )


def _record(name: str) -> Callable[..., Record]:
    return lambda *_: Record(name)


_TYPES: dict[str, Callable[[], torch.dtype]] = {
    f"torch.{name}Storage": (lambda kept: lambda: kept)(dtype) for name, dtype in TYPES.items()
}
_KNOWN: dict[str, Make] = {
    "torch_utils.persistence._reconstruct_persistent_obj": _persistent,
    "dnnlib.tflib.network.Network": _tensorflow,
    "dnnlib.EasyDict": lambda: {},
    "dnnlib.util.EasyDict": lambda: {},
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": lambda sides: tuple(sides) if isinstance(sides, list | tuple) else (),
    "torch.device": _record("torch.device"),
    "builtins.set": _set,
    "__builtin__.set": _set,
    "_codecs.encode": _bytes,
    "argparse.Namespace": _record("argparse.Namespace"),
    "numpy.dtype": lambda code, *_: Record("numpy.dtype", {"code": code}),
    "numpy.ndarray": _record("numpy.ndarray"),
    **{
        f"numpy.{core}.multiarray.{name}": make
        for core in ("core", "_core")
        for name, make in (("scalar", _number), ("_reconstruct", _record("numpy.ndarray")))
    },
}
