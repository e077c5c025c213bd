"""The update of one network: gradients of its loss, clipped if asked for, and a step that is left out if not finite."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Labels

if TYPE_CHECKING:
    from gantool.engine.step import Game

Scalars = dict[str, Float[Tensor, ""]]
"""The scalars of a step, still on the device: reading one would make the host wait."""


def gradients(
    game: "Game",
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[Tensor, Labels], tuple[Tensor, Scalars]],
    batch: Tensor,
    labels: Labels,
    which: str,
) -> Scalars:
    """The gradients of one network's weights; the scalars say if the update is to be skipped, as not finite."""
    begun(network, optimizer)
    parts = []
    for part, its_labels in parts_of(batch, labels, game.accumulate):
        loss, scalars = loss_of(part, its_labels)
        torch.autograd.backward(loss / game.accumulate)
        parts.append(scalars | {"_loss": loss.detach()})
    return gathered(game, network, parts, which)


def begun(network: nn.Module, optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    """Clear the gradients, and return the weights that learn."""
    optimizer.zero_grad(set_to_none=True)
    return [weight for weight in network.parameters() if weight.requires_grad]


def ended(
    game: "Game", network: nn.Module, optimizer: torch.optim.Optimizer, parts: Sequence[Scalars], which: str
) -> Scalars:
    """The update by the gradients of all micro-batches, whose losses are the scalars `_loss`."""
    scalars = gathered(game, network, parts, which)
    update(optimizer, scalars[f"skipped_{which}"])
    return scalars


def gathered(game: "Game", network: nn.Module, parts: Sequence[Scalars], which: str) -> Scalars:
    """The scalars of all micro-batches and processes; the gradients are averaged over processes, and clipped."""
    scalars = _means(parts)
    loss = game.world.average(network.parameters(), scalars.pop("_loss"))
    norm = nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
    if game.clip > 0:
        nn.utils.clip_grads_with_norm_(network.parameters(), game.clip, norm)
    skipped = (~(torch.isfinite(norm) & torch.isfinite(loss))).float()
    return scalars | {f"gradient_norm_{which}": norm.detach(), f"skipped_{which}": skipped}


def update(optimizer: torch.optim.Optimizer, skipped: Tensor) -> None:
    """Step unless `skipped`: decided on the device where the optimizer can, as fused ones do."""
    # torch's own gradient scaler talks to fused optimizers the same way: no host synchronisation.
    if getattr(optimizer, "_step_supports_amp_scaling", False):
        optimizer.found_inf = skipped  # type: ignore[attr-defined]
        optimizer.step()
    elif not bool(skipped):
        optimizer.step()


def parts_of(batch: Tensor, labels: Labels, count: int) -> Iterator[tuple[Tensor, Labels]]:
    """Micro-batches."""
    size = len(batch) // count
    for start in range(0, len(batch), size):
        yield batch[start : start + size], None if labels is None else labels[start : start + size]


def _means(parts: Sequence[Scalars]) -> Scalars:
    if len(parts) == 1:
        return dict(parts[0])
    return {name: torch.stack([part[name] for part in parts]).mean() for name in parts[0]}
