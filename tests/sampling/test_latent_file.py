"""Latents as files, and buffers that stand in for a network's own."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gantool.errors import DataError, OptionError
from gantool.sampling.latent_file import load_latents, replaced, save_latents


def test_what_was_saved_is_read_back(tmp_path):
    latents, noise = torch.randn(2, 3, 4), torch.randn(5)
    save_latents(tmp_path / "a.safetensors", latents, {"layer.noise": noise})
    found = load_latents(tmp_path / "a.safetensors")
    assert torch.equal(found.latents, latents)
    assert torch.equal(found.buffers["layer.noise"], noise)


def test_paths_may_be_text(tmp_path):
    save_latents(str(tmp_path / "a.safetensors"), torch.ones(1, 2))
    assert torch.equal(load_latents(str(tmp_path / "a.safetensors")).latents, torch.ones(1, 2))
    with pytest.raises(DataError, match="missing"):
        load_latents(str(tmp_path / "missing.safetensors"))


def test_a_buffer_cannot_take_the_name_of_the_latents(tmp_path):
    with pytest.raises(OptionError, match="named 'latents' would overwrite"):
        save_latents(tmp_path / "a.safetensors", torch.ones(1, 2), {"latents": torch.zeros(1, 2)})
    assert not list(tmp_path.iterdir())


def test_a_file_without_latents_is_named(tmp_path):
    (tmp_path / "text.safetensors").write_text("no tensors")
    save_file({"weight": torch.zeros(2, 2)}, tmp_path / "weights.safetensors")
    save_file({"latents": torch.zeros(0, 2)}, tmp_path / "none.safetensors")
    for name in ("text", "weights", "none", "missing"):
        with pytest.raises(DataError, match=name):
            load_latents(tmp_path / f"{name}.safetensors")


def test_buffers_are_replaced_for_a_while_and_put_back_after_an_error_too():
    network = nn.Sequential(nn.BatchNorm1d(3))
    own = network[0].running_mean
    other = torch.full((3,), 7.0)
    with replaced(network, {"0.running_mean": other}):
        assert network.eval()(torch.zeros(1, 3))[0, 0].item() == pytest.approx(-7, abs=1e-3)
    assert network[0].running_mean is own
    with pytest.raises(RuntimeError), replaced(network, {"0.running_mean": other}):
        network(torch.zeros(1, 4))
    assert network[0].running_mean is own
    assert "0.running_mean" in dict(network.named_buffers())


@pytest.mark.parametrize(("name", "size"), [("0.running_mean", 4), ("1.noise", 3), ("0.weight", 3)])
def test_buffers_of_another_model_are_refused(name, size):
    with (
        pytest.raises(OptionError, match="of another model"),
        replaced(nn.Sequential(nn.BatchNorm1d(3)), {name: torch.zeros(size)}),
    ):
        pass
