"""What a run is made of, as TOML: flag > file > recipe > default, resolved into one frozen RunConfig."""

import json
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gantool.errors import OptionError, UsageError, did_you_mean, nearest_beside
from gantool.option_types import finite, phrase

_SUFFIXES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
ALIASES = {"lr": ("lr_g", "lr_d")}
"""Short names that set more than one field."""
NONE = "none"
"""No component: what clears a recipe's choice, as in `--penalty none`."""
WITHOUT_FLAG = ("betas", "beta2_start", "weight_decay", "tick")
"""Settings for files and library users only."""

Beta = Annotated[float, Field(ge=0, lt=1)]


class RunConfig(BaseModel):
    """Everything that decides what a run computes, and how often it reports; counts are in images.

    Components are written in the grammar of the command line: `dcgan:width=32`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    arch: str
    data: str = "shapes"
    resolution: int = Field(ge=4)
    channels: Literal[1, 3] = 3
    labels: bool = False
    loss: str = "logistic"
    penalty: tuple[str, ...] = ()
    augment: str = NONE
    balance: str = "fixed"
    images: int = Field(200_000, ge=1)
    batch: int = Field(64, ge=2)
    lr_g: float = Field(2e-4, gt=0)
    lr_d: float = Field(2e-4, gt=0)
    betas: tuple[Beta, Beta] = (0.5, 0.999)
    beta2_start: Beta | Literal["beta2"] = "beta2"
    weight_decay: float = Field(0.0, ge=0)
    lr_schedule: Literal["constant", "linear", "cosine"] = "constant"
    lr_end: float = Field(0.0, ge=0, le=1)
    warmup: int = Field(0, ge=0)
    instance_noise: float = Field(0.0, ge=0)
    horizon: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    clip_grad: float = Field(0.0, ge=0)
    accumulate: int = Field(1, ge=1)
    ema: int = Field(10_000, ge=0)
    flip: bool = False
    seed: int = Field(0, ge=0, lt=2**63)
    device: str = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    layout: Literal["auto", "contiguous", "channels_last"] = "auto"
    tick: int = Field(256, ge=1)
    snapshot_every: int = Field(10_000, ge=1)
    checkpoint_every: int = Field(20_000, ge=1)
    keep: int = Field(3, ge=1)
    patience: int = Field(0, ge=0)
    log: tuple[str, ...] = ()


FREE_ON_RESUME = frozenset(
    {"images", "device", "tick", "snapshot_every", "checkpoint_every", "keep", "patience", "log"}
)
"""What may change when a run goes on: how far, where and how it reports, not what it computes."""


def parse_count(text: str | int) -> int:
    """`200k`, `1.5M`, `1_000` or `5000` as a number of images. Raises OptionError for anything else."""
    match = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)\s*([kmg]?)", str(text).strip(), flags=re.IGNORECASE)
    value = Decimal(match[1].replace("_", "")) * _SUFFIXES[match[2].lower()] if match else Decimal("0.5")
    if value != int(value):
        raise OptionError(f"{text!r} is not a number of images. Write 5000, 200k or 1.5M.")
    return int(value)


def read_config(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, unresolved. Raises UsageError naming file and key."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        near = "" if path.exists() else nearest_beside(path)
        raise UsageError(f"The configuration {path} cannot be read: {error.strerror}.{near}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from error
    known = (*RunConfig.model_fields, *ALIASES)
    for key in settings:
        if key not in known:
            raise UsageError(f"{path}: there is no setting {key!r}.{did_you_mean(key, known)}")
    return settings


def write_config(config: RunConfig) -> str:
    """The configuration as TOML; `read_config` inverts it."""
    return write_settings(config.model_dump())


def write_settings(values: Mapping[str, Any]) -> str:
    """Some settings as TOML."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def settle(settings: Mapping[str, Any], place: str) -> RunConfig:
    """A RunConfig of these settings. Raises OptionError naming the first wrong one and what it takes."""
    try:
        return RunConfig.model_validate(spread(settings))
    except ValidationError as error:
        raise _explained(error, place, _as_given(settings)) from error


def check_types(settings: Mapping[str, Any], place: str) -> None:
    """Raise OptionError for the first setting whose value its field would refuse, or that does not exist."""
    for key, value in spread(settings).items():
        if key not in RunConfig.model_fields:
            raise OptionError(f"{place}: there is no setting {key!r}.{did_you_mean(key, RunConfig.model_fields)}")
        info = RunConfig.model_fields[key]
        finite_only = ConfigDict(allow_inf_nan=False)  # as RunConfig has it
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, info], config=finite_only)  # type: ignore[arg-type]
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            raise _explained(error, place, _as_given(settings), key, value) from error


def _as_given(settings: Mapping[str, Any]) -> dict[str, str]:
    """The alias by which a field was given, for those that were."""
    given = {field: alias for alias, fields in ALIASES.items() if alias in settings for field in fields}
    return {field: alias for field, alias in given.items() if field not in settings}


def _explained(
    error: ValidationError, place: str, given: Mapping[str, str], key: str = "", value: Any = None
) -> OptionError:
    first = error.errors()[0]
    if not key:
        key, value = str(first["loc"][0]), first.get("input")
    name = key if key in WITHOUT_FLAG else "--" + given.get(key, key).replace("_", "-")
    if first["type"] == "missing":
        return OptionError(f"{place}: {name} is missing.")
    takes = phrase(RunConfig.model_fields[key]) if key in RunConfig.model_fields else ""
    if first["type"] == "finite_number":
        return OptionError(f"{place}: {name} takes {finite(takes)}, not {_shown(value)}.")
    if first["type"].startswith(("greater_than", "less_than")):
        return OptionError(f"{place}: {name} takes {takes}, not {_shown(value)}.")
    return OptionError(f"{place}: {name} {_shown(value)}: {first['msg'].lower()}.")


def spread(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Aliases replaced by the fields they set, counts read; a field's own name wins over an alias."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
    plain = {key: value for key, value in plain.items() if key not in ALIASES}
    for alias, fields in ALIASES.items():
        if alias in settings:
            plain = dict.fromkeys(fields, settings[alias]) | plain
    for key in ("images", "ema", "warmup", "horizon", "tick", "snapshot_every", "checkpoint_every"):
        if isinstance(plain.get(key), str) and plain[key] != "auto":
            plain[key] = parse_count(plain[key])
    for key in ("penalty", "log"):
        if isinstance(plain.get(key), str):
            plain[key] = (plain[key],)
    return plain


def differences(old: RunConfig, new: RunConfig) -> list[str]:
    """What differs in a way that a resumed run may not: one line a setting, `batch: 64 in the run, 32 asked for`."""
    before, after = old.model_dump(), new.model_dump()
    return [
        f"{key}: {_shown(before[key])} in the run, {_shown(after[key])} asked for"
        for key in before
        if key not in FREE_ON_RESUME and before[key] != after[key]
    ]


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A JSON string is a TOML string, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or "none"
    return str(value)
