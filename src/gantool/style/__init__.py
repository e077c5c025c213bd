"""Neural style transfer: a content image redrawn with the style of others."""

from gantool.style.losses import content_loss, gram, total_variation
from gantool.style.settings import Settings
from gantool.style.transfer import State, transfer

__all__ = ["Settings", "State", "content_loss", "gram", "total_variation", "transfer"]
