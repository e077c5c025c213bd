"""Who watches a run: their options. This page imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class ConsoleOptions(Options):
    """Options of `console`."""

    seconds: float = option(5.0, "between two lines, where there is no terminal", gt=0)
    quiet: bool = option(False, "warnings only")


class JsonlOptions(Options):
    """`jsonl` has no options."""


class SamplesOptions(Options):
    """Options of `samples`."""

    pixels: int = option(64, "small pictures are enlarged, by whole pixels, to about this size", ge=1)


class WatchOptions(Options):
    """Options of `watch`: what counts as going wrong. docs/watch.md has the rules they belong to."""

    off: bool = option(False, "measure nothing and warn of nothing")
    best: bool = option(True, "score snapshots, so that the run keeps its best checkpoint")
    samples: int = option(64, "samples measured at each snapshot; fewer beyond 128 pixels", ge=4)
    every: float = option(0.04, "share of a run between two measurements at least; other snapshots pass", ge=0)
    warm_up: float = option(0.1, "share of a run in which nothing is warned of", ge=0, le=1)
    window: float = option(0.05, "share of a run that losses and accuracies must stay wrong for", gt=0, le=1)
    low_diversity: float = option(0.15, "of the data's: samples that stay below it are much alike", ge=0)
    grace: float = option(0.2, "share of a run by which samples must differ, however slowly it learns", ge=0, le=1)
    least_diversity: float = option(0.1, "of the data's: what they must have reached by then", ge=0)
    lost_diversity: float = option(0.5, "of the best so far: what a fall below it means collapse", ge=0, le=1)
    sure: float = option(0.99, "accuracy on reals and fakes from which on the discriminator has won", ge=0.5, le=1)
    no_loss: float = option(0.05, "loss of a discriminator that has nothing left to learn", ge=0)
    vanished: float = option(0.001, "of the first gradients: smaller ones teach nothing", ge=0)
    exploded: float = option(20.0, "times the first gradients and losses: larger ones run away", gt=1)
    worse: float = option(2.4, "times the best distance to the data: the run falls apart", gt=1)
    stalled: float = option(0.5, "distance to the data (SWD) beyond which no progress is a stall", ge=0)
    untrained: float = option(0.85, "of the distance of untrained samples: what must be left behind by the grace", gt=0)
    clipped: float = option(0.3, "more of the pixels than in the data at black or white", ge=0)
    noisy: float = option(3.0, "times the detail of the data: noise", gt=1)
    much_worse: float = option(2.0, "times as bad as when it was said: said again", gt=1)


@hookimpl
def gantool_observers() -> list[Component]:
    """The terminal, the metrics file, the sample sheets, and who looks out for what goes wrong."""
    home = "gantool.builtin.observers"
    return [
        Component(
            "console", "Progress, losses and warnings on standard error", ConsoleOptions, f"{home}.console:Console"
        ),
        Component("jsonl", "One JSON line a tick in metrics.jsonl", JsonlOptions, f"{home}.jsonl:Jsonl"),
        Component(
            "samples", "A sheet of the same latents at every snapshot", SamplesOptions, f"{home}.samples:Samples"
        ),
        Component(
            "watch", "Warns early of a run that goes wrong, and finds its best", WatchOptions, f"{home}.watch:Watch"
        ),
    ]
