"""The card of a model that leaves this machine: what tells of the machine's files is left out."""

from pathlib import PureWindowsPath

from gantool.engine.model_file import ModelCard, Origin
from gantool.plugins.grammar import parse_choice
from gantool.plugins.option_types import quote, split, unquote


def shared(card: ModelCard) -> ModelCard:
    """The card with names of files without their folders, and nothing of the model that its run began with.

    Only the extractor by whose features that model had learnt stays, since it flatters this one, too.
    """
    learnt_by = "" if card.began_with is None else card.began_with.learnt_by
    began_with = Origin(model="", sha256="", images_seen=0, learnt_by=learnt_by) if learnt_by else None
    return card.model_copy(update={"began_with": began_with, "architecture": _without_folders(card.architecture)})


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
