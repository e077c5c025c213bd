"""The weights of `--init MODEL` given to the networks of a run, whatever of them fits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from gantool.api.networks import Gan
from gantool.api.run_config import RunConfig
from gantool.api.specs import ImageShape
from gantool.engine import checkpoint
from gantool.engine.model_file import ModelCard
from gantool.errors import CheckpointError, GantoolError, shortened
from gantool.pixels import ALPHA_CHANNELS
from gantool.plugins.host import host
from gantool.plugins.selection import Chosen
from gantool.run.folding import Change, places_of
from gantool.run.freezing import described, refuse_new
from gantool.run.initial import Initial, Weights, find, read_weights
from gantool.run.transfer import Network, Share, carried, share
from gantool.sampling.labels import listed
from gantool.sampling.load import built

NETWORKS = ("generator", "discriminator")
AVERAGE = "average"
LEAST, LEAST_OF_ANOTHER = 0.01, 0.5
"""Shares of the generator's parameters below which a model is no beginning: of the same architecture, and of another,
whose names mean the same only where most of them fit."""

States = dict[str, Mapping[str, Tensor]]
"""State dicts of the networks by title, and of the averaged generator."""


@dataclass(frozen=True)
class Given:
    """What networks took of a model: the tensors of the averaged generator, and a line for each network."""

    averaged: Mapping[str, Tensor]
    report: tuple[str, ...]

    def give_average(self, gan: Gan) -> None:
        """Load the averaged generator; what is new in it stays."""
        gan.generator.load_state_dict(dict(self.averaged), strict=False)


def give(
    weights: Weights, gan: Gan, arch: str, shape: ImageShape, frozen: int = 0, class_names: Sequence[str] = ()
) -> Given:
    """Load what fits of a model into the networks of a run, which are of the architecture `arch`, with its options.

    So many blocks of the discriminator are `frozen`. `class_names` are those of the run, where they are known.

    Raises CheckpointError where the generator takes next to nothing.
    """
    states, shares = _judged(weights, gan, arch, shape, frozen, class_names)
    for title, network in zip(NETWORKS, gan.networks, strict=False):
        network.load_state_dict(dict(states.get(title, {})), strict=False)
    return Given(states[AVERAGE], (*map(str, shares), *([described(gan, frozen)] if frozen else [])))


def refuse_misfit(
    initial: Initial, gan: Gan, config: RunConfig, shape: ImageShape, class_names: Sequence[str] = ()
) -> None:
    """Raise the CheckpointError that `give` would, before a run is timed."""
    _judged(read_weights(initial), gan, config.arch, shape, config.freeze_d, class_names)


def would_fit(model: Path, config: RunConfig, architecture: Chosen) -> bool:
    """True if a run of this configuration could begin with a model, by `--init`. It builds the networks to know.

    The classes are taken to be the model's, since data would have to be read to count them.
    """
    try:
        weights = read_weights(find(str(model)))
        card = weights.initial.card
        shape = ImageShape(config.resolution, config.channels, len(card.class_names) if config.labels else 0)
        with torch.random.fork_rng(devices=[]):
            gan: Gan = architecture.build(shape)
        _judged(weights, gan, config.arch, shape)
    except Exception:  # whatever would stop that run, which nobody has asked for yet
        return False
    return True


def _judged(
    weights: Weights, gan: Gan, arch: str, shape: ImageShape, frozen: int = 0, class_names: Sequence[str] = ()
) -> tuple[States, list[Share]]:
    """What fits, and its share of each network. Raises CheckpointError where that is too little to begin with."""
    states = _fitting(weights, gan, arch, shape, class_names)
    shares = [
        share(title, network, states.get(title, {})) for title, network in zip(NETWORKS, gan.networks, strict=False)
    ]
    _refuse_strangers(shares[0], weights, gan, arch, shape)
    judged = None if weights.discriminator is None else states.get("discriminator", {})
    refuse_new(gan, frozen, judged, weights.initial.origin.model)
    return states, shares


def _fitting(weights: Weights, gan: Gan, arch: str, shape: ImageShape, class_names: Sequence[str] = ()) -> States:
    """What fits of a model into these networks."""
    states, initial = _states(weights), weights.initial
    if shape.resolution != initial.card.resolution or not _all_fit(states, gan):
        return _carried(initial, states, gan, arch, shape, class_names)
    return states


def _states(weights: Weights) -> States:
    of_all = {"generator": weights.generator, "discriminator": weights.discriminator, AVERAGE: weights.averaged}
    return {title: state for title, state in of_all.items() if state is not None}


def _all_fit(states: States, gan: Gan) -> bool:
    networks = dict(zip((*NETWORKS, AVERAGE), (*gan.networks, gan.generator), strict=False))
    return all(
        title not in networks or not checkpoint.misfits(networks[title], state) for title, state in states.items()
    )


def _carried(
    initial: Initial, states: States, gan: Gan, arch: str, wanted: ImageShape, class_names: Sequence[str]
) -> States:
    """The same for other networks, one change at a time, so that sizes tell what has changed."""
    chosen = host().resolve("architecture", initial.card.architecture, stored=True)
    card = initial.card
    before, shape = built(initial.file, card, chosen), _shape(card)
    for after_card in _on_the_way(card, wanted):
        whole = _shape(after_card) == wanted and chosen.text == arch
        after = gan if whole else built(initial.file, after_card, chosen)
        change = replace(_change(shape, _shape(after_card)), places=places_of(class_names, card.class_names))
        carried_on = _step(states, before, after, change)
        if (summed := _summed(after, carried_on, change)) > 1:
            carried_on = _step(states, before, after, replace(change, summed=summed))
        states = carried_on
        before, shape = after, _shape(after_card)
    if before is not gan:
        states = _step(states, before, gan, _change(shape, shape))
    return states


def _on_the_way(card: ModelCard, shape: ImageShape) -> Iterator[ModelCard]:
    """The cards of networks between a model and those of a run: of its channels, then of its classes as well."""
    if card.channels != shape.channels:
        yield (card := card.model_copy(update={"channels": shape.channels}))
    if len(card.class_names) != shape.classes:
        yield card.model_copy(update={"class_names": tuple(map(str, range(shape.classes)))})


def _step(states: States, before: Gan, after: Gan, change: Change) -> States:
    made: States = {}
    for title, state in states.items():
        network = NETWORKS[title == "discriminator"]
        if (old := _network(before, network)) is not None and (new := _network(after, network)) is not None:
            made[title] = carried(state, old, new, change)
    return made


@torch.no_grad()
def _summed(gan: Gan, states: States, change: Change) -> int:
    """The number of pictures that a generator adds up, by a new alpha that each of them has at 1."""
    if change.channels[0] == change.channels[1] or change.channels[1] != ALPHA_CHANNELS:
        return 1
    gan.generator.load_state_dict(dict(states["generator"]), strict=False)
    trained = gan.generator.training
    labels = torch.zeros(1, dtype=torch.int64) if change.classes[1] else None
    image: Tensor = gan.generator.eval()(torch.zeros(1, gan.latent_dim), labels)[-1]
    gan.generator.train(trained)
    return max(1, round(float(image[:, 3].median())))


def _network(gan: Gan, title: str) -> Network | None:
    module = dict(zip(NETWORKS, gan.networks, strict=False)).get(title)
    sides = {
        name.removeprefix(f"{title}."): side
        for name, side in gan.module_sides().items()
        if name.startswith(f"{title}.")
    }
    return None if module is None else Network(module, sides)


def _shape(card: ModelCard) -> ImageShape:
    return ImageShape(card.resolution, card.channels, len(card.class_names))


def _change(before: ImageShape, after: ImageShape) -> Change:
    return Change((before.channels, after.channels), (before.classes, after.classes))


def _refuse_strangers(taken: Share, weights: Weights, gan: Gan, arch: str, shape: ImageShape) -> None:
    """Raise CheckpointError where the generator takes next to nothing."""
    card = weights.initial.card
    least = LEAST if card.name == arch.partition(":")[0] else LEAST_OF_ANOTHER
    if taken.taken >= least * taken.total:
        return
    wrong = checkpoint.misfits(gan.generator, weights.generator)
    why = _why(card, arch, shape, _widths(weights, arch, shape) if gan.module_sides() else "")
    raise CheckpointError(
        f"The weights of the generator of --init {weights.initial.origin.model} do not fit the network, which would "
        f"take {taken.taken:,} of {taken.total:,} parameters: {shortened(wrong[0], 200)}"
        f"{f' (and {len(wrong) - 1} more)' if len(wrong) > 1 else ''}.{why}"
    )


def _widths(weights: Weights, arch: str, shape: ImageShape) -> str:
    """The remedy by the widths of an architecture whose layers have sides: its `width`, where the model fits one."""
    try:
        fitting = _of_its_width(weights, arch, shape)
    except GantoolError:  # the architecture has no such width
        fitting = None
    if fitting is not None:
        return f" give --arch {fitting.brief}, by which each side has as many channels as in the model,"
    same = weights.initial.card.name == arch.partition(":")[0]
    return " give --arch the widths by which each side has as many channels as in the model," if same else ""


def _of_its_width(weights: Weights, arch: str, shape: ImageShape) -> Chosen | None:
    """The architecture of a run with the width that most of a model fits, its own or scaled against the resolution.

    None if there is none. Raises GantoolError where the architecture takes no such width.
    """
    card, chosen = weights.initial.card, host().resolve("architecture", arch, stored=True)
    width = getattr(host().resolve("architecture", card.architecture, stored=True).options, "width", None)
    if not isinstance(width, int) or "width" not in type(chosen.options).model_fields:
        return None
    for wide in dict.fromkeys((width, max(1, width * card.resolution // shape.resolution))):
        of_that = replace(chosen, options=chosen.options.model_copy(update={"width": wide}))
        fitting = host().resolve("architecture", of_that.text)
        with torch.random.fork_rng(devices=[]):
            gan: Gan = fitting.build(shape)
        states = _fitting(weights, gan, fitting.text, shape)
        taken = share("generator", gan.generator, states.get("generator", {}))
        if taken.taken >= LEAST_OF_ANOTHER * taken.total:
            return fitting
    return None


def _why(card: ModelCard, arch: str, shape: ImageShape, widths: str) -> str:
    """The first setting by which a model and a run differ so much, with the remedy, in which `widths` is a part."""
    other = card.name != arch.partition(":")[0]
    if card.resolution != shape.resolution and not other:
        have = f"The model has --resolution {card.resolution}, this run {shape.resolution}"
        return f" {have}: leave --resolution out,{widths} or leave --init out to begin without its weights."
    if card.architecture != arch:
        same = "--arch and --resolution" if card.resolution != shape.resolution else "--arch"
        ways = f"{widths} or leave --init out" if widths and other else " or --init"
        again = f"leave {same} out to have the same,{ways} to begin without its weights"
        return f" The model is a {card.architecture}: {again}."
    return f" The model has the classes {listed(card.class_names)}, the data others." if card.class_names else ""
