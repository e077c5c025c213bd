import sys
import sysconfig
from pathlib import Path

import pytest

from gantool.errors import PluginError
from gantool.plugin_tools.environment import Environment, this_environment
from gantool.plugin_tools.installers import install_command, uninstall_command
from gantool.plugin_tools.requirements import Requirement, read_requirement
from gantool.plugin_tools.uv_tool import advice

FOO = read_requirement("gantool-foo")
URL = read_requirement("git+https://example.org/foo")
EDITABLE = Requirement("/src/gantool-foo", "gantool-foo", editable=True)
PINS = Path("/cache/pins.txt")
RECEIPT = """
[tool]
python = "3.12"
requirements = [
    {{ name = "gantool", extras = ["video"] }},
    {{ name = "gantool-old", specifier = ">=1" }},
    {{ name = "gantool-dev", editable = "/src/dev" }},
    {{ name = "gantool-far", git = "https://example.org/far?subdirectory=in&rev=main" }},{more}
]
[tool.options]
index = [
    {{ url = "https://example.org/main", default = true, format = "simple" }},
    {{ name = "cpu", url = "https://example.org/cpu", default = false }},
]
find-links = ["file:///wheels"]
prerelease = "allow"
"""


def arguments(environment: Environment, requirement: Requirement, *, upgrade: bool = False) -> str:
    return " ".join(install_command(environment, requirement, PINS, upgrade=upgrade).argv)


def refusal(environment: Environment, requirement: Requirement = FOO, *, upgrade: bool = False) -> str:
    with pytest.raises(PluginError) as caught:
        install_command(environment, requirement, PINS, upgrade=upgrade)
    return str(caught.value)


def test_pip_comes_first(tmp_path: Path) -> None:
    plain = Environment("/bin/py", tmp_path, has_pip=True, uv="/bin/uv")
    begin = "/bin/py -P -m pip install --disable-pip-version-check --no-input"
    assert arguments(plain, FOO) == f"{begin} --constraint {PINS} gantool-foo"
    assert arguments(plain, FOO, upgrade=True) == f"{begin} --upgrade --constraint {PINS} gantool-foo"
    assert arguments(plain, EDITABLE).endswith(f"--constraint {PINS} --editable /src/gantool-foo")
    assert uninstall_command(plain, "gantool-foo").argv[:5] == ("/bin/py", "-P", "-m", "pip", "uninstall")
    assert "--yes" in uninstall_command(plain, "gantool-foo").argv


def test_uv_where_there_is_no_pip_upgrades_the_plugin_alone(tmp_path: Path) -> None:
    uv = Environment("/bin/py", tmp_path, has_pip=False, uv="/bin/uv")
    begin = "/bin/uv pip install --python /bin/py"
    assert arguments(uv, FOO) == f"{begin} --constraint {PINS} gantool-foo"
    assert arguments(uv, FOO, upgrade=True) == f"{begin} --upgrade-package gantool-foo --constraint {PINS} gantool-foo"
    assert arguments(uv, URL, upgrade=True) == f"{begin} --constraint {PINS} {URL.text}"
    assert " ".join(uninstall_command(uv, "gantool-foo").argv) == "/bin/uv pip uninstall --python /bin/py gantool-foo"


def test_with_neither_the_exact_command_is_told(tmp_path: Path) -> None:
    nothing = Environment("/bin/py", tmp_path, has_pip=False)
    assert f"run: uv pip install --python /bin/py --constraint {PINS} gantool-foo " in refusal(nothing)
    assert "/bin/py -m ensurepip" in refusal(nothing)


def test_pipx_is_told_what_it_should_remember_and_pins_go_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pip's arguments would be kept in pipx's own records, and torch pinned for ever."""
    (tmp_path / "gantool").mkdir()
    (tmp_path / "gantool" / "pipx_metadata.json").write_text('{"injected_packages": {"Gantool_Foo": {}}}')
    pipx = Environment("/bin/py", tmp_path / "gantool", pipx="/bin/pipx")
    command = install_command(pipx, FOO, PINS)
    assert " ".join(command.argv) == "/bin/pipx inject gantool gantool-foo"
    assert set(command.environ.values()) == {PINS.as_uri()}  # the variable is split at spaces
    assert str(command).startswith(f"PIP_CONSTRAINT={PINS.as_uri()} ")
    monkeypatch.setenv("PIP_CONSTRAINT", "mine.txt")
    assert install_command(pipx, FOO, PINS).environ["PIP_CONSTRAINT"] == f"mine.txt {PINS.as_uri()}"
    # Not 'inject --force', which would install anew all that the plugin depends on.
    upgrade = f"/bin/pipx runpip gantool install --upgrade --constraint {PINS} gantool-foo"
    assert arguments(pipx, FOO, upgrade=True) == upgrade
    # 'inject' leaves what is there as it is, and says that all went well.
    again = " ".join(install_command(pipx, EDITABLE, PINS, there=True).argv)
    assert again == f"/bin/pipx runpip gantool install --constraint {PINS} --editable /src/gantool-foo"
    assert " ".join(uninstall_command(pipx, "gantool-bar").argv) == (  # what pipx does not know it does not remove
        "/bin/pipx runpip gantool uninstall --yes gantool-bar"
    )
    assert " ".join(uninstall_command(pipx, "gantool-foo").argv) == (
        "/bin/pipx uninject --leave-deps gantool gantool-foo"
    )
    assert "pipx inject gantool gantool-foo" in refusal(Environment("/bin/py", tmp_path / "gantool"))


def test_a_uv_tool_gets_the_command_that_repeats_what_it_was_made_of(tmp_path: Path) -> None:
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT.format(more='\n    { name = "gantool-foo" },'))
    tool = Environment("/bin/py", tmp_path, has_pip=True, uv="/bin/uv")
    kept = (
        "uv tool install --python 3.12 --default-index https://example.org/main --index cpu=https://example.org/cpu "
        "--find-links file:///wheels --prerelease allow 'gantool[video]' --with 'gantool-old>=1' "
        "--with-editable /src/dev --with 'gantool-far @ git+https://example.org/far@main#subdirectory=in'"
    )
    assert f"To add it, run: {kept} --with gantool-foo --constraints {PINS}" in refusal(tool)
    assert "--constraints holds torch" in refusal(tool)
    both = str(advice(tool, add=[FOO, EDITABLE], constraints=PINS))
    assert f"To add them, run: {kept} --with gantool-foo --with-editable /src/gantool-foo --const" in both
    assert refusal(tool, upgrade=True).endswith(
        f"{kept} --with gantool-foo --upgrade-package gantool-foo --constraints {PINS}"
    )
    assert refusal(tool, EDITABLE).endswith(f"{kept} --with-editable /src/gantool-foo --constraints {PINS}")
    with pytest.raises(PluginError) as caught:
        uninstall_command(tool, "gantool-foo")
    assert str(caught.value).endswith(kept)
    (tmp_path / "uv-receipt.toml").write_text("not TOML [")
    assert refusal(tool).endswith(f"uv tool install {tmp_path.name} --with gantool-foo --constraints {PINS}")


OPTIONS = """
[tool]
requirements = [{ name = "gantool" }, { name = "gantool-here", extras = ["all"], directory = "/src/here" }]
constraints = [{ name = "torch", specifier = "==2.6.0" }]
overrides = [{ name = "numpy", specifier = "<3" }]
excludes = ["foo"]
entrypoints = [{ name = "g", from = "gantool" }, { name = "h", from = "gantool-here" }]
[tool.options]
index = [{ name = "apart", url = "https://example.org/apart", explicit = true }]
no-index = true
no-build = false
resolution = "lowest"
exclude-newer = "2026-10-25T20:24:10Z"
exclude-newer-span = "P30D"
no-build-package = ["foo", "bar"]
dependency-metadata = [{ name = "foo" }]
"""


def test_options_of_a_uv_tool_are_repeated_and_what_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "uv-receipt.toml").write_text(OPTIONS)
    tool = Environment("/bin/py", tmp_path)
    assert refusal(tool).endswith(
        "run: uv tool install --no-build-package foo --no-build-package bar --resolution lowest --exclude-newer P30D "
        f"--no-index gantool --with '/src/here[all]' --with gantool-foo --constraints {PINS}"
    )
    lost = "overrides, excludes, index, dependency-metadata, executables from gantool-here"
    of = f"of {tmp_path / 'uv-receipt.toml'}: add that yourself."
    assert f" It does not repeat {lost} {of} " in refusal(tool)
    lost = "constraints, overrides, excludes, index, dependency-metadata"
    with pytest.raises(PluginError, match=f"It does not repeat {lost} of "):
        uninstall_command(tool, "gantool-here")
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT.format(more=""))
    assert "does not repeat" not in refusal(tool)


@pytest.mark.parametrize(
    "receipt",
    [
        "requirements = 3",
        'requirements = ["gantool", "gantool-old>=1"]\noptions = "none"',
        'requirements = [{ name = "gantool", extras = 3 }]\noptions = { index = ["/x"], find-links = 3 }',
        "options = { index = 3, no-index = 3, resolution = 3 }\nentrypoints = 3\noverrides = 3",
    ],
)
def test_a_receipt_of_another_form_is_read_as_far_as_it_goes(tmp_path: Path, receipt: str) -> None:
    (tmp_path / "uv-receipt.toml").write_text(f"[tool]\n{receipt}\n")
    said = refusal(Environment("/bin/py", tmp_path / "."))
    assert f"--with gantool-foo --constraints {PINS}" in said
    assert ("--with 'gantool-old>=1'" in said) is ("gantool-old" in receipt)
    for name in ("index", "find-links", "resolution"):
        assert (name in said) is (name in receipt)


@pytest.mark.parametrize(
    "text",
    [
        "git+https://example.org/far@v2#subdirectory=in",
        "git+https://example.org/far@some/branch#subdirectory=in",
        "git+https://example.org/far.git#subdirectory=in",
        "gantool-far @ git+https://example.org/far#subdirectory=in",
    ],
)
def test_a_url_that_is_there_already_is_not_added_twice(tmp_path: Path, text: str) -> None:
    (tmp_path / "uv-receipt.toml").write_text(RECEIPT.format(more=""))
    said = refusal(Environment("/bin/py", tmp_path), Requirement(text))
    assert said.count("example.org/far") == 1
    other = refusal(Environment("/bin/py", tmp_path), Requirement("git+https://example.org/far#subdirectory=other"))
    assert other.count("example.org/far") == 2
    here = refusal(Environment("/bin/py", tmp_path), Requirement("/src/dev", editable=True))
    assert here.count("/src/dev") == 1


def test_a_systems_python_is_left_alone_with_advice(tmp_path: Path) -> None:
    managed = Environment("/usr/bin/python3", tmp_path, marker=tmp_path / "EXTERNALLY-MANAGED")
    said = refusal(managed)
    assert "EXTERNALLY-MANAGED" in said
    for way in ("python3 -m venv", "pipx inject gantool gantool-foo", "uv tool install gantool --with gantool-foo"):
        assert way in said
    with pytest.raises(PluginError, match="belong to the system"):
        uninstall_command(managed, "gantool-foo")


def test_the_marker_of_pep_668_binds_all_but_virtual_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert this_environment().kind == "plain"
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
    assert this_environment().kind == "managed"
    monkeypatch.setattr(sys, "base_prefix", "/elsewhere")
    assert this_environment().kind == "plain"
