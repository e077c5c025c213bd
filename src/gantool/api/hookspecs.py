"""The hooks: one for each kind of component. Each returns a list of specs; built-ins enter by the same door."""

import pluggy

from gantool.api.specs import Architecture, Command, Component

hookspec = pluggy.HookspecMarker("gantool")
hookimpl = pluggy.HookimplMarker("gantool")


@hookspec
def gantool_architectures() -> list[Architecture]:  # type: ignore[empty-body]
    """Generator and discriminator pairs: `factory(options, shape) -> gantool.Gan`."""


@hookspec
def gantool_losses() -> list[Component]:  # type: ignore[empty-body]
    """Adversarial losses on logits: `factory(options) -> Loss`."""


@hookspec
def gantool_penalties() -> list[Component]:  # type: ignore[empty-body]
    """Regularisers of a network: `factory(options) -> Penalty`."""


@hookspec
def gantool_augmentations() -> list[Component]:  # type: ignore[empty-body]
    """Differentiable augmentations of real and fake alike: `factory(options) -> Augmentation`."""


@hookspec
def gantool_balances() -> list[Component]:  # type: ignore[empty-body]
    """Strategies that keep the two networks equally strong: `factory(options) -> Balance`."""


@hookspec
def gantool_optimizers() -> list[Component]:  # type: ignore[empty-body]
    """Optimizers of either network: `factory(options, parameters, setting: OptimizerSetting) -> Optimizer` of torch."""


@hookspec
def gantool_sources() -> list[Component]:  # type: ignore[empty-body]
    """Sources of images: `factory(options, resolution=..., channels=...) -> Source`."""


@hookspec
def gantool_extractors() -> list[Component]:  # type: ignore[empty-body]
    """Networks that turn images into features: `factory(options) -> Extractor`."""


@hookspec
def gantool_style_losses() -> list[Component]:  # type: ignore[empty-body]
    """Distances between the features of an image and a style: `factory(options) -> StyleLoss`."""


@hookspec
def gantool_style_networks() -> list[Component]:  # type: ignore[empty-body]
    """Networks that redraw photos in a style, in one pass: `factory(options) -> StyleNetwork`."""


@hookspec
def gantool_metrics() -> list[Component]:  # type: ignore[empty-body]
    """Comparisons of generated pictures with the data: `factory(options) -> Metric`."""


@hookspec
def gantool_observers() -> list[Component]:  # type: ignore[empty-body]
    """Observers of a run: `factory(options) -> Observer`."""


@hookspec
def gantool_commands() -> list[Command]:  # type: ignore[empty-body]
    """Sub-commands of `gantool`: a function in Typer's style, imported when it is called."""
