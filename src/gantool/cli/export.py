"""`gantool export`: a generator as a file that draws without gantool."""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Literal

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Json, ModelPath, Overwrite
from gantool.engine.importing import import_torch
from gantool.errors import OptionError


def export(
    model: ModelPath,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="File to write: .onnx or .pt2.")],
    to: Annotated[
        Literal["onnx", "pt2"] | None,
        typer.Option(help="onnx, for onnxruntime and others, or pt2, torch's own. Default: by the suffix of --out."),
    ] = None,
    overwrite: Overwrite = False,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
) -> None:
    """Write a generator as a file that draws without gantool, and check that it draws the same.

    Inputs are z, truncation and, with classes, labels, for any number of pictures. Nothing is written unless batches of
    1, 2 and 5 equal gantool's to 1e-4. Beside FILE.onnx is a script, FILE.py, that draws with numpy and onnxruntime.
    """
    import_torch()
    from gantool.cli.out_files import check_new
    from gantool.cli.progress import showing_progress
    from gantool.exporting.formats import check_packages, files_of

    files = files_of(out)
    if to is not None and out.suffix != f".{to}":
        raise OptionError(
            f"--to {to} and --out {out} are two formats: leave --to out, or name {out.with_suffix(f'.{to}')}."
        )
    for file in files:
        check_new(file, overwrite)
    check_packages(out)

    from gantool.cli import output
    from gantool.exporting.export import export as write
    from gantool.sampling.load import load

    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        write(load(model, "cpu"), out, overwrite)
    if as_json:
        output.result_json({"files": [str(file) for file in files]})
    else:
        output.result("\n".join(str(file) for file in files))
