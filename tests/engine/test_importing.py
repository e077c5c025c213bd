"""Importing torch leaves the search for garbage as it was."""

import gc
import subprocess
import sys

import pytest
import torch  # noqa: F401 (as other tests have by then)

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


@pytest.mark.long
def test_torch_is_imported_once_and_its_objects_are_passed_over_from_then_on():
    subprocess.run([sys.executable, "-c", CODE], check=True)


SWALLOWED = """
import os, signal, sys
class Finder:
    come = False
    def find_spec(self, name, *more):
        if name == "numpy" and not Finder.come:  # torch asks for it from C++, and goes on without
            Finder.come = True
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
signal.signal(signal.SIGINT, signal.default_int_handler)
from gantool.engine.importing import import_torch
try:
    import_torch()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.long
def test_ctrl_c_ends_the_import_though_a_library_swallows_it():
    ended = subprocess.run([sys.executable, "-c", SWALLOWED], check=True, capture_output=True, text=True)
    assert ended.stdout == "interrupted\n"


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
