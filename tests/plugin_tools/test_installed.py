"""Which plugin is meant, and where its next version comes from."""

import json
from pathlib import Path

import pytest

from gantool.errors import PluginError
from gantool.plugin_tools import installed
from gantool.plugin_tools.installed import InstalledPlugin, find_installed, installed_plugins
from sites import Site


@pytest.mark.parametrize(
    ("came", "text", "editable"),
    [
        (
            {
                "url": "https://example.org/all",
                "subdirectory": "plugins/gantool-foo",
                "vcs_info": {"vcs": "git", "requested_revision": "main"},
            },
            "git+https://example.org/all@main#subdirectory=plugins/gantool-foo",
            False,
        ),
        ({"url": "https://example.org/gantool_foo-1.0.zip"}, "https://example.org/gantool_foo-1.0.zip", False),
        ({"url": "file://{folder}", "dir_info": {"editable": True}}, "{folder}", True),
        ({}, "gantool-foo", False),
    ],
)
def test_a_plugin_is_installed_again_from_where_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, came: dict[str, object], text: str, editable: bool
) -> None:
    """Without its subdirectory an upgrade would install what lies at the repository's root, maybe gantool itself."""
    folder = tmp_path / "my plugins"
    folder.mkdir()
    site = Site(tmp_path)
    info = site.describe("gantool-foo", "[gantool]\nfoo = gantool_foo\n")
    url = {"url": folder.as_uri()} if text == "{folder}" else {}
    (info / "direct_url.json").write_text(json.dumps({**came, **url}))
    monkeypatch.syspath_prepend(tmp_path)
    (plugin,) = [one for one in installed_plugins() if one.distribution == "gantool-foo"]
    wanted = plugin.requirement
    assert (wanted.text, wanted.distribution, wanted.editable) == (
        text.format(folder=folder), "gantool-foo", editable,
    )  # fmt: skip
    folder.rmdir()
    if editable:
        with pytest.raises(PluginError, match=r"gantool-foo was installed from .*, which is there no more"):
            _ = plugin.requirement


def test_two_plugins_whose_names_differ_by_the_prefix_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [InstalledPlugin("foo", "1", ("one",)), InstalledPlugin("gantool-foo", "2", ("other",))]
    monkeypatch.setattr(installed, "installed_plugins", lambda: both)
    assert find_installed("foo").version == "1"
    assert find_installed("gantool_foo").version == "2"
    monkeypatch.setattr(installed, "installed_plugins", lambda: both[1:])
    assert find_installed("foo").version == "2"
