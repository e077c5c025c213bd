"""The settings of a run as rows of a table: flag, value, and why it is so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gantool.api.panels import PANELS
from gantool.api.run_config import ALIASES, SETTINGS, RunConfig, flag_of, formatted
from gantool.report.record import Record

BOTH = "lr"
"""The alias of two settings, shown as one where they are equal."""


@dataclass(frozen=True)
class Row:
    """A setting: its flag, its value in each run, and the reason where it was chosen by default."""

    flag: str
    values: Sequence[str]
    why: str = ""


def explained(record: Record) -> list[Row]:
    """The settings of a run that were given or chosen for it, with the reason."""
    return [row for rows in by_panel(record).values() for row in rows if row.why]


def by_panel(record: Record) -> dict[str, list[Row]]:
    """All settings of a run that have a flag, in the groups of the help page."""
    config = record.config
    rows: dict[str, list[Row]] = {panel: [] for panel in PANELS}
    for name, value in _values(config, config.lr_g == config.lr_d).items():
        asked = (name, *ALIASES.get(name, ()))
        why = next((reason for one in asked if (reason := record.why.get((one, value)))), "")
        rows[flag_of(name).panel].append(Row(_flag(name), [value], why))
    return rows


def differing(records: Sequence[Record]) -> list[Row]:
    """The settings that are not the same in all runs."""
    alike = all(record.config.lr_g == record.config.lr_d for record in records)
    values = [_values(record.config, alike) for record in records]
    rows = [Row(_flag(name), [one[name] for one in values]) for name in values[0]]
    return [row for row in rows if len(set(row.values)) > 1]


def changes(config: RunConfig) -> Iterator[tuple[int, str]]:
    """Until how many images a run had other settings, and which; the oldest first."""
    later: dict[str, Any] = config.model_dump()
    found = []
    for former in reversed(config.history):
        before = later | former.settings
        words = [
            f"{_flag(name)} {formatted(value)}, then {formatted(later[name])}"
            for name, value in former.settings.items()
            if name in later and value != later[name]
        ]
        found.append((former.until, "; ".join(words)))
        later = before
    return reversed(found)


def _values(config: RunConfig, alike: bool) -> dict[str, str]:
    """The values of settings with a flag; one learning rate where those of both networks are `alike`."""
    shown = {}
    for name in SETTINGS:
        if flag_of(name).panel:
            shown[BOTH if alike and name in ALIASES[BOTH] else name] = formatted(getattr(config, name))
    return shown


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
