"""Networks of plugins beside the penalties that come with gantool, before and in a run."""

import pytest
import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

import gantool
from fakes import TinyDiscriminator, TinyGenerator
from gantool.engine.judging import PerImage
from gantool.errors import PluginError
from gantool.plugins.host import PluginHost, using
from prepared import prepared


class Attending(TinyDiscriminator):
    """Rows of pixels attend to each other."""

    def __init__(self):
        super().__init__()
        self.queries = nn.Linear(8, 8)

    def forward(self, images, labels=None):
        rows = images[-1].flatten(1, 2)
        seen = F.scaled_dot_product_attention(*(self.queries(rows)[:, None],) * 3)
        return super().forward((seen.view_as(images[-1]),), labels)


class AttendingGenerator(TinyGenerator):
    def forward(self, z, labels=None):
        return super().forward(F.scaled_dot_product_attention(*(z[:, None, :, None],) * 3).flatten(1), labels)


class Once(torch.autograd.Function):
    """An operation as authors of kernels write it, without a second derivative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        return 2 * gradient * ctx.saved_tensors[0]


class Bending(TinyDiscriminator):
    def forward(self, images, labels=None):
        return super().forward((Once.apply(images[-1]),), labels)


class Lazy(TinyGenerator):
    def __init__(self):
        super().__init__()
        self.late = nn.LazyLinear(4)

    def forward(self, z, labels=None):
        return super().forward(self.late(z), labels)


def attending(options, shape):
    return gantool.Gan(AttendingGenerator(), Attending(), 4)


def bending(options, shape):
    return gantool.Gan(TinyGenerator(), Bending(), 4)


def lazy(options, shape):
    return gantool.Gan(Lazy(), TinyDiscriminator(), 4)


class Plugin:
    @staticmethod
    @gantool.hookimpl
    def gantool_architectures():
        return [
            gantool.Architecture(name, "For a test", gantool.Options, f"{__name__}:{name}", resolutions=(8,))
            for name in ("attending", "bending", "lazy")
        ]


@pytest.fixture(autouse=True)
def plugin():
    host = PluginHost(third_party=False, environ={})
    host.add(Plugin, "gantool-attending")
    with using(host):
        yield


def of(arch, **settings):
    return prepared(arch, resolution=8, batch=8, **settings)


def test_attention_has_the_second_derivative_that_penalties_take():
    made = of("attending", penalty=("r1", "r2", "gp", "dragan", "path-length"))
    images = (torch.rand(8, 3, 8, 8),)
    for penalty in made.parts.penalties[:-1]:
        torch.autograd.backward(penalty(PerImage(made.gan.discriminator), images, images, None).mean())
    torch.autograd.backward(made.parts.penalties[-1](made.gan.generator, torch.randn(8, 4), None).mean())
    assert made.gan.discriminator.queries.weight.grad.any()


def test_a_penalty_that_a_network_cannot_take_is_named_before_the_run():
    assert of("bending", penalty=("drift",)).gan
    with pytest.raises(
        PluginError, match=r"'r1' of gantool beside .*'bending' of gantool-attending cannot be used: .* no gradient"
    ):
        of("bending", penalty=("r1",))


def test_layers_that_are_made_at_the_first_call_follow_the_seed():
    one, same, other = (of("lazy", seed=seed).gan.generator.late.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
