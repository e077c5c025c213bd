"""Tests of what is different on a GPU: `pytest -m gpu`. Without one they are skipped.

With GANTOOL_GPU_TESTS=cpu the same tests run on the CPU, where a stand-in records, so that they are known to run.
"""

import importlib
import os
from collections.abc import Iterator

import pytest
import torch

from gantool.engine.graphs import Graphs
from gantool.plugins.host import PluginHost
from stand_in import StandIn

KIND = os.environ.get("GANTOOL_GPU_TESTS", "cuda")
if KIND == "cuda":
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # matrix products in one order; read when CUDA begins


def pytest_configure(config: pytest.Config) -> None:
    """Show warnings on a GPU, and fail by none: torch gives some there alone, others in each of its versions."""
    if KIND == "cuda" and torch.cuda.is_available():
        config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(autouse=True)
def device(monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """The device that is tested, in plain float32."""
    if KIND == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    if KIND == "cpu":
        monkeypatch.setattr("gantool.engine.trainer.graphs_of", _stand_in)
    return torch.device(KIND)


def _stand_in(game, device, mode, tell):
    if mode == "off" or game.world.size > 1:
        return None
    recorder = StandIn()
    recorder.games.append(game)
    return Graphs(game, recorder, mode, tell)


@pytest.fixture(autouse=True)
def plugins(gantool_host: PluginHost) -> None:
    """The architectures of this repository's plugins, where they are importable."""
    for name in ("stylegan2", "r3gan"):
        try:
            module = importlib.import_module(f"gantool_{name}")
        except ImportError:
            continue
        gantool_host.add(module, f"gantool-{name}")


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Kernels that add up in one order each time, where there are such."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)
