"""Build the site from README, docs, and the READMEs of plugins, benchmarks and examples.

    python site/build.py [FOLDER]

FOLDER (`site/html` without one) is written anew; one that holds anything but an earlier site is refused. Pages keep
their places in the repository, so that links that work there work here. The reference of commands and components is
written from the code. A broken link ends the build. It needs `zensical`, which the line of
`INSTALL` installs, and no network.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import command_pages

SITE = Path(__file__).resolve().parent
ROOT = SITE.parent
NAVIGATION = {
    "Course": ("docs/course/README.md", "docs/course/[0-9]*.md"),
    "Guides": (
        "docs/pictures.md",
        "docs/high-resolution.md",
        "docs/training.md",
        "docs/troubleshooting.md",
        "docs/evaluate.md",
        "docs/watch.md",
        "docs/tuning.md",
        "docs/explore.md",
        "docs/use.md",
        "docs/stylize.md",
        "docs/gpu.md",
        "docs/scale.md",
        "docs/gallery.md",
        "docs/measured.md",
    ),
    "Reference": ("reference/commands.md", "reference/components.md"),
    "Plugins": ("docs/plugins.md", "plugins/*/README.md", "examples/*/README.md"),
    "Development": ("docs/design.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/*/README.md"),
}
"""The sections of the site, with patterns of their pages; a pattern with * may be without a page."""

INSTALL = "pip install -U pip && pip install --group site"
"""Installs what writes the pages. The pip that comes with Python 3.11 and 3.12 knows no groups."""
MARK = ".gantool-site"
"""The empty file by which a folder is known as one that was written here."""
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
TITLE = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"<code>([^<]+)</code>")
FLAG = re.compile(r"(?<![^\s(])--?[a-z][a-z0-9-]*")


def main() -> None:
    """Write the site. Raises SystemExit with zensical's code where it finds a fault."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else SITE / "html").resolve()
    check_target(target)
    check_tool()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        assemble(home / "pages")
        settings = (SITE / "zensical.toml").read_text(encoding="utf-8")
        (home / "zensical.toml").write_text(
            settings.replace("[project]\n", f"[project]\nnav = {_toml(navigation(home / 'pages'))}\n", 1),
            encoding="utf-8",
        )
        done = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict", "--clean"], cwd=home, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
        for page in (home / "html").rglob("*.html"):
            page.write_text(unbroken(page.read_text(encoding="utf-8")), encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(home / "html", target)
        (target / MARK).touch()
    print(f"The site is in {target}")


def unbroken(page: str) -> str:
    """The page with each flag in running text and tables marked, as browsers may break a line behind its hyphens."""

    def marked(code: re.Match[str]) -> str:
        text = FLAG.sub(r'<span class="flag">\g<0></span>', code[1])
        return f"<code>{text}</code>"

    return CODE.sub(marked, page)


def check_target(target: Path) -> None:
    """Raise SystemExit for a place whose content was not written by an earlier build, as it would be removed."""
    if target.exists() and not (target.is_dir() and ((target / MARK).is_file() or not any(target.iterdir()))):
        raise SystemExit(f"{target} is there and holds no earlier site: name a new folder, or remove it yourself.")


def check_tool() -> None:
    """Raise SystemExit where zensical, which writes the pages, is not installed."""
    if importlib.util.find_spec("zensical") is None:
        lacks = f"The site is written by zensical, which {sys.executable} does not find"
        raise SystemExit(f"{lacks}: {INSTALL}")


def assemble(pages: Path) -> None:
    """Put all pages, and the files that they link to, into a folder, each in its place; README is the first page.

    Raises ValueError for a link to what is not there.
    """
    sources = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in _sources()}
    wanted = {"index.md" if name == "README.md" else name: _linked(name, text) for name, text in sources.items()}
    wanted |= {f"reference/{name}": text for name, text in command_pages.pages().items()}
    for name, text in wanted.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(text, encoding="utf-8")
    shutil.copyfile(SITE / "site.css", pages / "site.css")
    for name, text in sources.items():
        for target in (_target(name, found[2]) for found in LINK.finditer(text)):
            if target and not target.exists():
                raise ValueError(f"{name} links to {os.path.relpath(target, ROOT)}, which is not there.")
            if target and target.is_file() and target.suffix != ".md":
                place = pages / target.relative_to(ROOT)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(target, place)


def navigation(pages: Path) -> list[dict[str, object]]:
    """The site's navigation. Raises ValueError for a page that is in no section, or a named one that is not there."""
    placed: set[str] = {"index.md"}
    sections: list[dict[str, object]] = [{"Start": "index.md"}]
    for title, patterns in NAVIGATION.items():
        names = [str(path.relative_to(pages)) for pattern in patterns for path in sorted(pages.glob(pattern))]
        placed.update(names)
        if names:
            sections.append({title: [{_title(pages / name): name} for name in dict.fromkeys(names)]})
    named = {name for patterns in NAVIGATION.values() for name in patterns if "*" not in name}
    if missing := sorted(name for name in named if not (pages / name).is_file()):
        raise ValueError(f"NAVIGATION in {__file__} names {', '.join(missing)}, which is not there.")
    lost = {str(path.relative_to(pages)) for path in pages.rglob("*.md")} - placed
    if lost:
        raise ValueError(f"No section of the site has {', '.join(sorted(lost))}: add it to NAVIGATION in {__file__}.")
    return sections


def _sources() -> Iterator[Path]:
    for pattern in ("*.md", "docs/*.md", "docs/course/*.md", "plugins/*/README.md", "benchmarks/*/README.md"):
        yield from sorted(ROOT.glob(pattern))
    yield from sorted(ROOT.glob("examples/*/README.md"))


def _linked(name: str, text: str) -> str:
    """The page with links to folders as links to their README, or as plain text where there is none."""

    def mended(found: re.Match[str]) -> str:
        label, link, anchor = found[1], found[2], found[3] or ""
        target = _target(name, link)
        if target is None:
            return found[0]
        if target == ROOT / "README.md":
            return f"[{label}]({link.removesuffix('README.md')}index.md{anchor})"
        if target.is_dir():
            return f"[{label}]({link.rstrip('/')}/README.md)" if (target / "README.md").is_file() else label
        return found[0]

    return LINK.sub(mended, text)


def _target(name: str, link: str) -> Path | None:
    """The file or folder that a page links to; None for an address."""
    return None if "://" in link or link.startswith("mailto:") else ((ROOT / name).parent / link).resolve()


def _title(page: Path) -> str:
    found = TITLE.search(page.read_text(encoding="utf-8"))
    return found[1].replace("`", "") if found else page.stem


def _toml(value: object) -> str:
    """A value of tables, lists and texts in TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
