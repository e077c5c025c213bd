"""The architectures that a component belongs to (`goes_with`): it is tried with these, and with no other."""

from collections.abc import Iterator
from functools import update_wrapper

from gantool.api.networks import Gan
from gantool.api.specs import Component, ImageShape
from gantool.errors import GantoolError, PluginError
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run.components import STEP_KINDS
from gantool.testing.faults import Fault, found, placed, unwaived
from gantool.testing.networks import Case, shapes, usual
from gantool.testing.players import players
from gantool.testing.steps import two_steps_are_finite

AT_HOME = (two_steps_are_finite,)
"""The checks that only a component of certain architectures gets."""


def grounds(component: Chosen, plugins: PluginHost) -> Iterator[tuple[str, Gan, ImageShape]]:
    """Networks to try a component with, and the words for them: its own architectures', else tiny ones.

    Raises PluginError where it has architectures of its own, and none can be built here.
    """
    if not _names(component):
        yield from players()
        return
    for words, case in _homes(component, plugins):
        yield words, case.build(), case.shape


def faults_at_home(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults that show in steps of the component's own architectures, where it has any and is a part of steps."""
    setting = next((name for name, kind in STEP_KINDS.items() if kind == component.kind), "")
    if not _names(component) or not setting:
        return []
    given: dict[str, object] = {setting: (component.text,) if setting == "penalty" else component.text}

    def steps(case: Case) -> Iterator[str]:
        yield from two_steps_are_finite(case, **given)

    update_wrapper(steps, two_steps_are_finite)
    return placed((words, found(unwaived([steps], component), case)) for words, case in _homes(component, plugins))


def _names(component: Chosen) -> tuple[str, ...]:
    return component.spec.goes_with if isinstance(component.spec, Component) else ()


def _homes(component: Chosen, plugins: PluginHost) -> list[tuple[str, Case]]:
    """Each architecture it goes with, at each shape that it does not refuse."""
    homes: list[tuple[str, Case]] = []
    for name in _names(component):
        try:
            architecture = plugins.resolve("architecture", name)
        except GantoolError as error:
            raise PluginError(
                f"{component.title} goes with architecture {name!r}, which is not here. {error}"
            ) from error
        for shape in shapes(usual(architecture)):
            case = Case(architecture, shape, plugins)
            try:
                case.build()
            except PluginError:
                raise
            except GantoolError:
                continue  # what a network is not made for
            homes.append((f"with {name} {case.place}", case))
    if not homes:
        names = " and ".join(_names(component))
        raise PluginError(
            f"{component.title} cannot be checked: {names} can be built for none of the usual shapes. Let its "
            "factory accept one of them."
        )
    return homes
