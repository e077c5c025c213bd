"""The catalogue of observers and their options. It imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class ConsoleOptions(Options):
    """Options of `console`."""

    seconds: float = option(5.0, "seconds between two lines, where there is no terminal", gt=0)
    quiet: bool = option(False, "warnings only")


class JsonlOptions(Options):
    """`jsonl` has no options."""


class SamplesOptions(Options):
    """Options of `samples`."""

    pixels: int = option(64, "small pictures are enlarged by a whole factor to about this size", ge=1)


class ReportOptions(Options):
    """Options of `report`."""

    off: bool = option(False, "write no report.html")


class WatchOptions(Options):
    """Options of `watch`: the thresholds of its warnings. docs/watch.md has the rules that they belong to."""

    off: bool = option(False, "disable measurements and warnings")
    best: bool = option(True, "score snapshots, so that the run keeps its best checkpoint")
    samples: int = option(64, "samples measured at each snapshot; fewer beyond 128 pixels", ge=4)
    every: float = option(0.04, "least share of a run between measurements; snapshots between are skipped", ge=0, le=1)
    warm_up: float = option(0.1, "share of a run before the first warning", ge=0, le=1)
    window: float = option(0.05, "share of a run for which losses and accuracies must stay bad", gt=0, le=1)
    low_diversity: float = option(0.15, "diversity, as a share of the data's, below which samples count as alike", ge=0)
    grace: float = option(0.2, "warn about low diversity after this share of the run", ge=0, le=1)
    least_diversity: float = option(0.1, "the least diversity expected after the grace, as a share of the data's", ge=0)
    alike: float = option(
        0.5, "diversity at a run's end, as a share of the data's, below which samples are called much alike", ge=0
    )
    lost_diversity: float = option(0.5, "a fall of diversity below this share of its best is a collapse", ge=0, le=1)
    sure: float = option(0.99, "accuracy on reals and fakes at which the discriminator has won", ge=0.5, le=1)
    no_loss: float = option(0.05, "loss below which the discriminator has nothing left to learn", ge=0)
    vanished: float = option(0.001, "gradient norm, as a share of the first ones, below which it has vanished", ge=0)
    exploded: float = option(20.0, "gradient norm or loss, relative to the first ones, above which it explodes", gt=1)
    worse: float = option(2.4, "distance to the data (SWD), relative to its best, above which the run diverges", gt=1)
    stalled: float = option(0.5, "distance to the data (SWD) above which a lack of progress is a stall", ge=0)
    untrained: float = option(
        0.85, "SWD, as a share of untrained samples', to be reached by the end of the grace", gt=0
    )
    clipped: float = option(
        0.3, "share of black or white pixels, beyond the data's, above which samples are saturated", ge=0
    )
    noisy: float = option(3.0, "fine detail, relative to the data's, above which samples are noise", gt=1)
    grey: float = option(
        0.06, "share of samples, beyond the data's, that are a quarter mid-grey, above which they are warned of", ge=0
    )
    dull: float = option(0.5, "saturation of colours, as a share of the data's, below which samples are dull", ge=0)
    checkerboard: float = option(
        3.0, "peak of the spectrum at 2 or 4 pixels, relative to the data's, above which samples show a grid", gt=1
    )
    faded: float = option(1.3, "score, relative to its best, above which samples count as having become worse", gt=1)
    known: float = option(0.95, "accuracy on reals and fakes at which the discriminator then overfits", ge=0.5, le=1)
    much_worse: float = option(2.0, "repeat a warning when it got this many times worse", gt=1)


@hookimpl
def gantool_observers() -> list[Component]:
    """The console, the metrics file, the sample sheets, the watch, and the report."""
    home = "gantool.builtin.observers"
    return [
        Component(
            "console", "Progress, losses and warnings on standard error", ConsoleOptions, f"{home}.console:Console"
        ),
        Component("jsonl", "One JSON line per tick in metrics.jsonl", JsonlOptions, f"{home}.jsonl:Jsonl"),
        Component(
            "samples", "A sheet of the same latents at every snapshot", SamplesOptions, f"{home}.samples:Samples"
        ),
        Component(
            "watch",
            "Early warnings of mode collapse and divergence; finds the best checkpoint",
            WatchOptions,
            f"{home}.watch:Watch",
        ),
        Component(
            "report",
            "The run on a page, report.html: samples, metrics",
            ReportOptions,
            f"{home}.report:Report",
        ),
    ]
