"""The model that a new run begins with (`--init`): found, described and read. `run/giving` gives its weights."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import Architecture
from gantool.engine import checkpoint
from gantool.engine.discriminator_file import discriminator_file, load_discriminator
from gantool.engine.model_file import ModelCard, Origin, load_generator, read_card
from gantool.engine.run_names import AVERAGED, CHECKPOINTS, CONFIG, DISCRIMINATOR, GENERATOR
from gantool.errors import CheckpointError, DataError, GantoolError, PluginError, UsageError, sentence
from gantool.homes import at_home
from gantool.plugins.host import PluginHost, host
from gantool.run.config import read_config
from gantool.sampling import providers
from gantool.sampling.labels import listed
from gantool.sampling.locate import generator_file, run_of
from gantool.sampling.remote import fetch_discriminator, repository_of

OF_THE_MODEL = ("init_sha256", "init_discriminator_sha256", "init_images", "init_learnt_by", "init_taken")
"""The settings that tell the model a run began with."""


@dataclass(frozen=True)
class Initial:
    """A model to begin with: its file, and the checkpoint that has its other networks, where there is one."""

    origin: Origin
    file: Path
    checkpoint: Path | None
    card: ModelCard

    @property
    def networks(self) -> str:
        """The networks that it has, and their age, for messages."""
        both = self.discriminator is not None
        if self.checkpoint is None:
            have = "generator and discriminator" if both else "the generator"
        else:
            have = "generator, discriminator and average" if both else "generator and average"
        age = f", after {self.origin.images_seen:,} images" if self.origin.images_seen else ""
        return f"{have} of {self.origin.model}{age}"

    @property
    def discriminator(self) -> Path | None:
        """The file of its discriminator; None without one."""
        file = discriminator_file(self.file) if self.checkpoint is None else self.checkpoint / DISCRIMINATOR
        return file if file.is_file() else None

    @property
    def discriminator_digest(self) -> str:
        """The SHA-256 of that file, or `none`."""
        return NONE if self.discriminator is None else checkpoint.digest(self.discriminator)

    def warnings(self, names: Sequence[str], arch: str) -> Iterator[str]:
        """Warnings about a run that begins with it, of the architecture `arch`, on data of these classes."""
        by = self.learnt_by(host())
        if by and by != _extractor_of(host(), arch.partition(":")[0]):
            yield (
                f"{self.origin.model} learnt by features of {by}, so metrics by {by} flatter what begins with it, too: "
                f"'gantool evaluate' takes another extractor unless --extractor {by} asks for it."
            )
        if tuple(names) == self.card.class_names or not names or not self.card.class_names:
            return
        many, both = len(names) != len(self.card.class_names), set(names) & set(self.card.class_names)
        new = "those of the same names stay, each other begins as their mean" if both else "each begins as their mean"
        yield (
            f"The classes of the data ({listed(names)}) are not those of --init {self.origin.model} "
            f"({listed(self.card.class_names)}): {new if many else 'each begins as the one in its place'}."
        )

    def learnt_by(self, host: PluginHost) -> str:
        """The extractor by whose features it learnt, or a model that it began with; empty for none."""
        before = self.card.began_with
        return _extractor_of(host, self.card.name) or (before.learnt_by if before is not None else "")

    @property
    def data(self) -> str | None:
        """The data of its run, if that is known."""
        run = run_of(self.file) if self.file.name in (GENERATOR, AVERAGED) else None
        return None if run is None else read_config(run / CONFIG).get("data")


@dataclass(frozen=True)
class Weights:
    """The state dicts of a model; the generator's are the averaged ones where there are no others."""

    initial: Initial
    generator: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None
    averaged: Mapping[str, Tensor]


def find(model: str) -> Initial:
    """The model that `--init` names: a run (its newest checkpoint), a checkpoint, or a file. Raises CheckpointError."""
    path = at_home(model)
    if (at := repository_of(path)) is not None:
        fetch_discriminator(*at)
    file, folder = generator_file(path), None
    if not path.is_file():
        within = file.parent.parent.name == CHECKPOINTS
        folder = file.parent if within else checkpoint.newest(file.parent)
    if folder is not None and not checkpoint.is_one(folder):
        raise CheckpointError(f"There is no checkpoint {folder}.{checkpoint.back_in_use(folder)}")
    file = file if folder is None else folder / AVERAGED
    card = read_card(file)
    origin = Origin(model=model, sha256=checkpoint.digest(file), images_seen=card.images_seen)
    return Initial(origin, file, folder, card)


def initial_of(config: RunConfig) -> Initial | None:
    """The model that a resolved configuration begins with. Raises CheckpointError if it is another one by now."""
    if config.init == NONE:
        return None
    found = find(config.init)
    if found.origin.sha256 != config.init_sha256:
        at = repository_of(config.init)
        meant = "checkpoint that was meant" if at is None else f"commit that was meant, hf://{at[0]}@COMMIT"
        raise CheckpointError(
            f"--init {config.init} is not the model any more that this configuration began with (SHA-256 "
            f"{config.init_sha256[:12]}..., now {found.origin.sha256[:12]}...). Name the {meant}, or "
            f"begin with the model of now: --init {shlex.quote(config.init)} without the init_sha256 of a file."
        )
    before = config.init_discriminator_sha256  # empty in configurations of older versions
    if before and before != found.discriminator_digest:
        change = f"had {'none' if before == NONE else 'another'}" if found.discriminator else "had one"
        raise CheckpointError(
            f"--init {config.init} has {found.discriminator or 'no discriminator'}, and this configuration {change} "
            f"when it began. Put back what was there, or give --init {shlex.quote(config.init)} again, to begin with "
            "what is there now."
        )
    return found


def origin_of(config: RunConfig) -> Origin | None:
    """The model that a run began with, for its card."""
    if config.init == NONE:
        return None
    return Origin(
        model=config.init, sha256=config.init_sha256, images_seen=config.init_images, taken=config.init_taken,
        learnt_by=config.init_learnt_by,
    )  # fmt: skip


def read_weights(initial: Initial, way_on: str = "begin with that one by: --init") -> Weights:
    """The weights of a model. Raises CheckpointError when it is damaged; `way_on` are the words before another one."""
    if initial.checkpoint is None:
        weights, _ = load_generator(initial.file)
        return Weights(initial, weights, load_discriminator(initial.file), weights)
    contents = checkpoint.load(initial.checkpoint, way_on)
    return Weights(initial, contents.generator, contents.discriminator, contents.averaged)


def settings(host: PluginHost, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a run takes from the model it begins with, where others are not given; none without a model.

    Options of the architecture are the model's, too, where `given` has an architecture of the same name. Raises
    PluginError if the model's is not usable here, UsageError if nothing says which pictures to train on, DataError if
    those of its run are gone.
    """
    if given.get("init", NONE) == NONE or "init_sha256" in given:
        return {}
    found = find(given["init"])
    card = found.card
    data = given.get("data", found.data)
    if data is None:
        raise UsageError(
            f"Say which pictures to train on: --data SOURCE. --init {given['init']} is a model without the run that "
            "would tell."
        )
    if "data" not in given:
        _check_there(host, data, given["init"])
    return {
        "arch": _architecture(host, given.get("arch"), found),
        "resolution": card.resolution,
        "channels": card.channels,
        "labels": bool(card.class_names),
        "data": data,
        "init_sha256": found.origin.sha256,
        "init_discriminator_sha256": found.discriminator_digest,
        "init_images": found.origin.images_seen,
        "init_learnt_by": found.learnt_by(host),
    }


def _extractor_of(host: PluginHost, architecture: str) -> str:
    """The extractor by whose features an architecture learns; empty for none, and where it is not known here."""
    spec = host.specs("architecture").get(architecture)
    return spec.learns_by if isinstance(spec, Architecture) else ""


def _check_there(host: PluginHost, data: str, model: str) -> None:
    """Raise DataError where the pictures of the model's run have gone, of which nobody has spoken in this command.

    A path that is none of a file is left to its source, for which it may be a pattern.
    """
    try:
        source = host.resolve("source", data, stored=True)
        path = getattr(source.options, "path", "")
        if not isinstance(path, str) or not path or "://" in path or Path(path).exists():
            return
    except GantoolError:
        return  # told by whoever needs the source
    try:
        source.natural()
    except DataError as error:
        raise DataError(
            f"The data that --init {model} was trained on is not there any more: {sentence(str(error))} Say where it "
            "is, or which other pictures to train on: --data SOURCE."
        ) from error


def _architecture(host: PluginHost, text: str | None, found: Initial) -> str:
    """The architecture that was asked for, with the model's options where it is the model's own."""
    if text is not None and text.partition(":")[0] != found.card.name:
        return text
    try:
        chosen = host.resolve("architecture", found.card.architecture, stored=True)
    except GantoolError as error:
        raise PluginError(
            f"--init {found.origin.model} needs the architecture of {found.card.provider}, which is not usable here: "
            f"{providers.unusable(host, found.card, error)}"
        ) from error
    if text is None:
        return chosen.text
    asked = host.resolve("architecture", text).options
    own = {name: getattr(asked, name) for name in asked.model_fields_set}
    return replace(chosen, options=chosen.options.model_copy(update=own)).text
