"""A component that was chosen: its spec, its options and who provides it."""

import importlib
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from gantool.api.specs import AUTO, Architecture, Component, ImageShape, Options, Setting, Spec
from gantool.errors import GantoolError, PluginError, cause, sentence
from gantool.plugins.built_check import check_built
from gantool.plugins.folder_modules import advice_on
from gantool.plugins.grammar import added, brief, canonical

T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    """A component with its options, ready to be built. `release` is its distribution with the version, for messages."""

    kind: str
    spec: Spec
    options: Options
    distribution: str
    release: str = ""

    @property
    def title(self) -> str:
        """The name of the component in errors: "Loss 'wild' of gantool-blobs"."""
        return title(self.kind, self.spec.name, self.distribution)

    @property
    def is_plugin(self) -> bool:
        """True if it comes from a plugin, and not with gantool itself."""
        return self.distribution != "gantool"

    @property
    def text(self) -> str:
        """In the grammar, with every option written out."""
        return canonical(self.spec.name, self.options)

    @property
    def brief(self) -> str:
        """For messages, as a user would write it: a path, or the name, with the options that are not at defaults."""
        return brief(self.spec.name, self.options)

    @property
    def learns_by(self) -> str:
        """The extractor by whose trained features an architecture learns; empty for none."""
        return self.spec.learns_by if isinstance(self.spec, Architecture) else ""

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """Import the factory and call it with the options first.

        Raises PluginError when a plugin's code fails, or what it built does not keep the contract of its kind.
        """
        built = self._call(self.spec.factory, *args, **kwargs)
        guarded(self.title, self.distribution, "", lambda: check_built(self.kind, built, self.title))
        from gantool.plugins.adapt import adapt  # not at the top: it needs torch

        owner = self.distribution if self.is_plugin else ""
        adapted = partial(adapt, self.kind, built, self.spec.name, self.title, owner)
        return guarded(self.title, self.distribution, "", adapted)

    def resolved(self, setting: Setting) -> tuple["Chosen", str]:
        """The component with options at "auto" resolved for a run, and the reason; itself, without one, if none is."""
        if self.spec.settle is None or not self._at_auto():
            return self, ""
        answer = self._call(self.spec.settle, setting)
        sound = isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], self.spec.options)
        if not sound:
            raise PluginError(f"{self.title}: {self.spec.settle} must return its options and a text that says why.")
        return replace(self, options=self._checked(answer[0])), str(answer[1])

    def _checked(self, settled: Options) -> Options:
        """The options that `settle` returned, of the types they declare, which `model_copy(update=...)` never checks.

        Raises PluginError that names those that are not.
        """
        given = dict(settled)
        try:
            read = dict(type(settled).model_validate(given))
        except ValidationError as error:
            problem = error.errors()[0]
            where = f" for option {str(problem['loc'][0])!r}" if problem["loc"] else ""
            value = given.get(str(problem["loc"][0])) if problem["loc"] else given
            raise PluginError(
                f"{self.title}: its settle, {self.spec.settle}, returned {value!r:.80}{where}, which its options "
                f"refuse ({str(problem['msg']).rstrip('.')}). Return a value that may be given for it."
            ) from error
        changed = {name: value for name, value in read.items() if type(value) is not type(given[name])}
        return settled.model_copy(update=changed)

    def resolved_as(self, before: "Chosen", anew: bool = False) -> "Chosen":
        """The component of a run that began `before`: with the values that its options at "auto" got then.

        With `anew` they are left at "auto". An option that was added since, and is not given, is as it was before.
        """
        if self.spec.name != before.spec.name:
            return self
        names = set(added(self.spec)) - self.options.model_fields_set
        if self.spec.settle is not None and not anew:
            names.update(self._at_auto())
        kept = {name: getattr(before.options, name) for name in names}
        return replace(self, options=self.options.model_copy(update=kept))

    def _at_auto(self) -> list[str]:
        return [name for name in type(self.options).model_fields if getattr(self.options, name) == AUTO]

    def natural(self) -> ImageShape | None:
        """The shape that a source is best trained at, where it has one."""
        place = self.spec.natural if isinstance(self.spec, Component) else None
        shape = self._call(place) if place is not None else None
        if shape is not None and not isinstance(shape, ImageShape):
            raise PluginError(f"{self.title}: {place} returned {shape!r}; it must return a gantool.ImageShape.")
        return shape

    def files(self) -> Any:
        """The `PictureFiles` of a source that has such, else None."""
        place = self.spec.files if isinstance(self.spec, Component) else None
        return self._call(place) if place is not None else None

    def _call(self, place: str, *args: Any, **kwargs: Any) -> Any:
        function = imported(self.title, self.distribution, place)
        return guarded(self.title, self.distribution, f" in {place}", lambda: function(self.options, *args, **kwargs))


def imported(title: str, distribution: str, place: str) -> Any:
    """The callable that `"module:name"` names. Raises PluginError that says why `title` cannot be used."""
    module, _, path = place.partition(":")
    try:
        with redirect_stdout(sys.stderr):
            found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{title} cannot be used: importing {place} failed ({cause(error)}).{advice_on(error, distribution)}"
        ) from error
    if not callable(found):
        raise PluginError(f"{title} cannot be used: {place} is no function or class.")
    return found


def title(kind: str, name: str, distribution: str) -> str:
    """The name of a component in errors: "Loss 'wild' of gantool-blobs"."""
    return f"{kind.capitalize()} {name!r} of {distribution}"


def guarded(title: str, distribution: str, where: str, call: Callable[[], T]) -> T:
    """Run code of a component; its prints go to standard error, since standard output carries results.

    Errors of a plugin, SystemExit included, become a PluginError; gantool's own errors and a lack of memory stay.
    """
    try:
        with redirect_stdout(sys.stderr):
            return call()
    except (Exception, SystemExit) as error:
        ours = isinstance(error, GantoolError | MemoryError) or type(error).__name__ == "OutOfMemoryError"
        if distribution == "gantool" or ours:
            raise
        raise PluginError(sentence(f"{title} failed{where}: {cause(error)}")) from error
