"""Does a generator trained on `shapes` collapse? Count the kinds in its samples.

python benchmarks/shapes_coverage.py MODEL [--samples 2000] [--json]
"""

import argparse
import dataclasses
import json
import sys

import numpy as np
import torch
from PIL import Image

import gantool
from gantool.data.shapes import FACTORS
from gantool.data.shapes_recognise import recognise
from gantool.metrics.coverage import Coverage, count_kinds


def measure(model: str, samples: int) -> Coverage:
    """The coverage of a model's samples with seeds 0 to `samples`."""
    pictures: list[Image.Image] = gantool.load(model).sample(seeds=range(samples))
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in pictures])
    return count_kinds(torch.from_numpy(pixels).permute(0, 3, 1, 2), recognise, FACTORS)


def main() -> int:
    """Print the summary and each factor's histogram."""
    parser = argparse.ArgumentParser(description="Count the kinds of shapes in a model's samples.")
    parser.add_argument("model", help="run folder, checkpoint or exported .safetensors")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    arguments = parser.parse_args()
    try:
        coverage = measure(arguments.model, arguments.samples)
    except gantool.GantoolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.json:
        print(json.dumps(dataclasses.asdict(coverage), indent=2))
        return 0
    print(coverage.summary())
    for factor, counts in coverage.histograms.items():
        print(f"{factor}: " + ", ".join(f"{value} {count}" for value, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
