import hashlib
import io
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gantool import reading
from gantool.builtin.extractors import weights
from gantool.builtin.extractors.weights import WeightsUnavailableError, at_hand, available


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The addresses that were asked for; nothing answers."""
    found = []

    def refuse(url, timeout):
        found.append(url)
        assert timeout <= 10
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return found


@pytest.mark.parametrize("installed", [True, False])
def test_without_network_a_network_whose_weights_are_installed_is_named(asked, monkeypatch, installed):
    monkeypatch.setattr(weights, "at_hand", lambda name: Path(name) if installed and name in weights.PACKAGED else None)
    with pytest.raises(WeightsUnavailableError) as caught:
        available("squeezenet")
    assert str(caught.value).endswith("weights=FILE; --extractor efficientnet needs none.") == installed


def test_without_network_it_fails_at_once_and_does_not_ask_again_for_an_hour(asked, monkeypatch):
    for _ in range(3):
        with pytest.raises(WeightsUnavailableError, match=r"weights of vgg19 could not be fetched.*weights=FILE"):
            available("vgg19")
    assert len(asked) == 1
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 30 * 60)
    with pytest.raises(
        WeightsUnavailableError, match=r"the last try failed; the next try is in (29|30) min, or at once"
    ):
        available("vgg19")
    later = now + 3700
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(WeightsUnavailableError):
        available("vgg19")
    assert len(asked) == 2


def test_what_a_file_alone_is_not_enough_for_is_said(asked, monkeypatch):
    for there, said in ((None, True), (object(), False)):
        monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name, there=there: there)
        for name in ("inception", "clip", "dinov2"):
            with pytest.raises(WeightsUnavailableError, match="weights=FILE") as caught:
                available(name)
            assert ("gantool[metrics]" in str(caught.value)) == (said and name != "dinov2")


@pytest.mark.parametrize("archive", [True, False])  # torchvision's older files are none
def test_what_is_fetched_is_checked_and_kept_without_the_classifier(asked, monkeypatch, archive):
    buffer = io.BytesIO()
    content = {"features.0.weight": torch.ones(2), "classifier.0.weight": torch.ones(9)}
    torch.save(content, buffer, _use_new_zipfile_serialization=archive)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:8]

    class Answer(io.BytesIO):
        headers = {"Content-Length": str(len(content))}

    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Answer(content))
    monkeypatch.setattr(weights, "_url", lambda name: f"https://example.org/{name}-00000000.pth")
    with pytest.raises(WeightsUnavailableError, match="digest of the download differs"):
        available("vgg16")
    monkeypatch.setattr(weights, "_url", lambda name: f"https://example.org/{name}-{digest}.pth")
    path = available("vgg19")
    assert list(load_file(path)) == ["features.0.weight"]
    assert {file.name for file in path.parent.iterdir() if "vgg19" in file.name} == {"vgg19.safetensors", "vgg19.lock"}


def test_a_server_that_trickles_is_given_up_and_told(asked, monkeypatch):
    class Trickle(io.BytesIO):
        headers = {}

        def read1(self, size=-1):
            time.sleep(0.02)
            return super().read1(1)

    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Trickle(bytes(100_000)))
    monkeypatch.setattr(reading, "PATIENCE", 0.1)
    with pytest.raises(WeightsUnavailableError, match=r"no more than \d bytes came within 0\.1"):
        available("vgg19")


def test_two_that_want_the_same_weights_fetch_them_once(asked, monkeypatch):
    buffer, requests = io.BytesIO(), []
    torch.save({"features.0.weight": torch.ones(2)}, buffer)
    content = buffer.getvalue()

    class Slow(io.BytesIO):
        headers = {}

        def read1(self, size=-1):
            time.sleep(0.05)
            return super().read1(size)

    def answer(url, timeout):
        requests.append(url)
        return Slow(content)

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    monkeypatch.setattr(weights, "_url", lambda name: f"https://example.org/-{hashlib.sha256(content).hexdigest()}.pth")
    with ThreadPoolExecutor(2) as threads:  # a lock is that of an open file, so threads are as good as processes
        first, second = threads.map(available, ["vgg19", "vgg19"])
    assert len(requests) == 1
    assert list(load_file(first)) == list(load_file(second)) == ["features.0.weight"]


def test_weights_at_hand_are_found_without_a_fetch(asked, tmp_path):
    assert at_hand("squeezenet") is None
    place = tmp_path / "cache" / "weights" / "squeezenet.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")
    assert at_hand("squeezenet") == place == available("squeezenet")
    assert asked == []


@pytest.mark.long
def test_addresses_are_torchvisions_which_is_not_imported_for_them():
    models = pytest.importorskip("torchvision.models")
    enums = {"vgg19": "VGG19_Weights", "vgg16": "VGG16_Weights", "squeezenet": "SqueezeNet1_1_Weights"}
    assert {name: getattr(models, enum).IMAGENET1K_V1.url for name, enum in enums.items()} == weights.TORCHVISION
    code = (
        "import sys; from gantool.builtin.extractors import weights; weights.at_hand('vgg19')\n"
        "assert 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
