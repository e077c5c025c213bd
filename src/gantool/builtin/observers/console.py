"""Progress on standard error: a live line on a terminal, else a plain line every few seconds."""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec

from rich.console import Console as Screen
from rich.live import Live

from gantool.api.events import Event, Finished, Measured, Started, Tick, Warned
from gantool.api.observers import Observer
from gantool.api.run_config import NONE
from gantool.builtin.observers import ConsoleOptions
from gantool.engine.spans import in_words
from gantool.errors import cause, printable, sentence
from gantool.render.progress_bar import Bar
from gantool.render.wrapping import say as paragraph

SMOOTHING = 0.9
"""The decay of earlier ticks in the speed, so that the time left is corrected without jumps."""

LONGEST = 10.0**12
"""Seconds that can still be shown as days."""


class Console(Observer):
    """Prints progress, losses and warnings on standard error."""

    def __init__(self, options: ConsoleOptions, screen: Screen | None = None) -> None:
        self._screen = screen or Screen(stderr=True, highlight=False, soft_wrap=True)
        self._seconds, self._quiet = options.seconds, options.quiet
        self._live: Live | None = None
        self._bar, self._total = Bar(0, 1), 0
        self._shown_at = 0.0
        self._ticks, self._images, self._seconds_of_them = 0, 0.0, 0.0
        self._level: float | None = None
        self._measured: Measured | None = None
        self._told: tuple[Tick, Measured | None] | None = None
        self._latest: Tick | None = None
        self._advised = ""
        self._init = False

    def __call__(self, event: Event) -> None:
        """Show the event. If that fails, a sentence says so, and only warnings are shown from then on."""
        try:
            self._show(event)
        except Exception as error:
            self._quiet = True
            with suppress(Exception):  # nothing may be left to print on
                self._stop()
                failed = f"the progress display failed and is switched off, training goes on: {cause(error)}"
                print(f"Warning: {sentence(failed)}", file=sys.stderr)  # noqa: T201 (the screen may be what fails)

    def _show(self, event: Event) -> None:
        match event:
            case Warned():
                self._warn(event.message)
            case _ if self._quiet:
                pass
            case Started():
                self._start(event)
            case Tick():
                self._tick(event)
            case Measured() if event.images_seen or self._init:  # else it would be that of untrained networks
                self._measured = event
            case Finished():
                self._finish()
            case _:
                pass

    def _start(self, event: Started) -> None:
        self._init = event.config.init != NONE
        if event.images_seen >= event.images_goal:
            goal = f", more than --images {event.images_goal:,}" if event.images_seen > event.images_goal else ""
            self._say(
                "",
                f"Nothing to do: the run {event.run} has already seen {event.images_seen:,} images{goal}; "
                "give a larger --images to train on",
                "",
            )
            return
        begins = f"from {event.images_seen:,} to" if event.images_seen else "for"
        self._say(
            "",
            f"Training {event.architecture.partition(':')[0]} {begins} {event.images_goal:,} images, "
            f"batch {event.batch}, on {event.device} in {event.precision}, "
            f"{event.config.layout.replace('_', ' ')}; the run is {event.run}",
            "bold",
        )
        if event.seconds is not None:
            self._say("", f"This will take {in_words(*event.seconds)}.", "")
        self._shown_at, batch = time.monotonic(), max(event.batch, 1)
        self._total = event.images_seen - (event.images_seen - event.images_goal) // batch * batch
        if _has_bars(self._screen):
            self._bar = Bar(event.images_seen, self._total)
            self._live = Live(self._bar, console=self._screen, transient=True, refresh_per_second=4)
            self._live.start()

    def _tick(self, event: Tick) -> None:
        first, grew = self._images == 0, self._grew(event)
        # Each level has a speed of its own, and its first tick a warm-up that says nothing of those to come.
        self._ticks = 1 if grew else self._ticks + 1
        kept = SMOOTHING if self._ticks > 2 else 0.0
        self._images = kept * self._images + event.images_per_second * event.seconds
        self._seconds_of_them = kept * self._seconds_of_them + event.seconds
        self._latest = event
        due = grew or first or time.monotonic() - self._shown_at >= self._seconds
        if self._live is not None:
            self._bar.show(event.images_seen, *self._status(event, self._measured))
        elif due and event.images_seen < event.images_goal:  # the last is told with its own measurement, at the end
            self._tell(event)

    def _tell(self, event: Tick) -> None:
        _, told = self._told or (None, None)
        new = None if self._measured is told else self._measured  # again and again it would look stuck
        first_line, more = self._status(event, new)
        when = [f"measured at {new.images_seen:,}"] if new is not None and new.images_seen != event.images_seen else []
        self._shown_at, self._told = time.monotonic(), (event, self._measured)
        self._say("", "  ".join([*first_line, *more, *when]), "")

    def _status(self, event: Tick, measured: Measured | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # A run ends with a whole step, in a stage of another batch perhaps elsewhere than was expected.
        total = event.images_seen if event.images_seen >= event.images_goal else self._total
        return status(replace(event, images_goal=total), self._images / max(self._seconds_of_them, 1e-9), measured)

    def _finish(self) -> None:
        has_bar = self._live is not None
        self._stop()
        if self._latest is not None and not has_bar and self._told != (self._latest, self._measured):
            self._tell(self._latest)

    def _grew(self, event: Tick) -> bool:
        """True if the networks have grown to another level since the last tick."""
        before, self._level = self._level, event.status.get("level")
        return before != self._level

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _warn(self, message: str) -> None:
        """Say it, without the command of the warning before where it is the same."""
        told, _, advice = message.partition("\n")
        self._say("Warning: ", told if advice == self._advised else message, "yellow")
        self._advised = advice or self._advised

    def _say(self, title: str, text: str, style: str) -> None:
        paragraph(self._screen, title, printable(text, keep="\n\t"), style)


def _has_bars(screen: Screen) -> bool:
    """True on terminals, and in notebooks that have what rich draws bars with there."""
    return screen.is_terminal or (screen.is_jupyter and find_spec("ipywidgets") is not None)


def status(
    event: Tick, images_per_second: float, measured: Measured | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a terminal shows beside the bar, progress, speed and time left; and below it, the most telling first."""
    seconds = max(event.images_goal - event.images_seen, 0) / max(images_per_second, 1e-9)
    left = timedelta(seconds=int(min(seconds, LONGEST)))
    scalars = event.scalars
    progress = (
        f"{event.images_seen:,}/{event.images_goal:,} images",
        f"{images_per_second:,.0f}/s" if images_per_second >= 9.5 else f"{images_per_second:.1f}/s",
        f"{left} left",
    )
    begun = {name: value for name, value in event.status.items() if value or name != "augment_p"}
    changing = [f"{name} {_short(value)}" for name, value in begun.items()]
    return progress, (*_losses(scalars), *_accuracies(scalars), *_measurements(measured), *changing)


def _losses(scalars: Mapping[str, float]) -> list[str]:
    """Those of both networks, as far as they learnt since the last tick."""
    losses = [f"{title} {scalars[name]:.3f}" for title, name in (("D", "loss_d"), ("G", "loss_g")) if name in scalars]
    return [f"loss {' '.join(losses)}"] * bool(losses)


def _accuracies(scalars: Mapping[str, float]) -> list[str]:
    """How well the discriminator judges."""
    shares = [f"{scalars[f'{kind}_accuracy']:.0%} {kind}" for kind in ("real", "fake") if f"{kind}_accuracy" in scalars]
    return [f"D right on {', '.join(shares)}"] * bool(shares)


def _measurements(measured: Measured | None) -> list[str]:
    """The two most telling measurements: diversity of the samples, and their distance to the data."""
    values = {} if measured is None else measured.values
    diversity = [f"diversity {values['diversity']:.0%}"] if "diversity" in values else []
    return diversity + ([f"SWD {values['swd']:.2f}"] if "swd" in values else [])


def _short(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
