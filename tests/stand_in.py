"""A recorder without a GPU, which records a closure: a replay runs it into fixed places.

As with a graph, tensors, attributes and settings are those of the recording, not of now: what a replay reads and writes
is the memory of then, and it changes nothing on the host.
"""

import random
import types

import numpy as np
import torch


class StandIn:
    """Keeps what it is asked to record, beside all that the games hold at that time."""

    def __init__(self, seconds=(1.0, 0.5), error=None, replay_changes=0.0, loses_updates=False):
        self.recorded, self.replays, self.error, self.waits = 0, 0, error, ""
        self._seconds, self._turn, self._changes, self._loses = seconds, 0, replay_changes, loses_updates
        self.games, self.forgotten, self.looks = [], 0, []

    def warm(self, work, look=False):
        self.looks.append(look)
        return work(), self.waits if look else ""

    def record(self, work):
        self.recorded += 1
        if self.error is not None:
            raise self.error
        kept, draws = World(self.games), host_draws()
        values = [(tensor, tensor.detach().clone()) for tensor, _ in kept.tensors]
        scalars, logits = work()  # a graph would not do it now
        gradients = [(tensor, tensor.grad) for tensor, _ in kept.tensors if tensor.is_leaf and tensor.grad is not None]
        kept.install()
        give(values)

        def replay():
            self.replays += 1
            now, drawn = World(self.games), host_draws()
            own = [(tensor, tensor.grad) for tensor, _ in gradients]
            kept.install()
            set_host_draws(draws)
            before = [(place, place.clone()) for _, place in kept.tensors]
            result, seen = work()
            if self._loses:
                give(before)
            for name, value in result.items():
                scalars[name].copy_(value + self._changes)
            if logits is not None:
                logits.copy_(seen)
            for (tensor, place), (_, gradient) in zip(gradients, own, strict=True):
                place.copy_(tensor.grad)
                tensor.grad = gradient
            now.install()
            set_host_draws(drawn)

        return replay, (scalars, logits)

    def forget(self):
        self.forgotten += 1

    def timed(self, work):
        self._turn += 1
        return work(), self._seconds[(self._turn - 1) % 2]

    def random_state(self):
        return (torch.get_rng_state(),)

    def set_random_state(self, state):
        torch.set_rng_state(state[0])


class World:
    """What objects hold: attributes, contents of containers, and memory of tensors."""

    NEVER = (type, types.ModuleType, types.FunctionType, types.MethodType, torch.Generator, torch.device, torch.dtype)

    def __init__(self, games):
        self.attributes, self.dicts, self.lists, self.tensors, self._seen = [], [], [], [], set()
        for one in games:
            parts = [*one.gan.networks, one.gan, one.loss, one.augmentation, *one.penalties, *one.optimizers]
            for part in parts:
                self._keep(part)

    def _keep(self, value):
        if id(value) in self._seen or isinstance(value, self.NEVER):
            return
        self._seen.add(id(value))
        if isinstance(value, torch.Tensor):
            self.tensors.append((value, value.detach()))
            return
        if isinstance(value, dict):
            self.dicts.append((value, dict(value)))
            inside = [*value, *value.values()]
        elif isinstance(value, (list, tuple)):
            if isinstance(value, list):
                self.lists.append((value, list(value)))
            inside = value
        elif hasattr(value, "__dict__"):
            live = live_in(value)
            own = {name: one for name, one in vars(value).items() if name not in live}
            self.attributes.append((value, own))
            inside = own.values()
        else:
            return
        for one in inside:
            self._keep(one)

    def install(self):
        """Make all of it what it was; the values in a tensor's memory are those of now."""
        for value, own in self.attributes:
            live = live_in(value)
            for name in [name for name in vars(value) if name not in own and name not in live]:
                del vars(value)[name]
            vars(value).update(own)
        for value, own in self.dicts:
            value.clear()
            value.update(own)
        for value, own in self.lists:
            value[:] = own
        for tensor, place in self.tensors:
            if (tensor.data_ptr(), tensor.stride()) != (place.data_ptr(), place.stride()):
                tensor.data = place


def live_in(value):
    """The attributes that a step on a GPU reads from a tensor."""
    named = getattr(value, "on_device", None)
    return named if isinstance(named, frozenset) else ()


def host_draws():
    return random.getstate(), np.random.get_state()


def set_host_draws(state):
    random.setstate(state[0])
    np.random.set_state(state[1])


@torch.no_grad()
def give(values):
    for tensor, value in values:
        if all(stride or size < 2 for size, stride in zip(tensor.shape, tensor.stride(), strict=True)):
            tensor.copy_(value)
