"""Model: the same seed is the same picture, labels, truncation, levels, and what is refused."""

import pytest
import torch
from torch import Tensor, nn

from gantool import progress
from gantool.api.networks import Gan, Labels
from gantool.engine.draw import chunk_size
from gantool.engine.model_file import ModelCard
from gantool.engine.snapshots import FixedLatents
from gantool.errors import GantoolError, OptionError, PluginError, UnknownNameError, UsageError
from gantool.sampling.labels import choose_labels
from gantool.sampling.model import Model


class Convolutions(nn.Module):
    """A small DCGAN with BatchNorm, after a linear layer; its label shifts the latent."""

    def __init__(self, resolution: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(8, 64), nn.Unflatten(1, (4, 4, 4)), nn.BatchNorm2d(4), nn.ReLU(),
            nn.ConvTranspose2d(4, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Upsample(resolution // 2), nn.ConvTranspose2d(8, channels, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z: Tensor, labels: Labels) -> tuple[Tensor, ...]:
        return (self.net(z if labels is None else z + labels[:, None]),)


class Mapped(Convolutions):
    """The same with a w space, and a pyramid of two levels."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Linear(8, 8)
        self.means_estimated = 0

    def map(self, z: Tensor, labels: Labels) -> Tensor:
        self.means_estimated += len(z) == 4096
        return self.mapping(z if labels is None else z + 10 * labels[:, None]) + 5

    def synthesize(self, w: Tensor) -> tuple[Tensor, ...]:
        image = self.net(w)
        return (nn.functional.avg_pool2d(image, 2), image)


class Noisy(Convolutions):
    """Draws noise inside."""

    def forward(self, z: Tensor, labels: Labels) -> tuple[Tensor, ...]:
        image = self.net(z)
        return (image + 0.5 * torch.randn_like(image),)


class Bare(Convolutions):
    """Forgets the tuple."""

    def forward(self, z: Tensor, labels: Labels) -> Tensor:  # type: ignore[override]
        return self.net(z)


class Hungry(Convolutions):
    """Runs out of memory above a number of rows."""

    rows = 4
    error: Exception = torch.OutOfMemoryError("no memory")

    def forward(self, z: Tensor, labels: Labels) -> tuple[Tensor, ...]:
        if len(z) > self.rows:
            raise self.error
        return super().forward(z, labels)


def model(generator: nn.Module | None = None, classes: tuple[str, ...] = (), resolution: int = 16) -> Model:
    torch.manual_seed(0)
    generator = generator or Convolutions(resolution)
    generator(torch.randn(64, 8), None) if type(generator) is Convolutions else None  # BatchNorm's statistics
    card = ModelCard(
        architecture="fake:x=1", resolution=resolution, channels=3, class_names=classes, images_seen=5, provider="fakes"
    )
    return Model(Gan(generator, nn.Identity(), latent_dim=8), card)


SEEDS = [0, 1, 5, 999, 2**31, 2**32 - 1, *range(100, 140)]


def test_the_same_seed_is_the_same_picture_in_any_company() -> None:
    drawn = model().images(SEEDS)
    again = model()
    assert torch.equal(again.images(SEEDS), drawn)
    assert torch.equal(again.images(SEEDS[::-1]).flip(0), drawn)
    for index in (0, 4, 5, 40):
        assert torch.equal(again.images([SEEDS[index]])[0], drawn[index])
    assert torch.equal(again.images(SEEDS[3:20]), drawn[3:20])
    assert len({picture.numpy().tobytes() for picture in drawn}) == len(SEEDS)


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_is_never_left_in_training_mode(training: bool) -> None:
    loaded = model()
    first = loaded.images([1, 2, 3])
    loaded.generator.train(training)
    assert torch.equal(loaded.images([1]), first[:1])


def test_noise_inside_does_not_depend_on_company_or_on_the_callers_random_state() -> None:
    generator = Noisy()
    drawn = model(generator).images(range(40))
    again = model(generator)
    torch.manual_seed(123)
    state = torch.get_rng_state()
    assert torch.equal(again.images([17])[0], drawn[17])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("classes", [(), ("cat", "dog", "7")])
@pytest.mark.parametrize("kind", [Convolutions, Mapped, Noisy])
def test_a_runs_sheet_is_drawn_as_samples_are(kind: type[Convolutions], classes: tuple[str, ...]) -> None:
    loaded = model(kind(), classes)
    samples = loaded.images(range(70))
    generator = loaded.generator.to(memory_format=torch.channels_last)
    latents = FixedLatents(8, loaded.card, torch.device("cpu"))
    assert torch.equal(latents.render(generator)[-1], samples[:64])
    assert torch.equal(latents.render(generator, 70)[-1], samples)
    assert generator.net[4].weight.is_contiguous(memory_format=torch.channels_last)


def test_pictures_are_the_generators_in_true_colours() -> None:
    loaded = model()
    with torch.no_grad():
        (expected,) = loaded.generator(loaded.latents([4]), None)
    picture = loaded.sample([4])[0]
    assert (picture.size, picture.mode) == ((16, 16), "RGB")
    assert torch.equal(loaded.render(loaded.latents([4]))[0].float(), ((expected[0] + 1) * 127.5).round())


def test_a_model_is_described_in_one_line() -> None:
    card = ModelCard(architecture="dcgan:width=64", resolution=16, channels=3, images_seen=50_000)
    named = Model(Gan(Convolutions(), nn.Identity(), 8), card.model_copy(update={"class_names": ("cat", "dog")}))
    assert repr(named) == "<gantool.Model dcgan, 16 x 16, colour, 2 classes, 50,000 images seen>"
    assert str(card.model_copy(update={"channels": 7})) == "dcgan, 16 x 16, 7 channels, 50,000 images seen"
    assert str(card.model_copy(update={"images_seen": 0})) == "dcgan, 16 x 16, colour"  # as of weights of others


def test_grey_models_give_grey_pictures() -> None:
    assert model(Convolutions(channels=1)).sample([0])[0].mode == "L"


def test_labels_by_name_by_index_and_spread_by_seed() -> None:
    loaded = model(classes=("cat", "dog", "7"))
    dog = loaded.images([4, 5], labels="dog")
    assert torch.equal(loaded.images([4, 5], labels=1), dog)
    assert torch.equal(loaded.images([4, 5], labels="1"), dog)
    assert torch.equal(loaded.images([4, 5], labels=["dog", "cat"])[0], dog[0])
    assert not torch.equal(loaded.images([4, 5], labels="cat"), dog)
    assert torch.equal(loaded.images([4])[0], dog[0])  # 4 % 3 is the dog
    assert torch.equal(loaded.images([4], labels="7"), loaded.images([4], labels=2))


def test_labels_that_cannot_be_are_explained() -> None:
    loaded = model(classes=("cat", "dog"))
    with pytest.raises(UnknownNameError, match=r"Did you mean 'dog'.*cat, dog"):
        loaded.sample([0], labels="dgo")
    with pytest.raises(OptionError, match="0 to 1"):
        loaded.sample([0], labels=2)
    with pytest.raises(OptionError, match="3 labels for 2"):
        loaded.sample([0, 1], labels=["cat", "cat", "dog"])
    with pytest.raises(UsageError, match="without labels"):
        model().sample([0], labels="cat")
    with pytest.raises(UsageError, match="cat, dog"):
        loaded.render(loaded.latents([0]))


@pytest.mark.parametrize("seeds", [[-1], [2**32], []])
def test_seeds_out_of_range_or_none_at_all_are_refused(seeds: list[int]) -> None:
    with pytest.raises(OptionError):
        model().sample(seeds)


def test_truncation_in_z_goes_to_the_picture_of_zero() -> None:
    loaded = model()
    middle = loaded.render(torch.zeros(1, 8))
    assert torch.equal(loaded.images([1, 2], truncation=0.0), middle.expand(2, -1, -1, -1))
    with pytest.raises(OptionError, match="nan"):
        loaded.sample([1], truncation=float("nan"))


def test_in_w_truncation_goes_to_the_mean_w_which_is_estimated_once() -> None:
    generator = Mapped()
    loaded = model(generator)
    assert loaded.space == "w"
    mean = loaded.latents([1, 2], truncation=0.0)
    assert torch.equal(mean[0], mean[1])
    torch.testing.assert_close(mean[0], generator.mapping.bias.detach() + 5, rtol=0, atol=0.1)
    half = loaded.latents([1], truncation=0.5)
    torch.testing.assert_close(half, (mean[:1] + loaded.latents([1])) / 2)
    assert generator.means_estimated == 1


def test_each_class_has_its_own_mean() -> None:
    loaded = model(Mapped(), classes=("a", "b"))
    a, b = loaded.latents([0, 0], labels=["a", "b"], truncation=0.0)
    assert (a - b).abs().max() > 0.5


def test_latents_in_w_can_be_rendered_and_optimised() -> None:
    loaded = model(Mapped())
    w = loaded.latents([3, 4])
    assert torch.equal(loaded.render(w), loaded.images([3, 4]))
    w.requires_grad_()


def test_levels_of_a_pyramid() -> None:
    loaded = model(Mapped())
    assert loaded.images([0]).shape == (1, 3, 16, 16)
    assert loaded.images([0], level=8).shape == (1, 3, 8, 8)
    assert loaded.interpolate([0, 1], 4, level=8).shape == (4, 3, 8, 8)
    with pytest.raises(OptionError, match=r"No level of 2 pixels.*draws 8, 16"):
        loaded.images([0], level=2)


@pytest.mark.parametrize("method", ["auto", "slerp", "lerp", "smooth"])
@pytest.mark.parametrize("kind", [Convolutions, Mapped])
def test_a_walks_key_frames_are_the_samples(method: str, kind: type[Convolutions]) -> None:
    loaded = model(kind())
    path = loaded.interpolate([3, 1, 9], 41, method)
    assert torch.equal(path[[0, 20, 40]], loaded.images([3, 1, 9]))
    loop = loaded.interpolate([3, 1, 9], 42, method, loop=True, truncation=0.7)
    assert torch.equal(loop[[0, 14, 28]], loaded.images([3, 1, 9], truncation=0.7))


@pytest.mark.parametrize("kind", [Convolutions, Mapped])
def test_truncation_may_go_from_one_value_to_another_also_for_one_seed(kind: type[Convolutions]) -> None:
    loaded = model(kind())
    swept = loaded.interpolate([3], 5, truncation=(0.0, 1.0))
    for frame, psi in zip(swept, [0.0, 0.25, 0.5, 0.75, 1.0], strict=True):
        assert torch.equal(frame, loaded.images([3], truncation=psi)[0])
    walk = loaded.interpolate([3, 9], 5, "lerp", truncation=(0.5, 1.0))
    assert torch.equal(walk[0], loaded.images([3], truncation=0.5)[0])
    assert torch.equal(walk[-1], loaded.images([9])[0])
    loop = loaded.interpolate([3], 4, loop=True, truncation=(0.0, 1.0))
    assert torch.equal(loop[1], loop[3])
    assert torch.equal(loop[[0, 2]], swept[[0, 4]])


def test_a_truncation_goes_to_the_mean_of_each_class() -> None:
    loaded = model(Mapped(), classes=("a", "b"))
    walk = loaded.interpolate([0, 0], 3, "lerp", labels=["a", "b"], truncation=(0.0, 0.0))
    assert torch.equal(walk[0], loaded.images([0], 0.0, "a")[0])
    assert torch.equal(walk[-1], loaded.images([0], 0.0, "b")[0])


@pytest.mark.parametrize("psi", [-0.1, 2.1, float("inf")])
def test_truncation_has_the_limits_of_the_command(psi: float) -> None:
    loaded = model()
    with pytest.raises(OptionError, match="from 0 for the mean picture to 2"):
        loaded.sample([1], truncation=psi)
    with pytest.raises(OptionError, match="from 0 for the mean picture to 2"):
        loaded.interpolate([1, 2], 4, truncation=(1.0, psi))
    with pytest.raises(OptionError, match="do not fit in memory"):
        loaded.interpolate([1, 2], 100_001)


def test_a_walk_without_a_w_space_stays_in_one_class() -> None:
    loaded = model(classes=("cat", "dog"))
    path = loaded.interpolate([4, 5], 5)
    assert torch.equal(path[[0, 4]], loaded.images([4, 5], labels="cat"))
    with pytest.raises(OptionError, match="one label"):
        loaded.interpolate([4, 5], 5, labels=["cat", "dog"])
    blended = model(Mapped(), classes=("cat", "dog"))
    assert torch.equal(blended.interpolate([4, 4], 5, labels=["cat", "dog"])[-1], blended.images([4], labels="dog")[0])


def test_a_walk_that_cannot_be_is_explained() -> None:
    with pytest.raises(UnknownNameError, match="'slerp'"):
        model().interpolate([1, 2], 5, "slrp")
    with pytest.raises(OptionError, match="two seeds"):
        model().interpolate([1], 5)


def test_a_generator_that_forgets_the_tuple_is_named_with_the_contract() -> None:
    with pytest.raises(PluginError, match=r"fake \(from fakes\).*tuple"):
        model(Bare()).sample([0])


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("no memory"), MemoryError(), RuntimeError("MPS backend out of memory (allocated: 9 GB)")],
    ids=["CUDA", "Python", "MPS"],
)
def test_out_of_memory_halves_the_chunk_with_a_word(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Hungry, "error", error)
    hungry, calm = model(Hungry()), model(Convolutions())
    hungry.generator.load_state_dict(calm.generator.state_dict())
    assert (hungry.images(range(10)).int() - calm.images(range(10)).int()).abs().max() <= 1
    assert "Out of memory" in caplog.text


def test_memory_that_suffices_for_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hungry, "rows", 0)
    with pytest.raises(GantoolError, match="--device cpu"):
        model(Hungry()).sample([0])


def test_other_errors_of_a_generator_are_not_taken_for_memory() -> None:
    class Failing(Convolutions):
        def forward(self, z: Tensor, labels: Labels) -> tuple[Tensor, ...]:
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        model(Failing()).render(torch.zeros(1, 8))


def test_latents_of_another_model_are_refused() -> None:
    with pytest.raises(OptionError, match="another model"):
        model().render(torch.zeros(1, 7))
    with pytest.raises(OptionError, match="another model"):
        model(Mapped()).render(torch.zeros(1, 8), buffers={"noise": torch.zeros(4)})


def test_buffers_that_go_with_latents_stand_in_for_the_models_own() -> None:
    made = model(Mapped())
    latents = made.latents([1])
    before = made.render(latents)
    moved = {"net.2.running_mean": torch.full((4,), 3.0)}
    assert not torch.equal(made.render(latents, buffers=moved), before)
    assert torch.equal(made.render(latents), before)


def test_buffers_can_be_replaced_and_learnt_in_a_block() -> None:
    class Shifted(Mapped):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("shift", torch.zeros(1))

        def synthesize(self, w: Tensor) -> tuple[Tensor, ...]:
            return super().synthesize(w + self.shift)

    made = model(Shifted())
    shift = torch.ones(1, requires_grad=True)
    with made.replacing({"shift": shift}):
        made.generator.synthesize(made.latents([1]))[-1].sum().backward()
    assert shift.grad is not None
    assert shift.grad.abs() > 0
    assert made.generator.shift.tolist() == [0]
    with pytest.raises(OptionError, match="of another model"), made.replacing({"no.such": shift}):
        pass


def test_drawing_reports_its_progress() -> None:
    told: list[tuple[int, int]] = []
    with progress.listening(lambda label, done, total: told.append((done, total))):
        model().images(range(40))
    assert told == [(done, 40) for done in range(8, 41, 8)]


@pytest.mark.parametrize(("device", "most", "at_64"), [("cpu", 8, 4), ("cuda", 32, 32)])
def test_chunks_shrink_with_resolution_and_are_small_where_nothing_is_gained(device, most, at_64) -> None:
    sizes = [chunk_size(2**power, torch.device(device)) for power in range(2, 11)]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[4], sizes[-1]) == (most, at_64, 1)


def test_a_class_of_thousands_of_digits_is_none_of_them():
    with pytest.raises(UnknownNameError, match=r"No class '9{37}\.\.\.'"):
        choose_labels(("cat", "dog"), [0], "9" * 5000, "dcgan")


def test_a_number_in_place_of_seeds_is_told_and_numbers_of_a_tensor_are_seeds():
    drawing = model()
    for draw in (drawing.sample, drawing.images, drawing.latents, drawing.z):
        with pytest.raises(OptionError, match=rf"^gantool\.Model\.{draw.__name__}: seeds takes .* seeds=range\(4\)"):
            draw(4)
    with pytest.raises(OptionError, match=r"^gantool\.Model\.interpolate: seeds takes a sequence of integers, not 4"):
        drawing.interpolate(4, 8)
    assert torch.equal(drawing.images(torch.arange(2)), drawing.images([0, 1]))


def test_latents_of_another_precision_are_drawn_as_those_of_its_own():
    drawing = model()
    latents = drawing.latents([3])
    assert torch.equal(drawing.render(latents.double()), drawing.render(latents))
