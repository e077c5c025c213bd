"""`gantool plugins`: lists of plugins and their components, and the options of a component."""

from typing import Annotated

import typer

from gantool.cli import plugins_check, plugins_manage, plugins_new
from gantool.cli.components import PluginFolders, PluginsDir
from gantool.cli.groups import PageGroup
from gantool.cli.plugins_manage import Json

app = typer.Typer(cls=PageGroup, help="List, write, check, install and remove plugins.", no_args_is_help=True)
app.command()(plugins_new.new)
app.command()(plugins_check.check)
app.command()(plugins_manage.install)
app.command()(plugins_manage.upgrade)
app.command()(plugins_manage.uninstall)


def _complete_name(incomplete: str) -> list[tuple[str, str]]:
    from gantool.api.kinds import KINDS
    from gantool.plugins.host import host

    return [(name, spec.summary) for kind in KINDS for name, spec in host().specs(kind).items()]


def _complete_kind(incomplete: str) -> list[str]:
    from gantool.api.kinds import KINDS

    return list(KINDS)


@app.command("list")
def list_plugins(json: Json = False, plugins_dir: PluginFolders = None) -> None:
    """List all plugins: built in, installed, or in a folder; working or broken."""
    from gantool.cli.describe import plugin_facts, plugin_list
    from gantool.cli.output import page, result_json
    from gantool.plugin_tools.fatal_imports import cached_fatal_imports
    from gantool.plugins.companions import absent
    from gantool.plugins.host import look_in
    from gantool.render.wrapping import say as paragraph

    folders = plugins_dir or []
    plugins = look_in(folders, lambda: cached_fatal_imports(folders)).plugins
    if json:
        result_json([plugin_facts(plugin) for plugin in plugins])
        return
    page().print(plugin_list(plugins, page().width), overflow="ignore", crop=False)
    present = [name for plugin in plugins for provided in plugin.provides.values() for name in provided]
    for each in absent([*present, *(plugin.distribution for plugin in plugins)]):
        paragraph(page(), "", f"Not installed: {each.distribution} ({each.brings}): {each.way}")


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A component, a plugin or a distribution.", autocompletion=_complete_name),
    ],
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only components of this kind.", autocompletion=_complete_kind),
    ] = None,
    json: Json = False,
    plugins_dir: PluginsDir = None,
) -> None:
    """Show a component's options and recipe, or what a plugin provides."""
    from gantool.api.kinds import KINDS
    from gantool.cli.describe import component_facts, component_panel, plugin_facts, plugin_list
    from gantool.cli.output import page, result_json
    from gantool.plugins.host import host

    plugins = host()
    kinds = [kind] if kind else list(KINDS)
    found = [(each, plugins.specs(each)[name]) for each in kinds if name in plugins.specs(each)]
    named = [] if found or kind else [plugin for plugin in plugins.plugins if plugin.is_called(name)]
    if not found and not named:
        raise _nothing(name, kind)
    if json:
        components = [component_facts(each, spec, plugins.owner(each, name)) for each, spec in found]
        result_json({"components": components, "plugins": [plugin_facts(plugin) for plugin in named]})
        return
    for each, spec in found:
        page().print(component_panel(each, spec, plugins.owner(each, name)))
    if named:
        page().print(plugin_list(named, page().width), overflow="ignore", crop=False)


def _nothing(name: str, kind: str | None) -> Exception:
    from gantool.api.kinds import KINDS
    from gantool.errors import GantoolError, UnknownNameError
    from gantool.hints import note
    from gantool.plugins.companions import COMPANIONS, explained, providing
    from gantool.plugins.host import host
    from gantool.plugins.status import plugin_meant

    plugins = host()
    if kind:
        try:
            plugins.find(kind, name)
        except GantoolError as error:
            return error
    known = [other for each in KINDS for other in plugins.specs(each)]
    known += [plugin.name for plugin in plugins.plugins] + [plugin.distribution for plugin in plugins.plugins]
    for each in KINDS:
        if name in providing(each):  # which may be there, and blocked
            return _nothing(name, each)
    brought = [explained(each, name) or note(each, name) for each in KINDS] + [
        f"{each.distribution} is not installed: {each.way}" for each in COMPANIONS if each.is_called(name)
    ]
    if any(brought):
        return UnknownNameError(next(filter(None, brought)))
    near = (
        plugin_meant(name, [*known, *(each.distribution for each in COMPANIONS)])
        or " 'gantool plugins list' shows what there is."
    )
    return UnknownNameError(f"There is no component, plugin or distribution {name!r}.{near}")
