"""Command lines of `gantool` as pages write them: in blocks, in spans of a sentence, and in components' own texts.

A line of a block is whole. A span may be partial: a command with arguments left out, flags alone (`--arch r3gan`), or a
component alone (`r1:weight=1`).
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product, takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:<!-- (?P<mark>[^>\n]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE
)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
SHELL = ("", "bash", "console", "sh")
COMPONENT = re.compile(r"[a-z][a-z0-9-]*:[a-z0-9_]+=\S+")
METAVAR = re.compile(r"[A-Z][A-Z_]*(\|[A-Z]+)*")
COMMANDS = (
    "train", "tune", "sample", "interpolate", "directions", "evaluate", "stylize", "export", "push", "data", "launch",
    "plugins", "mix", "project",
)  # fmt: skip
IN_PROSE = re.compile(rf"gantool (?:{'|'.join(COMMANDS)})(?: (?:--[a-z-]+|[A-Z]+\b))*")


@dataclass(frozen=True)
class Line:
    """One command line: its place, the words after `gantool`, and whether it may leave arguments out.

    `run_elsewhere` are lines of a block that a test of its own runs.
    """

    place: str
    words: tuple[str, ...]
    partial: bool = False
    flags_alone: bool = False
    run_elsewhere: bool = False

    @property
    def page(self) -> str:
        return self.place.rpartition(":")[0]

    @property
    def text(self) -> str:
        return shlex.join(self.words if self.flags_alone else ("gantool", *self.words))


def pages() -> list[Path]:
    folders = (".", "docs", "docs/course", "plugins/*", "examples/*")
    return sorted(path for folder in folders for path in ROOT.glob(f"{folder}/*.md"))


def blocks(page: Path, languages: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    """Line number, mark and text of the page's code blocks."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        if found["language"] in languages:
            yield text.count("\n", 0, found.start("text")) + 1, found["mark"] or "", found["text"]


def spans(page: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of the page's code spans."""
    text = FENCE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text(encoding="utf-8"))
    for found in SPAN.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, " ".join(found[1].split())


def files_of(page: Path) -> list[tuple[str, str]]:
    """Path and text of each Python block that begins with its path as a docstring."""
    found = [(re.match(r'"""(\S+\.py)"""', text), text) for _, _, text in blocks(page, ("python",))]
    return [(path[1], text) for path, text in found if path]


def of_page(page: Path) -> Iterator[Line]:
    """All lines of a page, blocks first."""
    name = str(page.relative_to(ROOT))
    for start, mark, text in blocks(page, SHELL):
        for number, line in enumerate(_joined(text), start):
            for words in programs(line):
                yield from _alternatives(Line(f"{name}:{number}", words, "..." in words, run_elsewhere=mark == "run"))
    for number, text in spans(page):
        if text.startswith("--"):
            yield from _alternatives(Line(f"{name}:{number}", tuple(shlex.split(text)), partial=True, flags_alone=True))
        else:
            for words in programs(text):
                yield from _alternatives(Line(f"{name}:{number}", words, partial=True))


def components_of_page(page: Path) -> list[tuple[str, str]]:
    """Place and text of each span that is a component with options."""
    name = page.relative_to(ROOT)
    found = [(f"{name}:{number}", text) for number, text in spans(page) if COMPONENT.fullmatch(text)]
    return [(place, text) for place, text in found if "..." not in text]


def in_prose(place: str, text: str) -> list[Line]:
    """Commands in a text without markup: the name, and the flags and metavars after it."""
    return [Line(place, tuple(found[0].split()[1:]), partial=True) for found in IN_PROSE.finditer(text)]


def programs(line: str) -> Iterator[tuple[str, ...]]:
    """The arguments of each call of gantool in a line of the shell."""
    if "gantool " not in line:
        return
    for part in re.split(r"&&", line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:  # prose with an apostrophe
            continue
        while words and ("=" in words[0] or words[0] == "time"):
            del words[0]
        words = list(takewhile(lambda word: word not in (">", "|"), words))
        if words[:1] in (["torchrun"], ["python"]) and re.search(r" -m (-- )?gantool ", " ".join(words)):
            yield tuple(words[words.index("gantool") + 1 :])
        elif words and Path(words[0]).name == "gantool" and "install" not in words[:1]:
            yield tuple(words[1:])


def _joined(text: str) -> list[str]:
    """The lines, with each continued one in the place of its first."""
    lines: list[str] = []
    gap = 0
    for line in text.splitlines():
        if gap:
            lines[-gap] = f"{lines[-gap][:-1]} {line.strip()}"
            lines.append("")
        else:
            lines.append(line)
        gap = gap + 1 if line.endswith("\\") else 0
    return lines


def _alternatives(line: Line) -> Iterator[Line]:
    """The line with each choice of `one|other`."""
    choices = [[word] if METAVAR.fullmatch(word.rstrip(".")) else word.split("|") for word in line.words]
    for words in product(*choices):
        yield replace(line, words=words)
