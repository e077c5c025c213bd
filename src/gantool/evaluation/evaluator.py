"""Models of one shape evaluated against the same pictures of the data."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from gantool import __version__
from gantool.api.metrics import Metric, Pictures
from gantool.engine.devices import keep_freed_memory, pick_device
from gantool.engine.distributed import join_world
from gantool.engine.latents import SEED_LIMIT
from gantool.engine.model_file import ModelCard, read_card
from gantool.errors import DataError, GantoolError, OptionError, UsageError
from gantool.evaluation import classes, notes, origin, pairs
from gantool.evaluation.extraction import FeatureNetwork, feature_network, learnt_by, scale_of
from gantool.evaluation.keeping import kept
from gantool.evaluation.loading import loaded
from gantool.evaluation.reals import Reals, features_of, halves, open_reals
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import Measuring, Sets, halved, titles
from gantool.evaluation.settings import Settings, by_name
from gantool.evaluation.sharing import shared
from gantool.plugins.host import PluginHost
from gantool.run.folder import load_config
from gantool.sampling.locate import generator_file, run_of
from gantool.sampling.model import Model

LEAST_OF_CLASS = 50
PICTURES, SETS = 4 * 2**30, 4
"""The most bytes of pictures, whatever is free, so that numbers repeat; those of samples, both halves and a copy."""

_log = logging.getLogger("gantool")


class Evaluator:
    """Evaluates models of one shape against the same pictures of the data, that of the first model unless named.

    `other` is one that is to be measured as well, which the extractor must suit.
    """

    def __init__(
        self, model: Path | str, settings: Settings, plugins: PluginHost, other: Path | str | None = None
    ) -> None:
        if settings.n < 2 or settings.batch < 1:
            raise OptionError(f"An evaluation takes 2 samples or more, in batches of 1 or more, not {settings.n}.")
        self._plugins, self._settings = plugins, settings
        device = pick_device(settings.device)
        keep_freed_memory(device)
        self.world = join_world(device)
        self._device = torch.device("cuda", torch.cuda.current_device()) if device == torch.device("cuda") else device
        self._first = Path(model)
        self._card, *others = (read_card(generator_file(path)) for path in (model, other) if path is not None)
        self._learnt = learnt_by(plugins, (self._card, *others))
        self.chosen = by_name([plugins.resolve("metric", text) for text in dict.fromkeys(settings.metrics)])
        self.metrics: dict[str, Metric] = {name: one.build() for name, one in self.chosen.items()}
        self._references: dict[tuple[str, int, str], Mapping[str, float]] = {}

    @cached_property
    def network(self) -> FeatureNetwork:
        """The network of the extractor."""
        settings = self._settings
        return feature_network(self._plugins, settings.extractor, self._device, settings.batch, self._learnt)

    @cached_property
    def reals(self) -> Reals:
        """The data, found in the run of the first model unless it is named. Raises DataError where it is gone."""
        if self._settings.data is not None:
            return open_reals(self._plugins, self._settings.data, self._card)
        run = run_of(self._first)
        if run is None:
            raise UsageError(f"{self._first} is in no run, which would name its data: name the data by --data.")
        try:
            return open_reals(self._plugins, load_config(run).data, self._card)
        except GantoolError as error:
            raise DataError(
                f"The data that the run {run} was trained on cannot be read: {error} Say where it is by --data."
            ) from error

    @cached_property
    def n(self) -> int:
        """The number of samples, and of pictures in each half of the data; no more than fit into memory."""
        fits = max(2, PICTURES // (SETS * self._card.channels * self._card.resolution**2))
        n = self.world.from_leader(min(self._settings.n, len(self.reals) // 2, fits))
        if n * (self._settings.seed + 1) > SEED_LIMIT:
            raise OptionError(
                f"--seed {self._settings.seed} is too large for {n:,} samples: {SEED_LIMIT // n - 1} at most."
            )
        return n

    @cached_property
    def rows(self) -> Int64[Tensor, "m"]:
        """The rows of both halves, one after the other."""
        return torch.cat(halves(len(self.reals), self.n, self._settings.seed))

    @cached_property
    def _data(self) -> tuple[Sets, float]:
        """The pictures of the data, and the scale of features; labels are those of the data."""
        images, labels = self.reals.take(self.rows)
        if not self.featured:
            return halved(Pictures(images, labels=labels)), 1.0
        features = features_of(self.reals, self.rows, images, self.network, self.world)
        scale = scale_of(self.network, features)
        mirrored = None
        if self.mirrors:
            mirrored = features_of(self.reals, self.rows, images, self.network, self.world, mirrored=True) * scale
        return halved(Pictures(images, features * scale, mirrored, labels)), scale

    @property
    def reason(self) -> str:
        """Why the extractor was chosen, in a sentence; empty where it was named or there is none."""
        return self.network.reason if self.featured else ""

    @property
    def on_cpu(self) -> bool:
        """True where a CPU computes."""
        return self._device.type == "cpu"

    @property
    def mirrors(self) -> bool:
        """True if any metric compares features of the data's mirrored pictures."""
        return any(metric.mirrors for metric in self.metrics.values())

    @property
    def featured(self) -> bool:
        """True if any metric compares features."""
        return any(metric.uses == "features" for metric in self.metrics.values())

    def evaluate(self, path: Path | str, sheet: Path | None = None, record: bool = True) -> Evaluation:
        """The evaluation of one model; the same in all processes, written by the leading one.

        It is appended to the run's evaluations, with a sheet of the closest pairs (default: in the run), where the
        model is of a run and `record` is true. Raises OptionError for a model of another shape.
        """
        model, asked = self.checked(path)
        data, scale = self._data
        names = model.class_names, self.reals.class_names
        sets = Sets(*(replace(each, labels=classes.in_terms_of(*names, each.labels)) for each in data))
        samples = self._samples(model, sets.both, scale)
        found = None
        if self.world.leads:
            found = self._measured(model, path, asked, sets, samples)
            found = kept(found, run_of(path) if record else None, self.metrics, sets.both, samples, sheet)
        answer = self.world.from_leader(found)
        assert answer is not None
        return answer

    def checked(self, path: Path | str) -> tuple[Model, list[int]]:
        """A model with the numbers of the classes asked for, once both fit. Raises what `evaluate` does of them."""
        check = partial(origin.check_shape, path=path, first=self._first, of_first=self._card)
        model = loaded(self._plugins, self.world, str(self._device), path, check)
        asked = classes.asked_for(model, self._settings.classes)
        if self._settings.classes:
            classes.check_in_data([model.class_names[label] for label in asked], self.reals.class_names)
        return model, asked

    def _samples(self, model: Model, reals: Pictures, scale: float) -> Pictures:
        """n samples, with the frequencies of the data's classes; all processes share the work."""
        labels = classes.drawn_like(reals.labels, len(model.class_names), self.n, self._settings.seed)

        def draw(places: Tensor) -> tuple[Tensor, ...]:
            seeds = [self._seeds[place] for place in places.tolist()]
            images = model.images(seeds, labels=None if labels is None else labels[places].tolist())
            return (images, self.network(images)) if self.featured else (images,)

        images, *features = shared(self.world, self.n, draw)
        chosen = labels if labels is not None else model.choose_labels(self._seeds, None)
        return Pictures(images, features[0] * scale if features else None, None, chosen)

    @property
    def _seeds(self) -> range:
        """The seeds of the samples: those of `gantool sample`, and for each --seed others."""
        return range(self._settings.seed * self.n, (self._settings.seed + 1) * self.n)

    def _measured(
        self, model: Model, path: Path | str, asked: Sequence[int], sets: Sets, samples: Pictures
    ) -> Evaluation:
        """The numbers, with nothing written."""
        searched = notes.searched(2 * self.n, len(self.reals))
        called = {name: one.title for name, one in self.chosen.items()}
        measuring = Measuring(self.metrics, sets, self._references, searched, called)
        found = pairs.closest(self.metrics, sets.both, samples)
        whole = measuring.whole(samples)
        by_class, small = {}, []
        for label in asked:
            name = model.class_names[label]
            of_class = measuring.of_class(samples, label, name, LEAST_OF_CLASS)
            if of_class is None:
                small.append(name)
            else:
                by_class[name] = of_class
        return Evaluation(
            **self.named(model.card, path),
            scores=whole,
            titles=titles(self.metrics, self.network.title if self.featured else "", whole),
            classes=by_class,
            notes=(
                *self._notes(model, path, sets.both, samples),
                *notes.on_small_classes(small, LEAST_OF_CLASS, self.n >= len(self.reals) // 2),
                *notes.on_far_classes(whole, by_class),
            ),
            pairs=pairs.named(found, self._seeds, self.rows, samples.labels, model.class_names),
            sheet=None,
        )

    def _notes(self, model: Model, path: Path | str, reals: Pictures, samples: Pictures) -> list[str]:
        """Sentences that a reader of the numbers should know."""
        extractor = self.network.chosen.spec.name if self.featured else ""
        return [
            *([self.reason] if self.reason else []),
            *notes.on_sizes(self.n, self._settings.n, len(self.reals)),
            *origin.on_data(path, self.reals),
            *notes.on_colours(self._card, self.reals),
            *origin.on_labels(path, model.card, self._first, self._card),
            *notes.on_flattery(learnt_by(self._plugins, [model.card]), extractor),
            *notes.on_classes(path, model.class_names, self.reals.class_names, reals.labels),
            *notes.on_variety(reals, samples),
        ]

    def named(self, card: ModelCard, path: Path | str) -> dict[str, Any]:
        """What names the evaluation of a model."""
        network = self.network if self.featured else None
        return {
            "model": str(path),
            "digest": card.digest,
            "images_seen": card.images_seen,
            "resolution": card.resolution,
            "channels": card.channels,
            "data": self.reals.data,
            "fingerprint": self.reals.fingerprint,
            "pictures": len(self.reals),
            "metrics": {name: one.text for name, one in self.chosen.items()},
            "extractor": "" if network is None else network.chosen.text,
            "extractor_digest": "" if network is None else network.digest,
            "flavour": "" if network is None else network.flavour,
            "seed": self._settings.seed,
            "truncation": 1.0,
            "versions": {"gantool": __version__, "torch": torch.__version__},
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
