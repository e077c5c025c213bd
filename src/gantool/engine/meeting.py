"""How processes that start together find each other, and none that was started before them."""

import time
import uuid
from datetime import timedelta

from torch.distributed.distributed_c10d import PrefixStore, Store

_SECONDS_BETWEEN_LOOKS = 0.02


def meet(store: Store, rank: int, size: int, wait: timedelta) -> Store:
    """A part of the store that only the processes of this start share.

    `torchrun` keeps its store through restarts, with the addresses of processes that it has ended, at which gloo and
    NCCL would look for the new ones. So each process leaves a word that nobody else has, and rank 0 answers to each
    word with the name of the part. Raises RuntimeError when not all have come in time.
    """
    store.set_timeout(wait)
    own = uuid.uuid4().hex
    part = _lead(store, size, own, wait) if rank == 0 else _follow(store, rank, own)
    return PrefixStore(f"gantool-{part}", store)


def _lead(store: Store, size: int, part: str, wait: timedelta) -> str:
    answered: dict[int, bytes] = {}
    missing = set(range(1, size))
    until = time.monotonic() + wait.total_seconds()
    while missing:
        for rank in sorted(missing):
            # An older word may lie here, of a process that is no more; answering it does no harm.
            if store.check([_here(rank)]) and (word := store.get(_here(rank))) != answered.get(rank):
                store.set(_answer(word.decode()), part)
                answered[rank] = word
        missing = {rank for rank in missing if not store.check([_ready(part, rank)])}
        if missing and time.monotonic() > until:
            raise RuntimeError(f"{size - len(missing)} of {size} processes came; rank {min(missing)} did not")
        time.sleep(_SECONDS_BETWEEN_LOOKS if missing else 0)
    store.set(_complete(part), "")
    return part


def _follow(store: Store, rank: int, word: str) -> str:
    store.set(_here(rank), word)
    part = bytes(store.get(_answer(word))).decode()
    store.set(_ready(part, rank), "")
    store.get(_complete(part))
    return part


def _here(rank: int) -> str:
    return f"gantool/here/{rank}"


def _answer(word: str) -> str:
    return f"gantool/answer/{word}"


def _ready(part: str, rank: int) -> str:
    return f"gantool/{part}/ready/{rank}"


def _complete(part: str) -> str:
    return f"gantool/{part}/complete"
