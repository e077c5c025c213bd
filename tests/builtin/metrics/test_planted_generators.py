"""Planted generators: what each metric says of samples whose fault is known, on made-up sets and on real pictures."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from gantool.api.metrics import Pictures
from gantool.builtin.extractors.weights import WeightsUnavailableError
from gantool.plugins.host import PluginHost

BUILT_IN = PluginHost(third_party=False, environ={})
CIFAR = Path(__file__).parents[4] / "shared" / "data" / "cifar10-train.zip"
N, MODES = 300, 25


def planted(reals, others, half, noisy):
    """The samples of each generator, by its fault; `reals` are those that all are compared with."""
    modes = others.take(slice(MODES)).take(torch.arange(N) % MODES)
    return reals, {"reals": others, "half": half, "noise": noisy, "modes": modes, "copies": reals}


@pytest.fixture(scope="module")
def made_up():
    """Pictures of ten classes, each of a colour of its own with a random shade, and features that tell the classes."""

    def drawn(seed, classes=10, noise=0.0):
        chance = torch.Generator().manual_seed(seed)
        labels = torch.randint(classes, (N,), generator=chance)
        centres = torch.randn(10, 48, generator=torch.Generator().manual_seed(9))
        features = 0.7 * centres[labels] + torch.randn(N, 48, generator=chance)
        features += 2 * noise * torch.rand(48, generator=torch.Generator().manual_seed(8))
        coarse = 128 + 30 * (centres[labels, :12].view(N, 3, 2, 2) + torch.randn(N, 3, 2, 2, generator=chance))
        images = coarse.repeat_interleave(16, dim=2).repeat_interleave(16, dim=3)
        images = images + (6 + 40 * noise) * torch.randn(N, 3, 32, 32, generator=chance)
        return Pictures(images.clamp(0, 255).to(torch.uint8), features, features.flip(1), labels)

    return planted(drawn(1), drawn(2), drawn(3, classes=5), drawn(4, noise=0.5))


@pytest.fixture(scope="module")
def real_pictures():
    """CIFAR-10 by the features of efficientnet, at 96 pixels."""
    if not CIFAR.is_file():
        pytest.skip(f"there is no {CIFAR}")
    try:
        network = BUILT_IN.resolve("extractor", "efficientnet").build().select(("head",))
    except WeightsUnavailableError:
        pytest.skip("gantool[features] is not installed")
    with zipfile.ZipFile(CIFAR) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        names = [names[row] for row in torch.randperm(len(names), generator=torch.Generator().manual_seed(0))]
        classes = sorted({name.partition("/")[0] for name in names})

        def read(chosen):
            pixels = [np.array(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in chosen]
            return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()

        reals, others = read(names[:N]), read(names[N : 2 * N])
        half = read([name for name in names[2 * N :] if name.partition("/")[0] in classes[:5]][:N])
    grain = 10 * torch.randn(others.shape, generator=torch.Generator().manual_seed(1))
    noisy = (others + grain).round().clamp(0, 255).to(torch.uint8)

    @torch.no_grad()
    def seen(images):
        large = F.interpolate(images / 127.5 - 1, size=96, mode="bicubic", antialias=True).clamp(-1, 1)
        return torch.cat([network(some)[0].mean(dim=(2, 3)) for some in large.split(100)])

    sets = [Pictures(reals, seen(reals), seen(reals.flip(3)))]
    return planted(*sets, *(Pictures(images, seen(images)) for images in (others, half, noisy)))


@pytest.fixture(params=["made_up", pytest.param("real_pictures", marks=pytest.mark.slow)])
def generators(request):
    return request.getfixturevalue(request.param)


def measured(generators, name):
    """The values of each generator, and the sentence that reads them."""
    reals, sets = generators
    metric = BUILT_IN.resolve("metric", name).build()
    values = {kind: metric(reals, samples) for kind, samples in sets.items()}
    return values, {kind: metric.read(each, values["reals"]) for kind, each in values.items()}


def of(values, name):
    return {kind: each[name] for kind, each in values.items()}


def test_kid_orders_them_all_and_tells_copies(generators):
    values, said = measured(generators, "kid")
    kid, error = of(values, "kid"), values["reals"]["kid_error"]
    assert abs(kid["reals"]) < 3 * error
    assert kid["copies"] < -4 * error
    assert kid["half"] > 3 * error
    assert min(kid["noise"], kid["modes"]) > 2 * kid["half"]
    assert said["reals"].endswith("it does not tell samples from the data.")
    assert said["copies"].endswith("as copies are.")
    for kind in ("half", "noise", "modes"):
        assert "samples differ from the data" in said[kind]


def test_recall_sees_lost_modes_and_noise(generators):
    values, said = measured(generators, "precision-recall")
    precision, recall = of(values, "precision"), of(values, "recall")
    assert (precision["copies"], recall["copies"]) == (1, 1)
    assert precision["reals"] > 0.6
    assert recall["reals"] > max(recall["half"], recall["noise"])
    assert min(recall["half"], recall["noise"]) > recall["modes"]
    assert recall["modes"] < 0.1
    assert said["reals"].count(": as many samples lie within the data's range; recall") == 1
    assert ": few of the data's pictures lie within" in said["modes"]


def test_coverage_sees_lost_modes_first_of_all(generators):
    values, said = measured(generators, "density-coverage")
    coverage = of(values, "coverage")
    assert coverage["copies"] == 1
    assert coverage["reals"] > 0.93
    assert coverage["reals"] > max(coverage["half"], coverage["noise"]) - 0.02
    assert coverage["half"] > coverage["modes"]
    assert coverage["modes"] < 0.4
    assert said["modes"].startswith(f"coverage {coverage['modes']:.2f} of {coverage['reals']:.2f}"[:-1])
    assert "few of the data's" in said["modes"]


def test_the_frechet_distance_sees_noise_and_lost_modes_and_half_of_the_classes_hardly(generators):
    values, said = measured(generators, "frechet")
    frechet = of(values, "frechet")
    assert frechet["copies"] == pytest.approx(0, abs=1e-6 * frechet["reals"])
    assert frechet["reals"] < frechet["half"] < min(frechet["noise"], frechet["modes"])
    assert said["reals"].endswith("as near to the data as other pictures of it.")
    assert said["copies"].endswith("as copies are.")
    assert "farther from the data" in said["half"] or "far from the data" in said["half"]


def test_memorisation_finds_copies_mirrored_ones_too_and_shows_them(generators):
    values, said = measured(generators, "memorisation")
    copies = of(values, "copies")
    assert copies["copies"] == 1
    assert max(copies["reals"], copies["half"]) < 0.05
    assert said["copies"].endswith("most samples are copies of training pictures, or nearly.")
    assert "no closer to training pictures" in said["reals"]
    reals, sets = generators
    mirrored = Pictures(reals.images.flip(3), reals.mirrored).take(slice(20, 60))
    metric = BUILT_IN.resolve("metric", "memorisation").build()
    assert metric(reals, mirrored)["copies"] == 1
    pairs = metric.pairs(reals, mirrored)
    assert len(pairs) == 16
    assert all(real == sample + 20 and distance < 1e-3 for sample, real, distance in pairs)
    assert len({real for _, real, _ in metric.pairs(reals, sets["modes"])}) == 16  # not one pair many times


def test_blank_pictures_near_to_the_data_by_features_alone_are_no_copies(made_up):
    reals, _ = made_up
    blank = Pictures(torch.full_like(reals.images, 128), reals.features.mean(dim=0).expand(N, -1).clone())
    near = replace(reals, features=torch.cat([blank.features[:1], reals.features[1:]]))
    metric = BUILT_IN.resolve("metric", "memorisation").build()
    assert metric(near, blank)["copies"] == 0


def test_pictures_alone_show_noise_and_lost_modes(generators):
    (swd, _), (spectrum, heard), (diversity, said) = (
        measured(generators, name) for name in ("swd", "spectrum", "diversity")
    )
    assert swd["copies"]["swd"] == 0
    assert swd["noise"]["swd_32"] > 1.5 * swd["reals"]["swd_32"]
    assert swd["modes"]["swd"] > 1.3 * swd["reals"]["swd"]
    assert spectrum["copies"] == {"spectrum": 0, "fine_detail": 0}
    assert spectrum["noise"]["fine_detail"] > 1
    assert "stronger than in the data: noise, or a grid" in heard["noise"]
    assert "as strong as in the data" in heard["reals"]
    assert diversity["copies"]["diversity"] == 1
    assert diversity["modes"]["diversity"] < diversity["reals"]["diversity"]
    assert "in layout and colour" in said["reals"]


@pytest.mark.parametrize("name", BUILT_IN.specs("metric"))
def test_numbers_repeat_bit_for_bit(made_up, name):
    reals, sets = made_up
    first, again = (BUILT_IN.resolve("metric", name).build()(reals, sets["half"]) for _ in range(2))
    assert first == again
