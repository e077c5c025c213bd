"""A style network as an ONNX file, checked against the network that it was made from."""

import json
from pathlib import Path

import torch

from gantool.errors import OptionError
from gantool.exporting.checking import by_onnxruntime, check_same
from gantool.exporting.export import OPSET, explained
from gantool.exporting.formats import check_packages
from gantool.files import write_atomically
from gantool.style.network import LEAST_SIDE, STRIDE, TransformNet
from gantool.style.network_file import StyleCard

TRACED = (2, 3, 48, 64)
CHECKED = ((1, 3, 48, 64), (3, 3, LEAST_SIDE, 100))
"""The shapes of photos that are drawn both ways."""
MOST = 16384
"""The longest side of photos, in units of `STRIDE`."""


def export_onnx(network: TransformNet, card: StyleCard, path: Path) -> None:
    """Write the network for any number of photos of any sides that are multiples of `STRIDE`.

    Raises OptionError for another suffix than .onnx, UsageError where packages are missing, and GantoolError, and
    writes nothing, if onnxruntime draws other pictures with it.
    """
    if path.suffix != ".onnx":
        raise OptionError(f"-o {path}: a style network is exported as .onnx.")
    check_packages(path)
    shape = {0: torch.export.Dim("n", min=1, max=4096)}
    shape |= {axis: STRIDE * torch.export.Dim(name, min=STRIDE, max=MOST) for axis, name in ((2, "h"), (3, "w"))}
    with explained(f"The network of {card.style}"), torch.no_grad():
        program = torch.export.export(network, (torch.zeros(TRACED),), dynamic_shapes=(shape,))
        made = torch.onnx.export(program, dynamo=True, verbose=False, opset_version=OPSET, output_names=["pictures"])
    assert made is not None
    made.model.metadata_props["gantool"] = json.dumps({"kind": card.kind, **card.model_dump(mode="json")})

    def write(temporary: Path) -> None:
        made.save(str(temporary))
        _check(network, temporary)

    write_atomically(path, write)


@torch.no_grad()
def _check(network: TransformNet, path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    photos = {f"{n} at {w} x {h} pixels": 2 * torch.rand(n, c, h, w, generator=draw) - 1 for n, c, h, w in CHECKED}
    by, drawn = by_onnxruntime(path, {batch: {"photos": each} for batch, each in photos.items()})
    wanted = {batch: network(each).numpy() for batch, each in photos.items()}
    check_same("The network", by, wanted, drawn)
