"""The checks of the conformance kit, one for each kind of component."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from gantool.api.kinds import KINDS
from gantool.api.specs import Component, Spec
from gantool.errors import did_you_mean
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.choosing import chosen, owner_of, resolved
from gantool.testing.declaring import DECLARING
from gantool.testing.faults import Fault, Nonconforming, found, name_of, unwaived, waived_by


def check_architecture(
    choice: str | Spec,
    *,
    resolutions: Sequence[int] = (),
    channels: Sequence[int] = (3, 1),
    classes: Sequence[int] = (0, 3),
    quick: bool = False,
) -> None:
    """Check an architecture at every combination of these sizes.

    `choice` is a spec, or text such as `blobs:width=8` that the host of plugins knows; small options keep it quick.
    Without `resolutions` these are the two smallest that the spec names, else 16 and 32. `quick` tries each size once
    instead of all combinations. An architecture that is not made for labels, or for grey pictures, may refuse such a
    shape by raising a GantoolError (not a PluginError) in its factory.

    Raises Nonconforming.
    """
    _raise("architecture", choice, resolutions=resolutions, channels=channels, classes=classes, quick=quick)


def check_loss(choice: str | Spec) -> None:
    """Check a loss: one finite float32 value per sample, with gradients that teach. Raises Nonconforming."""
    _raise("loss", choice)


def check_penalty(choice: str | Spec) -> None:
    """Check a penalty of the discriminator or the generator, or a constraint. Raises Nonconforming."""
    _raise("penalty", choice)


def check_augmentation(choice: str | Spec) -> None:
    """Check an augmentation: one draw for reals and fakes, at all levels, differentiable. Raises Nonconforming."""
    _raise("augmentation", choice)


def check_balance(choice: str | Spec) -> None:
    """Check a balance: whatever it sees, neither network starves, and its state is saved. Raises Nonconforming."""
    _raise("balance", choice)


def check_optimizer(choice: str | Spec) -> None:
    """Check an optimizer: a loss falls, schedules set its learning rate, its state comes back. Raises Nonconforming."""
    _raise("optimizer", choice)


def check_source(choice: str | Spec) -> None:
    """Check a source: pictures of the wanted shapes, the same each time. Raises Nonconforming."""
    _raise("source", choice)


def check_extractor(choice: str | Spec) -> None:
    """Check an extractor: finite, repeatable features with gradients to the picture. Raises Nonconforming."""
    _raise("extractor", choice)


def check_style_loss(choice: str | Spec) -> None:
    """Check a style loss: 0 at the style, blind to places, with gradients; tiles add up. Raises Nonconforming."""
    _raise("style-loss", choice)


def check_style_network(choice: str | Spec) -> None:
    """Check a style network: a picture of the photo's size, by the photo and its style alone. Raises Nonconforming."""
    _raise("style-network", choice)


def check_metric(choice: str | Spec) -> None:
    """Check a metric: the same numbers for the same pictures in any order, best at the data. Raises Nonconforming."""
    _raise("metric", choice)


def check_observer(choice: str | Spec) -> None:
    """Check an observer: it takes every event, and changes nothing. Raises Nonconforming."""
    _raise("observer", choice)


def check_command(choice: str | Spec) -> None:
    """Check a command: Typer understands its function, and its help can be shown. Raises Nonconforming."""
    _raise("command", choice)


def check_component(kind: str, choice: str | Spec, *, quick: bool = True) -> list[Fault]:
    """The faults of a component of any kind, each a sentence; empty when it is sound.

    Each is a text whose attribute `check` names the check that found it. What a plugin raises is a fault too; nothing
    but KeyboardInterrupt leaves this function. `quick` tries each size of an architecture once, instead of all
    combinations.
    """
    return _faults(kind, choice, {"quick": quick} if kind == "architecture" else {})[1]


def _raise(kind: str, choice: str | Spec, **options: Any) -> None:
    title, faults = _faults(kind, choice, options)
    if faults:
        raise Nonconforming(title, faults)


def _faults(kind: str, choice: str | Spec, options: dict[str, Any]) -> tuple[str, list[Fault]]:
    """The component's title, and its faults."""
    title = f"{kind.capitalize()} {getattr(choice, 'name', choice)!r}"
    if not isinstance(choice, str):
        with suppress(Exception):  # a spec may be of any form until it is checked
            title += f" of {owner_of(choice)}"

    def it_can_be_chosen(choice: str | Spec) -> Iterator[str]:
        """The component is there, with these options."""
        nonlocal title
        with chosen(kind, choice) as (component, plugins):
            title = component.title
            yield from found([only_known_checks_are_waived, *unwaived(DECLARING, component)], component)
            yield from found([it_can_be_used], (component, plugins))

    def it_can_be_used(subject: tuple[Chosen, PluginHost]) -> Iterator[str]:
        """The component can be built and used."""
        component, plugins = resolved(subject[0]), subject[1]
        from gantool.testing.seeding import randomness_kept  # which imports torch

        faults_of: Callable[..., list[Fault]] = _page(kind).faults_of
        with randomness_kept():
            yield from faults_of(component, plugins, **options) or _at_home(component, plugins)

    faults = found([it_can_be_chosen], choice)
    return title, faults


def only_known_checks_are_waived(component: Chosen) -> Iterator[str]:
    """The checks that its spec waives are checks of its kind."""
    waived = waived_by(component.spec)
    known = _waivable(component) if waived else []
    for name in waived:
        if name not in known:
            near = did_you_mean(name, known) or f" There are {', '.join(sorted(known))}."
            yield f"its spec waives {name!r}, and no check of a component of kind {component.kind} has that name.{near}"


def _waivable(component: Chosen) -> list[str]:
    """The names of the checks that a spec may waive."""
    checks = [*DECLARING[1:], *getattr(_page(component.kind), "PROPERTIES", ())]
    if getattr(component.spec, "goes_with", ()):
        from gantool.testing.homes import AT_HOME  # which imports torch

        checks += AT_HOME
    return [name_of(check) for check in checks]


def _page(kind: str) -> Any:
    """The page that has the checks of a kind; it imports torch."""
    return importlib.import_module(f"gantool.testing.{KINDS[kind].plural}")


def _at_home(component: Chosen, plugins: PluginHost) -> list[Fault]:
    if not isinstance(component.spec, Component) or not component.spec.goes_with:
        return []
    from gantool.testing.homes import faults_at_home  # which imports torch

    return faults_at_home(component, plugins)
