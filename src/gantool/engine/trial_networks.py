"""A trial of an architecture's networks before a run: forward, backward and an update, as in a step."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from gantool.api.networks import Gan, Images, Labels, Logits
from gantool.api.specs import ImageShape
from gantool.api.strategies import Loss
from gantool.engine.judging import parted, sides_seen
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.engine.trial_calls import SAMPLES, Check, calling, copied, described, own_randomness, stages

GENERATOR = "A generator draws finite pictures, from which gradients reach its weights."
DISCRIMINATOR = (
    "A discriminator judges pictures by finite logits, from which gradients reach its weights and the pictures, and "
    "leaves the pictures as they are."
)
TERMS = (
    "Gan.terms(side, seen) returns a mapping from names to float tensors [n], one value per sample; the step takes the "
    "means. The two sides need different names."
)
STEP = "A step of one network takes the gradient of its loss and terms by that network's own weights"
BESIDE_ANOTHER = "; those of the discriminator have none in the generator's step, also where the two share a part."
TAKEN = ("loss", "gradient_norm", "skipped", "penalty", "real_accuracy", "fake_accuracy")
"""Beginnings of the names of the step's own scalars."""
WITHOUT_REALS = (
    " In the generator's step seen.real and seen.of_real are None unless the loss has pairs_real = True, as "
    "--loss relativistic has; that of this run has not."
)


def try_networks(gan: Gan, title: str, shape: ImageShape, device: torch.device, pairs_real: bool = False) -> None:
    """Run a copy of the networks forward and backward, in each stage, as a step does.

    With `pairs_real` the generator's step has reals too, as by a loss that pairs them with fakes. Raises PluginError
    that says what `title` does wrong.
    """
    labels = torch.zeros(SAMPLES, dtype=torch.int64, device=device) if shape.classes else None
    with own_randomness(device):
        for twin, real, _ in stages(gan, shape, device):
            with calling(title, "generator", GENERATOR) as check:
                fake = twin.generator(torch.randn(SAMPLES, twin.latent_dim, device=device), labels)
                check.finite(fake, "pictures")
                if twin.discriminator is not None:
                    check.gradient([level.sum() for level in fake], learning(twin.generator), "its weights")
            if twin.discriminator is not None:
                with calling(title, "discriminator", DISCRIMINATOR) as check:
                    _try_discriminator(check, twin.discriminator, tuple(level.detach() for level in fake), labels)
            _try_terms(twin, title, real, labels, pairs_real)
            _try_steps(twin, title, real, labels, pairs_real)


def _try_discriminator(check: Check, network: nn.Module, images: Images, labels: Labels) -> None:
    before = copied(images)
    check.finite((parted(network(images, labels))[0],), "logits")
    check.unchanged(before, images)
    leaves = tuple(level.requires_grad_(True) for level in before)
    for sources, called in ((learning(network), "its weights"), (leaves, "the pictures")):
        check.gradient([parted(network(leaves, labels))[0].sum()], sources, called)


def _try_terms(twin: Gan, title: str, real: Images, labels: Labels, pairs_real: bool) -> None:
    """Call `terms` for both sides, each with the tensors of its step."""
    z = torch.randn(SAMPLES, twin.latent_dim, device=real[-1].device)
    sides = sides_seen(twin, z, labels, twin.generator(z, labels), real, pairs_real)
    names: list[str] = []
    for side, seen in sides.items():
        with calling(title, f"terms({side!r}, seen)", TERMS) as check:
            check.contract += WITHOUT_REALS if side == "generator" and seen.real is None else ""
            terms = twin.terms(side, seen)
            check.contract = TERMS
            _check_terms(check, terms, names)
            names += terms
        if twin.discriminator is None:
            with calling(title, "terms('generator', seen)", TERMS) as check:
                if not terms:
                    raise check.broken("returned nothing, so a generator without a discriminator has no loss")
                loss = torch.stack([values.mean() for values in terms.values()]).sum()
                check.gradient([loss], learning(twin.generator), "the generator's weights")


def _check_terms(check: Check, terms: object, names: Sequence[str]) -> None:
    if not isinstance(terms, Mapping) or not all(isinstance(name, str) and name for name in terms):
        raise check.broken(f"returned {described(terms)}, not a mapping from names")
    for name, values in terms.items():
        if name in names:
            raise check.broken(f"returned a term {name!r}, a name that is taken by the other side")
        if name.startswith(TAKEN):
            raise check.broken(f"returned a term {name!r}; the step's own scalars begin with {', '.join(TAKEN)}")
        if not isinstance(values, Tensor) or tuple(values.shape) != (SAMPLES,) or not values.is_floating_point():
            raise check.broken(f"returned {described(values)} as {name!r} for {SAMPLES} samples")


def _try_steps(twin: Gan, title: str, real: Images, labels: Labels, pairs_real: bool) -> None:
    """Take both steps at a learning rate of 0, backward and all."""
    of_g, *of_d = (torch.optim.SGD(learning(network) or [torch.zeros(1)], lr=0.0) for network in twin.networks)
    game = Game(twin, _Difference(pairs_real), of_g, of_d[0] if of_d else None)
    contract = STEP + (BESIDE_ANOTHER if of_d else ".")
    if of_d:
        with calling(title, "step of the discriminator", contract):
            discriminator_step(game, real[-1], labels, step=0)
    with calling(title, "step of the generator", contract):
        generator_step(game, real[-1], labels)


class _Difference(Loss):
    """The simplest loss with a gradient to both networks."""

    def __init__(self, pairs_real: bool) -> None:
        self.pairs_real = pairs_real

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """The mean difference of the logits of fakes and reals."""
        return fake_logits - real_logits

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative mean logit of fakes."""
        return -fake_logits


def learning(network: nn.Module) -> list[nn.Parameter]:
    """The weights that are not frozen."""
    return [weight for weight in network.parameters() if weight.requires_grad]
