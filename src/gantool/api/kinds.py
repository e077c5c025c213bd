"""The kinds of component."""

KINDS = {
    "architecture": "gantool_architectures",
    "loss": "gantool_losses",
    "penalty": "gantool_penalties",
    "augmentation": "gantool_augmentations",
    "balance": "gantool_balances",
    "source": "gantool_sources",
    "extractor": "gantool_extractors",
    "observer": "gantool_observers",
    "command": "gantool_commands",
}
"""Kind of component, in the singular, to the hook that provides it."""
PLURALS = {kind: hook.removeprefix("gantool_") for kind, hook in KINDS.items()}
