"""The kinds of component: the one table of them. It imports nothing, since help and completion read it too."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """One kind of component: its name and plural, the hook that provides it, its flag, and the class of its specs.

    A kind without a flag cannot be chosen for a run.
    """

    name: str
    plural: str
    flag: str | None
    spec: Literal["Architecture", "Component", "Command"] = "Component"

    @property
    def hook(self) -> str:
        """The hook by which plugins provide it."""
        return f"gantool_{self.plural}"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("architecture", "architectures", "--arch", "Architecture"),
        Kind("loss", "losses", "--loss"),
        Kind("penalty", "penalties", "--penalty"),
        Kind("augmentation", "augmentations", "--augment"),
        Kind("balance", "balances", "--balance"),
        Kind("optimizer", "optimizers", "--optimizer"),
        Kind("source", "sources", "--data"),
        Kind("extractor", "extractors", "--extractor"),
        Kind("style-loss", "style_losses", "--style-loss"),
        Kind("observer", "observers", "--log"),
        Kind("command", "commands", None, "Command"),
    )
}
