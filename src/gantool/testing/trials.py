"""A component under trial, and a new one with its saved state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import nn

from gantool.api.networks import Gan
from gantool.api.specs import ImageShape
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, Property, found, unwaived

Built = TypeVar("Built")
REMEDY = (
    "a resumed run would differ from an uninterrupted one. Make it an nn.Module, and keep state in floating-point "
    "buffers (register_buffer)."
)


@dataclass(frozen=True)
class Trial(Generic[Built]):
    """A component under trial, and the plugins among which others are found that it names."""

    component: Chosen
    plugins: PluginHost

    @property
    def new(self) -> Built:
        """The component, built anew."""
        built: Built = self.component.build()
        return built


@dataclass(frozen=True)
class OnNetworks(Trial[Built]):
    """A component under trial beside networks of some shape."""

    gan: Gan
    shape: ImageShape


def faults_by(contract: Property[Any], properties: Sequence[Property[Any]], trial: Trial[Any]) -> list[Fault]:
    """The faults of a component; the properties that its spec does not waive are tried where it keeps the contract."""
    return found([contract], trial) or found(unwaived(properties, trial.component), trial)


def used_and_restored(build: Callable[[], Built], use: Callable[[Built], object]) -> tuple[Built, Built]:
    """One that has been used a few times, and a new one with its state restored, as a resumed run has it."""
    used, again = build(), build()
    for _ in range(3):
        use(used)
    restore(used, again)
    return used, again


def restore(used: object, again: object) -> None:
    """Load the state of a used component into a new one, where both are modules."""
    if isinstance(used, nn.Module) and isinstance(again, nn.Module):
        again.load_state_dict(used.state_dict())
