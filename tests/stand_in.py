"""A recorder without a GPU, which records a closure: a replay runs it into fixed places."""

import torch

from gantool.engine.component_state import buffers


class StandIn:
    """Keeps what it is asked to record. As a graph does, a replay reads fixed places and writes fixed places."""

    def __init__(self, seconds=(1.0, 0.5), error=None, replay_changes=0.0):
        self.recorded, self.replays, self.error, self.waits = 0, 0, error, ""
        self._seconds, self._turn, self._changes = seconds, 0, replay_changes
        self.games = []

    def warm(self, work):
        return work(), self.waits

    def record(self, work):
        self.recorded += 1
        if self.error is not None:
            raise self.error
        tensors = [tensor for one in self.games for tensor in tensors_of(one)]
        before = [tensor.clone() for tensor in tensors]
        scalars, logits = work()  # a graph would not do it now
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)

        def replay():
            self.replays += 1
            values, seen = work()
            for name, value in values.items():
                scalars[name].copy_(value + self._changes)
            if logits is not None:
                logits.copy_(seen)

        return replay, (scalars, logits)

    def timed(self, work):
        self._turn += 1
        return work(), self._seconds[(self._turn - 1) % 2]

    def random_state(self):
        return (torch.get_rng_state(),)

    def set_random_state(self, state):
        torch.set_rng_state(state[0])


def tensors_of(one):
    yield from buffers(one)
    for network in one.gan.networks:
        yield from network.state_dict().values()
    for optimizer in one.optimizers:
        yield from (value for moments in optimizer.state.values() for value in moments.values())
