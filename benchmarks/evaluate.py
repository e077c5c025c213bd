"""The time of `gantool evaluate`: first on data that it has never seen, then again with the data's features kept.

    python benchmarks/evaluate.py [--pictures 5000] [--resolution 64] [--extractor auto] [--metric kid ...]

Samples of an untrained dcgan, half as many as there are pictures of `shapes`, are measured on as many threads as torch
takes. Times are wall-clock and processor seconds; the last column is the share of each part of the work.
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from gantool import evaluate
from gantool.evaluation.settings import STANDARD
from gantool.progress import listening
from gantool.testing import write_untrained


def main() -> None:
    """Measure twice and print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--extractor", default="auto")
    parser.add_argument("--metric", nargs="*", default=STANDARD)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANTOOL_CACHE"] = folder
        model = Path(folder) / "model.safetensors"
        write_untrained(model, "dcgan", resolution=asked.resolution)
        for turn in ("first", "again"):
            began, worked = time.perf_counter(), time.process_time()
            spent: dict[str, float] = defaultdict(float)
            last = began

            def listen(label: str, done: int, total: int) -> None:
                nonlocal last
                now = time.perf_counter()
                spent[label] += now - last  # noqa: B023 (called in this turn alone)
                last = now

            with listening(listen):
                found = evaluate(
                    model, f"shapes:count={asked.pictures}", n=asked.pictures // 2, metrics=tuple(asked.metric),
                    extractor=asked.extractor,
                )  # fmt: skip
            wall, cpu = time.perf_counter() - began, time.process_time() - worked
            parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())
            print(f"{turn}: {wall:.1f} s, {cpu:.1f} s of processor time; N {found.n:,}, {found.extractor}; {parts}")


if __name__ == "__main__":
    main()
