"""State: all of it is in parameters and buffers, and comes back from a file."""

from collections.abc import Iterator

from safetensors.torch import load
from torch import Tensor, nn

from gantool.api.networks import Gan
from gantool.engine.checkpoint import load_weights
from gantool.engine.model_file import weights_file
from gantool.testing.networks import Case, copied, drawn, judged, latents, networks, same, set_mode


def tensors_are_parameters_or_buffers(case: Case) -> Iterator[str]:
    """No module keeps a tensor beside its parameters and buffers."""
    gan = _used(case)
    for title, network in networks(gan):
        for name, module in network.named_modules():
            for attribute, value in vars(module).items():
                if isinstance(value, Tensor) and not _derived(module, attribute):
                    where = f"{title}.{name}.{attribute}" if name else f"{title}.{attribute}"
                    yield (
                        f"{where} is a tensor outside the state: it is not saved and does not move to the GPU. "
                        f"Use self.register_buffer({attribute!r}, ...), or a local variable for what is not kept."
                    )


def _derived(module: nn.Module, attribute: str) -> bool:
    """True for a weight that torch's older spectral or weight normalisation computes from parameters at each call."""
    return not {f"{attribute}_orig", f"{attribute}_g"}.isdisjoint(module.state_dict())


def state_comes_back_from_a_file(case: Case) -> Iterator[str]:
    """Loaded into networks that were built afresh, saved state gives the same pictures and logits."""
    gan, fresh = _used(case), case.build(seed=5)
    for (title, network), (_, other) in zip(networks(gan), networks(fresh), strict=True):
        extra = [name for name, value in network.state_dict().items() if not isinstance(value, Tensor)]
        if extra:
            yield (
                f"{extra[0]} in the state of the {title} is no tensor, which checkpoints cannot hold. Keep a number "
                "as a buffer."
            )
            return
        late = [name for name in network.state_dict() if name not in other.state_dict()]
        if late:
            yield (
                f"{late[0]} comes into the state of the {title} at its first call. Register every buffer and parameter "
                "in __init__, with the shape it will have: networks that are built anew have no place for saved ones."
            )
            return
        load_weights(other, load(weights_file(network.state_dict())), f"a saved {title}")
    for each in (gan, fresh):
        each.advance(0)
        each.advance(10**9)
        set_mode(each, training=False)
    z, labels = latents(gan), case.labels()
    before, after = drawn(gan, z, labels), drawn(fresh, z, labels)
    if not same(before, after):
        yield "the generator draws other pictures after its state was saved and loaded. " + _remedy
    if not same(judged(gan, before, labels), judged(fresh, before, labels)):
        yield "the discriminator gives other logits after its state was saved and loaded. " + _remedy


_remedy = (
    "Keep state of forward in buffers (register_buffer, without persistent=False), and change it in place or assign a "
    "tensor."
)


def _used(case: Case) -> Gan:
    """Networks after a few calls in training mode, whose statistics are no longer those they were built with."""
    gan = case.build()
    z, labels = latents(gan), case.labels()
    for seed in range(2):
        images = drawn(gan, z, labels, seed)
        judged(gan, images, labels, seed)
    copied(gan)  # which raises where it cannot be done: the averaged generator of a run is a copy
    return gan
