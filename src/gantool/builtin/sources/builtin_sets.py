"""The catalogue of sources without files of the user: `shapes`, and data sets that torchvision can fetch."""

from typing import Literal

from gantool.api.specs import Component, Look, Options, option


class ShapesOptions(Options):
    """Options of `shapes`."""

    count: int = option(20_000, "number of pictures", ge=1, le=100_000_000)
    seed: int = option(0, "random seed; another one gives other pictures of the same kinds", ge=0)


class TorchvisionOptions(Options):
    """Options of all data sets of torchvision."""

    root: str = option("", "folder of the downloaded files; empty: gantool's cache")
    download: bool = option(True, "download missing files")
    split: str = "all"


class TrainTestOptions(TorchvisionOptions):
    """Options of a set with a training and a test part."""

    split: Literal["train", "test", "all"] = option("train", "part of the set")


class SvhnOptions(TorchvisionOptions):
    """Options of `svhn`, whose part `extra` is larger and easier."""

    split: Literal["train", "test", "extra", "all"] = option("train", "part of the set")


class Stl10Options(TorchvisionOptions):
    """Options of `stl10`, most of which has no labels."""

    split: Literal["train", "test", "unlabeled", "all"] = option("unlabeled", "part of the set; two have no labels")


class CelebaOptions(TorchvisionOptions):
    """Options of `celeba`; GANs are usually trained on all of it."""

    split: Literal["train", "valid", "test", "all"] = option("all", "part of the set")


class FlowersOptions(TorchvisionOptions):
    """Options of `flowers102`, whose training part is the smallest."""

    split: Literal["train", "val", "test", "all"] = option("all", "part of the set")


class PetOptions(TorchvisionOptions):
    """Options of `oxford-pets`, which has two parts of one size."""

    split: Literal["trainval", "test", "all"] = option("all", "part of the set")


def shapes_natural(options: ShapesOptions) -> Look:
    """The default shape of `shapes`: 32 pixels in colour, which are clear and quick to learn."""
    return Look(32, 3, pictures=options.count)


def grey_28(options: TorchvisionOptions) -> Look:
    """28 pixels in grey, as in MNIST and the like."""
    return Look(28, 1, classes=10, pictures=10_000)


def color_32(options: TorchvisionOptions) -> Look:
    """32 pixels in colour, as in the CIFAR sets."""
    return Look(32, 3, pictures=10_000)


def color_64(options: TorchvisionOptions) -> Look:
    """64 pixels in colour, a good start for photographs."""
    return Look(64, 3, pictures=1_000)


def _torchvision(name: str, summary: str, options: type[TorchvisionOptions], natural: str) -> Component:
    factory = f"gantool.builtin.sources.torchvision_sets:{name.replace('-', '_')}"
    return Component(name, summary, options, factory, natural=f"gantool.builtin.sources.builtin_sets:{natural}")


SPECS = [
    Component(
        "shapes",
        "Drawn on demand: one figure on a soft background, 2,304 kinds",
        ShapesOptions,
        "gantool.builtin.sources.shapes:build",
        natural="gantool.builtin.sources.builtin_sets:shapes_natural",
        images=24_000,
    ),
    _torchvision("mnist", "Handwritten digits: 70,000 of 28 pixels", TrainTestOptions, "grey_28"),
    _torchvision("fashion-mnist", "Clothes: 70,000 of 28 pixels in grey", TrainTestOptions, "grey_28"),
    _torchvision("kmnist", "Cursive Japanese characters: 70,000 of 28 pixels", TrainTestOptions, "grey_28"),
    _torchvision("cifar10", "Photographs in 10 classes: 60,000 of 32 pixels", TrainTestOptions, "color_32"),
    _torchvision("cifar100", "Photographs in 100 classes: 60,000 of 32 pixels", TrainTestOptions, "color_32"),
    _torchvision("svhn", "House numbers: 630,000 of 32 pixels (needs scipy)", SvhnOptions, "color_32"),
    _torchvision("stl10", "Photographs in 10 classes: 113,000 of 96 pixels", Stl10Options, "color_64"),
    _torchvision("celeba", "Faces: 202,599 of 178 x 218 pixels (needs gdown to download)", CelebaOptions, "color_64"),
    _torchvision("flowers102", "Photographs of 102 flowers: 8,189 (needs scipy)", FlowersOptions, "color_64"),
    _torchvision("oxford-pets", "Photographs of 37 breeds of cats and dogs: 7,349", PetOptions, "color_64"),
    _torchvision("food101", "Photographs of 101 dishes: 101,000", TrainTestOptions, "color_64"),
]
