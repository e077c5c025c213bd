"""A style network as an ONNX file, checked against the network that it was made from."""

import json
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.errors import GantoolError, OptionError
from gantool.exporting.export import OPSET, TOLERANCE, explained
from gantool.files import write_atomically
from gantool.style.network import LEAST_SIDE, STRIDE, StyleNetwork
from gantool.style.network_file import StyleCard

TRACED = (2, 3, 48, 64)
CHECKED = ((1, 3, 48, 64), (3, 3, LEAST_SIDE, 100))
"""The shapes of photos that are drawn both ways."""
MOST = 16384
"""The longest side of photos, in units of `STRIDE`."""


class _Whole(nn.Module):
    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        return self.network.whole(photos)


def check_out(out: Path, overwrite: bool) -> None:
    """Raise OptionError where no ONNX file can be written."""
    if out.suffix != ".onnx":
        raise OptionError(f"-o {out}: a style network is exported as .onnx.")
    if out.exists() and not overwrite:
        raise OptionError(f"{out} is there already: choose another name, or replace it with --overwrite.")


def export_onnx(network: StyleNetwork, card: StyleCard, path: Path) -> None:
    """Write the network for any number of photos of any sides that are multiples of `STRIDE`.

    Raises GantoolError, and writes nothing, if onnxruntime draws other pictures with it.
    """
    shape = {0: torch.export.Dim("n", min=1, max=4096)}
    shape |= {axis: STRIDE * torch.export.Dim(name, min=STRIDE, max=MOST) for axis, name in ((2, "h"), (3, "w"))}
    with explained(f"The network of {card.style}"), torch.no_grad():
        program = torch.export.export(_Whole(network), (torch.zeros(TRACED),), dynamic_shapes=(shape,))
        made = torch.onnx.export(program, dynamo=True, verbose=False, opset_version=OPSET, output_names=["pictures"])
    assert made is not None
    made.model.metadata_props["gantool"] = json.dumps({"kind": card.kind, **card.model_dump(mode="json")})

    def write(temporary: Path) -> None:
        made.save(str(temporary))
        _check(network, temporary)

    write_atomically(path, write)


@torch.no_grad()
def _check(network: StyleNetwork, path: Path) -> None:
    import onnxruntime  # not above: it is needed by an export alone

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for shape in CHECKED:
        photos = 2 * torch.rand(shape, generator=torch.Generator().manual_seed(0)) - 1
        (drawn,) = session.run(None, {"photos": photos.numpy()})
        off = float(np.abs(drawn - network(photos).numpy()).max())
        if not off <= TOLERANCE:
            raise GantoolError(
                f"The network was not exported: onnxruntime draws a picture that differs by {off:.2g}, and "
                f"{TOLERANCE:g} is allowed."
            )
