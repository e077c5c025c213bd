"""The card of a model that leaves this machine: what tells of the machine's files is left out."""

from pathlib import PureWindowsPath

from gantool.engine.model_file import ModelCard
from gantool.plugins.grammar import parse_choice
from gantool.plugins.option_types import quote, split, unquote


def shared(card: ModelCard) -> ModelCard:
    """The card without the path of the model that its run began with, and with names of files without their folders."""
    return card.model_copy(update={"began_with": None, "architecture": _without_folders(card.architecture)})


def _without_folders(architecture: str) -> str:
    choice = parse_choice(architecture)
    options = {key: "+".join(map(_name, split(value, "+"))) for key, value in choice.options.items()}
    return ":".join(filter(None, (choice.name, ",".join(f"{key}={value}" for key, value in options.items()))))


def _name(value: str) -> str:
    """A value of an option; of a path, by the separators of any system, its last part."""
    text = unquote(value)
    if not {"/", "\\"} & set(text):
        return value
    name = PureWindowsPath(text).name
    return quote(name) if {",", "+", '"'} & set(name) else name
