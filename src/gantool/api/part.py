"""The base of components."""

from abc import ABC


class Part(ABC):  # noqa: B024 (what is abstract differs by kind)
    """The base of all components but architectures; the attributes are set where one is built by its name.

    `component_owner` is the distribution of its plugin, and empty for gantool's own.
    """

    component_name: str = ""
    component_owner: str = ""


def name_of(part: object) -> str:
    """The words for a component in messages: its name, or the class of one that was built without one."""
    name = getattr(part, "component_name", "")
    return repr(name) if name else str(getattr(part, "__name__", type(part).__name__))
