"""Titles, sentences and refusals of the metrics; the numbers are those of 500 pictures of CIFAR-10 by efficientnet."""

import pytest
import torch

from gantool.api.metrics import Pictures
from gantool.plugins.host import PluginHost

BUILT_IN = PluginHost(third_party=False, environ={})


def metric(name):
    return BUILT_IN.resolve("metric", name).build()


@pytest.mark.parametrize(
    ("name", "values", "reference", "ends"),
    [
        ("kid", (0.034, 0.01), (-0.0004, 0.005), "by 7 standard errors of the value of other reals."),
        ("kid", (2.5, 0.05), (-0.0004, 0.005), "samples differ from the data."),
        ("kid", (0.01, 0.01), (-0.0004, 0.005), "it does not tell samples from the data."),
        ("kid", (-0.067, 0.003), (-0.0004, 0.005), "as copies are."),
        ("kid", (0.1, 0.0), (0.0, 0.0), "samples differ from the data."),
        ("precision-recall", (0.88, 0.0), (0.82, 0.72), "few of the data's pictures lie within that of the samples."),
        ("precision-recall", (0.81, 0.7), (0.82, 0.72), "many of the data's pictures lie within that of the samples."),
        ("density-coverage", (1.4, 0.3), (1.14, 0.99), "samples crowd where the data is densest, as soft ones do."),
        ("density-coverage", (0.1, 0.99), (1.14, 0.99), "samples lie farther from the data than other pictures of it."),
        ("frechet", (641.0,), (599.0,), "samples are 7% farther from the data than other pictures of it."),
        ("frechet", (1.0,), (0.0,), "samples are far from the data."),
        ("memorisation", (1.0,), (0.012,), "most samples are copies of training pictures, or nearly."),
        ("memorisation", (0.2,), (0.012,), "some samples are unusually close to training pictures."),
        ("memorisation", (0.02,), (0.012,), "no closer to training pictures than other pictures of the data are."),
        ("diversity", (1.5,), (1.0,), "which is contrast or colour that is too strong."),
        ("diversity", (0.6,), (1.0,), "samples differ less than the data's pictures do."),
        ("diversity", (0.0,), (0.0,), "samples differ as the data's pictures do, within 20%."),
        ("spectrum", (8.9, -6.5), (0.3, -0.4), "fine detail is 6.1 dB weaker than in the data: samples are soft."),
        ("spectrum", (3.0, 1.1), (0.3, 0.0), "1.1 dB stronger than in the data, which is hardly seen below 2 dB."),
        ("spectrum", (3.0, 0.1), (0.3, 0.0), "weaker or stronger than in the data, and fine detail is not."),
    ],
)  # fmt: skip
def test_a_sentence_reads_the_values_beside_the_reference(name, values, reference, ends):
    chosen = metric(name)
    names = [each for each in chosen(drawn(40), drawn(40, seed=1)) if name == "kid" or not each.endswith("_error")]
    said = chosen.read(*(dict(zip(names, each, strict=True)) for each in (values, reference)))
    assert said.endswith(ends)
    assert said[0].islower() or said.startswith(("KID", "SWD", "Fréchet"))


def drawn(n, seed=0):
    chance = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (n, 3, 16, 16), dtype=torch.uint8, generator=chance)
    return Pictures(images, torch.randn(n, 6, generator=chance))


def test_swd_names_the_level_that_differs_most():
    usual = {"swd": 0.02, "swd_32": 0.02, "swd_16": 0.02}
    said = metric("swd").read({"swd": 0.1, "swd_32": 0.02, "swd_16": 0.18}, usual)
    assert said.endswith("patches differ 5 times as much as within the data, most of all at 16 pixels.")


def test_a_frechet_distance_is_called_fid_with_inception_alone():
    title = metric("frechet").title
    assert title("frechet", "inception, weights of 2015", 10_000) == "FID (inception, weights of 2015, N 10000)"
    assert title("frechet", "inception, other weights", 500) == "Fréchet distance (inception, other weights, N 500)"
    assert title("frechet", "efficientnet", 500) == "Fréchet distance (efficientnet, N 500)"
    assert metric("kid").title("kid_error", "efficientnet", 500) == "KID (efficientnet) error"
    assert metric("swd").title("swd_16", "", 500) == "SWD at 16 px"


@pytest.mark.parametrize("name", ["kid", "precision-recall", "density-coverage", "frechet", "memorisation"])
def test_features_that_are_missing_or_too_few_are_refused_in_a_sentence(name):
    bare = Pictures(drawn(8).images)
    with pytest.raises(ValueError, match=r"these pictures have none: choose an extractor\."):
        metric(name)(bare, bare)
    with pytest.raises(ValueError, match="at least"):
        metric(name)(drawn(1), drawn(1))


def test_pictures_are_taken_by_rows_with_all_that_belongs_to_them():
    whole = Pictures(drawn(6).images, torch.arange(6.0)[:, None], None, torch.arange(6))
    some = whole.take(torch.tensor([4, 1]))
    assert (len(some), some.features.tolist(), some.mirrored, some.labels.tolist()) == (2, [[4.0], [1.0]], None, [4, 1])
    assert torch.equal(some.images, whole.images[[4, 1]])
    assert len(whole.take(slice(2, None))) == 4
