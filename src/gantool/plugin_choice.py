"""A component that was chosen: its spec, its options and who provides it."""

import importlib
from dataclasses import dataclass
from typing import Any

from gantool.components import Component, ImageShape, Options, Spec
from gantool.errors import GantoolError, PluginError
from gantool.grammar import canonical
from gantool.plugin_loading import cause


@dataclass(frozen=True)
class Chosen:
    """A component with its options, ready to be built."""

    kind: str
    spec: Spec
    options: Options
    distribution: str

    @property
    def text(self) -> str:
        """In the grammar, with every option written out."""
        return canonical(self.spec.name, self.options)

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """Import the factory and call it with the options first. Raises PluginError when a guest's code fails."""
        return self._call(self.spec.factory, *args, **kwargs)

    def natural(self) -> ImageShape | None:
        """The shape a source is best trained at, where it says so."""
        place = self.spec.natural if isinstance(self.spec, Component) else None
        return self._call(place) if place is not None else None

    def _call(self, place: str, *args: Any, **kwargs: Any) -> Any:
        function = self._imported(place)
        try:
            return function(self.options, *args, **kwargs)
        except Exception as error:
            ours = isinstance(error, GantoolError | MemoryError) or type(error).__name__ == "OutOfMemoryError"
            if self.distribution == "gantool" or ours:
                raise
            raise PluginError(f"{self._title} failed in {place}: {cause(error)}.") from error

    def _imported(self, place: str) -> Any:
        module, _, path = place.partition(":")
        try:
            found: Any = importlib.import_module(module)
            for name in path.split("."):
                found = getattr(found, name)
        except (Exception, SystemExit) as error:
            raise PluginError(f"{self._title} cannot be used: importing {place} failed ({cause(error)}).") from error
        if not callable(found):
            raise PluginError(f"{self._title} cannot be used: {place} is no function or class.")
        return found

    @property
    def _title(self) -> str:
        return f"{self.kind.capitalize()} {self.spec.name!r} of {self.distribution}"
