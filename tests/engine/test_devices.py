"""Devices are found by name, and the number of threads is said aloud before anything is computed."""

import torch

from gantool.engine.devices import pick_device


def test_the_number_of_threads_is_fixed_where_a_device_is_picked(monkeypatch) -> None:
    """torch turns MKL's dynamic number of threads off in no other place, and with it results vary on a busy machine."""
    said = []
    monkeypatch.setattr(torch, "set_num_threads", said.append)
    pick_device("cpu")
    assert said == [torch.get_num_threads()]
