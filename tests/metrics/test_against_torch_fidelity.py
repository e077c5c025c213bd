"""The numbers of features are those of torch-fidelity, given the same features."""

import pytest
import torch

from gantool.metrics.frechet import frechet
from gantool.metrics.kernel import kid
from gantool.metrics.neighbours import manifolds

metric_kid, metric_fid, metric_prc = (
    pytest.importorskip(f"torch_fidelity.metric_{name}") for name in ("kid", "fid", "prc")
)


@pytest.fixture(params=[(400, 24), (30, 64)], ids=["more pictures than features", "fewer"])
def features(request):
    """Two sets, not centred, correlated, of features of unequal scale, in float64."""
    n, d = request.param
    chance = torch.Generator().manual_seed(0)
    mix = torch.randn(d, d, generator=chance, dtype=torch.float64) / d**0.5
    sets = [torch.randn(n, d, generator=chance, dtype=torch.float64) @ mix for _ in range(2)]
    return sets[0].abs() + 0.5, (1.2 * sets[1]).abs() + 0.6


def test_kid(features):
    reals, fakes = features
    theirs = metric_kid.kid_features_to_metric(
        reals, fakes, kid_subsets=1, kid_subset_size=len(reals), verbose=False, rng_seed=0
    )
    assert kid(reals, fakes).value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)


def test_fid(features):
    reals, fakes = features
    statistics = [metric_fid.fid_features_to_statistics(each) for each in features]
    theirs = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet(reals, fakes) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("k", [3, 5])
def test_precision_and_recall(features, k):
    reals, fakes = features
    theirs = metric_prc.prc_features_to_metric(fakes, reals, prc_neighborhood=k, verbose=False)
    ours = manifolds(reals, fakes, k)
    assert ours.precision == pytest.approx(theirs["precision"], abs=1e-6)
    assert ours.recall == pytest.approx(theirs["recall"], abs=1e-6)
