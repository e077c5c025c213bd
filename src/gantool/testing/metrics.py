"""The checks of a metric."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from gantool.api.metrics import Metric, Pictures
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault
from gantool.testing.networks import seeded
from gantool.testing.seeding import repeats, touches_torch
from gantool.testing.trials import Trial, faults_by

COUNT = 48
MOST_PAIRS = 16
FEW = (2, 3, 5, 10)
"""Sizes at which a metric may refuse, but not give numbers that are none."""


class MetricTrial(Trial[Metric]):
    """A metric under trial."""

    def values(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The values that a new one gives."""
        return dict(self.new(self.given(reals), self.given(samples)))

    def given(self, pictures: Pictures) -> Pictures:
        """The pictures with as much as the metric asks for."""
        metric = self.new
        features = pictures.features if metric.uses == "features" else None
        return replace(pictures, features=features, mirrored=pictures.mirrored if metric.mirrors else None)


def pictures(seed: int, n: int = COUNT, shift: float = 0.0) -> Pictures:
    """Soft random pictures of 16 pixels in two classes, and features of 6 numbers; `shift` moves both away."""
    with seeded(seed):
        coarse = torch.rand(n, 3, 4, 4) * 160 + 40
        noise = torch.randn(n, 3, 16, 16) * (8 + 60 * shift)
        images = (coarse.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3) * (1 - shift) + noise).clamp(0, 255)
        features = torch.randn(2, n, 6) + 20 * shift
        return Pictures(images.to(torch.uint8), features[0], features[1], torch.arange(n) % 2)


def alike(n: int) -> Pictures:
    """Pictures that are all the same grey one."""
    features = torch.ones(n, 6)
    return Pictures(torch.full((n, 3, 16, 16), 128, dtype=torch.uint8), features, features, torch.arange(n) % 2)


def is_number(value: Any) -> bool:
    """True for a finite number of Python or numpy; a tensor is none, since it may wait on a device."""
    return type(value) is not bool and isinstance(value, Real) and math.isfinite(value)


def values_are_numbers_by_name(trial: MetricTrial) -> Iterator[str]:
    """The values are finite numbers by name, the same names for any pictures, and `better` names some of them."""
    reals = trial.given(pictures(1))
    got, other = (trial.new(reals, trial.given(each)) for each in (pictures(2), pictures(3, shift=1.0)))
    if not isinstance(got, Mapping) or not got or not all(isinstance(name, str) for name in got):
        yield f"it gives {got!r:.80}; return a table from names to numbers, such as {{'precision': 0.8}}."
        return
    for name, value in got.items():
        if not is_number(value):
            yield f"its value {name!r} is {value!r:.60}; return finite numbers, of a tensor float(tensor)."
        if name.endswith("_error") and name.removesuffix("_error") not in got:
            yield f"its value {name!r} is the error of nothing: there is no {name.removesuffix('_error')!r}."
    if set(got) != set(other):
        yield f"it gives {', '.join(got)} for some pictures and {', '.join(other)} for others; give the same names."
    if unknown := [name for name in trial.new.better if name not in got]:
        yield f"its better names {unknown[0]!r}, which is none of its values: {', '.join(got)}."


def values_repeat(trial: MetricTrial) -> Iterator[str]:
    """The same pictures give the same values, bit for bit, and neither torch's generator nor the pictures change."""
    reals, samples = pictures(1), pictures(2)
    if not repeats(lambda: torch.tensor([*trial.values(reals, samples).values()], dtype=torch.float64)):
        yield "the same pictures give other values each time. Draw nothing, or with a generator and seed of your own."
    if touches_torch(partial(trial.values, reals, samples)):
        yield "it draws from torch's own generator or seeds it, and that is the run's. Use a torch.Generator."
    given = [trial.given(each) for each in (reals, samples)]
    before = [{name: part.clone() for name, part in _parts(each).items()} for each in given]
    trial.new(*given)
    for each, old in zip(given, before, strict=True):
        for name, part in _parts(each).items():
            if not torch.equal(part, old[name]):
                yield f"it changes {name} in place, and other metrics get the same pictures. Work on copies."


def _parts(pictures: Pictures) -> dict[str, Tensor]:
    parts = {each.name: getattr(pictures, each.name) for each in fields(pictures)}
    return {name: part for name, part in parts.items() if part is not None}


def order_does_not_matter(trial: MetricTrial) -> Iterator[str]:
    """The pictures in another order give the same values, up to rounding."""
    reals, samples = pictures(1), pictures(2)
    with seeded(4):
        orders = torch.randperm(COUNT), torch.randperm(COUNT)
    one, two = trial.values(reals, samples), trial.values(reals.take(orders[0]), samples.take(orders[1]))
    for name, value in one.items():
        if not math.isclose(value, two[name], rel_tol=1e-5, abs_tol=1e-9):
            yield (
                f"its value {name!r} is {value:.6g}, and {two[name]:.6g} for the same pictures in another order. "
                "Compare sets: pair no picture with the one of the same row."
            )


def the_data_itself_is_best(trial: MetricTrial) -> Iterator[str]:
    """No value of the data against itself is worse than that of pictures that have nothing of it."""
    reals, others = pictures(1), pictures(2)
    reference, same = trial.values(reals, others), trial.values(reals, reals)
    far = trial.values(reals, pictures(3, shift=1.0))
    for name, better in trial.new.better.items():
        at, there, here = same[name], far[name], reference[name]
        worse = {"lower": at > there, "higher": at < there, "near": abs(at - here) > abs(there - here)}
        if worse.get(better, True):
            yield (
                f"its value {name!r} is {at:.4g} for the data against itself and {there:.4g} for noise far from it, "
                f"and better is {better!r}. Mend one of them; 'lower', 'higher' and 'near' are possible."
            )


def few_or_equal_pictures_give_numbers(trial: MetricTrial) -> Iterator[str]:
    """Few pictures, or all of one colour, give finite values or a ValueError with a sentence."""
    sets = [(f"sets of {n} pictures", pictures(1, n), pictures(2, n)) for n in FEW]
    sets += [("equal pictures on both sides", alike(COUNT), alike(COUNT))]
    sets += [("samples that are all equal", pictures(1), alike(COUNT))]
    sets += [("data whose pictures are all equal", alike(COUNT), pictures(2))]
    for what, reals, samples in sets:
        try:
            got = trial.values(reals, samples)
        except ValueError as error:
            if not str(error).rstrip().endswith("."):
                yield f"it refuses {what} by {str(error)!r:.60}; say in a sentence how many pictures it needs."
            continue
        if strange := [name for name, value in got.items() if not math.isfinite(value)]:
            yield (
                f"its value {strange[0]!r} is {got[strange[0]]} for {what}. Give a finite number, or raise ValueError "
                "with a sentence."
            )


def words_and_pairs_fit(trial: MetricTrial) -> Iterator[str]:
    """`title` and `read` give one line of text, and `pairs` rows of the pictures, the closest first."""
    reals, samples = trial.given(pictures(1)), trial.given(pictures(2, COUNT // 2))
    metric = trial.new
    values, far = dict(metric(reals, samples)), dict(metric(reals, trial.given(pictures(3, shift=1.0))))
    for one, other in ((values, values), (far, values), (values, far)):
        text = metric.read(one, other)
        if not isinstance(text, str) or "\n" in text or (text and not text.endswith(".")):
            yield f"read() gives {text!r:.80}; return one sentence that ends with a full stop, or an empty text."
            break
    for name in values:
        if not isinstance(title := metric.title(name, "some-extractor", 10), str) or not title.strip():
            yield f"title({name!r}, ...) gives {title!r:.60}; return the words for it."
    pairs = list(metric.pairs(reals, samples))
    if len(pairs) > MOST_PAIRS:
        yield f"pairs() gives {len(pairs)} pairs, and a sheet has {MOST_PAIRS}. Return the closest alone."
    if not all(0 <= sample < len(samples) and 0 <= real < len(reals) for sample, real, _ in pairs):
        yield "pairs() names rows that are not there: each is (row of the sample, row of the real, distance)."
    if [distance for *_, distance in pairs] != sorted(distance for *_, distance in pairs):
        yield "pairs() are not in order: return the closest first."


PROPERTIES = (
    values_repeat,
    order_does_not_matter,
    the_data_itself_is_best,
    few_or_equal_pictures_give_numbers,
    words_and_pairs_fit,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a metric."""
    return faults_by(values_are_numbers_by_name, PROPERTIES, MetricTrial(component, plugins))
