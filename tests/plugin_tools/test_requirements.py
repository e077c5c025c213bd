from pathlib import Path

import pytest

from gantool.errors import UsageError
from gantool.plugin_tools.requirements import read_requirement


@pytest.mark.parametrize(
    ("text", "given", "distribution"),
    [
        ("foo", "gantool-foo", "gantool-foo"),
        ("gantool-foo", "gantool-foo", "gantool-foo"),
        ("gantool_foo", "gantool_foo", "gantool_foo"),
        ("Gantool.foo", "Gantool.foo", "Gantool.foo"),
        ("foo==1.2", "gantool-foo==1.2", "gantool-foo"),
        ("foo[extra] >=1,<2", "gantool-foo[extra]<2,>=1", "gantool-foo"),
        ("https://example.org/gantool_foo-1.0-py3-none-any.whl", None, None),
        ("git+https://example.org/some/repository@v1", None, None),
        ("gantool-foo @ git+https://example.org/x", None, "gantool-foo"),
        ("gantool-foo@git+https://example.org/x", None, "gantool-foo"),
    ],
)
def test_names_and_urls(text: str, given: str | None, distribution: str | None) -> None:
    requirement = read_requirement(text)
    assert requirement.text.replace(" ", "") == (given or text).replace(" ", "")
    assert requirement.distribution == distribution


@pytest.mark.parametrize("text", ["", "--index-url=x", "--index-url=https://x", "-e", "foo bar", "gantool", "a&b"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_requirement(text)


def test_a_folder_a_wheel_and_an_sdist_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("foo").mkdir()
    Path("foo/pyproject.toml").touch()
    for name in ("gantool_foo-1.0-py3-none-any.whl", "gantool_foo-1.0.tar.gz"):
        Path(name).touch()
        assert read_requirement(name).text == str(tmp_path / name)
    for text in ("./foo", "foo/", str(tmp_path / "foo"), "foo/../foo"):
        assert read_requirement(text).text == str(tmp_path / "foo")
        assert read_requirement(text).source == (tmp_path / "foo").as_uri()
    assert read_requirement("foo", editable=True).words == ("--editable", str(tmp_path / "foo"))
    assert read_requirement("foo").text == "gantool-foo"  # as pip has it: a name, and no path


def test_paths_that_cannot_be_installed_say_why(tmp_path: Path) -> None:
    (tmp_path / "plain.py").touch()
    for path, why in {
        tmp_path: "no pyproject.toml, so it cannot be installed. A folder of plain files",
        tmp_path / "plain.py": "give a folder with a pyproject.toml, a wheel or an sdist",
        tmp_path / "plain.pi": "Did you mean 'plain.py'",
    }.items():
        with pytest.raises(UsageError, match=why):
            read_requirement(str(path))
    with pytest.raises(UsageError, match="--editable takes a folder"):
        read_requirement("https://example.org/x.whl", editable=True)
