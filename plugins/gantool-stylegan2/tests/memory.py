"""The memory and the time that reading a file takes."""

import sys
import time

import pytest

import gantool
from gantool_stylegan2.foreign import read_model


def most_memory():
    """The most bytes that the process had so far; 0 where that is not known."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def check_refused(path, words, seconds):
    """A file is refused in these words, without taking much memory or more processor time."""
    before, begun = most_memory(), time.process_time()
    with pytest.raises(gantool.CheckpointError, match=rf"^{path} cannot be imported: .*({words}).*\.$"):
        read_model(path)
    assert most_memory() - before < 2**28
    assert time.process_time() - begun < seconds
