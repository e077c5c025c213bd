"""The conformance kit: it tests a component as a run would, for everything that gantool relies on.

For the tests of a plugin, and for `gantool plugins check`:

    from gantool.testing import check_architecture

    def test_blobs_conforms():
        check_architecture("blobs:width=8")  # or the spec itself

Each `check_*` raises `Nonconforming`, whose text has a sentence for every fault: what is wrong, where, and what to do
about it, with the name of its check in brackets. `write_untrained` writes a model to try commands with.
`gantool.testing.fixtures` is a pytest plugin with fixtures for the tests of plugins.

Importing this page imports nothing; each name is fetched on first use, and torch when something is checked.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gantool.testing.checks import (
        check_architecture,
        check_augmentation,
        check_balance,
        check_command,
        check_component,
        check_extractor,
        check_loss,
        check_metric,
        check_observer,
        check_optimizer,
        check_penalty,
        check_source,
        check_style_loss,
        check_style_network,
    )
    from gantool.testing.faults import Nonconforming
    from gantool.testing.untrained import write_untrained

__all__ = [
    "Nonconforming",
    "check_architecture",
    "check_augmentation",
    "check_balance",
    "check_command",
    "check_component",
    "check_extractor",
    "check_loss",
    "check_metric",
    "check_observer",
    "check_optimizer",
    "check_penalty",
    "check_source",
    "check_style_loss",
    "check_style_network",
    "write_untrained",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'gantool.testing' has no attribute {name!r}")
    home = {"Nonconforming": "faults", "write_untrained": "untrained"}.get(name, "checks")
    return getattr(importlib.import_module(f"gantool.testing.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
