"""Directions: planted ones are found, in z and in w; moves, files, and what is refused."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.networks import Gan, Labels
from gantool.engine.model_file import ModelCard, load_generator
from gantool.errors import DataError, OptionError, UnknownNameError, UsageError
from gantool.sampling.directions import directions_file, load_directions, save_directions
from gantool.sampling.finding import drawn, find_directions
from gantool.sampling.load import load
from gantool.sampling.model import Model
from gantool.testing import write_untrained

DIM, SIDE = 12, 4
STRENGTHS = torch.tensor([9.0, 7.0, 5.0, 4.0, *[1.0] * 8])


def turned(seed: int, size: int = DIM) -> Tensor:
    """An orthogonal matrix; its rows are the directions that are planted."""
    return torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(seed)))[0]


def planted(layer: nn.Linear, directions: Tensor, strengths: Tensor = STRENGTHS) -> None:
    """Have a layer respond to each direction by its strength."""
    with torch.no_grad():
        mixed = turned(5, layer.out_features)[:, : len(directions)]
        layer.weight[:, : directions.shape[1]] = mixed @ torch.diag(strengths) @ directions


class Plain(nn.Module):
    """z, perhaps normalised, and a label behind it, to pictures by two layers."""

    def __init__(self, classes: int = 0, normalised: bool = False, embedded: bool = False) -> None:
        super().__init__()
        self.classes, self.normalised = classes, normalised
        self.embedding = nn.Embedding(classes, classes) if embedded else None
        self.first = nn.Linear(DIM + classes, 20)
        self.last = nn.Linear(20, 3 * SIDE**2)
        planted(self.first, turned(1))

    def forward(self, z: Tensor, labels: Labels = None) -> tuple[Tensor, ...]:
        if self.normalised:
            z = z * z.square().mean(1, keepdim=True).rsqrt()
        if self.classes:
            z = torch.cat([z, self.embedding(labels) if self.embedding else 30.0 * F.one_hot(labels, self.classes)], 1)
        return (torch.tanh(0.1 * self.last(F.leaky_relu(self.first(z), 0.2, inplace=True))).view(-1, 3, SIDE, SIDE),)


class Styled(nn.Module):
    """w by a linear mapping, the same for both layers, each of which reads it by a layer of its own."""

    def __init__(self, layers: int = 2) -> None:
        super().__init__()
        self.mapping, self.layers = nn.Linear(DIM, DIM), layers
        self.constant = nn.Parameter(torch.randn(6, SIDE, SIDE))
        self.styles = nn.ModuleList(nn.Linear(DIM, 16) for _ in range(max(1, layers)))
        self.last = nn.Linear(16, 3 * SIDE**2)
        planted(self.mapping, turned(1))
        for style in self.styles:
            planted(style, turned(2))

    def map(self, z: Tensor, labels: Labels = None) -> Tensor:
        w = self.mapping(z)
        return w[:, None].expand(-1, self.layers, -1) if self.layers else w

    def synthesize(self, w: Tensor) -> tuple[Tensor, ...]:
        styles = [style(w[:, index] if self.layers else w) for index, style in enumerate(self.styles)]
        return (torch.tanh(0.05 * self.last(sum(styles))).view(-1, 3, SIDE, SIDE),)

    def forward(self, z: Tensor, labels: Labels = None) -> tuple[Tensor, ...]:
        return self.synthesize(self.map(z, labels))


def model_of(generator: nn.Module, classes: int = 0) -> Model:
    names = tuple(f"class{index}" for index in range(classes))
    card = ModelCard(
        architecture="toy", resolution=SIDE, channels=3, class_names=names, images_seen=100, digest="1" * 64
    )
    return Model(Gan(generator, None, DIM), card)


def cosines(found: Tensor, true: Tensor) -> Tensor:
    return torch.cosine_similarity(found.flatten(1), true.flatten(1)).abs()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("method", ["pca", "sefa"])
@pytest.mark.parametrize("how", [{}, {"normalised": True}, {"classes": 3}, {"classes": 3, "embedded": True}])
def test_directions_of_the_first_layer_are_found_in_z(method, how):
    found = find_directions(model_of(Plain(**how), how.get("classes", 0)), method, 4)
    assert (cosines(found.vectors, turned(1)[:4]) > 0.99).all()
    assert found.card.space == "z"
    assert found.scale == pytest.approx([1.0] * 4, abs=0.05)


def test_a_linear_layer_is_found_exactly():
    assert cosines(find_directions(model_of(Plain()), "pca", 4).vectors, turned(1)[:4]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("layers", [0, 2])
def test_directions_of_w_are_its_principal_components(layers):
    generator = Styled(layers)
    found = find_directions(model_of(generator), "pca", 4)
    true = turned(5, DIM)[:, :4].T  # of the outputs of the mapping
    true = true[:, None].expand(-1, 2, -1) if layers else true
    assert (cosines(found.vectors, true) > 0.99).all()
    assert found.card.space == "w"
    # A standard deviation moves w by so much in each layer.
    assert found.shift({1: 1.0}).norm(dim=-1) == pytest.approx(9.0, rel=0.01)


@pytest.mark.parametrize("layers", [0, 2])
def test_sefa_finds_what_the_layers_of_w_respond_to(layers):
    found = find_directions(model_of(Styled(layers)), "sefa", 4)
    true = turned(2)[:4]
    assert (cosines(found.vectors, true[:, None].expand(-1, 2, -1) if layers else true) > 0.99).all()


def test_sefa_reads_through_convolutions_and_spectral_normalisation():
    class Convolved(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(DIM, 20, 1, bias=False))
            with torch.no_grad():
                self.first.parametrizations.weight.original[:, :, 0, 0] = Plain().first.weight.T
                self.train()(torch.randn(4, DIM))

        def forward(self, z: Tensor, labels: Labels = None) -> tuple[Tensor, ...]:
            return (self.last(self.first(z[:, :, None, None]).flatten(1)).view(-1, 3, SIDE, SIDE),)

    for method in ("pca", "sefa"):
        assert (cosines(find_directions(model_of(Convolved()), method, 4).vectors, turned(1)[:4]) > 0.99).all()


def test_signs_order_and_scale_are_fixed():
    torch.manual_seed(3)
    first = find_directions(model_of(Styled()), "pca", 4)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    again_from = model_of(Styled())
    after = torch.get_rng_state()
    again = find_directions(again_from, "pca", 4)
    assert torch.equal(torch.get_rng_state(), after)
    assert not torch.equal(before, after)
    assert torch.equal(first.vectors, again.vectors)
    assert torch.equal(first.scale, again.scale)
    flat = first.vectors.flatten(1)
    assert (flat.gather(1, flat.abs().argmax(1, keepdim=True)) > 0).all()
    assert flat.norm(dim=1) == pytest.approx(1, abs=1e-5)
    assert first.scale.tolist() == sorted(first.scale.tolist(), reverse=True)


def test_fewer_are_found_where_there_are_no_more():
    generator = Plain()
    planted(generator.first, turned(1), torch.tensor([3.0, 2.0, *[0.0] * 10]))
    for method in ("pca", "sefa"):
        assert len(find_directions(model_of(generator), method, 5)) == 2


def test_a_move_comes_behind_truncation_and_is_what_it_says():
    model = model_of(Styled())
    found = find_directions(model, "pca", 3)
    latents = model.latents([1, 2], truncation=0.5)
    shift = found.shift({1: 2.0, 3: -1.0})
    assert torch.allclose(shift, 2 * found.scale[0] * found.vectors[0] - found.scale[2] * found.vectors[2])
    assert torch.equal(model.images([1, 2], truncation=0.5, shift=shift), model.render(latents + shift))
    assert torch.equal(model.images([1, 2], truncation=0.5, shift=shift), model.render(latents, shift=shift))
    walked = model.interpolate([1, 2], 2, truncation=0.5, shift=shift)
    assert torch.equal(walked, model.images([1, 2], truncation=0.5, shift=shift))
    assert not torch.equal(walked, model.images([1, 2], truncation=0.5))


def test_directions_are_read_as_they_were_written(tmp_path):
    found = find_directions(model_of(Plain()), "sefa", 3)
    save_directions(tmp_path / "new" / "a.safetensors", found)
    read = load_directions(tmp_path / "new" / "a.safetensors")
    assert torch.equal(read.vectors, found.vectors)
    assert torch.equal(read.scale, found.scale)
    assert read.card == found.card
    assert (read.card.method, read.card.space, read.card.digest) == ("sefa", "z", "1" * 64)
    save_directions(tmp_path / "b.safetensors", read)
    assert (tmp_path / "b.safetensors").read_bytes() == (tmp_path / "new" / "a.safetensors").read_bytes()


def test_files_that_hold_none_are_named(tmp_path):
    (tmp_path / "text.safetensors").write_text("nothing")
    save_file({"directions": torch.ones(2, 2)}, tmp_path / "bare.safetensors")
    card = find_directions(model_of(Plain()), "pca", 1).card.model_dump_json()
    good = {"directions": torch.ones(2, 3), "scale": torch.ones(2)}
    key = "gantool-directions"
    save_file({**good, "scale": torch.ones(3)}, tmp_path / "scale.safetensors", {key: card})
    save_file({**good, "scale": torch.tensor([1.0, torch.nan])}, tmp_path / "nan.safetensors", {key: card})
    save_file({"scale": torch.ones(2)}, tmp_path / "missing.safetensors", {key: card})
    save_file(good, tmp_path / "method.safetensors", {key: card.replace("pca", "guess")})
    save_file(good, tmp_path / "json.safetensors", {key: "{"})
    for name in ("text", "bare", "scale", "nan", "missing", "method", "json", "absent"):
        with pytest.raises(DataError, match=name):
            load_directions(tmp_path / f"{name}.safetensors")


def test_what_is_refused():
    model = model_of(Plain())
    found = find_directions(model, "pca", 2)
    with pytest.raises(OptionError, match="no direction 3: these go from 1 to 2"):
        found.shift({3: 1.0})
    with pytest.raises(OptionError, match="not nan"):
        found.shift({1: float("nan")})
    with pytest.raises(OptionError, match=r"These moves are of shape \[13\]; this toy takes \[12\]"):
        model.images([0], shift=torch.zeros(DIM + 1))
    with pytest.raises(OptionError, match="From 1 to 12 directions"):
        find_directions(model, "pca", 13)
    with pytest.raises(UnknownNameError, match="Did you mean 'sefa'"):
        find_directions(model, "sefe")
    other = model_of(Plain())
    other.card = other.card.model_copy(update={"digest": "2" * 64, "images_seen": 0})  # imported: nobody knows
    with pytest.raises(OptionError, match=r"found in another model than this one \(.*\)\. Its own are") as refused:
        found.check_model(other)
    assert "images seen" not in str(refused.value)
    found.check_model(model)


def test_a_generator_without_layers_says_so():
    class Bare(nn.Module):
        def forward(self, z: Tensor, labels: Labels = None) -> tuple[Tensor, ...]:
            return (z[:, :1, None, None].expand(-1, 3, SIDE, SIDE),)

    with pytest.raises(UsageError, match="No layer"):
        find_directions(model_of(Bare()), "pca")
    with pytest.raises(UsageError, match="use --method pca"):
        find_directions(model_of(Bare()), "sefa")


def test_latents_that_are_drawn_have_mean_0_and_covariance_1_exactly():
    z = drawn(64, 5).double()
    assert z.mean(0) == pytest.approx(0, abs=1e-6)
    assert (z.T @ z / 64 - torch.eye(5)).abs().max() < 1e-6


def test_the_file_lies_beside_the_model(tmp_path):
    from gantool.engine.model_file import save_generator

    card = ModelCard(architecture="toy", resolution=SIDE, channels=3, images_seen=1)
    (tmp_path / "run").mkdir()
    for file in (tmp_path / "run" / "generator.safetensors", tmp_path / "pets.safetensors"):
        save_generator(file, {"a": torch.zeros(1)}, card)
    assert directions_file(tmp_path / "run") == tmp_path / "run" / "directions.safetensors"
    assert directions_file(tmp_path / "pets.safetensors") == tmp_path / "pets-directions.safetensors"


def test_directions_fit_their_own_model_alone_among_models_whose_cards_have_no_digest(tmp_path):
    for name, factor in (("a", 1.0), ("b", 2.0)):
        file = write_untrained(tmp_path / f"{name}.safetensors", "dcgan:width=4,latent=6", resolution=16)
        weights, card = load_generator(file)
        about = {"gantool": json.dumps(card.model_dump(mode="json") | {"digest": ""})}
        save_file({key: factor * weight for key, weight in weights.items()}, file, about)
    ours, others = (load(tmp_path / f"{name}.safetensors", "cpu") for name in "ab")
    found = find_directions(ours, count=1)
    found.check_model(ours)
    with pytest.raises(OptionError, match="found in another model"):
        found.check_model(others)
