"""The plugin that an error comes from, by the frames of its traceback."""

import sys
import traceback
from pathlib import Path

from gantool.errors import cause
from gantool.plugins.host import PluginHost
from gantool.plugins.loading import HEAVY

_OTHERS = {"gantool", *HEAVY, *sys.stdlib_module_names}


def failure(error: BaseException, plugins: PluginHost) -> str | None:
    """The error and its plugin in a phrase; None where no plugin's code was running.

    The innermost frame of a plugin is to blame, also for what a library raised that it called.
    """
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        module, file = str(frame.f_globals.get("__name__", "")), frame.f_code.co_filename
        if owner := _owner(module, file, plugins):
            return f"Plugin {owner} failed in {frame.f_code.co_qualname}: {cause(error)}"
    return None


def _owner(module: str, file: str, plugins: PluginHost) -> str | None:
    for plugin in plugins.plugins:
        if plugin.from_folder and Path(file).is_relative_to(plugin.origin):
            return plugin.title
    return _packages(plugins).get(module.partition(".")[0])


def _packages(plugins: PluginHost) -> dict[str, str]:
    """The packages that hold components of plugins, with the plugin of each."""
    return {
        package: owner.title
        for owner, spec in plugins.provided()
        if (package := spec.factory.partition(":")[0].partition(".")[0]) not in _OTHERS
    }
