"""Kill a short run at its n-th file operation, resume it, and compare all that it leaves with an unbroken run's files.

    python benchmarks/faults/kills.py [--kills 200] [--again] [--work DIR] [-- FLAGS OF gantool train]

Each kill is SIGKILL in a process of its own, forked from one that has torch and gantool imported. README.md beside this
file says what counts as an operation and what is compared.
"""

import argparse
import builtins
import io
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import gantool as library
from gantool.cli.main import main as gantool

RUN = Path("runs/one")
FLAGS = [
    "--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--resolution", "8", "--batch", "4", "--images", "64",
    "--augment", "ada:kimg=1", "--penalty", "r1:every=2", "--balance", "adaptive", "--snapshot-every", "16",
    "--checkpoint-every", "10", "--keep", "2", "--flip", "--precision", "float32", "--layout", "contiguous",
    "--device", "cpu",
]  # fmt: skip
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Operations:
    """Counts what changes files below the working folder; at number `kill_at` the process kills itself."""

    def __init__(self, kill_at: int = 0) -> None:
        self.count, self._kill_at, self._root = 0, kill_at, f"{Path.cwd()}{os.sep}"
        self._open = io.open
        sys.addaudithook(self._audit)
        builtins.open = io.open = self._opened  # type: ignore[assignment]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Names given relative to an open folder are those of a tree that is removed.
        writes = event == "open" and self._is_here(arguments[0]) and (arguments[2] or 0) & WRITING
        changes = event in CHANGES and (self._is_here(arguments[0]) or arguments[-1] not in (-1, None))
        if writes or changes:
            self._next()

    def _is_here(self, path: Any) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.path.abspath(os.fsdecode(path)).startswith(self._root)  # noqa: PTH100

    def _next(self, first: Callable[[], object] = lambda: None) -> None:
        self.count += 1
        if self.count == self._kill_at:
            first()
            os.kill(os.getpid(), signal.SIGKILL)

    def _opened(self, path: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        """The file, whose every `write` is an operation that may be cut short in its middle."""
        file = self._open(path, mode, *arguments, **more)
        if set(mode) & set("wax+") and self._is_here(path):
            write = file.write

            def cut(data: Any) -> int:
                def half() -> None:
                    write(data[: len(data) // 2])
                    file.flush()

                self._next(half)
                return int(write(data))

            file.write = cut  # type: ignore[method-assign]
        return file


def in_child(folder: Path, command: Sequence[str], kill_at: int = 0) -> tuple[int, int]:
    """Run a command in a forked process; returns its exit code (-9 when killed) and the number of its operations."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, theirs = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            code = _command(folder, command, kill_at, theirs)
        except BaseException:  # never back into the loop of the parent
            code = 99
        os._exit(code)
    os.close(theirs)
    _, status = os.waitpid(process, 0)
    with os.fdopen(ours) as pipe:
        count = pipe.read()
    return os.waitstatus_to_exitcode(status), int(count or 0)


def _command(folder: Path, command: Sequence[str], kill_at: int, told: int) -> int:
    os.chdir(folder)
    os.environ["GANTOOL_CACHE"] = str(folder / "cache")
    log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.argv = ["gantool", "train", *command]
    operations = Operations(kill_at)
    code = 0
    try:
        gantool()
    except SystemExit as end:
        code = int(end.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(told, str(operations.count).encode())
    return code


def resume(folder: Path, command: Sequence[str], kill_at: int = 0) -> tuple[int, int]:
    """Resume the run; before it has its settings, the command that begins it is given again."""
    begun = (folder / RUN / "config.toml").is_file()
    return in_child(folder, ["--resume", str(RUN)] if begun else command, kill_at)


def contents(run: Path) -> dict[str, Any]:
    """Every file of a run and its bytes; the lines of metrics.jsonl without their speed.

    Of report.html, which draws that speed beside what the other files have, only that it is there.
    """
    found: dict[str, Any] = {
        str(path.relative_to(run)): path.read_bytes() if path.is_file() else "a folder" for path in run.rglob("*")
    }
    lines = found.get("metrics.jsonl", b"").decode().splitlines()
    measured = [{k: v for k, v in json.loads(line).items() if k != "images_per_second"} for line in lines]
    return found | {"metrics.jsonl": measured, "report.html": "report.html" in found}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The names of the files that are in one run alone, or are not the same."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def pictures(folder: Path) -> Path:
    """A small folder of pictures, and a file that is none."""
    folder.mkdir(parents=True)
    for index in range(12):
        pixels = np.random.default_rng(index).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


def campaign(work: Path, kills: int, again: bool, flags: Sequence[str]) -> list[str]:
    """Kill and resume so often; returns a line for each run that is not exact."""
    (work / "ticks.toml").write_text("tick = 12\n")  # which no other interval divides
    command = ["--data", str(pictures(work / "pictures")), "--name", RUN.name, *flags]
    command += ["--config", str(work / "ticks.toml")]
    code, operations = in_child(work / "unbroken", command)
    if code:
        raise SystemExit(f"The unbroken run failed:\n{(work / 'unbroken.log').read_text()}")
    expected = contents(work / "unbroken" / RUN)
    places = [1 + index * operations // kills for index in range(kills)]
    print(
        f"{operations} operations, {len(expected)} files and folders; a kill at each of {len(set(places))} operations"
    )
    drawn, wrong = np.random.default_rng(0), []
    for place in places:
        folder = work / f"killed-at-{place:05d}"
        killed, _ = in_child(folder, command, place)
        if again:
            resume(folder, command, int(drawn.integers(1, operations)))
        code, _ = resume(folder, command)
        differences = differing(contents(folder / RUN), expected) if code == 0 else [f"exit code {code} of the resume"]
        if killed != -signal.SIGKILL:
            differences.append(f"not killed, but ended with {killed}")
        if differences:
            wrong.append(f"killed at operation {place}: {', '.join(differences)}; see {folder.with_suffix('.log')}")
            print(wrong[-1], flush=True)
    return wrong


def main() -> int:
    """Run the campaign in one warm process; the exit code is 0 when every run is exact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="number of kills, spread over all operations of the run")
    parser.add_argument("--again", action="store_true", help="kill each resume as well, and resume once more")
    parser.add_argument("--work", type=Path, help="folder for the runs, kept; without it a temporary one")
    parser.add_argument("flags", nargs="*", metavar="FLAGS", help="further flags of gantool train, after --")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        work = (asked.work or Path(temporary)).resolve()
        _warm_up(work / "warm-up")
        wrong = campaign(work, asked.kills, asked.again, [*FLAGS, *asked.flags])
    print(f"{asked.kills - len(wrong)} of {asked.kills} exact, in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def _warm_up(folder: Path) -> None:
    """Train here, once, so that no forked process imports torch's compiler and the like again."""
    os.environ["GANTOOL_CACHE"] = str(folder / "cache")
    library.train(arch=FLAGS[1], resolution=8, batch=4, images=8, device="cpu", out=folder, progress=False)


if __name__ == "__main__":
    sys.exit(main())
