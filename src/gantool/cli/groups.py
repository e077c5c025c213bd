"""Help pages of groups of commands, such as `gantool data`, and the text of any page."""

import re
from typing import Any

from typer._click import Context
from typer.core import TyperGroup


def paragraphs(text: str) -> str:
    """A docstring for a page, on which its paragraphs are kept and its lines are not."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def without_types(params: list[Any]) -> list[Any]:
    """The parameters of a page, on which flags have no type beside them."""
    for param in params:
        if getattr(param, "is_bool_flag", False):
            param.metavar = ""
    return params


class PageGroup(TyperGroup):
    """A group with a help page that names no type beside flags."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Its options, that is --help."""
        return without_types(super().get_params(ctx))
