"""The provider of a saved model's architecture, for errors when it is missing or has changed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gantool.engine.checkpoint import MisfitError
from gantool.engine.model_file import ModelCard, read_card
from gantool.errors import CheckpointError, sentence
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.sampling.locate import generator_file


def missing(plugins: PluginHost, model: Path) -> str:
    """A sentence that names the provider of a run's or checkpoint's architecture, if none of that name is installed."""
    with suppress(CheckpointError):
        card = read_card(generator_file(model))
        if _name(card) not in plugins.specs("architecture"):
            return f" It was the architecture of {card.provider}."
    return ""


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
