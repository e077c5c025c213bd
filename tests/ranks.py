"""The processes that torchrun has started, by /proc."""

from pathlib import Path


def process_of(rank: int, word: str) -> int:
    """The process of this rank whose command line or environment has the word. Raises LookupError if there is none."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environment = (entry / "environ").read_text(errors="replace")
                told = environment + (entry / "cmdline").read_text(errors="replace")
            except OSError:  # it has ended meanwhile, or is another user's
                continue
            if f"RANK={rank}" in environment.split("\0") and word in told:
                return int(entry.name)
    raise LookupError(rank)
