"""The specs of these plugins: light, as those of any plugin."""

from typing import Literal

import gantool


class ReconstructingOptions(gantool.Options):
    """Options of `reconstructing`."""

    terms: bool = gantool.option(True, "whether reconstructions are learnt")


class OrthogonalOptions(gantool.Options):
    """Options of `orthogonal`."""

    side: Literal["discriminator", "generator"] = gantool.option("generator", "the network that it acts on")
    weight: float = gantool.option(1e-2, "strength", ge=0)


@gantool.hookimpl
def gantool_architectures():
    plain = gantool.Recipe(loss="hinge", learning_rate=2e-3, batch=8, augment="none")
    by_class = gantool.Recipe(learning_rate=2e-3, batch=16, augment="none")
    alone = gantool.Recipe(learning_rate=2e-3, batch=16)
    return [
        gantool.Architecture(
            "reconstructing", "D draws what it sees", ReconstructingOptions, "reconstructing:build", plain
        ),
        gantool.Architecture("classifying", "D tells the class", gantool.Options, "classifying:build", by_class),
        gantool.Architecture("projected", "D judges fixed features", gantool.Options, "projected:build", plain),
        gantool.Architecture("autoencoding", "A VAE: there is no D", gantool.Options, "autoencoding:build", alone),
        gantool.Architecture("failing", "A term fails", gantool.Options, "failing:build", plain),
    ]


@gantool.hookimpl
def gantool_penalties():
    return [
        gantool.Component("orthogonal", "Rows that differ", OrthogonalOptions, "orthogonal:Orthogonal"),
        gantool.Component(
            "reconstructing-only", "Small logits", gantool.Options, "orthogonal:OfOne", goes_with=("reconstructing",)
        ),
    ]
