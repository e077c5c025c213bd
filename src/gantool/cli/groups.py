"""Groups of commands, such as `gantool data`, with help pages like those of their commands."""

from typing import Any

from typer._click import Context
from typer.core import TyperGroup


class PageGroup(TyperGroup):
    """A group with a help page that names no type beside flags."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Its options, that is --help."""
        params: list[Any] = super().get_params(ctx)
        for param in params:
            if getattr(param, "is_bool_flag", False):
                param.metavar = ""
        return params
