"""The command `gantool` with the plugins of this repository: its parser, of which nothing is executed."""

from functools import cache
from pathlib import Path

import gantool_blobs
from command_lines import files_of, pages
from typer._click.exceptions import NoArgsIsHelpError
from typer.core import TyperGroup
from typer.main import get_command

import gantool_faststyle
import gantool_hf_data
import gantool_projected
import gantool_r3gan
import gantool_stylegan2
import gantool_tensorboard
import gantool_trackio
import gantool_vae
from gantool.cli.app import app
from gantool.plugins.host import PluginHost

PLUGINS = {
    "gantool-blobs": gantool_blobs,
    "gantool-faststyle": gantool_faststyle,
    "gantool-hf-data": gantool_hf_data,
    "gantool-projected": gantool_projected,
    "gantool-r3gan": gantool_r3gan,
    "gantool-stylegan2": gantool_stylegan2,
    "gantool-tensorboard": gantool_tensorboard,
    "gantool-trackio": gantool_trackio,
    "gantool-vae": gantool_vae,
}


def make_host(folder: Path | None = None) -> PluginHost:
    """The built-ins, the plugins of this repository, and those that pages show, which are written to `folder`."""
    made = PluginHost(third_party=False, environ={})
    for name, plugin in PLUGINS.items():
        made.add(plugin, name)
    if folder is not None:
        for file, text in [found for page in pages() for found in files_of(page)]:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        made.load_folder(folder)
    return made


@cache
def root():
    return get_command(app)


@cache
def all_commands():
    return list(leaves(root()))


def leaves(command, name=()):
    """Each command that is no group, by its words."""
    if isinstance(command, TyperGroup):
        for inner in [*command.commands, *(("mix", "project", "reconstruct") if not name else ())]:
            context = command.make_context("gantool", [inner])
            yield from leaves(command.resolve_command(context, [inner])[1], (*name, inner))
    else:
        yield name, {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)}


def parsed(words):
    """The innermost command's name and the values of its parameters; nothing is executed."""
    command, name, rest, outer = root(), "gantool", list(words), None
    while True:
        context = command.make_context(name, rest, parent=outer)
        if not isinstance(command, TyperGroup):
            return name, context.params
        rest, outer = [*context._protected_args, *context.args], context
        if not rest:
            raise NoArgsIsHelpError(context)
        name, command, rest = command.resolve_command(context, rest)
