"""The components of a run, chosen with their options: looked up once, and handed on to whatever needs them."""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from gantool.api.kinds import KINDS
from gantool.api.run_config import NONE, SETTINGS, flag_of
from gantool.api.specs import AUTO, Architecture, Setting
from gantool.errors import GantoolError, OptionError, UnknownNameError, UsageError, nearest_beside, sentence
from gantool.homes import at_home
from gantool.plugins.companions import providing
from gantool.plugins.grammar import canonical
from gantool.plugins.host import PluginHost
from gantool.plugins.option_types import quote
from gantool.plugins.selection import Chosen
from gantool.run.joined import JOINED, JoinedChoice, is_joined, joined_choice
from gantool.run.recipes import recipe_on

T = TypeVar("T")
PLAIN_BALANCE = "fixed"
"""The strategy that `--balance none` stands for: both networks learn from every batch."""
FIELDS = {
    name: KINDS[kind].plural if isinstance(declared.default, tuple) else kind
    for name, declared in SETTINGS.items()
    if (kind := flag_of(name).kind)
}
"""The settings of `RunConfig` that name components, and the attribute of `RunComponents` for each."""
STEP_KINDS = {name: flag_of(name).kind for name in FIELDS if name not in ("arch", "data", "log")}
"""Those of components that take part in training steps, and the kind of each."""
STANDARD_OBSERVERS = ("jsonl", "samples", "watch", "report")
"""Every run has these, unless `--log` names them with options of its own."""


@dataclass(frozen=True)
class RunComponents:
    """The components of a run, as `RunConfig` has them in text.

    `augmentation` is None where there is none. `observers` has those of `--log`, `standard` those that every run has
    beside them. `by_recipe` has loss, penalties and balance of the architecture's own recipe, as far as they are usable
    here: a run is compared with them.
    """

    architecture: Chosen
    source: Chosen
    loss: Chosen
    penalties: tuple[Chosen, ...]
    augmentation: Chosen | None
    balance: Chosen
    optimizer: Chosen
    observers: tuple[Chosen, ...]
    standard: tuple[Chosen, ...]
    by_recipe: tuple[Chosen, ...]

    @property
    def strategies(self) -> tuple[Chosen, ...]:
        """Loss, penalties, augmentation and balance: everything but the networks that decides how they learn."""
        augmentation = () if self.augmentation is None else (self.augmentation,)
        return (self.loss, *self.penalties, *augmentation, self.balance)

    @property
    def listening(self) -> tuple[Chosen, ...]:
        """All observers of the run, in the order in which they are called."""
        return (*self.standard, *self.observers)

    def texts(self, brief: bool = False) -> dict[str, Any]:
        """The settings of `RunConfig` that name components, with every option written out, or `brief` for messages."""

        def written(chosen: Chosen | tuple[Chosen, ...] | None) -> str | tuple[str, ...]:
            if isinstance(chosen, tuple):
                return tuple(one.brief if brief else one.text for one in chosen)
            return NONE if chosen is None else chosen.brief if brief else chosen.text

        return {setting: written(getattr(self, field)) for setting, field in FIELDS.items()}

    def resolved(self, setting: Setting) -> tuple["RunComponents", dict[str, str]]:
        """The components with options at "auto" resolved for the run, and the reasons, by the name of the setting."""
        why: dict[str, str] = {}

        def settle(name: str, chosen: Chosen) -> Chosen:
            chosen, reason = chosen.resolved(setting)
            if reason and reason not in why.get(name, ""):  # r1 and r2 have one reason
                why[name] = f"{why[name]}; {reason}" if name in why else reason
            return chosen

        made: dict[str, Any] = {}
        for name, field in FIELDS.items():
            was = getattr(self, field)
            if isinstance(was, tuple):
                made[field] = tuple(settle(name, one) for one in was)
            else:
                made[field] = None if was is None else settle(name, was)
        standard = tuple(one.resolved(setting)[0] for one in self.standard)
        by_recipe = tuple(_usable(self.by_recipe, lambda one: one.resolved(setting)[0]))
        return replace(self, **made, standard=standard, by_recipe=by_recipe), why


def components_of(host: PluginHost, settings: Mapping[str, Any], stored: bool = False) -> RunComponents:
    """The components that settings name, such as those of a whole `RunConfig`; `augment` may not be at "auto".

    `stored` is for settings of a run, as in `PluginHost.resolve`. Raises UsageError and its kin, naming the component
    and the nearest right name.
    """
    look_up = functools.partial(host.resolve, stored=stored)

    def named(kind: str, key: str) -> tuple[Chosen, ...]:
        return tuple(look_up(kind, text) for text in settings.get(key) or () if text != NONE)

    augment, balance = settings.get("augment") or NONE, settings["balance"]
    architecture, source = look_up("architecture", settings["arch"]), resolve_source(host, settings["data"], stored)
    loss, penalties = look_up("loss", settings["loss"]), named("penalty", "penalty")
    augmentation = None if augment == NONE else look_up("augmentation", augment)
    chosen_balance = look_up("balance", PLAIN_BALANCE if balance == NONE else balance)
    optimizer = look_up("optimizer", settings["optimizer"])
    log = named("observer", "log")
    standard = [name for name in STANDARD_OBSERVERS if name not in {one.spec.name for one in log}]
    return RunComponents(
        architecture, source, loss, penalties, augmentation, chosen_balance, optimizer, log,
        standard=tuple(host.resolve("observer", name) for name in standard),
        by_recipe=tuple(_by_recipe(host, architecture, str(settings.get("device", "")))),
    )  # fmt: skip


def _by_recipe(host: PluginHost, architecture: Chosen, device: str) -> Sequence[Chosen]:
    """Loss, penalties and balance of a recipe; one with a fault is left out, since this run may not use it."""
    if not isinstance(architecture.spec, Architecture):
        return ()
    recipe = recipe_on(architecture.spec.recipe, device)
    pairs = (("loss", recipe.loss), *(("penalty", text) for text in recipe.penalties), ("balance", recipe.balance))
    return list(_usable([one for one in pairs if one[1] != NONE], lambda one: host.resolve(*one)))


def _usable(these: Iterable[T], made: Callable[[T], Chosen]) -> Iterator[Chosen]:
    """The results of `made` for these, without those for which it raises an error."""
    for one in these:
        with suppress(GantoolError):
            yield made(one)


def settings_as_before(
    host: PluginHost, requested: Mapping[str, Any], before: RunComponents, anew: Collection[str] = ()
) -> dict[str, Any]:
    """Settings given again for a run that resumes: options at "auto" keep the values of then, but for those `anew`."""

    def resolved(setting: str, text: str, was: Chosen | None) -> str:
        if was is None or text in (NONE, AUTO):
            return text
        chosen = resolve_source(host, text) if was.kind == "source" else host.resolve(was.kind, text)
        return chosen.resolved_as(was, setting in anew).text

    kept = dict(requested)
    for setting in FIELDS.keys() & kept:
        text, was = kept[setting], getattr(before, FIELDS[setting])
        if not isinstance(was, tuple):
            kept[setting] = resolved(setting, text, was)
        elif len(text) == len(was):
            kept[setting] = tuple(resolved(setting, *pair) for pair in zip(text, was, strict=True))
    return kept


def resolve_source(host: PluginHost, text: str, stored: bool = False) -> Chosen:
    """A source by name, or a path, which means `folder` or `array`; options may follow either after a colon.

    Raises UnknownNameError when it is neither, OptionError when it is empty.
    """
    if not text.strip():
        raise OptionError("--data is empty: it takes a folder, an archive or the name of a source.")
    if is_joined(text) and JOINED not in host.specs("source"):
        return joined_choice(text, lambda one: resolve_source(host, one, stored))
    if at_home(text).exists() and text not in host.specs("source"):
        return host.resolve("source", f"{_source_of(text)}:path={_quoted(text)}")
    name, _, options = text.rpartition(":")
    if name and "=" in options and at_home(name).exists() and name not in host.specs("source"):
        return host.resolve("source", f"{_source_of(name)}:path={_quoted(name)},{options}")
    try:
        return host.resolve("source", text, stored)
    except (UnknownNameError, UsageError) as error:
        from gantool.data.pictures.tree import no_path  # not at the top: it needs Pillow

        if text.partition(":")[0] in {**host.specs("source"), **providing("source")}:
            raise
        other = no_path(text)
        if isinstance(error, OptionError) and not (other and "://" in text):
            raise
        looks_like_path = "/" in text or "\\" in text or text.startswith((".", "~")) or bool(Path(text).suffix)
        near = nearest_beside(at_home(text))
        absent = f"There is no folder or archive {text}.{near}"
        if not looks_like_path:
            more = str(error).removeprefix(f"There is no source {text!r}.").replace("There are: ", "Sources: ")
            absent = f"There is no folder, archive or source {text!r}.{near or ' ' + sentence(more.lstrip())}"
        raise UnknownNameError(other or absent) from error


def _source_of(path: str) -> str:
    """The source that reads this path."""
    return "array" if path.lower().endswith((".npy", ".npz")) else "folder"


def _quoted(path: str) -> str:
    return quote(str(at_home(path).resolve()))


def only_moved(one: Chosen, other: Chosen) -> bool:
    """True if two sources differ in nothing but their path: the same pictures may lie elsewhere now.

    Joined sources are compared one by one.
    """
    if isinstance(one, JoinedChoice) and isinstance(other, JoinedChoice):
        pairs = list(zip(one.parts, other.parts, strict=False))
        alike = all(was.text == now.text or only_moved(was, now) for was, now in pairs)
        return len(one.parts) == len(other.parts) and alike
    same_kind = one.spec.name == other.spec.name and hasattr(one.options, "path")
    return same_kind and one.options.model_copy(update={"path": getattr(other.options, "path", None)}) == other.options


def known_by(source: Chosen) -> str:
    """The text of a source without its path, by which images without a fingerprint are known: they may be moved."""
    if isinstance(source, JoinedChoice):
        return " and ".join(map(known_by, source.parts))
    if not hasattr(source.options, "path"):
        return source.text
    return canonical(source.spec.name, source.options.model_copy(update={"path": ""}))


def only_reweighed(these: Sequence[Chosen], others: Sequence[Chosen]) -> bool:
    """True if penalties differ in nothing but their weight and how often they are applied."""

    def alike(one: Chosen, other: Chosen) -> bool:
        shared = {name: getattr(other.options, name) for name in ("weight", "every") if hasattr(other.options, name)}
        return one.spec == other.spec and one.options.model_copy(update=shared) == other.options

    return len(these) == len(others) and all(map(alike, these, others))


def source_name(source: Chosen) -> str:
    """A short name of a source for names of folders: that of its path, or its own; of joined ones that of the first."""
    if isinstance(source, JoinedChoice):
        return source_name(source.parts[0])
    path = getattr(source.options, "path", None)
    return Path(path).stem if path else source.spec.name
