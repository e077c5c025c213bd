"""The kinds of component: the one table of them. It imports nothing, since help and completion read it too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Calls = Mapping[str, tuple[str, ...]]
"""Methods by name, each with its arguments."""


@dataclass(frozen=True)
class Kind:
    """One kind of component: its name and plural, the hook that provides it, its flag, and the class of its specs.

    A kind without a flag cannot be chosen for a run: an argument names it. `base` is the class in `gantool.api` that a
    component may derive from, as "module:class"; `calls` are the methods that it must have, `optional` those that it
    may have: the base class has a default for each.
    """

    name: str
    plural: str
    flag: str | None
    base: str | None = None
    calls: Calls = field(default_factory=dict)
    optional: Calls = field(default_factory=dict)
    spec: Literal["Architecture", "Component", "Command"] = "Component"

    @property
    def hook(self) -> str:
        """The hook by which plugins provide it."""
        return f"gantool_{self.plural}"


STEP: Calls = {"advance": ("images_seen",), "status": ()}
"""Methods that every component of a training step may have."""
LOGITS = ("real_logits", "fake_logits")
KINDS = {
    kind.name: kind
    for kind in (
        Kind("architecture", "architectures", "--arch", spec="Architecture"),
        Kind("loss", "losses", "--loss", "strategies:Loss", {"discriminator": LOGITS, "generator": LOGITS}, STEP),
        Kind(
            "penalty", "penalties", "--penalty", "strategies:Penalty",
            {"__call__": ("network", "real", "fake", "labels")}, STEP,
        ),
        Kind(
            "augmentation", "augmentations", "--augment", "strategies:Augmentation",
            {"draw": ("n",)}, {**STEP, "observe": ("real_logits",)},
        ),
        Kind(
            "balance", "balances", "--balance", "strategies:Balance",
            {"turn": ()}, {**STEP, "observe": ("seen",)},
        ),
        Kind(
            "optimizer", "optimizers", "--optimizer", None,
            {"step": (), "zero_grad": (), "state_dict": (), "load_state_dict": ("state_dict",)},
        ),
        Kind(
            "source", "sources", "--data", "data:Source",
            {"__len__": (), "__getitem__": ("index",)}, {"batch": ("start", "stop")},
        ),
        Kind("extractor", "extractors", "--extractor", "features:Extractor", {"__call__": ("images",)}),
        Kind(
            "style-loss", "style_losses", "--style-loss", "features:StyleLoss",
            {"measure": ("features", "weights"), "distance": ("measured", "target")},
        ),
        Kind(
            "style-network", "style_networks", None, "style_networks:StyleNetwork",
            {"__call__": ("photos",)}, {"set_style": ("style",)},
        ),
        Kind(
            "metric", "metrics", "--metric", "metrics:Metric", {"__call__": ("reals", "samples")},
            {
                "title": ("name", "extractor", "n"), "read": ("values", "reference"),
                "pairs": ("reals", "samples"),
            },
        ),
        Kind("observer", "observers", "--log", "observers:Observer", {"__call__": ("event",)}),
        Kind("command", "commands", None, spec="Command"),
    )
}  # fmt: skip
