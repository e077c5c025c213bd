import dataclasses
import hashlib

import numpy as np
import pytest
import torch

from gantool.builtin.sources import shapes
from gantool.builtin.sources.builtin_sets import SPECS, ShapesOptions
from gantool.builtin.sources.shapes_draw import draw


def source(resolution: int = 32, channels: int = 3, **options: int) -> shapes.Shapes:
    return shapes.build(ShapesOptions(**options), resolution=resolution, channels=channels)


def test_kinds_are_every_combination_of_the_factors_once() -> None:
    kinds = shapes.kinds()
    assert len(kinds) == 2304 == len(set(kinds))
    assert {kind.figure for kind in kinds} == set(shapes.FACTORS["figure"])
    assert kinds[0] == shapes.kind_of(0)


def test_every_kind_occurs_once_in_each_lap_in_another_order() -> None:
    numbers = source().numbers(np.arange(2 * 2304))
    assert sorted(numbers[:2304]) == sorted(numbers[2304:]) == list(range(2304))
    assert (numbers[:2304] != numbers[2304:]).any()


def test_one_picture_equals_its_place_in_a_batch() -> None:
    many = source()
    images, labels = many.batch(2300, 2310)
    image, label = many[2305]
    assert torch.equal(image, torch.from_numpy(images[5]))
    assert label == labels[5] == many.class_names.index(many.factors(2305).figure)


def test_seed_and_index_fix_the_picture() -> None:
    first, again, other = source(seed=3), source(seed=3), source(seed=4)
    assert torch.equal(first[17][0], again[17][0])
    assert not torch.equal(first[17][0], other[17][0])
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize("change", [{"count": 7}, {"resolution": 64}, {"channels": 1}])
def test_fingerprint_tells_apart_what_differs(change: dict[str, int]) -> None:
    assert source(**change).fingerprint != source().fingerprint


def test_a_picture_is_the_same_at_every_resolution() -> None:
    small = source(32).batch(0, 48)[0].astype(float)
    large = source(128).batch(0, 48)[0].astype(float).reshape(48, 3, 32, 4, 32, 4).mean((3, 5))
    assert np.abs(small - large).mean() < 1.5


def test_one_channel_is_the_luminance() -> None:
    colored = source(channels=3).batch(0, 24)[0].astype(float)
    grey = source(channels=1).batch(0, 24)[0].astype(float)
    luminance = np.einsum("nchw,c->nhw", colored, [0.299, 0.587, 0.114])[:, None]
    assert np.abs(grey - luminance).max() <= 1.5


def test_edges_are_anti_aliased() -> None:
    """A plain navy square that turns by a hair changes the picture by a hair."""
    still = shapes.strokes(
        np.array([shapes.kinds().index(shapes.Kind("square", "navy", "sky", "plain"))]), 0, np.zeros(1, int)
    )
    turned = dataclasses.replace(still, angle=still.angle + np.float32(0.01))
    difference = np.abs(draw(still, 64).astype(int) - draw(turned, 64)).max()
    assert 0 < difference < 64


@pytest.mark.parametrize("index", [5, -6])
def test_an_index_outside_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="of 5"):
        source(count=5)[index]


def test_batch_stops_at_the_end() -> None:
    images, labels = source(count=5).batch(3, 99)
    assert images.shape == (2, 3, 32, 32)
    assert len(labels) == 2


def test_nothing_but_background_and_shadow_touches_the_border() -> None:
    images = source(32).batch(0, 2304)[0].astype(int)
    for side in (images[:, :, 0], images[:, :, -1]):  # the background's colour changes only from top to bottom
        assert (side.max(2) - side.min(2)).max() <= 24
    assert np.abs(images[:, :, :, 0] - images[:, :, :, -1]).max() <= 24


def test_the_catalogue_names_the_factory_and_the_natural_shape() -> None:
    spec = next(spec for spec in SPECS if spec.name == "shapes")
    assert spec.factory == "gantool.builtin.sources.shapes:build"
    assert spec.natural == "gantool.builtin.sources.builtin_sets:shapes_natural"


def test_with_alpha_figures_lie_on_nothing() -> None:
    alone, whole = source(channels=4).batch(0, 24)[0].astype(float), source().batch(0, 24)[0].astype(float)
    colors, alpha = alone[:, :3], alone[:, 3:]
    assert (colors <= alpha).all()
    assert (alpha[..., 0, 0] == 0).all()
    covered = (alpha == 255).repeat(3, axis=1)
    assert covered.mean() > 0.1
    assert np.abs(colors - whole)[covered].max() <= 1


@pytest.mark.parametrize(
    ("channels", "digest"), [(1, "9122510716244447"), (3, "829d4077aa63e445"), (4, "df3d67b97d1e8249")]
)
def test_every_processor_draws_the_same(channels: int, digest: str) -> None:
    """Or a run could not go on elsewhere: a product by BLAS, and sines in float32, differ from kernel to kernel."""
    pictures, _ = source(channels=channels, count=4000).batch(0, 4000)
    assert hashlib.sha256(pictures.tobytes()).hexdigest()[:16] == digest
