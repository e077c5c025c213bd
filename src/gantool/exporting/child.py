"""Run as a program, without torch: pictures of an ONNX file by numpy and onnxruntime alone, for the check of an export.

python child.py MODEL.onnx INPUTS.npz OUTPUTS.npz
"""

import sys


def draw(model: str, given: str, drawn: str) -> None:
    """The pictures for every batch of inputs, `BATCH.NAME` in one file, as `BATCH` in the other."""
    import numpy as np
    import onnxruntime

    batches: dict[str, dict[str, object]] = {}
    with np.load(given) as arrays:
        for key in arrays.files:
            batch, _, name = key.partition(".")
            batches.setdefault(batch, {})[name] = arrays[key]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    np.savez(drawn, **{batch: session.run(None, feed)[0] for batch, feed in batches.items()})
    if "torch" in sys.modules:
        raise RuntimeError("torch was imported")


if __name__ == "__main__":
    draw(*sys.argv[1:])
