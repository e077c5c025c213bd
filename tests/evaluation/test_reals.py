"""The data's pictures, its halves, and the features that are kept of it."""

import evaluated
import pytest
import torch
from evaluated import Means, write_data

import gantool
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.evaluation import reals as room
from gantool.evaluation.extraction import FeatureNetwork
from gantool.evaluation.reals import features_of, halves, open_reals

CARD = ModelCard(architecture="mlp", resolution=8, channels=3, images_seen=0)


class Bare(gantool.Source):
    """Noise without a fingerprint."""

    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)

    class_names = ("a", "b")

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return torch.full(self.shape, index, dtype=torch.uint8), index % 2


class Plugin:
    @staticmethod
    @gantool.hookimpl
    def gantool_sources():
        return [gantool.Component("bare", "x", gantool.Options, f"{__name__}:Bare")]


@pytest.fixture
def host(gantool_host, tmp_path, monkeypatch):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    gantool_host.add(Plugin, "gantool-bare")
    gantool_host.add(evaluated.Plugin, "gantool-evaluated")
    return gantool_host


@pytest.fixture
def reals(host, tmp_path):
    return open_reals(host, str(write_data(tmp_path / "data")), CARD)


@pytest.fixture
def network(host):
    made = FeatureNetwork(host.resolve("extractor", "means"), torch.device("cpu"), 1)
    Means.seen.clear()
    return made


def features(reals, network, *rows, mirrored=False):
    wanted = torch.tensor(rows)
    return features_of(reals, wanted, reals.take(wanted)[0], network, World(), mirrored)


def kept(reals):
    return sorted(reals.source.folder.glob("*features-*"))


def test_halves_have_no_row_in_common_and_grow_by_the_same_rows():
    one, other = halves(20, 10, seed=3)
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(20))
    smaller = halves(20, 4, seed=3)
    assert torch.equal(smaller[0], one[:4])
    assert torch.equal(smaller[1], other[:4])
    assert not torch.equal(halves(20, 10, seed=4)[0], one)


def test_only_new_rows_are_computed_and_all_come_in_the_order_asked_for(reals, network):
    first = features(reals, network, 4, 2)
    assert len(Means.seen) == 2
    more = features(reals, network, 1, 2, 3, 4)
    assert len(Means.seen) == 4
    assert torch.equal(more[[3, 1]], first)
    assert torch.equal(more, network(reals.take(torch.tensor([1, 2, 3, 4]))[0]))
    assert len(kept(reals)) == 1


def test_mirrored_pictures_are_kept_by_themselves(reals, network):
    plain, mirrored = (features(reals, network, 0, 1, mirrored=each) for each in (False, True))
    assert torch.allclose(plain.reshape(2, 3, 2, 2).flip(-1).flatten(1), mirrored, atol=1e-6)
    assert len(kept(reals)) == 2


@pytest.mark.parametrize("damage", [b"", b"x" * 50, None])
def test_a_damaged_file_is_made_again(reals, network, damage):
    whole = features(reals, network, 0, 1)
    (file,) = kept(reals)
    file.write_bytes(file.read_bytes()[:-4] if damage is None else damage)
    assert torch.equal(features(reals, network, 0, 1), whole)
    assert len(Means.seen) == 4


def test_a_killed_write_leaves_nothing_half_made(reals, network, monkeypatch):
    def killed(path, write):
        path.with_name(f".{path.name}.999999999.tmp").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "replace_file", killed)
        with pytest.raises(KeyboardInterrupt):
            features(reals, network, 0, 1)
    features(reals, network, 0, 1)
    assert len(Means.seen) == 4
    features(reals, network, 0, 1)
    assert len(Means.seen) == 4
    assert len(kept(reals)) == 1  # the half was swept away


def test_other_weights_or_an_other_flavour_are_other_features(reals, network):
    features(reals, network, 0)
    network.digest = "another"
    features(reals, network, 0)
    network.flavour = "another"
    features(reals, network, 0)
    assert len(Means.seen) == 3


def test_a_source_without_fingerprint_is_not_cached(host, network):
    reals = open_reals(host, "bare", CARD)
    assert reals.fingerprint is None
    images, labels = reals.take(torch.tensor([5, 0]))
    assert images[:, 0, 0, 0].tolist() == [5, 0]
    assert labels.tolist() == [1, 0]
    for _ in range(2):
        features(reals, network, 5, 0)
    assert len(Means.seen) == 4


def test_a_cache_that_cannot_be_written_is_a_warning(reals, network, monkeypatch, caplog):
    def full(path, write):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "replace_file", full)
    assert features(reals, network, 0, 1).shape == (2, 12)
    assert "not kept for the next time: No space left on device" in caplog.text
