"""The formats of exported generators, and what they need."""

import importlib.util
from pathlib import Path
from typing import Literal, get_args

from gantool.errors import OptionError, UsageError, suffix_meant

Format = Literal["onnx", "pt2"]
FORMATS: tuple[str, ...] = get_args(Format)
PACKAGES = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "pt2": ()}


def format_of(path: Path) -> str:
    """The format by the suffix. Raises OptionError for a suffix that is none."""
    name = path.suffix.removeprefix(".")
    if name not in FORMATS:
        raise OptionError(f"{path}: the suffix chooses the format: .onnx or .pt2.{suffix_meant(name, FORMATS)}")
    return name


def files_of(path: Path) -> list[Path]:
    """The files that an export writes: of ONNX also a script that draws with it. Raises OptionError as `format_of`."""
    return [path, path.with_suffix(".py")] if format_of(path) == "onnx" else [path]


def check_packages(path: Path) -> None:
    """Raise UsageError unless what the format needs is installed."""
    missing = [name for name in PACKAGES[format_of(path)] if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"An export to ONNX needs {', '.join(missing)}: pip install 'gantool[onnx]'.")
