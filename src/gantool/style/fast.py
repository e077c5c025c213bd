"""Style networks of plugins: the one that a name or a picture means, and what it draws with."""

from collections.abc import Sequence
from pathlib import Path

import torch

from gantool.api.specs import Component
from gantool.api.style_networks import StyleNetwork
from gantool.errors import DataError, OptionError, UnknownNameError, nearest_beside
from gantool.plugins.companions import providing
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.style.job import as_image, read_style

KIND, ANY_STYLE = "style-network", "any-style"
LONGEST = 1024
"""The longer side in pixels at which a network gets the picture whose style it takes, at most."""


def choose_network(plugins: PluginHost, texts: Sequence[str]) -> tuple[Chosen, Path | None]:
    """The style network that is meant by NAME[:options], by a picture, or by both; and the picture.

    A name means the network, though there is a file of that name. Raises UnknownNameError where there is no such
    network, with the nearest names or the plugin that has it, DataError where there is no such picture, and OptionError
    for texts that do not go together.
    """
    first, *others = texts
    named = first.partition(":")[0] in plugins.specs(KIND) or not _is_path(first)
    chosen = _named(plugins, first) if named else plugins.resolve(KIND, _of_any_style(plugins))
    pictures = [Path(text) for text in (others if named else texts)]
    if not _takes_any(chosen):
        if pictures:
            raise OptionError(f"{', '.join(texts)}: {first} has one style of its own; give it alone.")
        return chosen, None
    if len(pictures) != 1:
        raise OptionError(
            f"{', '.join(texts)}: a style network draws in the style of one picture; give one, as in "
            f"'{chosen.spec.name} painting.jpg', or leave out --fast, by which several are blended."
        )
    if pictures[0].is_dir():
        raise DataError(f"{pictures[0]} is a folder: with --fast give one picture of the style.")
    if not pictures[0].is_file():
        raise DataError(f"There is no file {pictures[0]}.{nearest_beside(pictures[0])}")
    return chosen, pictures[0]


def build_network(chosen: Chosen, picture: Path | None, device: torch.device) -> StyleNetwork:
    """The network on its device, with the style of the picture if there is one."""
    network: StyleNetwork = chosen.build()
    if isinstance(network, torch.nn.Module):
        network = network.eval().requires_grad_(False).to(device)
    if picture is not None:
        with torch.no_grad():
            network.set_style(as_image(read_style(picture, LONGEST), device))
    return network


def _is_path(text: str) -> bool:
    """True for a file, or a text that cannot name a component."""
    return Path(text).exists() or any(mark in text.partition(":")[0] for mark in "./\\")


def _takes_any(chosen: Chosen) -> bool:
    return isinstance(chosen.spec, Component) and ANY_STYLE in chosen.spec.traits


def _named(plugins: PluginHost, text: str) -> Chosen:
    try:
        return plugins.resolve(KIND, text)
    except UnknownNameError:
        if plugins.specs(KIND):
            raise
        raise UnknownNameError(_none(f"the style {text!r}")) from None


def _of_any_style(plugins: PluginHost) -> str:
    """The name of the one network that takes any picture."""
    names = [
        name for name, spec in plugins.specs(KIND).items() if isinstance(spec, Component) and ANY_STYLE in spec.traits
    ]
    if not names:
        raise UnknownNameError(_none("the style of any picture"))
    if len(names) > 1:
        raise OptionError(
            f"{' and '.join(names)} draw in the style of any picture: name one before it, as in "
            f"'{names[0]} painting.jpg'."
        )
    return names[0]


def _none(what: str) -> str:
    companion = next(iter(providing(KIND).values()))
    needs = f"--fast needs a plugin with one, such as {companion.distribution}"
    return f"No network for {what} is installed; {needs}: {companion.way}"
