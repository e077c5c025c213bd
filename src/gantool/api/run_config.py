"""The settings of a run, resolved: one frozen model that the whole run is made from."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NONE = "none"
"""No component: what clears a recipe's choice, as in `--penalty none`."""

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
