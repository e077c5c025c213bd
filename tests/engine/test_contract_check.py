import functools

import pytest
import torch

from fakes import TinyDiscriminator, TinyGenerator, tiny_gan
from gantool.api.networks import Gan, Stage
from gantool.api.specs import ImageShape
from gantool.builtin.penalties import R1Options
from gantool.builtin.penalties.gradients import R1
from gantool.engine.contract_check import check_contract
from gantool.engine.memory_estimate import _weightless, kept_for_backward, memory_estimate, sharing, trainable
from gantool.engine.stages import stages_of
from gantool.errors import DataError, PluginError
from gantool.plugins.host import host

SHAPE = ImageShape(8)


class BareTensor(TinyGenerator):
    def forward(self, z, labels=None):
        return super().forward(z, labels)[0]


class Columns(TinyDiscriminator):
    def forward(self, images, labels=None):
        return super().forward(images, labels)[:, None, None]


class Raises(TinyDiscriminator):
    def forward(self, images, labels=None):
        return self.no_such_layer(images)


class Leaves(TinyDiscriminator):
    def forward(self, images, labels=None):
        raise SystemExit(3)


class Typed(TinyGenerator):
    """Its pictures are of another type; the discriminator's convolution would say so in torch's words."""

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, z, labels=None):
        return tuple(level.to(self.dtype) for level in super().forward(z, labels))


class Rooted(TinyGenerator):
    def forward(self, z, labels=None):
        return tuple(level.sqrt() for level in super().forward(z, labels))


class Certain(TinyDiscriminator):
    def forward(self, images, labels=None):
        return super().forward(images, labels) / 0


class Deciding(TinyDiscriminator):
    def forward(self, images, labels=None):
        return super().forward(images, labels) > 0


class Heads(TinyDiscriminator):
    def forward(self, images, labels=None):
        return (super().forward(images, labels),) * 3


class Doubling(Gan):
    def view(self, batch):
        return (batch.double(),)


class Blind(Gan):
    def view(self, batch):
        return (batch / (1 // 0),)


class Stuck(Gan):
    def advance(self, images_seen):
        self.share = 1 / images_seen


def of_latents(latent_dim):
    gan = tiny_gan()
    gan.latent_dim = latent_dim
    return gan


def telling(status):
    gan = tiny_gan()
    gan.status = status
    return gan


BROKEN = [
    (lambda: "a string", "built a str"),
    (lambda: Gan(BareTensor(), TinyDiscriminator(), 4), "return \\(images,\\)"),
    (lambda: Gan(TinyGenerator(channels=1), TinyDiscriminator(1), 4), "same shapes"),
    (lambda: Gan(TinyGenerator(), Columns(), 4), "logits \\[n\\], or"),
    (
        lambda: Gan(TinyGenerator(), Raises(), 4),
        r"its discriminator failed for two pictures of 8 pixels, .*no_such_layer",
    ),
    (lambda: Gan(TinyGenerator(), TinyDiscriminator(), 5), "its generator failed for two pictures"),
    (lambda: Gan(TinyGenerator(), Leaves(), 4), r"its discriminator failed .*exit code 3"),
    (lambda: Gan(Typed(torch.float64), TinyDiscriminator(), 4), r"pictures of type float64;.*level\.float\(\)"),
    (lambda: Gan(Typed(torch.float16), TinyDiscriminator(), 4), "pictures of type float16"),
    (lambda: Gan(Typed(torch.uint8), TinyDiscriminator(), 4), "pictures of type uint8"),
    (lambda: Doubling(TinyGenerator(), TinyDiscriminator(), 4), "pictures of type float64"),
    (lambda: Gan(Rooted(), TinyDiscriminator(), 4), "draws pixels that are not finite"),
    (lambda: Gan(TinyGenerator(), Certain(), 4), "gives logits that are not finite"),
    (lambda: Gan(TinyGenerator(), Deciding(), 4), "logits of type bool"),
    (lambda: Gan(TinyGenerator(), Heads(), 4), r"returned 3 things; .*\[n, k\] for k judgements"),
    (lambda: Blind(TinyGenerator(), TinyDiscriminator(), 4), r"its view failed for two .*ZeroDivisionError"),
    (lambda: Stuck(TinyGenerator(), TinyDiscriminator(), 4), r"its advance\(0\) failed for two .*ZeroDivisionError"),
    (lambda: of_latents((2, 2)), r"latent_dim \(2, 2\); .*z\.unflatten"),
    (lambda: telling(lambda: {"level": "high"}), r"status\(\) returned 'high' as 'level', which is no number"),
    (lambda: telling(lambda: {"level": torch.ones(())}), r"status\(\) returned tensor\(1\.\) as 'level'"),
    (lambda: telling(lambda: None), r"status\(\) returned None"),
    (lambda: telling(lambda: 1 / 0), r"status\(\) failed: ZeroDivisionError"),
    (lambda: of_latents(0), "latent_dim 0; it is a whole number"),
]


@pytest.mark.parametrize(("build", "words"), BROKEN, ids=[words for _, words in BROKEN])
def test_what_breaks_the_contract_is_said_with_who_breaks_it(build, words):
    with pytest.raises(PluginError, match=f"blobs of gantool-blobs.*{words}|{words}.*blobs of gantool-blobs"):
        check_contract(build(), SHAPE, "blobs of gantool-blobs")


class Lacking(torch.nn.Module):
    def forward(self, images, labels=None):
        raise DataError("The weights are not here: fetch them.")


def test_a_sentence_of_a_networks_own_stays_and_drawing_needs_no_discriminator():
    gan = Gan(TinyGenerator(), Lacking(), 4)
    with pytest.raises(DataError, match=r"^The weights are not here: fetch them\.$"):
        check_contract(gan, SHAPE, "blobs of gantool-blobs")
    check_contract(gan, SHAPE, "blobs of gantool-blobs", judging=False)


def test_a_sound_gan_is_left_as_it_was():
    gan, state = tiny_gan(), torch.get_rng_state()
    before = [tensor.clone() for tensor in gan.generator.state_dict().values()]
    check_contract(gan, SHAPE, "tiny")
    assert all(torch.equal(a, b) for a, b in zip(before, gan.generator.state_dict().values(), strict=True))
    assert gan.generator.training
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_kept_for_backward_is_counted_in_bytes():
    x = torch.randn(100, requires_grad=True)
    kept, _ = kept_for_backward(lambda: x.exp())
    assert kept == 400


def test_the_estimate_grows_with_the_batch_and_holds_weights_four_times_and_the_average():
    gan = tiny_gan()
    weights = trainable(gan.generator) + trainable(gan.discriminator)
    small, large = (memory_estimate(gan, Stage(0, 8, batch), classes=0) for batch in (2, 200))
    assert small > 4 * (4 * weights + trainable(gan.generator))
    assert large - small > 98 * 3 * 8 * 8 * 4


class Growing(Gan):
    """Changes nothing, but tells a course."""

    def __init__(self, *stages):
        made = tiny_gan()
        super().__init__(made.generator, made.discriminator, 4)
        self.course = stages

    def stages(self, batch):
        return self.course


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ((Stage(8, 8, 2),), "must start at 0"),
        ((Stage(0, 8, 2), Stage(0, 8, 2)), "one after another"),
        ((Stage(0, 3, 2),), "divides 8"),
        ((Stage(0, 8, 0),), "batch of at least 1"),
        ((Stage(0, 4, 2), Stage(9, 8, 2)), "same shapes"),
    ],
)
def test_stages_that_make_no_sense_are_refused(stages, words):
    with pytest.raises(PluginError, match=words):
        check_contract(Growing(*stages), SHAPE, "growing of gantool-growing")


def test_penalties_count_among_what_a_step_keeps():
    gan, stage = tiny_gan(), Stage(0, 8, 32)
    assert memory_estimate(gan, stage, 0, [R1(R1Options(weight=1))]) > memory_estimate(gan, stage, 0)
    assert memory_estimate(gan, stage, 0, at_once=True) > memory_estimate(gan, stage, 0)


@pytest.mark.parametrize("arch", ["mlp", "dcgan:width=8", "progressive:fmap_base=64", "msg:fmap_base=64"])
def test_measuring_without_content_gives_the_same_number(arch, monkeypatch):
    gan = host().resolve("architecture", arch).build(ImageShape(32, 3, 2))
    stage = stages_of(gan, 32, 8)[-1]
    without = memory_estimate(gan, stage, 2, [R1(R1Options(weight=1))])
    monkeypatch.setattr("gantool.engine.memory_estimate._weightless", lambda gan: gan)
    assert memory_estimate(gan, stage, 2, [R1(R1Options(weight=1))]) == pytest.approx(without, rel=0.01)


def test_networks_that_need_numbers_are_measured_with_them():
    gan = tiny_gan()
    expected = memory_estimate(gan, Stage(0, 8, 4), 0)

    def read(module, inputs):
        inputs[0].sum().item()

    gan.generator.register_forward_pre_hook(read)
    assert memory_estimate(gan, Stage(0, 8, 4), 0) == expected


def test_a_forecast_copies_no_weights():
    gan = host().resolve("architecture", "dcgan:width=8").build(ImageShape(32, 3, 2))
    gan.generator.tied = next(gan.generator.parameters())
    twin, bare = sharing(gan), _weightless(gan)
    for network, shared, empty in zip(gan.networks, twin.networks, bare.networks, strict=True):
        weights = list(network.parameters())
        assert [weight.data_ptr() for weight in shared.parameters()] == [weight.data_ptr() for weight in weights]
        assert {tensor.device.type for tensor in (*empty.parameters(), *empty.buffers())} == {"meta"}
        buffers = {tensor.data_ptr() for tensor in network.buffers()}
        assert not buffers & {tensor.data_ptr() for tensor in shared.buffers()}
        shared.requires_grad_(False)
        assert all(weight.requires_grad for weight in weights)
    assert bare.generator.tied is next(bare.generator.parameters())


class WithoutLabels(TinyGenerator):
    def forward(self, z):
        return super().forward(z, None)


def test_a_network_that_takes_no_labels_is_told_how_it_is_called():
    gan = Gan(WithoutLabels(), TinyDiscriminator(), 4)
    with pytest.raises(PluginError, match=r"its generator does not take these arguments: generator\(z, labels\) \(too"):
        check_contract(gan, SHAPE, "Blobs")


def of_the_noise_alone(forward):
    @functools.wraps(forward)
    def called(self, z, labels=None):
        return forward(self, z)

    return called


class Wrapped(WithoutLabels):
    forward = of_the_noise_alone(WithoutLabels.forward)


class Given(TinyGenerator):
    """What it needs beside is given by a hook."""

    def __init__(self):
        super().__init__()
        self.register_forward_pre_hook(lambda self, args: (*args, 1.0))

    def forward(self, z, labels, scale):
        return tuple(scale * level for level in super().forward(z, labels))


@pytest.mark.parametrize("generator", [Wrapped, Given])
def test_a_network_whose_signature_is_not_that_of_its_call_is_sound(generator):
    check_contract(Gan(generator(), TinyDiscriminator(), 4), SHAPE, "Blobs")
