"""The training state in a checkpoint: collected when it is saved, restored when a run resumes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from gantool.api.data import Batches
from gantool.engine import checkpoint, component_state, saved_state
from gantool.engine.best import Best
from gantool.engine.ema import Ema
from gantool.engine.model_file import ModelCard
from gantool.engine.run_names import GENERATOR
from gantool.engine.step import Game
from gantool.errors import ResumeError

SETTINGS = ("lr", "betas", "weight_decay")
"""Values of an optimizer that come from the run's settings, which may have changed since the checkpoint."""
FEWER = (
    " If some cannot be read at the moment, as shards of a server that fails (those left out are named at the start), "
    "resume again once they can."
)
DARK = (
    " Where these are the same pictures, with colours of 16 bits, an older gantool scaled them by a range that it "
    "printed: the source's option range=MIN-MAX does so again."
)


def gather(
    images_seen: int, game: Game, ema: Ema, card: ModelCard, batches: Batches, more: dict[str, Any]
) -> checkpoint.Contents:
    """The state that decides how training continues; `more` is the trainer's own."""
    ema.gan.advance(images_seen)
    return checkpoint.Contents(
        images_seen,
        game.gan.generator.state_dict(),
        None if game.gan.discriminator is None else game.gan.discriminator.state_dict(),
        ema.gan.generator.state_dict(),
        card.model_copy(update={"images_seen": images_seen}),
        {
            "images_seen": images_seen,
            "data": _identity(batches),
            "optimizer_g": game.optimizer_g.state_dict(),
            "optimizer_d": None if game.optimizer_d is None else game.optimizer_d.state_dict(),
            "components": component_state.state(game),
            **more,
        },
    )


def give_back(contents: checkpoint.Contents, path: Path, game: Game, ema: Ema) -> None:
    """Restore networks, average, optimizers and component state, each checked before. Raises CheckpointError."""
    gan = game.gan
    at_first = [[weight for weight in network.parameters() if weight.requires_grad] for network in gan.networks]
    gan.advance(contents.images_seen)
    networks = [(gan.generator, contents.generator, "the generator")]
    if gan.discriminator is not None:
        networks.append((gan.discriminator, contents.discriminator or {}, "the discriminator"))
    networks.append((ema.gan.generator, contents.averaged, "the averaged generator"))
    for network, weights, name in networks:
        _refuse(path, f"{name}: ", saved_state.weights_problem(network, weights, network is ema.gan.generator))
        checkpoint.load_weights(network, weights, name)
    for grown in (gan, ema.gan):
        grown.advance(contents.images_seen)
    names = ("optimizer_g", "optimizer_d")
    for name, optimizer, network, then in zip(names, game.optimizers, gan.networks, at_first, strict=False):
        own = [{key: group[key] for key in SETTINGS if key in group} for group in optimizer.param_groups]
        if contents.state[name] is None:
            raise checkpoint.unusable(path, f"{checkpoint.STATE} holds {name}: nothing")
        saved = _fitted(contents.state[name], optimizer, (list(network.parameters()), then))
        has_learnt = contents.state["turns"][name[-1]] > 0 and contents.images_seen > contents.state["stage_start"]
        _refuse(path, f"{name}.", saved_state.optimizer_problem(saved, optimizer, has_learnt))
        weights_now = [weight for group in optimizer.param_groups for weight in group["params"]]
        optimizer.load_state_dict({**saved, "state": saved_state.laid_out(saved["state"], weights_now)})
        for group, settings in zip(optimizer.param_groups, own, strict=True):
            group.update(settings)
    for name, part in component_state.stateful(game).items():
        _refuse(
            path, f"components.{name}.", saved_state.component_problem(part, contents.state["components"].get(name, {}))
        )
    component_state.restore(game, contents.state["components"])


def _refuse(path: Path, name: str, problem: str) -> None:
    if problem:
        raise checkpoint.unusable(path, f"it holds {name}{problem}")


def follow(run: Path, path: Path, best: Best, keep: int) -> None:
    """Bring all that follows from a run's checkpoint up to it, which a resume repeats: a kill may have come between."""
    checkpoint.publish(path, run / GENERATOR)
    best.write(run)
    checkpoint.prune(run, keep, best.images_seen)


def _fitted(saved: dict[str, Any], optimizer: Optimizer, before: Sequence[Sequence[Tensor]]) -> dict[str, Any]:
    """An optimizer's state for the weights that it has now, where an older checkpoint was made with others.

    Optimizers once had all weights of a network, later those that learn when a run begins: the two lists in `before`.
    """
    groups, weights = saved["param_groups"], [weight for group in optimizer.param_groups for weight in group["params"]]
    count = len(groups[0]["params"])
    had = next((had for had in before if len(had) == count), None)
    if len(groups) != 1 or count == len(weights) or had is None:
        return saved
    numbers = {id(weight): number for number, weight in zip(groups[0]["params"], had, strict=True)}
    moments = {place: saved["state"].get(numbers.get(id(weight))) for place, weight in enumerate(weights)}
    return {
        "state": {place: state for place, state in moments.items() if state is not None},
        "param_groups": [groups[0] | {"params": list(range(len(weights)))}],
    }


def go_on_from(run: Path, path: Path, best: Best, keep: int) -> None:
    """Have a run stand where a checkpoint of it stands; newer ones are set aside."""
    checkpoint.set_aside_newer(run, checkpoint.images_of(path))
    best.settle(run)
    follow(run, path, best, keep)


def is_same_data(contents: checkpoint.Contents, batches: Batches) -> bool:
    """True if the images are those that the checkpoint was made with."""
    return bool(contents.state["data"] == _identity(batches))


def check_same_data(contents: checkpoint.Contents, batches: Batches) -> None:
    """Raise ResumeError when the images have changed since the checkpoint was written."""
    if not is_same_data(contents, batches):
        count = contents.state["data"]["count"]
        read = DARK if count == batches.count else FEWER if batches.count < count else ""
        raise ResumeError(
            f"The images have changed since this run was saved: {count} then, "
            f"{batches.count} now, or others of the same number.{read} Start a new run, "
            "or go on with them in a new folder, from where this run stands, by --accept-new-data."
        )


def _identity(batches: Batches) -> dict[str, Any]:
    return {"count": batches.count, "fingerprint": batches.fingerprint}
