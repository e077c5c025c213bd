"""Importing torch leaves the search for garbage as it was."""

import gc
import subprocess
import sys

import pytest

from gantool.engine.importing import import_compiler, import_torch

CODE = """
import gc, sys
from gantool.engine.importing import import_compiler, import_torch
assert "torch" not in sys.modules
import_torch()
assert "torch" in sys.modules and gc.isenabled() and gc.get_freeze_count() > 1000
import_compiler()
assert "torch._dynamo" in sys.modules and gc.isenabled()
"""


def test_torch_is_imported_once_and_its_objects_are_passed_over_from_then_on():
    subprocess.run([sys.executable, "-c", CODE], check=True)


@pytest.mark.parametrize("work", [import_torch, import_compiler])
def test_a_program_that_looks_for_no_garbage_is_left_so(work):
    frozen = gc.get_freeze_count()
    gc.disable()
    try:
        work()
        assert not gc.isenabled()
    finally:
        gc.enable()
    work()
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen  # what another program has made stays its own
