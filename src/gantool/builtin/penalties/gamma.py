"""The weight of R1 and R2 where it is left at "auto". Imports no torch."""

from gantool.api.specs import Setting
from gantool.builtin.penalties import R1Options

PER_PIXEL = 2e-4
"""gamma = 2e-4 * pixels / batch (Karras et al. 2020, "limited data", appendix C)."""


def settle(options: R1Options, setting: Setting) -> tuple[R1Options, str]:
    """Options with gamma for this resolution and batch, and why."""
    gamma = float(f"{PER_PIXEL * setting.resolution**2 / setting.batch:.4g}")
    why = f"gamma = 2e-4 * {setting.resolution}^2 / batch {setting.batch}, the rule of StyleGAN2-ADA"
    return options.model_copy(update={"weight": gamma}), why
