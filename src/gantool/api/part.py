"""The base of components."""

from abc import ABC


class Part(ABC):  # noqa: B024 (what is abstract differs by kind)
    """The base of all components but architectures; `component_name` is set where one is built by its name."""

    component_name: str = ""
