"""The weights of networks, compared."""

from torch import Tensor, nn


def replaced(built: dict[str, tuple[nn.Parameter, Tensor]], network: nn.Module) -> str | None:
    """The first weight that is another object than was built, or has other storage."""
    now = dict(network.named_parameters())
    for name, (weight, values) in built.items():
        if now.get(name) is not weight or weight.data_ptr() != values.data_ptr():
            return name
    return None


def largest(weight: nn.Parameter) -> float:
    """The largest absolute value."""
    return float(weight.detach().abs().max())


def pairs_of(one: nn.Module, other: nn.Module) -> list[tuple[nn.Parameter, nn.Parameter]]:
    """The parameters of two copies of a network, side by side."""
    return list(zip(one.parameters(), other.parameters(), strict=True))
