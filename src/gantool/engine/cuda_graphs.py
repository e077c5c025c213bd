"""Recording on a CUDA device, and the graphs of a run: whether it has any."""

import contextlib
import gc
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from gantool.engine.graphs import Graphs, Mode
from gantool.engine.recordings import Made, Result
from gantool.engine.step import Game
from gantool.errors import OptionError

SYNCHRONISES = "called a synchronizing CUDA operation"
"""torch's warning, which it gives on request where the host waits for the device."""


class CudaRecorder:
    """Records work as CUDA graphs, which share one pool of memory."""

    _failed: ClassVar[list[torch.cuda.CUDAGraph]] = []
    """They are kept, since torch's allocators go on asking a graph whose recording failed."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._holder: torch.cuda.CUDAGraph | None = None

    def warm(self, work: Callable[[], Made]) -> tuple[Made, str]:
        """Do the work on the stream of recordings, since kernels and gradients are set up for each stream."""
        here = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream), _noting_waits() as places:
            result = work()
        here.wait_stream(self._stream)
        return result, places[0] if places else ""

    def record(self, work: Callable[[], Made]) -> tuple[Callable[[], None], Made]:
        """The graph's replay, and where its results will be. Raises RuntimeError for work that cannot be recorded."""
        here = torch.cuda.current_stream(self._device)
        gc.collect()  # a cycle may hold nodes of autograd, which belong to the stream on which they were made
        try:
            if self._holder is None:  # torch refuses a pool whose graphs are all gone
                self._holder, _ = self._captured(lambda: torch.zeros((), device=self._device))
            graph, result = self._captured(work)
        except RuntimeError as error:
            self._clear_up(here)
            raise RuntimeError(str(_first(error))) from error
        return graph.replay, result

    def _captured(self, work: Callable[[], Made]) -> tuple[torch.cuda.CUDAGraph, Made]:
        graph = torch.cuda.CUDAGraph()
        self._failed.append(graph)
        # "thread_local", since another thread may be copying the next batch at the same time.
        with (
            torch.cuda.device(self._device),
            torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"),
        ):
            result = work()
        self._failed.pop()
        return graph, result

    def _clear_up(self, here: torch.cuda.Stream) -> None:
        """Undo what torch leaves behind where a recording fails: stream, memory and generator stay as while recording.

        (`CUDAGraph::capture_end` returns early.) The generator's state is exchanged for a copy, which earlier graphs
        do not read.
        """
        torch.cuda.set_stream(here)
        index = here.device.index
        with contextlib.suppress(RuntimeError):
            torch._C._cuda_endAllocateToPool(index, self._pool)
        generator = torch.cuda.default_generators[index]
        generator.graphsafe_set_state(generator.clone_state())
        self._pool, self._holder = torch.cuda.graph_pool_handle(), None

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


@contextlib.contextmanager
def _noting_waits() -> Iterator[list[str]]:
    """The places at which the host waits for the device in the block, once it is left.

    They are looked for before recording, since a wait there spoils more than the recording.
    """
    places: list[str] = []
    mode = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield places
        finally:
            torch.cuda.set_sync_debug_mode(mode)
    for one in caught:
        if SYNCHRONISES in str(one.message):
            places.append(f"{Path(one.filename).name}, line {one.lineno}")
        elif "Synchronization debug mode" not in str(one.message):  # that it is a prototype
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def _first(error: BaseException) -> BaseException:
    """The error that came first; the end of a failed recording raises another, which says less."""
    while error.__context__ is not None:
        error = error.__context__
    return error
