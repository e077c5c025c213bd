"""How gantool's source is laid out: sizes of files and functions, and counts that say how much knows of how much.

    python benchmarks/structure.py [ROOT]

ROOT is a checkout; without it, the one that this file lies in. Nothing of it is imported, only read, so that two
checkouts can be compared. What is counted lies in `src/gantool`, without the templates of plugins, if nothing else is
said.

A function is as long as it is from `def` to its last line. A place lists the kinds of component if a dictionary, tuple,
list, set or `match` names at least five of them, in the singular, in the plural or as the hook is called: as a key, as
a value, as an element, or as what comes first in an element that is a tuple, a list or a call.
"""

import argparse
import ast
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

PLURALS = {
    "architecture": "architectures",
    "loss": "losses",
    "penalty": "penalties",
    "augmentation": "augmentations",
    "balance": "balances",
    "source": "sources",
    "extractor": "extractors",
    "metric": "metrics",
    "observer": "observers",
    "optimizer": "optimizers",
    "style-loss": "style_losses",
}
KIND_OF = {name: kind for kind, many in PLURALS.items() for name in (kind, many, f"gantool_{many}")}
"""Every word for a kind of component, to the kind."""
ENOUGH_KINDS = 5
"""So many kinds in one place are a list of them."""
QUESTION_WORDS = {"What", "Whose", "Which", "Who", "How", "Whether"}
"""First words of docstrings that are indirect questions."""
SETTING = ("lr", "end")
"""The words of one setting, which is looked for in all the files that know it."""
ELSEWHERE = ("README.md", "benchmarks", "docs", "examples", "plugins", "tests")
"""What else of a checkout is searched for the setting."""
TEXTS = {".py", ".md", ".toml"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Row:
    """One line of the table, and the places that are printed below it."""

    name: str
    value: str
    places: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """One Python file: its path within the checkout, and its text."""

    path: str
    text: str

    @property
    def lines(self) -> int:
        """The file's length, with blank lines and comments."""
        return len(self.text.splitlines())

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the syntax tree."""
        return list(ast.walk(ast.parse(self.text)))


def read_package(root: Path) -> list[Source]:
    """The Python files of `src/gantool`, without templates. Raises SystemExit when there are none."""
    package = root / "src" / "gantool"
    paths = sorted(path for path in package.rglob("*.py") if "templates" not in path.relative_to(package).parts)
    if not paths:
        raise SystemExit(f"{root} is no checkout of gantool: there is no Python file in {package}.")
    return [Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def every(sources: Sequence[Source], kind: type[Node]) -> Iterator[tuple[Source, Node]]:
    """All nodes of one type, each with its file."""
    for source in sources:
        for node in source.nodes:
            if isinstance(node, kind):
                yield source, node


def file_rows(sources: Sequence[Source]) -> list[Row]:
    """The number of files, and how long they are."""
    longest = max(sources, key=lambda source: source.lines)
    return [
        Row("Python files", str(len(sources))),
        Row("lines", str(sum(source.lines for source in sources))),
        Row("lines of a file, median", f"{statistics.median(source.lines for source in sources):g}"),
        Row("lines of a file, most", f"{longest.lines}  {longest.path}"),
    ]


def function_rows(sources: Sequence[Source]) -> list[Row]:
    """The number of functions and methods, and how long they are."""
    found = [(length(node), source.path, node) for source, node in functions(sources)]
    most, path, longest = max(found, key=lambda one: one[0])
    return [
        Row("functions and methods", str(len(found))),
        Row("lines of a function, median", f"{statistics.median(lines for lines, _, _ in found):g}"),
        Row("lines of a function, most", f"{most}  {longest.name}, {path}:{longest.lineno}"),
    ]


def functions(sources: Sequence[Source]) -> Iterator[tuple[Source, Function]]:
    """All functions and methods, each with its file."""
    yield from every(sources, ast.FunctionDef)
    yield from every(sources, ast.AsyncFunctionDef)


def length(function: Function) -> int:
    """Lines from `def` to the end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def host_row(sources: Sequence[Source]) -> Row:
    """The calls of `host()`, by which any file can get at every plugin."""
    paths = [source.path for source, node in every(sources, ast.Call) if is_call_of_host(node)]
    return Row("calls of host()", f"{len(paths)} in {len(set(paths))} files")


def is_call_of_host(node: ast.Call) -> bool:
    """Whether a call is `host()`."""
    return isinstance(node.func, ast.Name) and node.func.id == "host" and not node.args and not node.keywords


def top_level_row(root: Path) -> Row:
    """The files and folders directly in the package."""
    entries = [path for path in (root / "src" / "gantool").iterdir() if path.name != "__pycache__"]
    return Row("entries at the top level", str(len(entries)))


def may_import_row(root: Path) -> Row:
    """The rows of the table of who may import whom, and those that allow almost everything."""
    name, path = "rows of MAY_IMPORT in tests/test_imports.py", root / "tests" / "test_imports.py"
    table = may_import(Source(path.name, path.read_text(encoding="utf-8"))) if path.is_file() else None
    if table is None:
        return Row(name, "there is no such table")
    loose = sum(says_anything_but(value) for value in table.values)
    return Row(name, f'{len(table.keys)}, of which {loose} say "anything but"')


def may_import(source: Source) -> ast.Dict | None:
    """The dictionary that is assigned to MAY_IMPORT."""
    for node in source.nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name("MAY_IMPORT")], value=ast.Dict() as table)
                | ast.AnnAssign(target=ast.Name("MAY_IMPORT"), value=ast.Dict() as table)
            ):
                return table
    return None


def says_anything_but(value: ast.expr) -> bool:
    """Whether a row of the table names only what it forbids."""
    return any(text.startswith("anything but") for node in ast.walk(value) if (text := string(node)))


def string(node: ast.AST | None) -> str:
    """The text of a string literal; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def kinds_row(sources: Sequence[Source]) -> Row:
    """The places that a new kind of component would have to be added to."""
    places = [
        f"{source.path}:{getattr(node, 'lineno', 0)}  {type(node).__name__.lower()} of {len(kinds)} kinds"
        for source in sources
        for node in source.nodes
        if len(kinds := kinds_in(node)) >= ENOUGH_KINDS
    ]
    return Row("places that list the kinds of component", str(len(places)), places)


def kinds_in(node: ast.AST) -> set[str]:
    """The kinds of component that a literal or a `match` names."""
    return {KIND_OF[word] for member in members(node) if (word := first_word(member)) in KIND_OF}


def members(node: ast.AST) -> Iterator[ast.AST | None]:
    """Keys and values, elements, or the patterns of cases."""
    match node:
        case ast.Dict():
            yield from (*node.keys, *node.values)
        case ast.Tuple() | ast.List() | ast.Set():
            yield from node.elts
        case ast.Match():
            for case in node.cases:
                yield from (one.value for one in ast.walk(case.pattern) if isinstance(one, ast.MatchValue))


def first_word(member: ast.AST | None) -> str:
    """The text of a member, or of what comes first in it."""
    match member:
        case ast.Tuple(elts=[first, *_]) | ast.List(elts=[first, *_]) | ast.Call(args=[first, *_]):
            return string(first)
        case ast.Call(keywords=[first, *_]):
            return string(first.value)
    return string(member)


def setting_rows(root: Path, sources: Sequence[Source]) -> list[Row]:
    """The files that mention one setting: how many places a setting takes."""
    pattern, name = re.compile(rf"\b{'[_-]'.join(SETTING)}\b"), "_".join(SETTING)
    inside = [source.path for source in sources if pattern.search(source.text)]
    outside = [path for path, text in texts_elsewhere(root) if pattern.search(text)]
    return [
        Row(f"files that mention {name}", str(len(inside)), inside),
        Row(f"files outside src that mention {name}", str(len(outside)), outside),
    ]


def texts_elsewhere(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of each file outside `src` that a person wrote."""
    for place in (root / name for name in ELSEWHERE):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            parts = path.relative_to(root).parts
            if path.is_file() and path.suffix in TEXTS and not any(part.startswith(".") for part in parts):
                yield "/".join(parts), path.read_text(encoding="utf-8")


def docstring_rows(sources: Sequence[Source]) -> list[Row]:
    """The docstrings that are indirect questions, of all; those that document a variable apart."""
    nodes = [node for source in sources for node in source.nodes]
    documented = [node for node in nodes if isinstance(node, ast.Module | ast.ClassDef | Function)]
    proper = [text for node in documented if (text := ast.get_docstring(node))]
    return [
        Row("docstrings that are indirect questions", share(proper)),
        Row("the same of texts below a variable", share([text for node in nodes for text in below_variables(node)])),
    ]


def share(texts: Sequence[str]) -> str:
    """How many texts begin with the word of a question, of all."""
    asking = sum(text.split()[0].rstrip(",.:;") in QUESTION_WORDS for text in texts)
    return f"{asking} of {len(texts)} ({asking / max(len(texts), 1):.1%})"


def below_variables(node: ast.AST) -> Iterator[str]:
    """The strings that stand right below an assignment in a body, to document it."""
    body = getattr(node, "body", None)
    for before, after in pairwise(body if isinstance(body, list) else []):
        if isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr) and string(after.value):
            yield string(after.value)


def getattr_row(sources: Sequence[Source]) -> Row:
    """The calls of `getattr` that ask for an attribute which may not be there."""
    paths = [source.path for source, node in every(sources, ast.Call) if is_guess(node)]
    return Row('calls of getattr(x, "name", default)', f"{len(paths)} in {len(set(paths))} files")


def is_guess(node: ast.Call) -> bool:
    """Whether a call is `getattr` of a literal name with a default."""
    named = isinstance(node.func, ast.Name) and node.func.id == "getattr"
    return named and len(node.args) == 3 and bool(string(node.args[1]))


def rows_of(root: Path) -> list[Row]:
    """The whole table of a checkout."""
    sources = read_package(root)
    return [
        *file_rows(sources),
        *function_rows(sources),
        host_row(sources),
        top_level_row(root),
        may_import_row(root),
        kinds_row(sources),
        *setting_rows(root, sources),
        *docstring_rows(sources),
        getattr_row(sources),
    ]


def main() -> None:
    """Count and print."""
    asked = argparse.ArgumentParser(description="Sizes and counts of gantool's source in a checkout.")
    asked.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parents[1], metavar="ROOT")
    rows = rows_of(asked.parse_args().root)
    width = max(len(row.name) for row in rows)
    for row in rows:
        print(f"{row.name:<{width}}  {row.value}")
        for place in row.places:
            print(f"{'':<{width}}    {place}")


if __name__ == "__main__":
    main()
