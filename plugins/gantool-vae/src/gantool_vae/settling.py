"""The length of a run, for the warm-up. Imports no torch."""

import gantool
from gantool_vae import VaeOptions


def settle(options: VaeOptions, setting: gantool.Setting) -> tuple[VaeOptions, str]:
    """Options with the length that the run had when it began, and why."""
    return options.model_copy(update={"images": setting.images}), "KL warm-up by the run's length"
