import platform
import subprocess
import sys

import pytest
import torch

from gantool.engine.devices import keep_freed_memory

PROGRAM = """
import resource, sys, torch
from gantool.engine.devices import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory(torch.device("cpu"))
def work():
    for _ in range(20):
        torch.ones(12_000_000)  # 48 MB: more than glibc ever serves from its heap by itself
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(way: str) -> int:
    ended = subprocess.run([sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=True)
    return int(ended.stdout)


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")
def test_memory_that_was_freed_is_used_again_without_page_faults() -> None:
    assert page_faults("keep") < 0.1 * page_faults("plain")


def test_other_devices_have_allocators_of_their_own() -> None:
    assert not keep_freed_memory(torch.device("meta"))
