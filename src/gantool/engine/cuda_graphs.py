"""Recording on a CUDA device, and the graphs of a run: whether it has any."""

import contextlib
import ctypes
import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gantool.engine.graphs import Graphs, Mode
from gantool.engine.recordings import Made, Result
from gantool.engine.step import Game, Updates
from gantool.errors import OptionError

SYNCHRONISES = "called a synchronizing CUDA operation"
"""torch's warning, which it gives on request where the host waits for the device."""


class CudaRecorder:
    """Records work as CUDA graphs, which share one pool of memory."""

    _failed: ClassVar[list[torch.cuda.CUDAGraph]] = []
    """They are kept, since torch's allocators go on asking a graph whose recording failed; also from the end of the
    process, where a torch that releases their memory itself would do so a second time, and abort."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._holder: torch.cuda.CUDAGraph | None = None
        self._warned: dict[Any, Any] = {}

    def warm(self, work: Callable[[], Made], look: bool = False) -> tuple[Made, str]:
        """Do the work on the stream of recordings, since kernels and gradients are set up for each stream."""
        here, places = torch.cuda.current_stream(self._device), list[str]()
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream), noting_waits(places, self._warned) if look else contextlib.nullcontext():
            result = work()
        here.wait_stream(self._stream)
        return result, places[0] if places else ""

    def record(self, work: Callable[[], Made]) -> tuple[Callable[[], None], Made]:
        """The graph's replay, and where its results will be.

        Raises RuntimeError for work that cannot be recorded, and for all that comes after it in this process, since
        torch is not as it was.
        """
        if self._failed:
            raise RuntimeError("a recording failed before in this process")
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

    def forget(self) -> None:
        """Give the memory of recordings back to the device: the pool goes with the last graph of it."""
        self._holder, self._pool = None, torch.cuda.graph_pool_handle()
        gc.collect()
        torch.cuda.empty_cache()

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
        for name in ("_cuda_endAllocateToPool", "_cuda_endAllocateCurrentStreamToPool"):  # as it was before torch 2.8
            if end := getattr(torch._C, name, None):
                with contextlib.suppress(RuntimeError):
                    end(index, self._pool)
                break
        if self._failed:
            keep_for_ever(self._failed[-1])
            if not _ended(self._failed[-1]):  # torch releases the pool of those that ended
                with contextlib.suppress(RuntimeError, AttributeError):
                    torch._C._cuda_releasePool(index, self._pool)
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
    at_once = game.updates == "simultaneous" and game.gan.discriminator is not None
    if mode == "off" or device.type != "cuda" or game.world.size > 1 or at_once:
        return None
    return Graphs(game, CudaRecorder(device), mode, tell)


def check_graph(mode: Mode, device: torch.device, processes: int, updates: Updates = "alternating") -> None:
    """Raise OptionError if CUDA graphs were asked for where there can be none."""
    if mode != "on":
        return
    if device.type != "cuda":
        raise OptionError(f"--graph on: CUDA graphs need a CUDA device, and this run is on {device}. Leave it out.")
    if updates == "simultaneous":
        raise OptionError("--graph on: CUDA graphs need --updates alternating. Leave out one of the two.")
    if processes > 1:
        raise OptionError("--graph on: with several processes steps wait for each other, and cannot be recorded.")


@contextlib.contextmanager
def noting_waits(places: list[str], warned: dict[Any, Any]) -> Iterator[None]:
    """Add the places at which the host waits for the device in the block; `warned` are the warnings given so far.

    They are looked for before recording, since a wait there spoils more than the recording. Other threads may wait:
    but for those of the backward pass, which Python has not begun, they are no part of the step.
    """
    own, mode = threading.get_ident(), torch.cuda.get_sync_debug_mode()

    def note(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
        thread = threading.current_thread()
        of_step = thread.ident == own or isinstance(thread, threading._DummyThread)
        caught.append((message, category, filename, lineno, of_step))

    caught: list[tuple[Warning | str, type[Warning], str, int, bool]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(mode)
    for message, category, filename, lineno, of_step in caught:
        if SYNCHRONISES in str(message):
            places += [f"{Path(filename).name}, line {lineno}"] * of_step
        elif "Synchronization debug mode" not in str(message):  # that it is a prototype
            warnings.warn_explicit(str(message), category, filename, lineno, registry=warned)


def keep_for_ever(value: object) -> None:
    """Have Python never destroy it, not even where the process ends."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


def _ended(graph: torch.cuda.CUDAGraph) -> bool:
    """True if the graph's recording came to its end, and the error after it."""
    try:
        graph.pool()
    except RuntimeError:
        return False
    return True


def _first(error: BaseException) -> BaseException:
    """The error that came first; the end of a failed recording raises another, which says less."""
    while error.__context__ is not None:
        error = error.__context__
    return error
