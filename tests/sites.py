"""A site-packages folder of throw-away distributions, and an installer that puts them there without a network."""

import sys
from pathlib import Path
from textwrap import dedent


class Site:
    """A folder on Python's path, filled with distributions that are plugins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, distribution: str, source: str, *, entry: str | None = None, version: str = "1.0") -> str:
        module = distribution.replace("-", "_") + f"_{abs(hash(self.folder)) % 10**8}"  # no two tests share a module
        (self.folder / f"{module}.py").write_text(dedent(source).replace("{module}", module))
        self.describe(
            distribution, f"[gantool]\n{entry or distribution.removeprefix('gantool-')} = {module}\n", version
        )
        return module

    def describe(self, distribution: str, entry_points: str = "", version: str = "1.0") -> Path:
        """The metadata of a distribution alone."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        return info


FAKE_UV = """#!{python}
# Installs folders with a pyproject.toml, and names of such folders in `index`, into `site`, as uv does.
import json, pathlib, shutil, sys, tomllib
site, index = pathlib.Path({site!r}), pathlib.Path({index!r})
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(words) + "\\n")
assert words[0] == "pip" and words[2] == "--python", words
def uninstall(name):
    for info in site.glob(name.replace("-", "_") + "-*.dist-info"):
        for top in (info / "top_level.txt").read_text().split():
            shutil.rmtree(site / top)
        shutil.rmtree(info)
if words[1] == "uninstall":
    for name in words[4:]:
        uninstall(name)
    sys.exit()
at = words.index("--constraint") + 1
constraint = pathlib.Path(words[at]).read_text()
def install(name, editable):
    folder = pathlib.Path(name) if "/" in name else index / name
    if not folder.is_dir():
        print("error: there is no " + name)
        sys.exit(2)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    for wanted in project.get("dependencies", []):
        for pin in constraint.split():
            if "==" in pin and wanted.startswith(pin.split("==")[0] + "<"):
                print(f"Because {{name}} depends on {{wanted}} and {{pin}}, nothing can be done")
                sys.exit(1)
    uninstall(project["name"])
    tops = [path.name for path in (folder / "src").iterdir()]
    for top in tops:
        shutil.copytree(folder / "src" / top, site / top)
    info = site / f"{{project['name'].replace('-', '_')}}-{{project['version']}}.dist-info"
    info.mkdir()
    facts = f"Name: {{project['name']}}\\nVersion: {{project['version']}}\\n"
    (info / "METADATA").write_text("Metadata-Version: 2.1\\n" + facts)
    points = project.get("entry-points", {{}}).get("gantool", {{}})
    lines = [f"{{key}} = {{value}}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\\n".join(["[gantool]", *lines]) if lines else "")
    (info / "top_level.txt").write_text(" ".join(tops))
    if "/" in name:
        came = {{"url": folder.as_uri(), "dir_info": {{"editable": editable}}}}
        (info / "direct_url.json").write_text(json.dumps(came))
    print("installed " + name)
for before, name in zip(words[at:], words[at + 1 :]):
    if name != "--editable":
        install(name, before == "--editable")
"""


def fake_uv(folder: Path, site: Path, index: Path) -> Path:
    """A program that `gantool plugins` takes for uv; it writes each call's arguments to `calls.jsonl` beside it."""
    program = folder / "uv"
    program.write_text(
        FAKE_UV.format(python=sys.executable, site=str(site), index=str(index), log=str(folder / "calls.jsonl"))
    )
    program.chmod(0o755)
    return program
