"""Networks found in a file of others: whose they are, their tensors, and what is left out and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.budget import legible
from gantool_stylegan2.filters import kernel
from gantool_stylegan2.fitting import Settings, discriminator_of, drawn_noise, generator_of, options_of
from gantool_stylegan2.mapping import RATE
from gantool_stylegan2.naming import AUTHORS, ROSINALITY, Naming, renamed_discriminator, renamed_generator
from gantool_stylegan2.pickles import Record
from gantool_stylegan2.storages import MOST_ENTRIES, StoredTensor, read_file

MOST_MODULES, MOST_NAMED = 20_000, 20
MOST_LETTERS = 200
"""The length of a tensor's name with those of all modules that it is in."""
WHOLE_BATCH = 2**16 - 1
"""A group as large as any batch: discriminators that were converted from TensorFlow say so by None."""
_TABLES = ("_parameters", "_buffers", "_modules")
Stored = Mapping[str, StoredTensor]


@dataclass(frozen=True)
class Imported:
    """A model of others as the plugin's own: `source` says whose code made it, `left_out` has a sentence for each."""

    source: str
    options: StyleGan2
    shape: gantool.ImageShape
    generator: dict[str, Tensor]
    discriminator: dict[str, Tensor] | None
    left_out: list[str] = field(default_factory=list)


def read_model(path: Path | str) -> Imported:
    """The model in a file of the authors' code, or of rosinality's; nothing in the file is run.

    Raises CheckpointError that names the file and the reason if it is refused.
    """
    path = Path(path)
    try:
        return _model(read_file(path), path.stat().st_size)
    except MemoryError as error:
        raise gantool.CheckpointError(f"{path} cannot be imported: it takes more memory than there is.") from error
    except gantool.CheckpointError as error:
        raise gantool.CheckpointError(f"{path} cannot be imported: {error}.") from error


def _model(value: Any, size: int) -> Imported:
    if not isinstance(value, dict):
        raise gantool.CheckpointError(f"it holds a {type(value).__name__}, not the networks of StyleGAN2")
    if isinstance(value.get("G_ema", value.get("G")), Record):
        return _of_authors(value, size)
    if any(isinstance(value.get(name), dict) and "input.input" in value[name] for name in ("g_ema", "g")):
        return _of_rosinality(value, size)
    if "GAN" in value or any(str(name).startswith(("G.initial_block", "S.net.")) for name in value):
        raise gantool.CheckpointError(
            "it is of lucidrains' stylegan2-pytorch, whose layers are others: noise for each channel, maps enlarged "
            "before the convolution, activations without their gain"
        )
    keys = ", ".join(repr(name)[:30] for name in list(value)[:6])
    raise gantool.CheckpointError(f"it has {keys or 'nothing'}, and no generator (G_ema, G or g_ema) of StyleGAN2")


def _of_authors(value: Mapping[str, Any], size: int) -> Imported:
    which = "G_ema" if "G_ema" in value else "G"
    generator = Modules(value[which])
    weights = generator.tensors(size)
    if any(name.startswith("synthesis.input.") for name in weights):
        raise gantool.CheckpointError("it is a StyleGAN3, whose layers are others")
    generator.check("skip")
    settings = Settings(generator.clamp())
    named = renamed_generator(weights, AUTHORS)
    options, shape = options_of(named, settings)
    made, left_out = None, _rest(value, which, "D")
    if isinstance(value.get("D"), Record):
        try:
            judge = Modules(value["D"])
            judge.check("resnet")
            group = judge.group()
            if judge.clamp() != settings.clamp:
                raise gantool.CheckpointError("its activations are limited otherwise than the generator's")
            options = options.model_copy(update={"stddev_group": group})
            made = discriminator_of(renamed_discriminator(judge.tensors(size), AUTHORS), options, shape)
        except gantool.CheckpointError as error:
            left_out.append(f"D: {error}")
    source = f"StyleGAN2-ADA (PyTorch), {which}"
    return Imported(source, options, shape, generator_of(named, options, shape), made, left_out)


def _of_rosinality(value: Mapping[str, Any], size: int) -> Imported:
    which = "g_ema" if isinstance(value.get("g_ema"), dict) else "g"
    named = renamed_generator(_made(_stored(value[which]), size, ROSINALITY), ROSINALITY)
    if isinstance(value.get("latent_avg"), StoredTensor):
        named["mean_w"] = value["latent_avg"].tensor()
    options, shape = options_of(named, Settings())
    made, left_out = None, _rest(value, which, "d", "latent_avg")
    if options.noise and not any(name.endswith(".noise") for name in named):
        named |= drawn_noise(options, shape)
        left_out.append(
            "nothing of the noise inputs: their fixed noise, which the file lacks, is drawn anew, by seed 0"
        )
    if isinstance(value.get("d"), dict):
        try:
            weights = renamed_discriminator(_made(_stored(value["d"]), size, ROSINALITY), ROSINALITY)
            made = discriminator_of(weights, options, shape)
        except gantool.CheckpointError as error:
            left_out.append(f"d: {error}")
    source = f"stylegan2-pytorch (rosinality), {which}"
    return Imported(source, options, shape, generator_of(named, options, shape), made, left_out)


class Modules:
    """The modules of a network of the authors, by their names."""

    def __init__(self, network: Record) -> None:
        self.modules: dict[str, Record] = {}
        waiting, entries = [("", network)], 0
        while waiting:
            name, module = waiting.pop()
            self.modules[name] = module
            if len(self.modules) + len(waiting) > MOST_MODULES:
                raise gantool.CheckpointError(f"a network of more than {MOST_MODULES:,} modules")
            tables = [table for part in _TABLES if isinstance(table := module.state.get(part), dict)]
            entries += sum(map(len, tables))  # before any is read: the same may be in many modules
            if entries > MOST_ENTRIES:
                raise gantool.CheckpointError(f"a network of more than {MOST_ENTRIES:,} modules and tensors")
            inner = _table(module, "_modules")
            waiting += [(_joined(name, key), one) for key, one in inner.items() if isinstance(one, Record)]

    def tensors(self, size: int) -> dict[str, Tensor]:
        """All parameters and buffers, with the mapping's weights at the plugin's learning rate."""
        stored = {
            _joined(name, key): one
            for name, module in self.modules.items()
            for part in _TABLES[:2]
            for key, one in _table(module, part).items()
            if one is not None
        }
        made = _made(_stored(stored), size, AUTHORS)
        for name, module in self.modules.items():
            rate = module.state.get("bias_gain", RATE)
            if name.startswith("mapping.fc") and rate != RATE:
                for part in (f"{name}.weight", f"{name}.bias"):
                    made[part] = made[part] * (_number(rate, f"{name}.bias_gain") / RATE)
        return made

    def clamp(self) -> float:
        """The limit of activations, 0 for none; the shortcut of a discriminator's block never has one."""
        found = {
            _number(value or 0, "conv_clamp")
            for name, value in self._all("conv_clamp")
            if not name.endswith("skip") and "mapping" not in name
        }
        if len(found) > 1:
            raise gantool.CheckpointError(f"its layers limit activations differently (conv_clamp {sorted(found)})")
        return found.pop() if found else 0.0

    def check(self, architecture: str) -> None:
        """Raise CheckpointError for another architecture or activation than the plugin's."""
        for setting, able in (("architecture", {architecture}), ("activation", {"lrelu", "linear"})):
            for name, value in self._all(setting):
                if not isinstance(value, str) or value not in able:
                    raise gantool.CheckpointError(
                        f"{legible(name)} has the {setting} {_shown(value)}, which stylegan2 does not have"
                    )

    def group(self) -> int:
        """The group of minibatch statistics."""
        for _, value in self._all("num_channels"):
            if value != 1:
                raise gantool.CheckpointError(f"its minibatch statistics are {_shown(value)} channels, not 1")
        groups = [WHOLE_BATCH if value is None else value for _, value in self._all("group_size")]
        if not all(type(value) is int and 1 <= value < 2**16 for value in groups):
            raise gantool.CheckpointError("the group of its minibatch statistics is not a number")
        return groups[0] if groups else 1

    def _all(self, attribute: str) -> Iterator[tuple[str, Any]]:
        for name, module in self.modules.items():
            if attribute in module.state:
                yield name, module.state[attribute]


def _rest(value: Mapping[Any, Any], *used: str) -> list[str]:
    """A sentence for each other part of a file, whose names may be anything, and for the last of very many."""
    names = [
        name if name.isidentifier() else ascii(name) for name in (str(key)[:60] for key in value if key not in used)
    ]
    more = [f"{len(names) - MOST_NAMED} more: not needed to draw"] if len(names) > MOST_NAMED else []
    return [f"{name}: not needed to draw" for name in names[:MOST_NAMED]] + more


def _joined(name: str, key: str) -> str:
    """The name of what is in a module."""
    if len(name) + len(key) >= MOST_LETTERS:
        first = legible(f"{name}.{key[:40]}".strip("."), 40)
        raise gantool.CheckpointError(f"a network with a name of more than {MOST_LETTERS} letters: {first}")
    return f"{name}.{key}".strip(".")


def _table(module: Record, name: str) -> dict[str, Any]:
    table = module.state.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise gantool.CheckpointError(f"a module of class {legible(module.name, 40)} whose {name} are no table")
    return table


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise gantool.CheckpointError(f"{legible(name)} is {_shown(value)}")
    return float(value)


def _shown(value: Any) -> str:
    """A text or a number; of anything else the type, since its parts may be endless."""
    return repr(value)[:40] if isinstance(value, str | int | float) else type(value).__name__


def _stored(table: Mapping[Any, Any]) -> dict[str, StoredTensor]:
    wrong = next((name for name, one in table.items() if not isinstance(one, StoredTensor)), None)
    if wrong is not None:
        raise gantool.CheckpointError(f"{str(wrong)[:80]!r} is no tensor")
    return {str(name): one for name, one in table.items()}


def _made(stored: Stored, size: int, naming: Naming) -> dict[str, Tensor]:
    """The tensors, which together take no more than the file; constant filters have to be [1, 3, 3, 1]."""
    tensors: dict[str, Tensor] = {}
    for name, one in stored.items():
        tensors[name] = tensor = one.tensor()
        size -= tensor.numel() * tensor.element_size()
        if size < 0:
            raise gantool.CheckpointError("its tensors are larger than the file: they share their numbers")
        if naming.is_filter(name):
            flat = tensor.float()
            if flat.shape != (4, 4) or not torch.allclose(flat / flat.sum(), kernel(), atol=1e-6):
                raise gantool.CheckpointError(f"{legible(name)} is another filter than [1, 3, 3, 1]")
    return tensors
