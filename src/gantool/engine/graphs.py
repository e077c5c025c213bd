"""CUDA graphs: a network's step is recorded once and replayed, so that the host launches one graph, not hundreds of
kernels (Ng 2019, "Getting started with CUDA graphs", NVIDIA).

A step is recorded for each set of penalties that are due, each shape of the batch, and each state of the host: whatever
is no tensor is a constant of the recording. The first replays are compared with the step itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from gantool.api.networks import Labels
from gantool.engine.component_state import components
from gantool.engine.host_state import Plain, host_state
from gantool.engine.recordings import Recorder, Recording, Result, put, reading_rates
from gantool.engine.step import Game, discriminator_update, generator_step, observe
from gantool.engine.updates import Scalars

Mode = Literal["auto", "on", "off"]
WARM_STEPS = 3
"""Steps that are played before one is recorded, in which kernels are chosen and optimizers make their state."""
COMPARED_STEPS = 2
"""Replays that are compared with the step itself: two, since one alone would not show that randomness stands still."""
TOLERANCE = {"float32": 1e-3, "bf16": 2e-2}
"""The largest relative difference of a scalar; some kernels sum in another order each time."""
WORTHWHILE = 0.97
"""A replay has to take less than this share of the step's time."""
MOST_KEPT = 24
"""Recordings and attempts that are kept; the oldest goes first, as in a fade-in, where each step is of another kind."""


@dataclass
class _Kind:
    """What is known of one kind of step."""

    played: int = 0
    recording: Recording | None = None
    refused: bool = False
    seconds: list[tuple[float, float]] = field(default_factory=list)
    """Those of the step, and of its replay."""


class Graphs:
    """Plays the steps of both networks, by recordings where these give the same in less time.

    `tell` gets a sentence where a step cannot be recorded, or a recording differs from its step; it is then played as
    without graphs. With `mode` "on" the time does not matter.
    """

    def __init__(self, game: Game, recorder: Recorder, mode: Mode, tell: Callable[[str], None]) -> None:
        self._game, self._recorder, self._mode, self._tell = game, recorder, mode, tell
        self._kinds: dict[object, _Kind] = {}
        self._given_up = False
        self._told: set[str] = set()
        self._moments: list[object] = []
        self._host: Plain = host_state([game.gan, *game.gan.networks, *components(game).values()], game.optimizers)

    def step(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float) -> Scalars:
        """The step of one side, as `discriminator_step` and `generator_step` do it."""
        self._forget_old_moments()
        due = tuple(step % one.every == 0 for one in self._game.penalties if one.side.startswith(side))
        kind = self._kind((side, batch.shape, batch.stride(), labels is None, due, noise > 0, self._host()))

        def plain() -> Result:
            return self._update(side, batch, labels, step, noise)

        if kind.refused or self._given_up:
            scalars, logits = plain()
        elif kind.played < WARM_STEPS:
            scalars, logits = self._warm(kind, side, plain)
        else:
            scalars, logits = self._by_recording(kind, side, batch, labels, step, noise)
        kind.played += 1
        if logits is not None:
            observe(self._game, logits)
        return scalars

    def _forget_old_moments(self) -> None:
        """Drop all recordings where an optimizer has begun anew, since they would update moments that are gone."""
        moments = [next(iter(optimizer.state.values()), None) for optimizer in self._game.optimizers]
        if any(then is not None and now is not then for now, then in zip(moments, self._moments, strict=False)):
            self._kinds.clear()
        self._moments = moments

    def _kind(self, key: object) -> _Kind:
        if key not in self._kinds and len(self._kinds) >= MOST_KEPT:
            del self._kinds[next(iter(self._kinds))]
        return self._kinds.setdefault(key, _Kind())

    def _update(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float | Tensor) -> Result:
        if side == "discriminator":
            return discriminator_update(self._game, batch, labels, step, noise)
        return generator_step(self._game, batch, labels, step, noise), None

    def _warm(self, kind: _Kind, side: str, plain: Callable[[], Result]) -> Result:
        """A step before it is recorded; in the last of them it shows if it can be."""
        held = list(self._tensors(self._optimizer(side)))
        result, waits = self._recorder.warm(plain)
        if kind.played == WARM_STEPS - 1:
            now = list(self._tensors(self._optimizer(side)))
            if waits:
                kind.refused = self._say(side, f"it waits for the device ({waits})")
            elif list(map(id, held)) != list(map(id, now)):
                kind.refused = self._say(side, "it replaces a tensor of its state, where it should write into it")
        return result

    def _by_recording(self, kind: _Kind, side: str, batch: Tensor, labels: Labels, step: int, noise: float) -> Result:
        rates = [float(group["lr"]) for group in self._optimizer(side).param_groups]
        if kind.recording is None:
            kind.recording = self._recorded(side, batch, labels, step, noise, rates)
        recording = kind.recording
        if recording is None:
            kind.refused = True
            return self._update(side, batch, labels, step, noise)
        if len(kind.seconds) >= COMPARED_STEPS:
            return recording.play(batch, labels, noise, rates)
        return self._compared(kind, side, recording, (batch, labels, step, noise), rates)

    def _compared(
        self,
        kind: _Kind,
        side: str,
        recording: Recording,
        seen: tuple[Tensor, Labels, int, float],
        rates: Sequence[float],
    ) -> Result:
        """The step, played and replayed from the same state; the recording is dropped if it is of no use."""
        (batch, labels, step, noise), recorder = seen, self._recorder
        tensors = list(self._tensors(self._optimizer(side)))
        before, chance = [tensor.clone() for tensor in tensors], recorder.random_state()
        try:
            expected, of_step = recorder.timed(lambda: self._update(side, batch, labels, step, noise))
            after, chance_after = [tensor.clone() for tensor in tensors], recorder.random_state()
        except torch.OutOfMemoryError:
            self._give_up(side)
        put(tensors, before)
        recorder.set_random_state(chance)
        if self._given_up:
            return self._update(side, batch, labels, step, noise)
        found, of_replay = recorder.timed(lambda: recording.play(batch, labels, noise, rates))
        kind.seconds.append((of_step, of_replay))
        problem = self._difference(expected[0], found[0])
        if not all(map(torch.equal, chance_after, recorder.random_state())):
            problem = "it draws random numbers on the host"
        if problem:
            self._say(side, problem)
        elif len(kind.seconds) < COMPARED_STEPS or self._gains(kind):
            return found
        kind.refused, kind.recording = True, None
        put(tensors, after)
        recorder.set_random_state(chance_after)
        return expected

    def _recorded(
        self, side: str, batch: Tensor, labels: Labels, step: int, noise: float, rates: Sequence[float]
    ) -> Recording | None:
        optimizer, recorder = self._optimizer(side), self._recorder
        own, own_labels = batch.clone(), None if labels is None else labels.clone()
        own_noise = torch.zeros((), device=batch.device)
        own_rates = [torch.tensor(rate, device=batch.device) for rate in rates]
        chance = recorder.random_state()
        try:
            with reading_rates(optimizer, own_rates):
                replay, result = recorder.record(
                    lambda: self._update(side, own, own_labels, step, own_noise if noise > 0 else 0.0)
                )
        except RuntimeError as error:
            self._say(side, f"it cannot be recorded ({str(error).splitlines()[0].rstrip('.')})")
            for known in self._kinds.values():
                known.recording, known.seconds = None, []
            return None
        finally:
            recorder.set_random_state(chance)
        return Recording(own, own_labels, own_noise, own_rates, replay, result)

    def _optimizer(self, side: str) -> torch.optim.Optimizer:
        if side == "generator":
            return self._game.optimizer_g
        assert self._game.optimizer_d is not None
        return self._game.optimizer_d

    def _tensors(self, optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
        """All that a step changes: weights, buffers, and the optimizer's moments."""
        parts = [*self._game.gan.networks, *components(self._game).values()]
        for module in (part for part in parts if isinstance(part, nn.Module)):
            yield from module.parameters()
            yield from module.buffers()
        for moments in optimizer.state.values():
            yield from (value for value in moments.values() if isinstance(value, Tensor))

    def _difference(self, expected: Scalars, found: Scalars) -> str:
        tolerance = TOLERANCE[self._game.precision.name]
        for name, value in expected.items():
            if not torch.allclose(value.float(), found[name], rtol=tolerance, atol=tolerance, equal_nan=True):
                return f"its recording gives a {name} of {float(found[name]):.6g}, not {float(value):.6g}"
        return ""

    def _gains(self, kind: _Kind) -> bool:
        of_step, of_replay = (min(times) for times in zip(*kind.seconds, strict=True))
        return self._mode == "on" or of_replay < WORTHWHILE * of_step

    def _give_up(self, side: str) -> None:
        """Play all steps without graphs from now on, and let go of their memory."""
        self._say(side, "memory does not suffice for it")
        self._given_up = True
        self._kinds.clear()

    def _say(self, side: str, problem: str) -> Literal[True]:
        sentence = f"The {side}'s step runs without a CUDA graph, which is slower: {problem}."
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)
        return True
