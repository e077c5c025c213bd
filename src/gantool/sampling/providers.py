"""The provider of a saved model's architecture, for errors when it is missing or has changed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gantool.engine.checkpoint import MisfitError
from gantool.engine.model_file import ModelCard, read_card
from gantool.errors import CheckpointError, GantoolError, UnknownNameError, sentence
from gantool.plugins.companions import COMPANIONS
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.sampling.locate import generator_file


def missing(plugins: PluginHost, model: Path, error: GantoolError) -> str:
    """The text of the error; of a run's or checkpoint's architecture that is not there, with who provided it."""
    with suppress(CheckpointError):
        card = read_card(generator_file(model))
        if _name(card) not in plugins.specs("architecture"):
            told = _without(plugins, card, error)
            start = f"There is no architecture {_name(card)!r}." if told else str(error)
            provider = "" if card.provider in start else f"It was the architecture of {card.provider}."
            return " ".join(filter(None, (start, provider, told)))
    return str(error)


def unusable(plugins: PluginHost, card: ModelCard, error: GantoolError) -> str:
    """Why the architecture of a card is not usable here."""
    return _without(plugins, card, error) or str(error)


def _without(plugins: PluginHost, card: ModelCard, error: GantoolError) -> str:
    """A sentence on the provider of a card where it is not here, or blocked; empty where the error itself says so."""
    known = {"gantool", *(each.distribution for each in COMPANIONS)}
    if not isinstance(error, UnknownNameError) or card.provider in known:
        return ""
    owner = next((plugin for plugin in plugins.plugins if plugin.distribution == card.provider), None)
    if owner is not None:
        return f"Plugin {owner.title} is blocked: {owner.error}." if owner.status == "blocked" else ""
    folder = "--plugins-dir or GANTOOL_PLUGINS_DIR names the folder where it lies"
    if not card.provider.startswith("gantool-"):
        return f"{card.provider} is not here: {folder}, unless it is a package to install."
    return (
        f"{card.provider} is not installed: 'gantool plugins install {card.provider}' brings it where its author has "
        f"published it, or {folder}."
    )


@contextmanager
def explaining_misfit(model: Path, architecture: Chosen) -> Iterator[None]:
    """Name the provider and the remedy in the error if weights do not fit the networks of a plugin's architecture."""
    try:
        yield
    except MisfitError as misfit:
        raise CheckpointError(sentence(str(misfit)) + _changed(model, architecture)) from misfit


def _changed(model: Path, architecture: Chosen) -> str:
    with suppress(CheckpointError):
        card = read_card(generator_file(model))
        owner, here = architecture.distribution, architecture.release or architecture.distribution
        if card.provider == owner == "gantool":
            return ""
        now = f"here is {here}" if owner == card.provider else f"here it is that of {here}"
        return (
            f" It was made with the architecture {_name(card)!r} of {card.provider}; {now}, whose networks are others. "
            "Install the version that it was made with, or ask its author."
        )
    return ""


def _name(card: ModelCard) -> str:
    return card.name
