"""The settings of a run, each declared once: its default and limits, and the flag by which a command takes it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from gantool.api.former import Former
from gantool.api.panels import FIRST, GAME, IMAGES, LEARNING, MACHINE, RUN
from gantool.api.setting import Flag, setting

NONE = "none"
"""No component: what clears a recipe's choice, as in `--penalty none`."""
MOST_RESOLUTION = 8192
"""Larger pictures take gigabytes each while they are drawn."""
MOST_OF_A_KIND = 16
"""Penalties, or observers, of one run."""

COLORS = {1: "grey", 3: "colour", 4: "colour with transparency"}
"""Names of pictures with so many channels."""

Beta = Annotated[float, Field(ge=0, lt=1)]
Interval = Annotated[int, Field(ge=1)] | Literal["auto"]


class RunConfig(BaseModel):
    """Everything that decides what a run computes, and how often it reports; counts are in images.

    Components are written in the grammar of the command line: `dcgan:width=32`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    arch: str = setting(..., "Architecture of generator and discriminator.", FIRST, kind="architecture")
    init: str = setting(
        NONE, "Begin with the weights of a model: a run, checkpoint or .safetensors file.", GAME, metavar="MODEL"
    )
    init_sha256: str = setting("", "SHA-256 of the model of --init.")
    init_discriminator_sha256: str = setting("", "The same of its discriminator's file, or none without one.")
    init_images: int = setting(0, "Images that the model of --init had seen.", ge=0)
    init_learnt_by: str = setting("", "Extractor by whose features the model of --init has learnt; empty for none.")
    init_taken: tuple[str, ...] = setting((), "What each network took of the model of --init, and what is new.")
    freeze_d: int = setting(
        0, "Freeze the discriminator's N blocks nearest the image, with --init. Default: 0.", GAME, metavar="N", ge=0
    )
    data: str = setting(
        "shapes",
        "Training images: a folder, a zip or tar archive, or a source by name; photos/:fit=pad sets options. Several "
        "are joined. Default: shapes.",
        FIRST,
        kind="source",
        metavar="SOURCE",
        again=True,
    )
    resolution: int = setting(
        ...,
        "Image height and width in pixels. Default: near the source's own, for a folder 64 at most.",
        FIRST,
        ge=4,
        le=MOST_RESOLUTION,
    )
    channels: Literal[1, 3, 4] = setting(
        3, "Image channels: 1 is grey, 3 RGB, 4 RGB with transparency. Default: 1 or 3, as the source has.", IMAGES
    )
    labels: bool = setting(False, "Class-conditional training; the sub-folders of --data are the classes.", IMAGES)
    cache: bool = setting(
        True, "Cache the images of arrays and data sets, or read them as they are. Default: --cache.", IMAGES
    )
    loss: str = setting("logistic", "Adversarial loss.", GAME, kind="loss")
    penalty: tuple[str, ...] = setting(
        (),
        "Regularisation penalty; may be given again, and 'none' drops the recipe's.",
        GAME,
        kind="penalty",
        changes=True,
        max_length=MOST_OF_A_KIND,
    )
    augment: str = setting(
        NONE,
        "Augmentation of real and generated images before the discriminator.",
        GAME,
        kind="augmentation",
        changes=True,
    )
    balance: str = setting(
        "fixed",
        "Balance of discriminator and generator updates. Default: both networks, every batch.",
        GAME,
        kind="balance",
    )
    images: int = setting(
        200_000, "Training length in images seen: 5000, 200k, 1.5M.", FIRST, counts=True, free=True, ge=1
    )
    batch: int = setting(64, "Batch size.", LEARNING, ge=2, changes=True)
    lr_g: float = setting(2e-4, "Learning rate of the generator.", LEARNING, gt=0, changes=True)
    lr_d: float = setting(2e-4, "Learning rate of the discriminator.", LEARNING, gt=0, changes=True)
    optimizer: str = setting("adam", "Optimizer of both networks. Default: adam.", LEARNING, kind="optimizer")
    betas: tuple[Beta, Beta] = setting(
        (0.5, 0.999),
        "Adam's decay rates of the first and second moment, as in 0.0,0.99.",
        LEARNING,
        metavar="B1,B2",
        changes=True,
    )
    beta2_start: Beta | Literal["beta2"] = setting(
        "beta2", "Adam's second beta at first; it rises to that of --betas by --horizon.", LEARNING, changes=True
    )
    weight_decay: float = setting(0.0, "Weight decay.", LEARNING, ge=0, changes=True)
    lr_schedule: Literal["constant", "linear", "cosine"] = setting(
        "constant", "Learning-rate schedule until --horizon.", LEARNING, changes=True
    )
    lr_end: float = setting(
        0.0,
        "Final learning rate of --lr-schedule, as a fraction of the initial one.",
        LEARNING,
        ge=0,
        le=1,
        changes=True,
    )
    lr_hold: float = setting(
        0.0,
        "Share of the images from --warmup to --horizon at the full rate, before --lr-schedule lowers it.",
        LEARNING,
        ge=0,
        le=1,
        changes=True,
    )
    warmup: int = setting(
        0, "Learning-rate warm-up: images over which it rises from 0.", LEARNING, counts=True, ge=0, changes=True
    )
    instance_noise: float = setting(
        0.0,
        "Instance noise: standard deviation of the noise on all discriminator inputs, falling to 0 at --horizon.",
        GAME,
        ge=0,
        changes=True,
    )
    horizon: Interval = setting(
        "auto",
        "Images at which the schedules of learning rate, beta2 and noise end. Default: --images.",
        LEARNING,
        counts=True,
        changes=True,
    )
    clip_grad: float = setting(
        0.0, "Clip the gradient norm to this; 0 disables clipping.", LEARNING, ge=0, changes=True
    )
    accumulate: int = setting(
        1, "Gradient accumulation: split each batch into N micro-batches.", LEARNING, ge=1, changes=True
    )
    ema: int = setting(
        10_000,
        "Half-life of the generator's exponential moving average in images; 0 disables it.",
        LEARNING,
        counts=True,
        ge=0,
        changes=True,
    )
    updates: Literal["alternating", "simultaneous"] = setting(
        "alternating",
        "Order of the networks' updates; simultaneous draws and judges fakes once for both, in more memory.",
        LEARNING,
        changes=True,
    )
    flip: bool = setting(False, "Flip images horizontally with probability 1/2.", IMAGES)
    seed: int = setting(0, "Random seed. Default: 0.", LEARNING, ge=0, lt=2**63)
    device: str = setting("auto", "Device: auto, cuda, cuda:1, mps or cpu.", MACHINE, metavar="DEVICE", free=True)
    precision: Literal["auto", "float32", "bf16"] = setting(
        "auto", "Floating-point precision; auto measures which is faster.", MACHINE
    )
    layout: Literal["auto", "contiguous", "channels_last"] = setting(
        "auto",
        "Memory layout of images and weights; auto measures which is faster, or is contiguous with a --precision.",
        MACHINE,
    )
    convolutions: Literal["auto", "direct", "rearranged"] = setting(
        "direct",
        "Convolutions on the CPU: direct, as written, or rearranged, with sums in another order, which may be faster. "
        "Default: auto measures which is, or is direct with a --precision.",
        MACHINE,
    )
    graph: Literal["auto", "on", "off"] = setting(
        "off",
        "Record training steps as CUDA graphs, which spares launches (not yet proven); auto: where it is faster.",
        MACHINE,
        free=True,
    )
    timeout: float = setting(
        30.0,
        "Minutes that processes wait for one that does not answer; then the run ends. Default: 30.",
        MACHINE,
        metavar="N",
        free=True,
        gt=0,
        le=10_000,
    )
    tick: int = setting(256, "Images between two reports of the metrics.", counts=True, free=True, ge=1)
    snapshot_every: Interval = setting(
        "auto",
        "Images between sample grids. Default: a twentieth of --images, or more where that would take long.",
        RUN,
        counts=True,
        free=True,
    )
    checkpoint_every: Interval = setting(
        "auto",
        "Images between checkpoints. Default: a tenth of --images, or as between sample grids.",
        RUN,
        counts=True,
        free=True,
    )
    checkpoint_minutes: float = setting(
        10.0,
        "Minutes after which a checkpoint is due in any case; 0: by images alone. Default: 10.",
        RUN,
        metavar="N",
        free=True,
        ge=0,
    )
    keep: int = setting(3, "Checkpoints to keep besides the best. Default: 3.", RUN, free=True, ge=1)
    patience: int = setting(
        0, "Early stopping: end after N sample grids without a better score; 0 disables it.", RUN, free=True, ge=0
    )
    log: tuple[str, ...] = setting(
        (), "Additional observer; may be given again.", RUN, kind="observer", free=True, max_length=MOST_OF_A_KIND
    )
    history: tuple[Former, ...] = setting((), "Settings of earlier parts of the run.")


SETTINGS: dict[str, FieldInfo] = RunConfig.model_fields
ALIASES = {"lr": ("lr_g", "lr_d")}
"""Short names that set more than one setting."""
ALIAS_HELP = {"lr": "Learning rate of both networks."}


def flag_of(name: str) -> Flag:
    """The flag of a setting, or of an alias."""
    declared: Any = SETTINGS[ALIASES.get(name, (name,))[0]].json_schema_extra
    return Flag(**declared)


def formatted(value: Any) -> str:
    """A value of a setting as people read it: 12,000 or yes, "none" for an empty list."""
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
