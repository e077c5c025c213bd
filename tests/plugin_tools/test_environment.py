import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest

from gantool.errors import PluginError
from gantool.plugin_tools import environment
from gantool.plugin_tools.environment import Environment, constraints_file, installed_pins, this_environment
from gantool.plugin_tools.requirements import PluginRequirement, read_requirement

FOO = PluginRequirement("gantool-foo", "gantool-foo")
GANTOOL = PluginRequirement("gantool", "gantool")
EDITABLE = PluginRequirement("/src/gantool-dev", "gantool-dev", editable=True)


@pytest.fixture(autouse=True)
def pins(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The constraints file of every command."""
    file = Path("/cache/pins.txt")
    monkeypatch.setattr(environment, "constraints_file", lambda **_: file)
    return file


def words(here: Environment, *wanted: PluginRequirement, upgrade: bool = False) -> str:
    return " ".join(here.install_command(wanted, upgrade=upgrade))


def test_pip_comes_first(tmp_path: Path, pins: Path) -> None:
    here = Environment("/bin/py", tmp_path, has_pip=True, uv="/bin/uv")
    begin = "/bin/py -P -m pip install --disable-pip-version-check --no-input"
    assert words(here, FOO, EDITABLE) == f"{begin} --constraint {pins} gantool-foo --editable /src/gantool-dev"
    assert words(here, FOO, upgrade=True) == f"{begin} --upgrade --constraint {pins} gantool-foo"
    assert here.uninstall_command(["a", "b"])[:5] == ("/bin/py", "-P", "-m", "pip", "uninstall")
    assert here.uninstall_command(["a", "b"])[-3:] == ("--yes", "a", "b")


def test_uv_where_there_is_no_pip_upgrades_the_plugins_alone(tmp_path: Path, pins: Path) -> None:
    here = Environment("/bin/py", tmp_path, has_pip=False, uv="/bin/uv")
    begin = "/bin/uv pip install --python /bin/py"
    assert words(here, FOO) == f"{begin} --constraint {pins} gantool-foo"
    assert words(here, FOO, upgrade=True) == f"{begin} --upgrade-package gantool-foo --constraint {pins} gantool-foo"
    assert " ".join(here.uninstall_command(["gantool-foo"])) == "/bin/uv pip uninstall --python /bin/py gantool-foo"


def test_with_neither_the_way_to_pip_is_told(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="/bin/py -m ensurepip"):
        words(Environment("/bin/py", tmp_path, has_pip=False), FOO)


def test_in_an_environment_of_pipx_its_own_command_is_told(tmp_path: Path, pins: Path) -> None:
    place = tmp_path / "gantool"
    place.mkdir()
    (place / "pipx_metadata.json").touch()
    here = Environment("/bin/py", place, has_pip=False)
    with pytest.raises(PluginError) as caught:
        words(here, FOO, upgrade=True)
    assert str(caught.value).endswith(f"Run: pipx runpip gantool install --upgrade --constraint {pins} gantool-foo")
    with pytest.raises(PluginError, match=r"Run: pipx runpip gantool uninstall --yes gantool-foo$"):
        here.uninstall_command(["gantool-foo"])


def test_uv_tool_is_given_all_that_its_new_environment_shall_have(tmp_path: Path, pins: Path) -> None:
    (tmp_path / "uv-receipt.toml").touch()
    here = Environment("/bin/py", tmp_path, marker=tmp_path)
    with pytest.raises(PluginError) as caught:
        here.check_changeable(GANTOOL, [EDITABLE, read_requirement("foo>=1")])
    assert str(caught.value).endswith(
        f": uv tool install gantool --constraints {pins} --with-editable /src/gantool-dev --with 'gantool-foo>=1'"
    )
    with pytest.raises(PluginError, match="--upgrade-package gantool-foo --with gantool-foo"):
        here.check_changeable(GANTOOL, [FOO], ["gantool-foo"])


@pytest.mark.parametrize(
    ("gantool", "again"),
    [
        (GANTOOL, "'gantool[features,video]'"),
        (PluginRequirement("/src/gantool", "gantool"), "'/src/gantool[features,video]'"),
        (PluginRequirement("/src/gantool", "gantool", editable=True), "--editable '/src/gantool[features,video]'"),
        (PluginRequirement("git+https://x/y@v1", "gantool"), "'gantool[features,video] @ git+https://x/y@v1'"),
    ],
    ids=["name", "folder", "editable", "url"],
)
def test_uv_tool_keeps_the_extras_of_gantool(
    tmp_path: Path, pins: Path, gantool: PluginRequirement, again: str
) -> None:
    """The receipt is that of uv 0.13."""
    (tmp_path / "uv-receipt.toml").write_text(
        '[tool]\nrequirements = [\n    { name = "gantool-foo" },\n'
        '    { name = "gantool", extras = ["features", "video"], directory = "/src/gantool" },\n]\n'
    )
    with pytest.raises(PluginError) as caught:
        Environment("/bin/py", tmp_path).check_changeable(gantool, [FOO])
    assert str(caught.value).endswith(f": uv tool install {again} --constraints {pins} --with gantool-foo")


@pytest.mark.parametrize("room", ["archive-v0", "builds-v0", "environments-v2"])
def test_in_the_cache_of_uv_nothing_is_installed(tmp_path: Path, room: str) -> None:
    """uvx shares an environment between its calls until the cache is tidied: a plugin would come and go."""
    here = Environment("/bin/py", tmp_path / room / "RtQ4FL0Cyr4KWHlp", has_pip=False, uv="/bin/uv")
    assert here.owner == "user"
    (tmp_path / "CACHEDIR.TAG").touch()
    with pytest.raises(PluginError, match="environment of uvx") as caught:
        here.check_changeable(PluginRequirement("/src/gantool", "gantool"), [EDITABLE, FOO])
    assert ": uvx --from /src/gantool --with-editable /src/gantool-dev --with gantool-foo gantool ..." in str(
        caught.value
    )


def test_a_systems_python_is_left_alone(tmp_path: Path) -> None:
    here = Environment("/usr/bin/python3", tmp_path, marker=tmp_path / "EXTERNALLY-MANAGED")
    with pytest.raises(PluginError, match="EXTERNALLY-MANAGED") as caught:
        here.check_changeable(GANTOOL, [FOO])
    assert str(caught.value).endswith("~/gantool/bin/pip install gantool gantool-foo")


def test_the_marker_of_pep_668_binds_all_but_virtual_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert this_environment().owner == "user"
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    assert this_environment().owner == "system"
    monkeypatch.setattr(sys, "base_prefix", "/elsewhere")
    assert this_environment().owner == "user"
    this_environment().check_changeable(GANTOOL, [FOO])


def test_the_constraints_hold_installed_versions_and_what_gantool_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that names numpy<1.26 and not gantool would take it away: installers look at no one else's needs."""
    there = {"torch": "2.11.0+cu130", "gantool": "0.1.0"}

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    listed = ["numpy>=1.26", "typer<0.30,>=0.29", "torch>=2.6", "plain", "rich (>=13)", "av>=14; extra == 'video'"]
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "requires", lambda name: listed)
    needs = "numpy>=1.26\ntyper<0.30,>=0.29\nrich>=13\n"
    assert constraints_file().read_text() == f"torch==2.11.0+cu130\ngantool==0.1.0\n{needs}"
    assert constraints_file(gantool=False).read_text() == f"torch==2.11.0+cu130\n{needs}"
    del there["gantool"]
    with pytest.raises(PluginError, match="gantool itself is not installed"):
        installed_pins()
