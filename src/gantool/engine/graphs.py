"""CUDA graphs: a network's step is recorded once and replayed, so that the host launches one graph, not hundreds of
kernels (Ng 2019, "Getting started with CUDA graphs", NVIDIA).

A step is recorded for each set of penalties that are due, each shape of the batch, and all that it finds on the host
(`host_state`). The first replays are compared with the step itself. What cannot be followed is not recorded.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Literal

from torch import Tensor

from gantool.api.networks import Labels
from gantool.engine.comparisons import State, results_differ, updates_differ, versions
from gantool.engine.devices import is_out_of_memory
from gantool.engine.host_state import HostState, changed, host_state
from gantool.engine.kinds import Kind, OneStep
from gantool.engine.places import Places
from gantool.engine.recordings import Recorder, Recording, Result
from gantool.engine.step import Game, discriminator_gradients, generator_gradients, learn, observe
from gantool.engine.updates import Scalars

Mode = Literal["auto", "on", "off"]
WARM_STEPS = 3
"""Steps that are played before one is recorded, in which kernels are chosen and optimizers make their state."""
COMPARED_STEPS = 2
"""Replays that are compared with the step itself: two, since one alone would not show that randomness stands still."""
WORTHWHILE = 0.97
"""A replay has to take less than this share of the step's time."""
MOST_KEPT = 24
"""Kinds of steps of a side that are kept; the oldest goes first, as where a number changes before each step."""


class Graphs:
    """Plays the steps of both networks, by recordings where these give the same in less time.

    `tell` gets a sentence where a step cannot be recorded, or a recording differs from its step; it is then played as
    without graphs. With `mode` "on" the time does not matter.
    """

    def __init__(self, game: Game, recorder: Recorder, mode: Mode, tell: Callable[[str], None]) -> None:
        self._game, self._recorder, self._mode, self._tell = game, recorder, mode, tell
        self._kinds: dict[tuple[Any, ...], Kind] = {}
        self._gave_up = self._holds_memory = False
        self._told: set[str] = set()
        optimizers = {"generator": game.optimizer_g, "discriminator": game.optimizer_d}
        self._places = {
            side: Places(optimizer, [one for one in game.penalties if one.side == side])
            for side, optimizer in optimizers.items()
            if optimizer is not None
        }

    def step(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float) -> Scalars:
        """The step of one side, as `discriminator_step` and `generator_step` do it."""
        result = None
        if not self._gave_up:
            result = self._with_graphs(self._turn(side, batch, labels, step, noise))
            if self._holds_memory and not any(kind.recording for kind in self._kinds.values()):
                self._holds_memory = False
                self._recorder.forget()
        # Outside of the frames above, which hold recordings.
        scalars, logits = result or self._update(side, batch, labels, step, noise)
        if logits is not None:
            observe(self._game, logits)
        return scalars

    def _turn(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float) -> OneStep:
        begin, host, weights = time.perf_counter(), self._host(side), self._places[side].weights()
        due = tuple(step % one.every == 0 for one in self._game.penalties if one.side.startswith(side))
        of_batch = batch.shape, batch.stride(), batch.dtype, labels is None
        key = (side, *of_batch, due, noise > 0, host.key)
        return OneStep(side, batch, labels, step, noise, weights, host, key, time.perf_counter() - begin)

    def _host(self, side: str) -> HostState:
        """What a step of this side finds; the balance is asked outside of steps."""
        game = self._game
        parts: dict[str, object] = dict(zip(("generator", "discriminator"), game.gan.networks, strict=False))
        parts |= {"architecture": game.gan, "loss": game.loss, "augmentation": game.augmentation}
        parts["penalties"] = [one for one in game.penalties if one.side.startswith(side)]
        places, device = self._places[side], next(game.gan.generator.parameters()).device
        with places.weights_read():
            return host_state(parts, places.optimizer, device, places.update_on_host)

    def _kind(self, turn: OneStep) -> Kind:
        if (kind := self._kinds.get(turn.key)) is not None:
            return kind
        of_side = [(key, kind) for key, kind in self._kinds.items() if key[0] == turn.side]
        if len(of_side) >= MOST_KEPT:
            if not any(kind.refused or kind.recording for _, kind in of_side):
                what = changed(of_side[-2][0][-1], of_side[-1][0][-1])
                self._say(turn.side, f"{what} is another before each step, and a recording would keep what it was")
            del self._kinds[of_side[0][0]]
        return self._kinds.setdefault(turn.key, Kind())

    def _with_graphs(self, turn: OneStep) -> Result | None:
        """The step; None, and nothing done of it, where graphs were given up in it."""
        kind = self._kind(turn)
        kind.played += 1
        if turn.host.unseen and not kind.refused:
            kind.refused = self._say(turn.side, f"changes of {turn.host.unseen} cannot be seen")
        if not kind.refused:
            self._places[turn.side].fill(turn.noise)
        if kind.refused or kind.played <= WARM_STEPS:
            return self._unrecorded(kind, turn)
        if kind.recording is None and not self._record(kind, turn):
            return None
        recording = kind.recording
        if recording is None or len(kind.seconds) < COMPARED_STEPS:
            return self._compared(kind, turn)
        return self._replay(recording, turn)

    def _unrecorded(self, kind: Kind, turn: OneStep) -> Result | None:
        """The step itself; where it finds too little memory beside recordings, these go."""
        state, weights = None, versions(turn.host.held)
        try:
            if self._holds_memory:
                state = State([one for one in turn.host.held if not one.learnt], self._recorder)
            return self._again(turn) if kind.refused else self._warm(kind, turn)
        except (RuntimeError, MemoryError) as error:
            if not (is_out_of_memory(error) and self._holds_memory):
                raise
            if weights != versions(turn.host.held) or self._host(turn.side).key != turn.host.key:
                raise  # a part of it is done
            if state is not None:
                state.put_back()
        self._give_up(turn.side, "memory does not suffice for it")
        return None

    def _warm(self, kind: Kind, turn: OneStep) -> Result:
        """A step before it is recorded; in the last of them it shows if it can be."""
        last, places = kind.played == WARM_STEPS, self._places[turn.side]
        with places.weights_read() if last else nullcontext():
            result, waits = self._recorder.warm(lambda: self._again(turn), look=last)
        if last and waits:
            kind.refused = self._say(turn.side, f"it waits for the device ({waits})")
        elif turn.step:  # in its first, a step makes what it keeps
            self._check_host(kind, turn, last)
        return result

    def _check_host(self, kind: Kind, turn: OneStep, ready: bool = True) -> None:
        """Refuse a step that leaves the host other than it found it; until all is `ready` moments may be new."""
        if (now := self._host(turn.side).key) != turn.host.key and (ready or len(now) == len(turn.host.key)):
            kind.refused = self._say(turn.side, f"it changes or replaces {changed(turn.host.key, now)} on the host")
        elif self._places[turn.side].weights() != turn.weights:
            kind.refused = self._say(turn.side, "it changes the weight of a penalty on the host")

    def _compared(self, kind: Kind, turn: OneStep) -> Result | None:
        """The step, played and replayed from the same state; the recording is dropped if it is of no use."""
        before = None
        try:
            before = State(turn.host.held, self._recorder)
            expected, of_step = self._recorder.timed(lambda: self._again(turn))
            after = State(turn.host.held, self._recorder)
            self._check_host(kind, turn)
            if not kind.refused and kind.recording is not None:
                before.put_back()
                if (found := self._replayed(kind, turn, (before, after), expected, of_step)) is not None:
                    return found
                after.put_back()
            kind.recording = None
            return expected
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if before is not None:
                before.put_back()
        self._give_up(turn.side, "memory does not suffice for it")
        return None

    def _replayed(
        self, kind: Kind, turn: OneStep, states: tuple[State, State], expected: Result, of_step: float
    ) -> Result | None:
        """The replay's result, if it is to be kept."""
        assert kind.recording is not None
        recording, precision = kind.recording, self._game.precision.name
        found, of_replay = self._recorder.timed(lambda: self._replay(recording, turn))
        problem = "" if states[1].drew_alike() else "it draws random numbers on the host"
        differs, learnt = updates_differ(*states, precision)
        problem = problem or results_differ(expected, found, precision) or differs
        if problem:
            kind.refused = self._say(turn.side, problem)
        elif learnt:  # a step that was skipped shows nothing
            kind.seconds.append((of_step, of_replay + turn.seconds_of_look))
            kind.refused = len(kind.seconds) == COMPARED_STEPS and not self._gains(kind)
        return None if kind.refused else found

    def _replay(self, recording: Recording, turn: OneStep) -> Result:
        """The step by its recording, with the update where that is left to the host."""
        result = recording.play(turn.batch, turn.labels)
        if recording.gradients is not None:
            learn(self._game, turn.side, turn.step, result[0])
        return result

    def _record(self, kind: Kind, turn: OneStep) -> bool:
        """Make the kind's recording; False where torch cannot, after which no other is made or kept."""
        chance = State((), self._recorder)
        try:
            batch, labels = turn.batch.clone(), None if turn.labels is None else turn.labels.clone()
            places = self._places[turn.side]
            noise, work = places.noise if turn.noise > 0 else 0.0, self._update
            if places.update_on_host:
                work = self._gradients
            with places.weights_read(), places.rates_read():
                replay, result = self._recorder.record(lambda: work(turn.side, batch, labels, turn.step, noise))
            gradients = places.gradients() if places.update_on_host else None
        except RuntimeError as error:
            why = str(error).splitlines()[0].rstrip(".")
            self._give_up(turn.side, f"it cannot be recorded ({why}), and no other step is after that")
            return False
        finally:
            chance.put_back_randomness()
        kind.recording, self._holds_memory = Recording(batch, labels, replay, result, gradients), True
        return True

    def _again(self, turn: OneStep) -> Result:
        return self._update(turn.side, turn.batch, turn.labels, turn.step, turn.noise)

    def _update(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float | Tensor) -> Result:
        result = self._gradients(side, batch, labels, step, noise)
        learn(self._game, side, step, result[0])
        return result

    def _gradients(self, side: str, batch: Tensor, labels: Labels, step: int, noise: float | Tensor) -> Result:
        if side == "discriminator":
            return discriminator_gradients(self._game, batch, labels, step, noise)
        return generator_gradients(self._game, batch, labels, step, noise), None

    def _gains(self, kind: Kind) -> bool:
        of_step, of_replay = (min(times) for times in zip(*kind.seconds, strict=True))
        return self._mode == "on" or of_replay < WORTHWHILE * of_step

    def _give_up(self, side: str, problem: str) -> None:
        """Play all steps without graphs from now on; their memory goes once no frame holds it."""
        self._say(side, problem)
        self._gave_up = self._holds_memory = True
        self._kinds.clear()

    def _say(self, side: str, problem: str) -> Literal[True]:
        sentence = f"The {side}'s step runs without a CUDA graph, which is slower: {problem}."
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)
        return True
