"""What torch cannot save as .pt2, or draw with, is an error that names the generator."""

import pytest
import torch

import gantool
from gantool.errors import GantoolError
from gantool.exporting.export import export
from gantool.testing import write_untrained


class Broken:
    """A program that fails as one does that is made for another batch."""

    def module(self):
        """Itself."""
        return self

    def __call__(self, **_):
        """Fail."""
        raise AssertionError("Guard failed: z.size()[0] == 6")


def unsaved(*_, **__):
    raise RuntimeError("no such tensor")


@pytest.mark.parametrize(("name", "fault"), [("save", unsaved), ("load", lambda _: Broken())])
def test_a_program_that_cannot_be_saved_or_run_is_told(tmp_path, monkeypatch, name, fault):
    model = write_untrained(tmp_path / "a.safetensors", "dcgan:width=4,latent=6", resolution=16)
    monkeypatch.setattr(torch.export, name, fault)
    with pytest.raises(GantoolError, match=r"The generator of dcgan .* cannot be exported: "):
        export(gantool.load(model, "cpu"), tmp_path / "a.pt2")
    assert not (tmp_path / "a.pt2").exists()
