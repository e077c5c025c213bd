"""Frozen parts: what was built with requires_grad False stays exactly as it is, and all else gets an optimizer."""

from collections.abc import Iterator

from torch import Tensor, nn

from gantool.api.networks import Gan
from gantool.engine.distributed import World
from gantool.run.prepare import build_game
from gantool.testing.growing import clocks
from gantool.testing.networks import Case, drawn, judged, latents, networks, same, seeded, set_mode
from gantool.testing.steps import CPU, first_and_last, prepared_for, take_steps

Key = tuple[str, str]
"""The network and the name of a tensor in it."""


def frozen_parameters_stay_frozen(case: Case) -> Iterator[str]:
    """Parameters that were built frozen stay frozen; no step moves them, or the buffers of a part that is all frozen.

    The statistics of a frozen BatchNorm stay in evaluation mode, for which its owner overrides train().
    """
    with seeded(0):
        gan: Gan = case.resolved.build(case.shape)
    frozen = _frozen(gan)
    if not frozen:
        return
    for training in (True, False, True):
        set_mode(gan, training)
        judged(gan, drawn(gan, latents(gan), case.labels()), case.labels())
    for clock in clocks(case, gan):
        gan.advance(clock)
    if faults := _changed(gan, frozen, "drawing, judging, growing or a change of modes"):
        yield from faults
        return
    prepared = prepared_for(case)
    now = _tensors(prepared.gan)
    frozen = {key: now[key].detach().clone() for key in frozen}  # as built: `advance` may have frozen more since
    game = build_game(prepared, CPU, World())
    for stage in first_and_last(prepared.stages):
        set_mode(prepared.gan, training=True)
        take_steps(case, game, stage)
    yield from _changed(prepared.gan, frozen, "a step of training by the recipe")


def what_learns_has_an_optimizer(case: Case) -> Iterator[str]:
    """Parameters that were built to learn are those that the run's optimizers get, whatever `advance` freezes."""
    with seeded(0):
        gan: Gan = case.resolved.build(case.shape)
    learning = {key for key, weight in _tensors(gan).items() if weight.requires_grad}
    prepared = prepared_for(case)
    game = build_game(prepared, CPU, World())
    of = {
        title: {id(weight) for group in optimizer.param_groups for weight in group["params"]}
        for title, optimizer in zip(("generator", "discriminator"), game.optimizers, strict=False)
    }
    left = sorted(
        (title, name)
        for (title, name), weight in _tensors(prepared.gan).items()
        if (title, name) in learning and id(weight) not in of[title]
    )
    if left:
        title, name = left[0]
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield (
            f"{name}{more} of the {title} requires grad as it is built, and no optimizer of a run gets it: it would "
            "never learn. Leave requires_grad alone in advance(), stages() and train(), and let the recipe's optimizer "
            "take every parameter; a part that waits for its time is one that forward does not use yet."
        )


def _tensors(gan: Gan) -> dict[Key, Tensor]:
    """Parameters and buffers, which is also where a run's optimizers and checkpoints find them."""
    return {
        (title, name): tensor
        for title, network in networks(gan)
        for name, tensor in (*network.named_parameters(), *network.named_buffers())
    }


def _frozen(gan: Gan) -> dict[Key, Tensor]:
    """Copies of the frozen parameters, and of the buffers of modules all of whose parameters are frozen."""
    still = {
        f"{title}.{name}"
        for title, network in networks(gan)
        for owner, module in network.named_modules()
        if _is_frozen(module)
        for name in (f"{owner}.{buffer}" if owner else buffer for buffer, _ in module.named_buffers())
    }
    parameters = {(title, name) for title, network in networks(gan) for name, _ in network.named_parameters()}
    return {
        (title, name): tensor.detach().clone()
        for (title, name), tensor in _tensors(gan).items()
        if f"{title}.{name}" in still or ((title, name) in parameters and not tensor.requires_grad)
    }


def _is_frozen(module: nn.Module) -> bool:
    weights = list(module.parameters())
    return bool(weights) and not any(weight.requires_grad for weight in weights)


def _changed(gan: Gan, frozen: dict[Key, Tensor], what: str) -> list[str]:
    """A sentence on the first frozen tensor that is not what it was."""
    now = _tensors(gan)
    for (title, name), before in frozen.items():
        tensor = now.get((title, name))
        if tensor is None or tensor.requires_grad:
            return [
                f"{name} of the {title} was built frozen, and {what} unfreezes it. Set requires_grad in the factory "
                "alone: the optimizer gets the weights that learn once, when the run begins."
            ]
        if same(tensor.detach(), before):
            continue
        if not isinstance(tensor, nn.Parameter):
            return [
                f"{name} of the {title} is a buffer of a part that is frozen, and {what} moves it: its statistics "
                "follow the pictures. Keep that part in evaluation mode, by a train() that calls its eval()."
            ]
        return [
            f"{name} of the {title} was built frozen, and {what} changes it. Change it nowhere in forward; a "
            "constraint leaves weights alone that require no grad; what follows the training is a buffer."
        ]
    return []
