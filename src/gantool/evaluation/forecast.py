"""The time that evaluations will take, by a few pictures that are drawn and measured before."""

import time
from collections.abc import Callable

from gantool.engine.draw import chunk_size
from gantool.engine.spans import Others
from gantool.evaluation.evaluator import Evaluator
from gantool.evaluation.reals import missing
from gantool.sampling.model import Model

TRIED, ENOUGH = 32, 1.0
"""Pictures that are tried at most, and the seconds that suffice: nothing is said before, and large ones take long."""
SPREAD = (0.8, 1.4)
METRICS, METRICS_N = (0.4, 2.2), 2500
"""The least and the most that metrics of so many samples take, relative to drawing these and to their features; it
grows with the samples once more, since each is compared with all pictures."""


def expected_seconds(evaluator: Evaluator, model: Model, models: int = 1) -> tuple[float, float]:
    """The least and the most seconds that evaluations of so many models like this one should take from here on.

    Features of the data that are kept take none. Raises DataError for data that cannot be read.
    """
    n, others = evaluator.n, Others()
    tried, at_once = min(n, TRIED), chunk_size(model.card.resolution, model.device)
    drawing = _seconds_each(lambda count: model.images(range(count)), at_once, tried)
    looking, to_look_at = 0.0, 0
    if evaluator.featured:
        pictures, _ = evaluator.reals.take(evaluator.rows[:tried])
        looking = _seconds_each(lambda count: evaluator.network(pictures[:count]), evaluator.network.batch, tried)
        to_look_at = sum(
            missing(evaluator.reals, evaluator.rows, evaluator.network, mirrored)
            for mirrored in ((False, True) if evaluator.mirrors else (False,))
        )
    of_model = n * (drawing + looking)
    faster, slower = others.spread() if evaluator.on_cpu else (0.0, 0.0)
    least, most = (
        share * to_look_at * looking + models * of_model * (share + of_metrics * n / METRICS_N)
        for share, of_metrics in zip(SPREAD, METRICS, strict=True)
    )
    return least * (1 - faster), most * (1 + slower)


def _seconds_each(work: Callable[[int], object], count: int, most: int) -> float:
    """The seconds that work on one of `count` takes, or of more, up to `most`, where that is done in no time."""
    count = min(count, most)
    work(count)  # sets up kernels
    while True:
        began = time.perf_counter()
        work(count)
        seconds = time.perf_counter() - began
        if seconds >= ENOUGH or count == most:
            return seconds / count
        count = min(most, 4 * count)
