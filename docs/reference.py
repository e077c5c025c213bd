"""Writes the reference in docs/plugins.md from the code: hooks, specs, contracts, events, models, commands, tests.

    python docs/reference.py

A test keeps the page as this would write it. It reads the source, so types stand there as their authors wrote
them.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE = DOCS / "plugins.md"
SOURCE = DOCS.parent / "src" / "gantool"
BEGIN = "<!-- reference: from here on written by docs/reference.py -->"
END = "<!-- reference: to here -->"


def page() -> str:
    """The page with the reference as the code has it now. Raises ValueError when the marks are not there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} has no {BEGIN} ... {END}.")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def reference() -> str:
    """The whole reference in Markdown."""
    offered = _offered("__init__.py")
    parts = ["### Hooks\n", *_hooks(), "\n### Specs\n", *_described("api/specs.py", offered), *_traits()]
    parts += ["### Contracts\n", _paragraphs(ast.get_docstring(_tree("api/__init__.py")) or "")]
    for room in ("networks", "strategies", "data", "features", "style_networks", "metrics", "observers"):
        parts += _described(f"api/{room}.py", offered)
        for path in ("data/pictures/options", "data/pictures/spool", "data/shards/remote", "files") * (room == "data"):
            parts += _described(f"{path}.py", offered)
    parts += ["### Events\n", *_described("api/events.py", offered)]
    parts += ["### Runs and models\n", *_settings()]
    for path in (
        "run/face.py",
        "sampling/load.py",
        "sampling/model.py",
        "engine/model_file.py",
        "engine/discriminator_file.py",
        "sampling/latent_file.py",
        "sampling/directions.py",
        "sampling/finding.py",
        "exporting/export.py",
        "evaluation/evaluate.py",
        "evaluation/result.py",
        "evaluation/scores.py",
    ):
        parts += _described(path, offered)
    about, _, tree = (ast.get_docstring(_tree("errors.py")) or "").partition("\n\n")
    parts += [f"### Errors\n\n{about}\n\n```text\n{tree}\n```\n", *_described("errors.py", offered)]
    parts += ["### Parts of commands\n", _paragraphs(ast.get_docstring(_tree("commands.py")) or "")]
    ours = _offered("commands.py")
    for module in _assigned_in("commands.py", "_HOME"):
        path = module.removeprefix("gantool.").replace(".", "/")
        parts += _described(f"{path}.py", ours, "gantool.commands")
    parts += ["### The conformance kit\n", _paragraphs(ast.get_docstring(_tree("testing/__init__.py")) or "")]
    for path in ("testing/checks.py", "testing/faults.py", "testing/untrained.py"):
        parts += _described(path, _offered("testing/__init__.py"), "gantool.testing")
    parts += ["#### Checks that a spec may waive\n", *_checks()]
    parts += ["#### Fixtures\n", _paragraphs(ast.get_docstring(_tree("testing/fixtures.py")) or ""), *_fixtures()]
    return "\n".join(parts)


def _tree(path: str) -> ast.Module:
    return ast.parse((SOURCE / path).read_text(encoding="utf-8"))


def _offered(face: str) -> set[str]:
    """The names of a face, which are a promise."""
    return set(_assigned_in(face, "__all__"))


def _assigned_in(path: str, name: str) -> Any:
    """The literal that a file assigns to a name."""
    (value,) = [
        node.value
        for node in _tree(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _assigned(node) == name
    ]
    return ast.literal_eval(value)


def _hooks() -> Iterator[str]:
    yield "| hook | returns | |"
    yield "| --- | --- | --- |"
    for node in _tree("api/hookspecs.py").body:
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield f"| `{node.name}()` | `{_type(node.returns)}` | {_line(ast.get_docstring(node))} |"


def _checks() -> Iterator[str]:
    """The checks of each kind by the names that `waives` takes, each with its rule."""
    files = sorted((SOURCE / "testing").glob("*.py"))
    rules = {node.name: _line(ast.get_docstring(node)) for path in files for node in _functions(path)}
    yield "| kind | check | rule |\n| --- | --- | --- |"
    names = _names("testing/declaring.py", "DECLARING")[1:]  # the first is that the spec is sound
    yield from (f"| any | `{name}` | {rules[name]} |" for name in names)
    for path in (each for each in files if "\nPROPERTIES" in each.read_text(encoding="utf-8")):
        of_kind = {node.name: _line(ast.get_docstring(node)) for node in _functions(path)}
        names = _names(f"testing/{path.name}", "PROPERTIES")
        yield from (f"| {path.stem.replace('_', ' ')} | `{name}` | {(rules | of_kind)[name]} |" for name in names)
    yield ""


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]


def _names(path: str, tuple_name: str) -> list[str]:
    """The names of functions in a tuple of a file, those of tuples that it unpacks included."""
    (value,) = [
        node.value
        for node in _tree(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _assigned(node) == tuple_name
    ]
    assert isinstance(value, ast.Tuple)
    names: list[str] = []
    for each in value.elts:
        names += _names(path, ast.unparse(each.value)) if isinstance(each, ast.Starred) else [ast.unparse(each)]
    return names


def _fixtures() -> Iterator[str]:
    """The fixtures of pytest as tests meet them: what each gives, and the fields of what that returns."""
    body = _tree("testing/fixtures.py").body
    for node in body:
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.unparse(each) for each in node.decorator_list):
            given = node.returns
            if isinstance(given, ast.Constant):
                given = ast.parse(given.value, mode="eval").body
            if isinstance(given, ast.Subscript) and ast.unparse(given.value) == "Iterator":
                given = given.slice
            yield f"##### `{node.name}: {_type(given)}`\n\n{_paragraphs(ast.get_docstring(node) or '')}"
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"##### `gantool.testing.fixtures.{node.name}`\n\n{_paragraphs(ast.get_docstring(node) or '')}"
            yield from _fields(node)


def _settings() -> Iterator[str]:
    """The fields of RunConfig with their defaults and help; those without a flag too."""
    (node,) = [each for each in _tree("api/run_config.py").body if getattr(each, "name", "") == "RunConfig"]
    assert isinstance(node, ast.ClassDef)
    yield f"#### `gantool.RunConfig`\n\n{_paragraphs(ast.get_docstring(node) or '')}"
    yield "| setting | type | default | |\n| --- | --- | --- | --- |"
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.value, ast.Call):
            default, text = each.value.args[:2]
            value = "" if ast.unparse(default) == "..." else f"`{_default(default)}`".replace("NONE", '"none"')
            kind, about = _plain(each.annotation), ast.literal_eval(text)
            yield f"| `{ast.unparse(each.target)}` | `{kind}` | {value} | {about} |"
    yield ""


def _plain(annotation: ast.expr) -> str:
    """A type without its limits, which the help tells."""
    return re.sub(r"Annotated\[(\w+), Field\([^)]*\)\]", r"\1", _type(annotation)).replace("Beta", "float")


def _traits() -> Iterator[str]:
    yield "#### Traits\n\n| trait | |\n| --- | --- |"
    for name, meaning in _assigned_in("api/specs.py", "TRAITS").items():
        yield f"| `{name}` | {meaning} |"
    yield ""


def _described(path: str, offered: set[str], face: str = "gantool") -> Iterator[str]:
    """Every offered class, function and alias of a file, in its order."""
    body = _tree(path).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef) and node.name in offered:
            yield f"#### `{face}.{node.name}`\n\n{_paragraphs(ast.get_docstring(node) or '')}"
            yield from _fields(node)
            yield from _methods(node)
        elif isinstance(node, ast.FunctionDef) and node.name in offered:
            yield f"#### `{_signature(node, face)}`\n\n{_paragraphs(ast.get_docstring(node) or '')}"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (name := _assigned(node)) in offered:
            yield f"#### `{face}.{name}`\n\n`{_type(node.value)}`\n"
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                yield _paragraphs(str(following.value.value))


def _assigned(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])


def _fields(node: ast.ClassDef) -> Iterator[str]:
    fields = [
        each
        for each in node.body
        if isinstance(each, ast.AnnAssign) and not ast.unparse(each.annotation).startswith("ClassVar")
    ]
    if not fields:
        return
    yield "| attribute | type | default |\n| --- | --- | --- |"
    for each in fields:
        default = "" if each.value is None else f"`{_default(each.value)}`"
        yield f"| `{ast.unparse(each.target)}` | `{_type(each.annotation)}` | {default} |"
    yield ""


def _default(value: ast.expr) -> str:
    made = isinstance(value, ast.Call) and ast.unparse(value.func) == "field"
    text = f"{ast.unparse(value.keywords[0].value)}()" if made and isinstance(value, ast.Call) else ast.unparse(value)
    return text.replace("'", '"')


def _methods(node: ast.ClassDef) -> Iterator[str]:
    public = [
        each
        for each in node.body
        if isinstance(each, ast.FunctionDef)
        and (not each.name.startswith("_") or each.name in _SPECIAL)
        and not (each.name == "__init__" and node.name in _HANDED_OUT)
    ]
    for each in public:
        is_property = {"property", "cached_property"} & {ast.unparse(one) for one in each.decorator_list}
        head = f"{each.name}: {_type(each.returns)}" if is_property else _signature(each)
        first, _, more = _paragraphs(ast.get_docstring(each) or "").strip().partition("\n\n")
        yield f"- `{head}`" + (f": {_line(first)}" if first else "")
        if more:
            yield "\n" + textwrap.indent(more, "  ")
    if public:
        yield ""


_HANDED_OUT = ("Model", "Nonconforming")
"""What gantool makes: how that is done is no promise."""
_SPECIAL = ("__init__", "__call__", "__len__", "__getitem__")


def _signature(node: ast.FunctionDef, face: str = "") -> str:
    """As it is called: `with name(...) as what` for what is used in a with statement."""
    arguments = ast.unparse(node.args).replace("self, /, ", "").replace("self, ", "").replace("self", "")
    arguments = arguments.replace("'", '"').removesuffix(", /")
    returns, call = node.returns, f"{face}.{node.name}({arguments})".removeprefix(".")
    is_block = any(ast.unparse(decorator) == "contextmanager" for decorator in node.decorator_list)
    if is_block and isinstance(returns, ast.Subscript):
        returns, call = returns.slice, f"with {call}"
    if returns is None or ast.unparse(returns) == "None":
        return call
    return f"{call} {'as' if is_block else '->'} {_type(returns)}"


def _type(node: ast.expr | None) -> str:
    """As written, with double quotes; a bar would end a column of a table."""
    return "" if node is None else ast.unparse(node).replace("'", '"').replace(" | ", " or ")


def _line(docstring: str | None) -> str:
    return " ".join((docstring or "").split("\n\n")[0].split())


def _paragraphs(docstring: str) -> str:
    return inspect.cleandoc(docstring).strip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
