"""Numbers of images on the command line: 5000, 200k, 1.5M."""

import typer

from gantool.errors import OptionError


def read_count(text: str) -> int:
    """The number, or Typer's own complaint about the flag."""
    from gantool.run.config import parse_count

    try:
        return parse_count(text)
    except OptionError as error:
        raise typer.BadParameter(str(error)) from error
