"""The extractor of a command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gantool.api.features import Extractor


def find_extractor(text: str = "auto") -> tuple["Extractor", str]:
    """The extractor chosen by NAME[:options], and its name; `auto` is vgg19 where its weights can be had, else random.

    A warning says if it is random.
    """
    from gantool.plugins.host import host
    from gantool.style import job

    return job.find_extractor(host(), text)
