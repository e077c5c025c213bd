"""A reader of pickles that runs nothing: an interpreter of the opcodes that build data, and a list of known names.

Nothing is imported by a name in the file, no method of a class in it is called, and `pickle` itself has no part. What
is not on the list is refused by its name. All errors are CheckpointErrors of a few words.
"""

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gantool
from gantool_stylegan2.budget import MOST_BITS, MOST_PLACE, MOST_STACK, Budget, legible, plain

Make = Callable[..., Any]


@dataclass(eq=False)
class Record:
    """An object of a class that is not needed: its name and its attributes, and nothing that acts."""

    name: str
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A function or class of the list, by its name; `make` stands for calling it."""

    name: str
    make: Make


class _Mark:
    """The place on the stack from which values belong together."""


_MARK = _Mark()


def read(
    stream: io.BytesIO, known: Mapping[str, Make], budget: Budget, persistent: Make | None = None
) -> tuple[Any, int]:
    """The value of the pickle that begins here in the stream, and the number of its opcodes.

    `known` has a maker for each name that may be in it, `persistent` one for the references to what is outside of it.
    """
    machine = _Machine(known, budget, persistent)
    count = 0
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            count += 1
            budget.spend(opcodes=1)
            machine.step(opcode.name, argument)
    except gantool.CheckpointError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:120] if isinstance(error, ValueError) else "its opcodes do not fit"
        raise gantool.CheckpointError(
            f"no pickle, or a damaged one ({reason}); if it was downloaded, download it again"
        ) from error
    return machine.stack[-1], count


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, known: Mapping[str, Make], budget: Budget, persistent: Make | None) -> None:
        self.known, self.budget, self.persistent = known, budget, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carry out one opcode."""
        if name in _VALUES:
            if isinstance(argument, int) and argument.bit_length() > MOST_BITS:
                raise gantool.CheckpointError(f"a pickle with an integer of more than {MOST_BITS} bits")
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        elif name not in ("PROTO", "FRAME"):
            raise gantool.CheckpointError(f"a pickle with the opcode {name}, which no file of weights needs")
        if len(self.stack) > MOST_STACK:
            raise gantool.CheckpointError(f"a pickle nested too deep: more than {MOST_STACK:,} values are open")

    def pop(self) -> Any:
        """The last value."""
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark in place of a value")
        return value

    def above_mark(self) -> list[Any]:
        """The values since the last mark, which goes too."""
        at = next((index for index in range(len(self.stack) - 1, -1, -1) if self.stack[index] is _MARK), None)
        if at is None:
            raise ValueError("no mark where one is needed")
        values = self.stack[at + 1 :]
        del self.stack[at:]
        return values

    def lookup(self, name: str) -> None:
        """Put a name of the list on the stack."""
        if name not in self.known:
            raise gantool.CheckpointError(
                f"a pickle that asks for {legible(name)}, which is no part of a network's weights; nothing of it was "
                "run"
            )
        self.stack.append(Known(name, self.known[name]))

    def call(self, arguments: Any, called: Any) -> None:
        """Put on the stack what stands for the result of a call."""
        if not isinstance(called, Known) or not isinstance(arguments, tuple):
            raise gantool.CheckpointError(f"a pickle that calls a value of type {type(called).__name__}")
        self.budget.pay_for_copies((arguments, *arguments))
        self.stack.append(called.make(*arguments))

    def build(self, state: Any) -> None:
        """Give attributes to the last value, if it is a Record; those of dictionaries are not needed."""
        target = self.stack[-1]
        if isinstance(target, Record):
            if isinstance(state, dict):
                self.budget.pay_for_copies([state])
                target.state.update(state)
        elif not isinstance(target, dict):
            raise gantool.CheckpointError(f"a pickle that changes a value of type {type(target).__name__}")

    def extend(self, values: list[Any]) -> None:
        """Put values into the list that is the last value."""
        self._last(list).extend(values)

    def update(self, values: list[Any]) -> None:
        """Put keys and values into the dictionary that is the last value."""
        self._last(dict).update(paired(values))

    def add(self, values: list[Any]) -> None:
        """Put values into the set that is the last value."""
        self._last(set).update(plain(values))

    def _last(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise gantool.CheckpointError(f"a pickle that fills a value of type {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def reference(self, argument: Any) -> None:
        """Put on the stack what a reference to the outside stands for."""
        if self.persistent is None or not isinstance(argument, tuple):
            raise gantool.CheckpointError("a pickle that refers to something outside of it")
        self.stack.append(self.persistent(*argument))


def paired(values: list[Any]) -> dict[Any, Any]:
    """A dictionary of keys and values in turn."""
    return dict(zip(plain(values[::2]), values[1::2], strict=True))


def _stack_global(machine: _Machine) -> None:
    name, module = machine.pop(), machine.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise ValueError("a name that is no text")
    machine.lookup(f"{module}.{name}")


def _tuple(count: int) -> Callable[[_Machine, Any], None]:
    def make(machine: _Machine, _: Any) -> None:
        values = [machine.pop() for _ in range(count)]
        machine.stack.append(tuple(reversed(values)))

    return make


def _memoize(machine: _Machine, place: int | None) -> None:
    place = len(machine.memo) if place is None else place
    if not 0 <= place < MOST_PLACE:
        raise ValueError("a place in the memo far out")
    machine.memo[place] = machine.stack[-1]


_VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8",
}  # fmt: skip
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict, "EMPTY_SET": set, "MARK": lambda: _MARK,
}  # fmt: skip
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "STOP": lambda m, _: m.stack.append(m.pop()),
    "POP": lambda m, _: m.stack.__delitem__(-1),
    "POP_MARK": lambda m, _: m.above_mark().clear(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "APPEND": lambda m, _: m.extend([m.pop()]),
    "APPENDS": lambda m, _: m.extend(m.above_mark()),
    "LIST": lambda m, _: m.stack.append(m.above_mark()),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.above_mark())),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "DICT": lambda m, _: m.stack.append(paired(m.above_mark())),
    "SETITEM": lambda m, _: m.update([m.pop(), m.pop()][::-1]),
    "SETITEMS": lambda m, _: m.update(m.above_mark()),
    "ADDITEMS": lambda m, _: m.add(m.above_mark()),
    "FROZENSET": lambda m, _: m.stack.append(frozenset(plain(m.above_mark()))),
    "PUT": _memoize,
    "BINPUT": _memoize,
    "LONG_BINPUT": _memoize,
    "MEMOIZE": _memoize,
    "GET": lambda m, place: m.stack.append(m.memo[place]),
    "BINGET": lambda m, place: m.stack.append(m.memo[place]),
    "LONG_BINGET": lambda m, place: m.stack.append(m.memo[place]),
    "GLOBAL": lambda m, names: m.lookup(names.replace(" ", ".")),
    "STACK_GLOBAL": lambda m, _: _stack_global(m),
    "REDUCE": lambda m, _: m.call(m.pop(), m.pop()),
    "NEWOBJ": lambda m, _: m.call(m.pop(), m.pop()),
    "BUILD": lambda m, _: m.build(m.pop()),
    "BINPERSID": lambda m, _: m.reference(m.pop()),
}
