"""The declarations of a plugin: light, frozen specs that name a factory and import no torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = 1
"""Raised when a contract changes so that a plugin written for the old one would break."""


AUTO: Literal["auto"] = "auto"
"""The value of an option that is resolved when a run begins."""
BEFORE = "before"
"""The key in an option's `json_schema_extra` of the value that runs from before the option have."""


class Options(BaseModel):
    """The options of one component: a frozen pydantic model that refuses unknown names, infinity and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def option(default: Any, help: str, *, before: Any = None, **limits: Any) -> Any:
    """One field of an `Options` model: its default, one line of help, and limits (`ge`, `gt`, `le`, `lt`).

    `before` is for an option that is added to a component later: the value that is as if it were not there. Runs and
    models from before then get it, where new ones get the default. None means the default.
    """
    return Field(default, description=help, json_schema_extra=None if before is None else {BEFORE: before}, **limits)


@dataclass(frozen=True)
class ImageShape:
    """The pictures an architecture is built for: square, `classes` 0 when they carry no labels.

    One channel is grey, three are RGB, four are RGB multiplied by alpha, and alpha.
    """

    resolution: int
    channels: int = 3
    classes: int = 0


@dataclass(frozen=True)
class Look(ImageShape):
    """The result of a quick look at a source: the shape to train at, why, and about how many pictures there are."""

    why: str = ""
    pictures: int | None = None


@dataclass(frozen=True)
class Setting:
    """The run for which options at "auto" are resolved, and a function that counts the images of its data.

    `device` is its type, such as "cpu" or "cuda"; empty where networks are built without a run.
    """

    resolution: int
    channels: int
    batch: int
    images: int
    count: Callable[[], int]
    device: str = ""


@dataclass(frozen=True)
class OptimizerSetting:
    """The settings of a run that an optimizer begins with; its own options may override betas and weight decay."""

    learning_rate: float
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0


@dataclass(frozen=True)
class ShortRun:
    """A smaller batch and a higher learning rate, for sources that need at most `images` images."""

    images: int
    batch: int
    learning_rate: float


@dataclass(frozen=True)
class OnCpu:
    """The steps a recipe takes on a CPU, where smaller batches cost no more for each image, and mean more updates.

    `images` takes the place of the recipe's, where those would take a CPU days; `loss` and `penalties` do where others
    learn more in the same time, `()` being none. None leaves each to the recipe. A run that is given the recipe's own
    loss by `--loss` has its penalties, too.
    """

    batch: int
    learning_rate: float
    images: int | None = None
    loss: str | None = None
    penalties: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Recipe:
    """The training defaults that belong to an architecture; each has a flag that overrides it.

    `ema` is the half-life of the averaged generator, in images. `augment` None leaves it to the number of pictures.
    `learning_rate_g` and `learning_rate_d` take the place of `learning_rate` for one network (two time-scales, Heusel
    et al. 2017); where `short` or `on_cpu` gives another rate, they keep their proportion to it. By a `lr_schedule`
    they fall to the share `lr_end` of themselves over the run's length, of which they stay for the share `lr_hold`
    first; `beta2_start` is where the second of `betas` begins, to rise to its own value by a cosine over the same time.
    """

    loss: str = "logistic"
    penalties: tuple[str, ...] = ()
    augment: str | None = None
    balance: str = "fixed"
    learning_rate: float = 2e-4
    learning_rate_g: float | None = None
    learning_rate_d: float | None = None
    lr_schedule: Literal["constant", "linear", "cosine"] = "constant"
    lr_end: float = 0.0
    optimizer: str = "adam"
    betas: tuple[float, float] = (0.5, 0.999)
    beta2_start: float | None = None
    weight_decay: float = 0.0
    batch: int = 64
    ema: int | Literal["auto"] = AUTO
    images: int = 200_000
    short: ShortRun | None = None
    on_cpu: OnCpu | None = None
    lr_hold: float = 0.0


TRAITS = {
    "slope": "a penalty on the gradient of the discriminator's logits by its pictures, `weight` times as strong",
    "bounds": "keeps the discriminator's weights, and so its slope, within bounds: `value`, if that is an option",
    "critic": "a loss without a lower bound, that needs a discriminator of bounded slope",
    "relative": "a loss whose logits only count against each other: 0 does not separate reals from fakes",
    "saturates": "a loss without a gradient for the generator where the discriminator wins",
    "mislabels": "changes labels of reals and fakes with the chance `flip`, an option",
    "leads": "lets the discriminator learn from `d_steps` batches, an option, for each one of the generator's",
    "signs": "adapts by the sign of the logits of reals, less the loss's boundary: no critic is taken with it",
    "any-style": "a style network that draws in the style of whatever picture it is given",
    "low-loss": "reacts to a discriminator's loss that comes near 0, or below `below`, if that is an option",
}
"""The traits that a component may declare in `traits`."""


@dataclass(frozen=True)
class Component:
    """Anything a plugin provides, apart from architectures.

    `factory` is `"module:callable"`, imported on use, and is called with the options: `(options) -> Loss` and the like.
    A source's factory is called as `factory(options, resolution=..., channels=...)`, an optimizer's as
    `factory(options, parameters, setting: OptimizerSetting)`. A source may also name, in
    `natural`, a callable `(options) -> ImageShape` that gives the shape it is best trained at; it must be quick.
    One of picture files may name, in `files`, a callable `(options) -> PictureFiles`, with options that derive from
    `PictureOptions`: then `gantool data` checks and packs the files themselves.
    `images` is how long a run on it is by default, in place of the recipe's. `settle` names a callable `(options,
    setting: Setting) -> (options, why)` that replaces options at "auto" once, when a run begins; it must be quick and
    import no torch. Extractors, style losses and style networks, which have no part in a run, have none. `traits` are
    words by which it is known, before it is built, what it does, and senseless combinations are found: see `TRAITS`.
    `goes_with` names the architectures that a component belongs to: beside another it is refused; empty means any.
    `waives` names checks of `gantool.testing` that it is not tried by, each with the reason, which is shown. `about` is
    a longer text for its page of options.
    """

    name: str
    summary: str
    options: type[Options]
    factory: str
    natural: str | None = None
    images: int | None = None
    settle: str | None = None
    traits: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()
    waives: Mapping[str, str] = field(default_factory=dict, hash=False)
    files: str | None = None
    about: str = ""


@dataclass(frozen=True)
class Architecture:
    """An architecture: `factory(options, shape: ImageShape) -> Gan`, with the recipe it trains well by.

    `resolutions` lists those it can be built for; empty means any. `settle` replaces options at "auto" once, when a run
    begins, as for any other component. `about` is a longer text for its page of options. `waives` names checks that it
    is not tried by, as for any other component. `learns_by` names the extractor whose features it is trained by, where
    there is one: metrics by the same features flatter it, so a run says so, and `gantool evaluate` takes another. Since
    its discriminator tells all reals from the start, the default augmentation does not rise.
    """

    name: str
    summary: str
    options: type[Options]
    factory: str
    recipe: Recipe = field(default_factory=Recipe)
    resolutions: tuple[int, ...] = ()
    settle: str | None = None
    about: str = ""
    waives: Mapping[str, str] = field(default_factory=dict, hash=False)
    learns_by: str = ""


@dataclass(frozen=True)
class Command:
    """A sub-command of `gantool`: `function` is `"module:callable"`, imported when the command or its help is called.

    The callable is a function in Typer's style, with typed parameters (`Annotated[int, typer.Option(help=...)]`), whose
    docstring is the help page; or a `typer.Typer`, for a group of commands. Results go to standard output, all else to
    standard error. An exception ends the command with one sentence, a `gantool.GantoolError` with its own text.
    """

    name: str
    summary: str
    function: str
    options: ClassVar[type[Options]] = Options
    settle: ClassVar[None] = None

    @property
    def factory(self) -> str:
        """The function, under the name that other specs have for theirs."""
        return self.function


Spec = Component | Architecture | Command
