"""Ctrl-C in Python and in notebooks: the step is finished and the run saved before KeyboardInterrupt is raised."""

import os
import signal
import threading
from contextlib import nullcontext

import pytest
import torch

from fakes import state, trainer
from gantool import signals
from gantool.api.events import Tick
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.engine import checkpoint
from gantool.signals import TERMINATING, deferring_ctrl_c, handling


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def raised():
    raise KeyboardInterrupt


def test_ctrl_c_saves_and_then_raises(tmp_path):
    def at_16(event):
        if isinstance(event, Tick) and event.images_seen == 16:
            ctrl_c()

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as came:
        trainer(tmp_path / "run", observers=[at_16]).train()
    assert signal.getsignal(signal.SIGINT) is before
    assert str(came.value) == f"The run is saved at 16 images; it goes on by: gantool train --resume {tmp_path}/run"
    again = trainer(tmp_path / "run")
    again.resume(checkpoint.newest(tmp_path / "run"))
    assert again.images_seen == 16
    again.train()
    whole = trainer(tmp_path / "whole")
    whole.train()
    assert all(torch.equal(one, other) for one, other in zip(state(again), state(whole), strict=True))


def test_ctrl_c_in_the_last_step_says_that_the_run_is_complete(tmp_path):
    def at_64(event):
        if isinstance(event, Tick) and event.images_seen == 64:
            ctrl_c()

    with pytest.raises(KeyboardInterrupt, match=r"^The run is saved at 64 images, and is complete: .*/run$"):
        trainer(tmp_path / "run", observers=[at_64]).train()


class Stopping(Logistic):
    def generator(self, real_logits, fake_logits):
        raise KeyboardInterrupt


def test_networks_in_the_middle_of_a_step_are_not_saved(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "run", loss=Stopping(LogisticOptions())).train()
    assert checkpoint.newest(tmp_path / "run") is None


@pytest.mark.parametrize(("echo", "seen"), [(0.0, [1, 2]), (9.0, [1, 2, 3])])
def test_a_second_ctrl_c_is_raised_unless_it_comes_with_the_first(monkeypatch, echo, seen):
    monkeypatch.setattr(signals, "ECHO", echo)
    came = []

    def twice():
        with deferring_ctrl_c(lambda: came.append(1)):
            ctrl_c()
            came.append(2)
            ctrl_c()
            came.append(3)

    with nullcontext() if echo else pytest.raises(KeyboardInterrupt):
        twice()
    assert came == seen


def test_a_program_with_a_handler_of_its_own_keeps_it_and_other_threads_have_none():
    def own(number, frame):
        pass

    with handling((signal.SIGINT,), own), deferring_ctrl_c(raised):
        assert signal.getsignal(signal.SIGINT) is own
    seen = []

    def elsewhere():
        with deferring_ctrl_c(raised) as came:
            seen.append(came)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [[]]


def test_signals_that_are_ignored_stay_so_as_under_nohup():
    before = [signal.signal(number, signal.SIG_IGN) for number in TERMINATING]
    try:
        with handling(TERMINATING, lambda *_: None):
            assert all(signal.getsignal(number) is signal.SIG_IGN for number in TERMINATING)
    finally:
        for number, old in zip(TERMINATING, before, strict=True):
            signal.signal(number, old)


def test_a_system_without_sighup_has_the_other_signals(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    assert signals._there("SIGTERM", "SIGHUP", "SIGBREAK") == (signal.SIGTERM, signal.SIGUSR1)
