"""Recording on a CUDA device, and the graphs of a run: whether it has any."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from gantool.engine.graphs import Graphs, Mode
from gantool.engine.recordings import Result
from gantool.engine.step import Game
from gantool.errors import OptionError


class CudaRecorder:
    """Records work as CUDA graphs, which share one pool of memory."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def warm(self, work: Callable[[], Result]) -> Result:
        """Do the work on the stream of recordings, since kernels and gradients are set up for each stream."""
        here = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            result = work()
        here.wait_stream(self._stream)
        return result

    def record(self, work: Callable[[], Result]) -> tuple[Callable[[], None], Result]:
        """The graph's replay, and where its results will be. Raises RuntimeError for work that cannot be recorded."""
        graph = torch.cuda.CUDAGraph()
        # "thread_local", since another thread may be copying the next batch at the same time.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            result = work()
        return graph.replay, result

    def timed(self, work: Callable[[], Result]) -> tuple[Result, float]:
        """The result, and the seconds until the device has done it."""
        torch.cuda.synchronize(self._device)
        begin = time.perf_counter()
        result = work()
        torch.cuda.synchronize(self._device)
        return result, time.perf_counter() - begin

    def random_state(self) -> tuple[Tensor, ...]:
        """The state of torch's generators of the CPU and of the device."""
        return torch.get_rng_state(), torch.cuda.get_rng_state(self._device)

    def set_random_state(self, state: tuple[Tensor, ...]) -> None:
        """Set both."""
        of_host, of_device = state
        torch.set_rng_state(of_host)
        torch.cuda.set_rng_state(of_device, self._device)


def graphs_of(game: Game, device: torch.device, mode: Mode, tell: Callable[[str], None]) -> Graphs | None:
    """The graphs of a run on this device, or None where steps are played one kernel after another."""
    if mode == "off" or device.type != "cuda" or game.world.size > 1:
        return None
    return Graphs(game, CudaRecorder(device), mode, tell)


def check_graph(mode: Mode, device: torch.device, processes: int) -> None:
    """Raise OptionError if CUDA graphs were asked for where there can be none."""
    if mode != "on":
        return
    if device.type != "cuda":
        raise OptionError(f"--graph on: CUDA graphs need a CUDA device, and this run is on {device}. Leave it out.")
    if processes > 1:
        raise OptionError("--graph on: with several processes steps wait for each other, and cannot be recorded.")
