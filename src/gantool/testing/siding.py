"""Sides: what an architecture says of the pixels that its modules work on, by which models are carried over."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from gantool.api.networks import Gan
from gantool.testing.networks import Case, drawn, judged, latents, networks, set_mode


def modules_work_at_their_sides(case: Case) -> Iterator[str]:
    """Modules that `module_sides` names are there, and give (generator) or take (discriminator) maps of that side."""
    gan = case.build()
    named, owners = gan.module_sides(), dict(networks(gan))
    for name in named:
        title, _, module = name.partition(".")
        if title not in owners or module not in dict(owners[title].named_modules()):
            yield (
                f"module_sides() names {name!r}, which is no module. Name modules as named_modules() does, behind "
                "'generator.' or 'discriminator.'."
            )
            return
    if named:
        yield from _odd(case, gan)


def _odd(case: Case, gan: Gan) -> Iterator[str]:
    """A sentence on the first module whose maps have another side."""
    seen: dict[str, int] = {}
    hooks = [_watch(name, gan, seen) for name in gan.module_sides()]
    set_mode(gan, training=False)
    judged(gan, drawn(gan, latents(gan), case.labels()), case.labels())
    for hook in hooks:
        hook.remove()
    for name, side in gan.module_sides().items():
        if seen.get(name, side) != side:
            what = "gives" if name.startswith("generator.") else "takes"
            yield (
                f"module_sides() says that {name} works at {side} pixels, and it {what} maps of {seen[name]}. --init "
                "would find the wrong block at another resolution, and --freeze-d freeze another."
            )
            return


def _watch(name: str, gan: Gan, seen: dict[str, int]) -> Any:
    """Note the side of the maps when a module is called that has convolutions; others go with these."""
    title, _, path = name.partition(".")
    network = dict(networks(gan))[title].get_submodule(path)

    def note(module: nn.Module, inputs: Any, output: object) -> None:
        maps = output if title == "generator" else inputs[0]
        if isinstance(maps, Tensor) and maps.dim() == 4 and any(weight.dim() > 2 for weight in module.parameters()):
            seen[name] = maps.shape[-1]

    return network.register_forward_hook(note)
