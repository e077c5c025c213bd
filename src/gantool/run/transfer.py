"""What networks take of a model that was made for others: tensors by name and shape, and a report on the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from gantool.run.folding import Change, Place, folded

MOST_NAMED = 4
"""New modules that a report names."""


@dataclass(frozen=True)
class Network:
    """A network, and the sides in pixels of its modules by name, as far as they are known."""

    module: nn.Module
    sides: Mapping[str, int]


@dataclass(frozen=True)
class Share:
    """The parameters of a network that come from a model, of how many, and the new ones by module."""

    title: str
    taken: int
    total: int
    new: Mapping[str, int]

    def __str__(self) -> str:
        """One line: `Generator: 9,000 of 12,000 parameters taken (75 %); new: blocks.2 (2,900), to_rgb.3 (100)`."""
        title = self.title.capitalize()
        if not self.new:
            return f"{title}: all {self.total:,} parameters taken"
        if not self.taken:
            return f"{title}: all {self.total:,} parameters are new"
        named = [f"{name} ({count:,})" for name, count in list(self.new.items())[:MOST_NAMED]]
        more = f" and {len(self.new) - MOST_NAMED} more" if len(self.new) > MOST_NAMED else ""
        percent = f"{min(99.9, 100 * self.taken / self.total):.3g} %"
        return f"{title}: {self.taken:,} of {self.total:,} parameters taken ({percent}); new: {', '.join(named)}{more}"


def share(title: str, network: nn.Module, tensors: Mapping[str, Tensor]) -> Share:
    """The share of a network's parameters that these tensors are; what its state leaves out comes from elsewhere."""
    kept = network.state_dict().keys()
    sizes = {name: weight.numel() for name, weight in network.named_parameters() if name in kept}
    new: Counter[str] = Counter()
    for name, size in sizes.items():
        if name not in tensors:
            new[_module(name)] += size
    total = sum(sizes.values())
    return Share(title, total - new.total(), total, new)


def carried(weights: Mapping[str, Tensor], before: Network, after: Network, change: Change) -> dict[str, Tensor]:
    """The tensors of one network that another takes, by the other's names and in its shapes.

    A tensor has the same name, where a module of a side of its own is named by that side; and the same shape, or one
    that differs by channels or classes alone.
    """
    named = {key: name for name, key in keys(weights, before.sides).items()}
    wanted = after.module.state_dict()
    bounded = any(isinstance(module, nn.Tanh) for module in after.module.modules())
    made: dict[str, Tensor] = {}
    for name, key in keys(wanted, after.sides).items():
        if key not in named:
            continue
        weight, shape = weights[named[key]], wanted[name].shape
        owner = after.module.get_submodule(name.rpartition(".")[0])
        if weight.shape != shape:
            place = Place(
                isinstance(owner, nn.modules.conv._ConvTransposeNd), getattr(owner, "bias", None) is not None, bounded
            )
            fitting = folded(weight, shape, change, place)
            if fitting is None:
                continue
            weight = fitting
        made[name] = weight * _rescaling(before.module, named[key], owner) if name.endswith("weight") else weight
    return made


def keys(names: Iterable[str], sides: Mapping[str, int]) -> dict[str, str]:
    """Names of tensors, to names that mean the same at any resolution: `blocks.2.bias` to `blocks.0@32.bias`.

    The number of a module in a list becomes its number among those of its side.
    """
    numbers: Counter[tuple[str, int]] = Counter()
    named: dict[str, str] = {}
    for module, side in sides.items():
        owner, _, leaf = module.rpartition(".")
        named[module] = f"{owner}.{numbers[owner, side] if leaf.isdigit() else leaf}@{side}"
        numbers[owner, side] += leaf.isdigit()
    return {name: _key(name, named) for name in names}


def _key(name: str, named: Mapping[str, str]) -> str:
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        if (module := ".".join(parts[:length])) in named:
            return ".".join([named[module], *parts[length:]])
    return name


def _rescaling(before: nn.Module, name: str, owner: nn.Module) -> float:
    """The factor that makes up for a layer's `scale`, which depends on its number of inputs."""
    scales = [getattr(one, "scale", None) for one in (before.get_submodule(name.rpartition(".")[0]), owner)]
    own, new = (one if isinstance(one, float) else 1.0 for one in scales)
    return own / new


def _module(name: str) -> str:
    """The module to name in a report: `blocks.2` of `blocks.2.0.weight`."""
    parts = name.split(".")[:-1] or [name]
    number = next((place for place, part in enumerate(parts) if part.isdigit()), 1)
    return ".".join(parts[: number + 1])
