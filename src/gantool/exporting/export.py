"""Exporting a generator, and the check that what was written draws what gantool does."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from functools import partial
from importlib.resources import files
from pathlib import Path

import torch

from gantool import __version__
from gantool.arguments import type_checked
from gantool.engine.draw import steady
from gantool.errors import GantoolError, OptionError, cause
from gantool.exporting.checking import Batches, Drawn, by_onnxruntime, check_same
from gantool.exporting.formats import check_packages, files_of
from gantool.exporting.network import Drawing, inputs
from gantool.files import write_atomically, write_text
from gantool.render.pictures import make_folder
from gantool.sampling.model import Model
from gantool.sampling.shared_card import shared

BATCHES, TRUNCATION = (1, 2, 5), 0.7
"""The batches that are checked, with a truncation that matters."""
TRACED = 6
"""The batch that is traced: a number that networks have no other use for, so that it is not taken for another size."""
OPSET = 18


@type_checked
def export(model: Model, path: str | Path, overwrite: bool = False) -> list[Path]:
    """Write the generator as `.onnx`, with a script beside it that draws with it, or as `.pt2`; the files.

    Inputs are z `[n, d]` from N(0, I), truncation `[]` and, where there are classes, labels `[n]`; the output is images
    `[n, c, h, w]`, in [-1, 1] but for overshoots. Nothing is written unless batches of 1, 2 and 5 equal gantool's to
    1e-4: of ONNX in a process without torch. Raises UsageError where packages are missing, and GantoolError where the
    generator cannot be exported.
    """
    path = Path(path)
    written = files_of(path)
    for file in written:
        if file.exists() and not overwrite:
            raise OptionError(f"{file} is there already: choose another name, or replace it with --overwrite.")
    check_packages(path)
    make_folder(path.parent)
    if path.suffix == ".pt2":
        write_atomically(path, partial(_write_pt2, model))
        return written
    write_atomically(path, partial(_write_onnx, model))
    write_text(written[1], files("gantool.exporting").joinpath("draw.py.template").read_text(encoding="utf-8"))
    return written


def card_of(model: Model) -> dict[str, object]:
    """What an exported file says of itself."""
    card = shared(model.card).model_dump(mode="json", exclude={"format", "began_with"})
    return {**card, "latent_dim": model.latent_dim, "space": model.space, "gantool": __version__}


def _write_onnx(model: Model, temporary: Path) -> None:
    drawing, program = _traced(model)
    with explained(_named(model)):
        made = torch.onnx.export(program, dynamo=True, verbose=False, opset_version=OPSET, output_names=["images"])
    assert made is not None
    made.model.metadata_props["gantool"] = json.dumps(card_of(model))
    made.model.producer_name, made.model.producer_version = "gantool", __version__
    made.save(str(temporary))
    _check(model, drawing, partial(by_onnxruntime, temporary))


def _write_pt2(model: Model, temporary: Path) -> None:
    drawing, program = _traced(model)
    buffer = io.BytesIO()
    with explained(_named(model)):
        torch.export.save(program, buffer, extra_files={"gantool.json": json.dumps(card_of(model))})
        temporary.write_bytes(buffer.getvalue())
        loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()

    def draw(batches: Batches) -> tuple[str, Drawn]:
        with explained(_named(model)):
            return "torch.export", {count: loaded(**each).detach().numpy() for count, each in batches.items()}

    _check(model, drawing, draw)


def _traced(model: Model) -> tuple[Drawing, torch.export.ExportedProgram]:
    """What is exported, and its program for batches of any size; the truncation has no batch."""
    drawing, given, batch = Drawing(model), inputs(model, TRACED), torch.export.Dim("batch", min=1)
    shapes = {name: {0: batch} if tensor.dim() else None for name, tensor in given.items()}
    # Where it cannot trace, torch prints the graph so far.
    with explained(_named(model)), torch.no_grad(), redirect_stderr(io.StringIO()):
        return drawing, torch.export.export(drawing, (), kwargs=given, dynamic_shapes=shapes)


def _named(model: Model) -> str:
    return f"The generator of {model.card.name} (from {model.card.provider})"


def _check(model: Model, drawing: Drawing, draw: Callable[[Batches], tuple[str, Drawn]]) -> None:
    """Raise GantoolError unless batches of several sizes are drawn as gantool draws them."""
    batches = {str(count): inputs(model, count, TRUNCATION) for count in BATCHES}
    by, drawn = draw(batches)
    with steady(torch.device("cpu")):
        wanted = {count: drawing(**given).numpy() for count, given in batches.items()}
    remark = " A generator that draws noise while it samples cannot be."
    check_same(f"This {model.card.name}", by, wanted, drawn, remark)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Keep torch's pages about tracing to itself; what it cannot trace is a GantoolError that names it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        first = cause(error).partition("  ")[0][:200]
        raise GantoolError(f"{what} cannot be exported: {first}") from error
    finally:
        logging.disable(before)
