"""The parts of gantool's own commands, for the commands of plugins: options, output, progress, pictures.

Importing it imports nothing; each name is fetched on first use, as those of `gantool` are. So a command's module may
say `from gantool import commands` on top and `commands.sheet(...)` in its function, and stays light; its options need
nothing but Typer.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gantool.cli.components import complete, find_extractor, open_source
    from gantool.cli.interrupts import Caught, interruptible
    from gantool.cli.model_options import Device, Json, ModelPath, Overwrite, Scale, Truncation
    from gantool.cli.out_files import check_model_out, check_out
    from gantool.cli.output import result, result_json, say, warn
    from gantool.cli.progress import showing_progress
    from gantool.cli.seeds import parse_seeds
    from gantool.data.pictures.whole import read_square
    from gantool.pixels import composited, to_float, to_uint8
    from gantool.progress import report
    from gantool.render.grids import sheet
    from gantool.render.pictures import on_checkerboard, save_pictures

_HOME = {
    "gantool.cli.model_options": ("ModelPath", "Truncation", "Scale", "Device", "Overwrite", "Json"),
    "gantool.cli.components": ("complete", "find_extractor", "open_source"),
    "gantool.cli.seeds": ("parse_seeds",),
    "gantool.cli.out_files": ("check_out", "check_model_out"),
    "gantool.cli.output": ("result", "result_json", "say", "warn"),
    "gantool.cli.progress": ("showing_progress",),
    "gantool.progress": ("report",),
    "gantool.cli.interrupts": ("interruptible", "Caught"),
    "gantool.data.pictures.whole": ("read_square",),
    "gantool.pixels": ("to_float", "to_uint8", "composited"),
    "gantool.render.grids": ("sheet",),
    "gantool.render.pictures": ("save_pictures", "on_checkerboard"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [  # noqa: RUF022 (in the order a command meets them)
    "ModelPath", "Truncation", "Scale", "Device", "Overwrite", "Json", "complete", "parse_seeds", "check_out",
    "check_model_out", "result", "result_json", "say", "warn", "showing_progress", "report", "interruptible", "Caught",
    "read_square", "to_float", "to_uint8", "composited", "sheet", "on_checkerboard", "save_pictures", "find_extractor",
    "open_source",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'gantool.commands' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
