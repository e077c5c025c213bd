"""Write the notebooks from their pages: `NAME.py` in jupytext's percent format, and the same cells as `NAME.ipynb`.

python docs/course/notebooks/make.py
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGES = ("02-networks", "03-two-steps", "05-mode-collapse")
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
INSTALL = "%pip install -q 'gantool[features]'"
PAIR = {
    "jupytext": {"formats": "ipynb,py:percent"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
}

Cell = tuple[str, str]
"""Its kind, "markdown" or "code", and its source."""


def cells(page: str) -> list[Cell]:
    """The text and the commands of a page, after a cell that installs gantool."""
    text = (
        (HERE.parent / f"{page}.md").read_text(encoding="utf-8").replace("](../", "](../../").replace("](0", "](../0")
    )
    found: list[Cell] = [("code", INSTALL)]
    parts = BLOCK.split(text)
    for prose, language, code in zip(parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True):
        found.append(("markdown", prose.strip()))
        if language:
            lines = (
                code.strip() if language == "python" else re.sub(r"^(?=gantool)", "!", code.strip(), flags=re.MULTILINE)
            )
            found.append(("code", lines))
    return [cell for cell in found if cell[1]]


def percent(made: list[Cell]) -> str:
    """The cells as a script, with commands of the shell as comments."""
    header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---\n"
    blocks = []
    for kind, source in made:
        if kind == "markdown":
            body = "\n".join(f"# {line}".rstrip() for line in source.splitlines())
            blocks.append(f"# %% [markdown]\n{body}\n")
        else:
            blocks.append("# %%\n" + re.sub(r"^(?=[!%])", "# ", source, flags=re.MULTILINE) + "\n")
    return header + "\n" + "\n".join(blocks)


def notebook(made: list[Cell]) -> str:
    """The cells as a notebook without outputs."""
    code = {"execution_count": None, "outputs": []}
    listed = [
        {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            **(code if kind == "code" else {}),
            "source": source.splitlines(True),
        }
        for number, (kind, source) in enumerate(made)
    ]
    return json.dumps({"cells": listed, "metadata": PAIR, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def files() -> dict[str, str]:
    """Name and content of every file."""
    made = {page: cells(page) for page in PAGES}
    return {f"{page}.py": percent(each) for page, each in made.items()} | {
        f"{page}.ipynb": notebook(each) for page, each in made.items()
    }


if __name__ == "__main__":
    for name, text in files().items():
        (HERE / name).write_text(text, encoding="utf-8")
