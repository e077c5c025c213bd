"""Sizes that a reader can take in at once, of files and functions: a convention that matters is a test."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_FILE, LONGEST_FUNCTION = 250, 45


def test_files_and_functions_stay_short():
    measure = runpy.run_path(str(ROOT / "benchmarks" / "structure.py"))
    sources = measure["read_package"](ROOT)
    long = [f"{each.path}: {each.lines} lines" for each in sources if each.lines > LONGEST_FILE]
    for source, function in measure["functions"](sources):
        lines = measure["length"](function)
        if lines > LONGEST_FUNCTION:
            long.append(f"{source.path}, {function.name}: {lines} lines")
    assert not long


def test_plugins_register_the_marks_of_their_tests():
    """Their folders are tested by themselves, too, where the pyproject.toml of this one is not there."""
    for tests in (ROOT / "plugins").glob("*/tests"):
        texts = [file.read_text(encoding="utf-8") for file in tests.glob("test_*.py")]
        marks = {mark for text in texts for mark in re.findall(r"mark\.(long|slow)\b", text)}
        known = (tests / "conftest.py").read_text(encoding="utf-8") if marks else ""
        assert all(f'"{mark}: ' in known for mark in marks), tests
