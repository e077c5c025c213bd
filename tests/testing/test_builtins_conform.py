"""Every built-in goes through the conformance kit, as plugins do: the registry says which there are."""

import pytest
import torch

from gantool.data.pictures.options import FolderOptions
from gantool.data.shards.writing import files_of, write_shards
from gantool.plugins.host import PluginHost, using
from gantool.testing import check_architecture, check_component
from gantool.testing.declaring import DECLARING
from gantool.testing.faults import found

BUILT_IN = PluginHost(third_party=False, environ={})
ARCHITECTURES = {
    "mlp": ["mlp:latent=6,generator_hidden=16,discriminator_hidden=16", "mlp:latent=6,discriminator_norm=spectral"],
    "dcgan": [
        "dcgan:width=4,max_width=8,latent=6",
        "dcgan:width=4,max_width=8,latent=6,stem=linear,grow=upsample,shrink=pool,features=8,discriminator_norm=spectral",
        "dcgan:width=4,max_width=8,latent=6,generator_norm=none,discriminator_norm=instance",
    ],
    "progressive": ["progressive:fmap_base=64,fmap_max=8,latent=6"],
    "msg": [
        "msg:fmap_base=64,fmap_max=8,latent=6",
        "msg:fmap_base=64,fmap_max=8,latent=6,combine=cat_lin,stddev_group=1",
        "msg:fmap_base=64,fmap_max=8,latent=6,combine=lin_cat",
    ],
}
OTHERS = {
    "loss": [*BUILT_IN.specs("loss"), "logistic:smooth=0.1,flip=0.1", "wasserstein:drift=0.1",
             "relativistic:kind=hinge", "lsgan:real=5,fake=3,wanted=5"],
    "penalty": [*BUILT_IN.specs("penalty"), "gp:target=0", "bcr:policy=cutout"],
    "augmentation": [*BUILT_IN.specs("augmentation"), "ada:p=0.5", "diffaugment:strength=0.5"],
    "balance": [*BUILT_IN.specs("balance"), "fixed:d_steps=3"],
    "optimizer": [*BUILT_IN.specs("optimizer"), "sgd:momentum=0.9,nesterov=yes", "rmsprop:momentum=0.5"],
    "style-loss": [*BUILT_IN.specs("style-loss"), "sliced:directions=8"],
    "metric": [*BUILT_IN.specs("metric"), "precision-recall:k=2", "swd:patches=64"],
    "observer": [*BUILT_IN.specs("observer"), "console:quiet=yes"],
}  # fmt: skip
EVERY = [(kind, name) for kind in (*OTHERS, "architecture", "source", "extractor") for name in BUILT_IN.specs(kind)]


@pytest.fixture(autouse=True)
def _built_ins_alone():
    with using(BUILT_IN):
        yield


def test_every_architecture_has_a_small_size_here():
    assert set(ARCHITECTURES) == set(BUILT_IN.specs("architecture"))


@pytest.mark.long
@pytest.mark.parametrize("choice", [choices[0] for choices in ARCHITECTURES.values()])
def test_architectures_conform(choice):
    assert check_component("architecture", choice) == []


@pytest.mark.slow
@pytest.mark.parametrize("choice", [choice for choices in ARCHITECTURES.values() for choice in choices])
def test_architectures_conform_at_every_combination_of_sizes(choice):
    check_architecture(choice)
    check_architecture(choice, resolutions=(32,), channels=(3,), classes=(2,))


@pytest.mark.long
@pytest.mark.parametrize(("kind", "choice"), [(kind, choice) for kind, choices in OTHERS.items() for choice in choices])
def test_what_they_play_by_conforms(kind, choice):
    assert check_component(kind, choice) == []


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_declarations_are_light_and_options_come_back(kind, name, tmp_path):
    needed = f":path={tmp_path}" if name in ("folder", "array", "shards") else ""
    assert found(DECLARING, BUILT_IN.resolve(kind, name + needed)) == []


@pytest.mark.parametrize("choice", ["shapes:count=64", "folder", "folder:fit=pad", "cifar10", "shards:workers=0"])
def test_sources_conform(choice, tiny_pictures, tmp_path, monkeypatch):
    if choice == "cifar10":
        datasets = pytest.importorskip("torchvision.datasets")
        monkeypatch.setattr(datasets, "CIFAR10", _pictures_of)
    name, _, options = choice.partition(":")
    if choice.startswith("shards"):
        write_shards(files_of(FolderOptions(path=str(tiny_pictures)), None, 3), tmp_path / "s", 20_480, "data")
    places = {
        "shards": f"path={tmp_path / 's'}",
        "folder": f"path={tiny_pictures}",
        "cifar10": f"root={tiny_pictures}",
    }
    given = ",".join(filter(None, [options, places.get(name)]))
    assert check_component("source", f"{name}:{given}") == []


def _pictures_of(root, train=True, download=False):
    from torchvision.datasets import ImageFolder

    return ImageFolder(root)


@pytest.mark.parametrize("choice", ["random", "random:filters=16,scales=2"])
def test_extractors_without_weights_conform(choice):
    assert check_component("extractor", choice) == []


def test_squeezenet_conforms(tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    torch.save(models.squeezenet1_1(weights=None).state_dict(), tmp_path / "weights.pth")
    assert check_component("extractor", f"squeezenet:weights={tmp_path / 'weights.pth'}") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_vgg_conforms(name, tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    features = getattr(models, name)(weights=None).features.state_dict()
    torch.save({f"features.{key}": value for key, value in features.items()}, tmp_path / "weights.pth")
    assert check_component("extractor", f"{name}:weights={tmp_path / 'weights.pth'}") == []
