"""The experiments: recipes as they are, strategies side by side, runs broken on purpose, ordinary ones to watch."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gantool.run.config import parse_count

Half = Literal["", "tune", "test"]
"""Thresholds are chosen on the settings of one half and measured on those of the other."""

FIXED = ("--precision", "float32", "--layout", "channels_last", "--device", "cpu", "--keep", "1")
IMAGES = {"shapes": "24k", "digits": "24k", "folder": "24k"}
"""How long every run on a data set is: equal for all strategies."""
SHARED = {
    "dcgan": ("--batch", "16", "--lr", "1e-3"),
    "mlp": ("--batch", "16", "--lr", "2e-4"),
}
"""What runs of an architecture share unless a setting says otherwise; dcgan's are its recipe for short runs."""


@dataclass(frozen=True)
class Setting:
    """A row of a table: flags of `gantool train`, and settings that have no flag and go into a TOML file."""

    name: str
    arch: str
    flags: tuple[str, ...] = ()
    file: Mapping[str, object] = field(default_factory=dict)
    half: Half = ""
    data: tuple[str, ...] = ("shapes", "digits")
    images: str = ""
    shared: bool = True
    """Whether SHARED holds where the flags do not say otherwise, or the recipe."""

    @property
    def kind(self) -> str:
        """The architecture without its options."""
        return self.arch.partition(":")[0]


@dataclass(frozen=True)
class Experiment:
    """One run: a setting on one data set with one seed."""

    setting: Setting
    data: str
    seed: int

    @property
    def name(self) -> str:
        """The run's folder."""
        return f"{self.setting.kind}-{self.setting.name}-{self.data}-{self.seed}"

    @property
    def images(self) -> str:
        """The length of the run, as the flag has it."""
        return self.setting.images or IMAGES[self.data]

    def flags(self, source: str) -> list[str]:
        """All of `gantool train`'s flags that decide what is computed, for the source's name."""
        shared = SHARED.get(self.setting.kind, ()) if self.setting.shared else ()
        given = [flag for flag in self.setting.flags if flag.startswith("--")]
        kept = [word for pair in zip(shared[::2], shared[1::2], strict=True) if pair[0] not in given for word in pair]
        every = str(parse_count(self.images) // 20)  # of which there would be fewer in runs as short as these
        return [
            "--arch", self.setting.arch, "--data", source, "--images", self.images, "--seed", str(self.seed),
            "--snapshot-every", every, *FIXED, *kept, *self.setting.flags,
        ]  # fmt: skip

    def in_file(self) -> list[str]:
        """The settings that have no flag, as lines of TOML."""
        return [f"{key} = {json.dumps(value)}" for key, value in self.setting.file.items()]


DCGAN = "dcgan:width=16,grow=transposed"
PLAIN = "dcgan:width=16,grow=transposed,discriminator_norm=none"
"""For gradient penalties, which batch normalisation would mix between samples."""
MLP = "mlp:generator_hidden=256+256,discriminator_hidden=256+128"

LOSSES: dict[str, tuple[str, tuple[str, ...], dict[str, object]]] = {
    "logistic": (DCGAN, ("--loss", "logistic"), {}),
    "hinge": (DCGAN, ("--loss", "hinge"), {}),
    "wgan-gp": (PLAIN, ("--loss", "wasserstein:drift=1e-3", "--penalty", "gp:weight=10"), {"betas": [0.0, 0.99]}),
    "lsgan": (DCGAN, ("--loss", "lsgan"), {}),
    "rpgan-r1r2": (PLAIN, ("--loss", "rpgan", "--penalty", "r1", "--penalty", "r2"), {"betas": [0.0, 0.99]}),
}
"""Each loss with dcgan's discriminator, the penalties and the betas that belong to it (the recipe's: 0.5, 0.999)."""

STRATEGIES = [
    Setting(name, arch if family == "dcgan" else MLP, flags, file)
    for name, (arch, flags, file) in LOSSES.items()
    for family in ("dcgan", "mlp")
]


BROKEN = [
    Setting("lr-x20", PLAIN, ("--lr", "2e-2"), half="tune"),
    Setting("lr-d-x50", PLAIN, ("--lr-d", "5e-2"), half="tune"),
    Setting("minimax-strong-d", PLAIN, ("--loss", "minimax", "--lr-d", "5e-3", "--lr-g", "1e-4"), half="tune"),
    Setting("d-5-ahead", PLAIN, ("--balance", "fixed:d_steps=5", "--lr-d", "5e-3"), half="tune"),
    Setting(
        "tiny-g-huge-d",
        "mlp:latent=2,generator_hidden=4,discriminator_hidden=1024+512",
        ("--lr-d", "2e-3"),
        half="tune",
    ),
    Setting("lr-g-x20", PLAIN, ("--lr-g", "2e-2"), half="test"),
    Setting("no-norm-hinge", PLAIN, ("--loss", "hinge", "--lr", "1e-2"), half="test"),
    Setting("wasserstein-bare", PLAIN, ("--loss", "wasserstein", "--penalty", "none"), half="test"),
    Setting("momentum", PLAIN, ("--lr", "5e-3"), {"betas": [0.9, 0.999]}, half="test"),
    Setting("lr-x200", DCGAN, ("--lr", "2e-1"), half="test"),
]
"""Runs that fail on purpose. With batch normalisation in the discriminator dcgan bears a learning rate x 20."""

FINE = ("shapes",)
"""For architectures that have no 28 pixels."""

HEALTHY = [
    Setting("logistic", *LOSSES["logistic"], half="tune"),
    Setting("hinge", *LOSSES["hinge"], half="tune"),
    Setting("wgan-gp", *LOSSES["wgan-gp"], half="tune"),
    Setting("r1", MLP, ("--penalty", "r1"), half="tune"),
    Setting("lesson", "dcgan:width=16,stem=linear,grow=upsample,shrink=pool", ("--lr", "5e-4"), half="tune"),
    Setting("recipe", "progressive:fmap_base=128,fmap_max=16", half="tune", data=FINE),
    Setting("folder", DCGAN, ("--resolution", "32"), half="tune", data=("folder",)),
    Setting("wide", "dcgan:width=24,grow=transposed", ("--batch", "32", "--lr", "1e-3"), half="test"),
    Setting("lsgan", *LOSSES["lsgan"], half="test"),
    Setting("rpgan-r1r2", *LOSSES["rpgan-r1r2"], half="test"),
    Setting("hinge-r1", MLP, ("--loss", "hinge", "--penalty", "r1"), half="test"),
    Setting("two-rates", DCGAN, ("--lr-g", "5e-4", "--lr-d", "1e-3"), half="test"),
    Setting("recipe", "msg:fmap_base=128,fmap_max=16", half="test", data=FINE),
    Setting("folder-r1", PLAIN, ("--resolution", "32", "--penalty", "r1"), half="test", data=("folder",)),
]
"""Ordinary good settings; those that are strategies too are not trained again in the same work folder."""

UNSEEN_BROKEN = [
    Setting("r1-x10000", PLAIN, ("--penalty", "r1:weight=1e4")),
    Setting("lr-x30", DCGAN, ("--loss", "relativistic:kind=hinge", "--lr", "3e-2")),
    Setting("lr-d-x20", PLAIN, ("--loss", "lsgan", "--lr-d", "2e-2")),
    Setting("g-asleep", DCGAN, ("--lr-g", "1e-7")),
    Setting("d-asleep", DCGAN, ("--lr-d", "1e-7")),
    Setting("d-20-ahead", PLAIN, ("--loss", "hinge", "--balance", "fixed:d_steps=20")),
    Setting("flips", DCGAN, ("--loss", "logistic:flip=0.49")),
    Setting("tight-clip", PLAIN, ("--loss", "wasserstein", "--penalty", "clip:value=1e-4")),
    Setting("one-latent", "mlp:latent=1,generator_hidden=8", ("--lr-d", "1e-3")),
    Setting("slow-momentum", PLAIN, ("--loss", "hinge", "--lr", "4e-3"), {"betas": [0.95, 0.999]}),
    Setting("minimax-d-5", PLAIN, ("--loss", "minimax", "--balance", "fixed:d_steps=5")),
    Setting("batch-2", PLAIN, ("--batch", "2", "--lr", "4e-3")),
]
UNSEEN_HEALTHY = [
    Setting("r1", PLAIN, ("--penalty", "r1")),
    Setting("ralogistic", DCGAN, ("--loss", "relativistic")),
    Setting("rahinge-gp", PLAIN, ("--loss", "relativistic:kind=hinge", "--penalty", "gp:target=0")),
    Setting("dragan", PLAIN, ("--penalty", "dragan")),
    Setting("spectral", "dcgan:width=16,grow=transposed,discriminator_norm=spectral", ("--loss", "hinge")),
    Setting("smooth", DCGAN, ("--loss", "logistic:smooth=0.1")),
    Setting("diffaugment", DCGAN, ("--augment", "diffaugment")),
    Setting("ada", DCGAN, ("--augment", "ada")),
    Setting("adaptive", DCGAN, ("--balance", "adaptive")),
    Setting("cosine", DCGAN, ("--lr-schedule", "cosine", "--warmup", "1k")),
    Setting("accumulate", DCGAN, ("--batch", "32", "--accumulate", "2")),
    Setting("instance-noise", DCGAN, ("--instance-noise", "0.2")),
    Setting("deep", "mlp:generator_hidden=256+256+256,discriminator_hidden=256+128", ("--loss", "lsgan")),
]
"""Written down before any of them had been trained; no threshold was changed afterwards."""

DEFAULTS = [
    Setting("defaults", arch, data=data, images="60k", shared=False)
    for arch, data in (
        ("mlp", ("shapes", "digits")),
        ("dcgan", ("shapes", "digits")),
        ("progressive", FINE),
        ("msg", FINE),
    )
]
"""What `gantool train --arch A` does when nothing else is said, as long as it is on shapes."""

SETS = {
    "defaults": DEFAULTS, "strategies": STRATEGIES, "broken": BROKEN, "healthy": HEALTHY,
    "unseen-broken": UNSEEN_BROKEN, "unseen-healthy": UNSEEN_HEALTHY,
}  # fmt: skip


def experiments(settings: list[Setting], seeds: int, sets: tuple[str, ...]) -> Iterator[Experiment]:
    """Every setting on each of its data sets that is there, with seeds 0 to `seeds`."""
    for setting in settings:
        for data in setting.data:
            if data in sets:
                yield from (Experiment(setting, data, seed) for seed in range(seeds))
