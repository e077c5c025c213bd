"""Training steps, as a run takes them: by the recipe's loss and penalties, on the CPU."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from gantool.api.networks import Labels, Stage
from gantool.api.run_config import NONE
from gantool.api.specs import Architecture
from gantool.engine.distributed import World
from gantool.engine.precision import Precision
from gantool.engine.simultaneous import simultaneous_step
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.engine.updates import Scalars
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run.defaults import check_components
from gantool.run.prepare import PreparedRun, build_game, prepare
from gantool.run.resolve import ResolvedRun, resolve_run
from gantool.testing.networks import BATCH, Case, changed_mode, modes, networks, seeded, weights
from gantool.testing.recipe import recipes

CPU = torch.device("cpu")
COUNT = 32
DATA = f"shapes:count={COUNT}"
WAYS: tuple[tuple[str, Precision, dict[str, object]], ...] = (
    ("", Precision(), {}),
    (" with --accumulate 2 and --convolutions rearranged", Precision(convolutions="rearranged"), {"accumulate": 2}),
    (
        " in bf16 with channels_last and --updates simultaneous",
        Precision("bf16", "channels_last"),
        {"updates": "simultaneous"},
    ),
)
"""The ways of taking a step: words for it, the precision, and what differs from the settings of a run."""


def configured(case: Case, **settings: object) -> ResolvedRun:
    """The settings of a short run of this architecture by its recipe, without augmentation unless it names one."""
    spec = case.component.spec
    plain: dict[str, object] = {} if isinstance(spec, Architecture) and spec.recipe.augment else {"augment": "none"}
    plain |= {
        "arch": case.component.text, "resolution": case.shape.resolution, "channels": case.shape.channels,
        "labels": case.shape.classes > 0, "batch": BATCH, "device": "cpu", "precision": "float32",
        "layout": "contiguous", "data": DATA, "seed": 1,
    }  # fmt: skip
    return resolve_run(case.plugins, plain | settings)


def prepared_for(case: Case, **settings: object) -> PreparedRun:
    """The same run, prepared on the CPU once for a case and settings, with networks and parts of its own."""
    key = f"prepared {sorted(settings.items())}"
    if key not in case.kept:
        resolved, class_names = configured(case, **settings), list(map(str, range(case.shape.classes)))
        case.kept[key] = prepare(resolved.config, resolved.components, COUNT, class_names, CPU)
    return afresh(case.kept[key])


def afresh(prepared: PreparedRun) -> PreparedRun:
    """The same run with copies of its networks and parts, which steps change."""
    return replace(prepared, gan=copy.deepcopy(prepared.gan), parts=copy.deepcopy(prepared.parts))


def first_and_last(stages: Sequence[Stage]) -> list[Stage]:
    """The first stage and the last one, which may be the same."""
    return [stages[0], stages[-1]] if len(stages) > 1 else [stages[0]]


def the_recipe_can_be_followed(component: tuple[Chosen, PluginHost]) -> Iterator[str]:
    """The recipe names components that there are, with options that they take."""
    architecture, plugins = component
    for device in ("cuda", "cpu"):  # each may have components of its own
        check_components(plugins, architecture, device, {})
    yield from ()


def a_run_can_be_prepared(case: Case) -> Iterator[str]:
    """A run by the recipe can be prepared: it tries the networks forward and backward, and says what fails."""
    prepared_for(case)
    yield from ()


def two_steps_are_finite(case: Case, **settings: object) -> Iterator[str]:
    """Two steps of training are finite, move both networks and leave their modes alone, however they are taken."""
    for on_gpu, recipe in _recipes(case).items():
        prepared = prepared_for(case, **(recipe | settings))
        for words, precision, others in WAYS:
            for stage in first_and_last(prepared.stages):
                config = prepared.config.model_copy(update=others)
                fresh = replace(afresh(prepared), config=config, precision=precision)
                faults = _played(case, build_game(fresh, CPU, World()), stage, f"{on_gpu}{words}")
                yield from faults
                if faults:
                    return


def _recipes(case: Case) -> dict[str, dict[str, object]]:
    """Settings by words for them: none for the recipe on this CPU, and what a GPU has by another loss or penalties."""
    if len(recipes(case)) < 2:
        return {"": {}}
    on_gpu, _ = recipes(case)
    of_gpu: dict[str, object] = {"loss": on_gpu.loss, "penalty": on_gpu.penalties or (NONE,)}
    return {"": {}, " with loss and penalties of a GPU": of_gpu}


def take_steps(case: Case, game: Game, stage: Stage) -> set[str]:
    """Two steps of each network at the start of a stage; "g" or "d" where one was skipped, as it was not finite."""
    gan, batch = game.gan, game.precision.arrange(case.reals(stage.resolution, stage.batch))
    gan.advance(stage.start)
    skipped = set[str]()
    for step in range(2):
        with seeded(step):
            labels = case.labels(stage.batch)
            scalars = _stepped(game, batch, labels, step)
        skipped |= {which for which in ("d", "g") if float(scalars.get(f"skipped_{which}", 0))}
    return skipped


def _stepped(game: Game, batch: Tensor, labels: Labels, step: int) -> Scalars:
    """A step of each network that there is, whatever the balance."""
    if game.gan.discriminator is None:
        return generator_step(game, batch, labels, step)
    if game.updates == "simultaneous":
        return simultaneous_step(game, batch, labels, (step, step))
    return discriminator_step(game, batch, labels, step) | generator_step(game, batch, labels, step)


def _played(case: Case, game: Game, stage: Stage, words: str) -> list[str]:
    gan = game.gan
    gan.advance(stage.start)
    before, in_mode = weights(gan), modes(gan)
    skipped = take_steps(case, game, stage)
    when = f"training{words}" + (f" in the stage from {stage.start} images on" if stage.start else "")
    faults = [
        f"{when}: loss or gradient of the {title} is not finite, at its first steps by the recipe. Look for a "
        "division, a root or a logarithm near 0."
        for which, title in (("g", "generator"), ("d", "discriminator"))
        if which in skipped
    ]
    after = weights(gan)
    for title, _ in networks(gan):
        if not skipped and all(torch.equal(old, after[title][name]) for name, old in before[title].items()):
            faults.append(
                f"{when}: two steps change no weight of the {title}. Its parameters must be used and trainable."
            )
        odd = [name for name, value in after[title].items() if not bool(torch.isfinite(value).all())]
        if odd:
            faults.append(f"{when}: {odd[0]} of the {title} is not finite after two steps.")
    if changed := changed_mode(gan, in_mode):
        faults.append(f"{when}: a step leaves {changed} in another mode. Only the trainer switches modes.")
    return faults
