"""Runs that are built and checked, without data: for tests of what is said of them."""

import torch

from gantool.engine.precision import Precision
from gantool.plugins.host import host
from gantool.run.prepare import PreparedRun, prepare
from gantool.run.resolve import resolve_run


def prepared(arch: str = "dcgan:width=4,max_width=8,latent=6", *, count: int = 1000, **settings: object) -> PreparedRun:
    """A small run on the CPU, as if there were `count` images."""
    asked = {"arch": arch, "resolution": 16, "batch": 8, "device": "cpu", **settings}
    resolved = resolve_run(host(), asked)
    return prepare(resolved.config, resolved.components, count, (), torch.device("cpu"), precision=Precision())
