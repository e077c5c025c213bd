"""The training state in a checkpoint: collected when it is saved, restored when a run resumes."""

from typing import Any

from torch import nn

from gantool.api.data import Batches
from gantool.engine import checkpoint, component_state
from gantool.engine.ema import Ema
from gantool.engine.model_file import ModelCard
from gantool.engine.step import Game
from gantool.errors import ResumeError


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


def give_back(contents: checkpoint.Contents, game: Game, ema: Ema) -> None:
    """Restore networks, average, optimizers and component state. Raises CheckpointError."""
    gan = game.gan
    gan.advance(contents.images_seen)
    checkpoint.load_weights(gan.generator, contents.generator, "the generator")
    if gan.discriminator is not None:
        checkpoint.load_weights(gan.discriminator, contents.discriminator or {}, "the discriminator")
    checkpoint.load_weights(ema.gan.generator, contents.averaged, "the averaged generator")
    for grown in (gan, ema.gan):
        grown.advance(contents.images_seen)
    game.optimizer_g.load_state_dict(_of_learning(contents.state["optimizer_g"], gan.generator))
    if gan.discriminator is not None and game.optimizer_d is not None:
        game.optimizer_d.load_state_dict(_of_learning(contents.state["optimizer_d"], gan.discriminator))
    component_state.restore(game, contents.state.get("components", {}))


def _of_learning(saved: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """An optimizer's state without that of frozen weights, which optimizers of older checkpoints had too."""
    weights, groups = list(network.parameters()), saved["param_groups"]
    if len(groups) != 1 or len(groups[0]["params"]) != len(weights):
        return saved
    learning = [number for number, weight in zip(groups[0]["params"], weights, strict=True) if weight.requires_grad]
    places = {number: place for place, number in enumerate(learning)}
    return {
        "state": {places[number]: moments for number, moments in saved["state"].items() if number in places},
        "param_groups": [groups[0] | {"params": list(places.values())}],
    }


def check_same_data(contents: checkpoint.Contents, batches: Batches) -> None:
    """Raise ResumeError when the images have changed since the checkpoint was written."""
    then, now = contents.state["data"], _identity(batches)
    if then != now:
        raise ResumeError(
            f"The images have changed since this run was saved: {then['count']} then, {now['count']} now, or "
            "others of the same number. Start a new run, or resume with the new ones by --accept-new-data."
        )


def _identity(batches: Batches) -> dict[str, Any]:
    return {"count": batches.count, "fingerprint": batches.fingerprint}
