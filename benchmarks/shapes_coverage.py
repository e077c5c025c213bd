"""Does a generator trained on `shapes` collapse? Count the kinds in its samples.

    python benchmarks/shapes_coverage.py MODEL [--samples 2000] [--json]

Three readings: "well drawn" counts only what could pass for real, "recognisable" what a person would name, "nearest"
takes each picture for the kind it resembles most, as collapse is usually counted (stacked MNIST, Metz et al. 2017).
"""

import argparse
import dataclasses
import json
import sys
from functools import partial
from pathlib import Path

import gantool
from gantool.builtin.sources.shapes import FACTORS

sys.path.insert(0, str(Path(__file__).parent / "stability"))
from mode_coverage import Coverage, count_kinds
from shapes_recognise import NEAREST, RECOGNISABLE, WELL_DRAWN, recognise

READINGS = {"well drawn": WELL_DRAWN, "recognisable": RECOGNISABLE, "nearest": NEAREST}


def measure(model: str, samples: int) -> dict[str, Coverage]:
    """The coverage of a model's samples with seeds 0 to `samples`, at each strictness of reading."""
    pixels = gantool.load(model).images(range(samples))
    return {
        name: count_kinds(pixels, partial(recognise, strictness=strictness), FACTORS)
        for name, strictness in READINGS.items()
    }


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
        print(json.dumps({name: dataclasses.asdict(one) for name, one in coverage.items()}, indent=2))
        return 0
    for name, one in coverage.items():
        print(f"{name + ':':14}{one.summary()}")
    for factor, counts in coverage["nearest"].histograms.items():
        print(f"{factor}: " + ", ".join(f"{value} {count}" for value, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
