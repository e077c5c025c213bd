"""Who watches a run: their options. This page imports no torch."""

from gantool.components import Component, Options, option
from gantool.hookspecs import hookimpl


class ConsoleOptions(Options):
    """Options of `console`."""

    seconds: float = option(5.0, "between two lines, where there is no terminal", gt=0)
    quiet: bool = option(False, "warnings only")


class JsonlOptions(Options):
    """`jsonl` has no options."""


class SamplesOptions(Options):
    """Options of `samples`."""

    pixels: int = option(64, "small pictures are enlarged, by whole pixels, to about this size", ge=1)


@hookimpl
def gantool_observers() -> list[Component]:
    """The terminal, the metrics file and the sample sheets."""
    home = "gantool.observers"
    return [
        Component(
            "console", "Progress, losses and warnings on standard error", ConsoleOptions, f"{home}.console:Console"
        ),
        Component("jsonl", "One JSON line a tick in metrics.jsonl", JsonlOptions, f"{home}.jsonl:Jsonl"),
        Component(
            "samples", "A sheet of the same latents at every snapshot", SamplesOptions, f"{home}.samples:Samples"
        ),
    ]
