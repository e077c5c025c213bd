"""The imports of torch, which take most of the time until a command begins; this page alone imports none."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gantool.signals import heeding_ctrl_c


def import_torch() -> None:
    """Import torch at the begin of a command, and look for garbage among other objects alone from then on."""
    if "torch" in sys.modules:
        return
    with heeding_ctrl_c(), _uncollected():
        import torch  # noqa: F401

        gc.freeze()


def import_compiler() -> None:
    """Import torch's compiler, which its optimizers import at their first use."""
    with _uncollected():
        import torch._dynamo  # noqa: F401


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage in the block: a fifth of the time of such imports, which leave none."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()
