"""The checks of a loss."""

from collections.abc import Iterator
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.specs import Component
from gantool.api.strategies import Loss
from gantool.engine.trial import try_loss, try_state
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault
from gantool.testing.networks import same, seeded
from gantool.testing.seeding import SEEDS, seeds_torch
from gantool.testing.trials import REMEDY, Trial, faults_by, used_and_restored

N = 6
SHIFTS, LEADS = (3.0, 30.0, 300.0), (30.0, 300.0)
"""How far logits are moved: beyond the margin of a loss that is linear within it."""
CPU = torch.device("cpu")


class LossTrial(Trial[Loss]):
    """A loss under trial; each call is of a new one, under the same seed."""

    @property
    def pairs(self) -> bool:
        """True if its generator gets the logits of reals."""
        return self.new.pairs_real

    @property
    def boundary(self) -> float:
        """Its boundary; 0 where it has none."""
        return self.new.boundary or 0.0

    def has(self, trait: str) -> bool:
        """True if its spec declares a trait."""
        return isinstance(self.component.spec, Component) and trait in self.component.spec.traits

    def discriminator(self, real: float | Tensor, fake: float | Tensor) -> Float[Tensor, "n"]:
        """The discriminator's loss at these logits."""
        with seeded(0):
            return self.new.discriminator(_logits(real), _logits(fake))

    def generator(self, real: float | Tensor, fake: float | Tensor) -> Float[Tensor, "n"]:
        """The generator's loss at these logits."""
        with seeded(0):
            return self.new.generator(_logits(real) if self.pairs else None, _logits(fake))


def _logits(value: float | Tensor) -> Float[Tensor, "n"]:
    return value if isinstance(value, Tensor) else torch.full((N,), value)


def it_keeps_the_contract(trial: LossTrial) -> Iterator[str]:
    """It gives one value per sample, with a gradient to the logits."""
    loss = trial.new
    try_state(loss, trial.component.title)
    try_loss(loss, trial.component.title, CPU)
    yield from ()


def values_are_finite(trial: LossTrial) -> Iterator[str]:
    """Its values are finite and float32, even where one network has won."""
    for name, value in (("discriminator", trial.discriminator), ("generator", trial.generator)):
        for real, fake in ((0.0, 0.0), (30.0, -30.0), (-30.0, 30.0), (30.0, 30.0), (-30.0, -30.0), (300.0, -300.0)):
            leaves = [torch.full((N,), each, requires_grad=True) for each in (real, fake)]
            values = value(*leaves)
            slopes = torch.autograd.grad(values.sum(), leaves, allow_unused=True)
            what = f"{name}(real_logits, fake_logits) at logits {real:g} and {fake:g}"
            if values.dtype != torch.float32:
                yield f"its {what} is {str(values.dtype).removeprefix('torch.')}. Keep float32, which logits have."
                return
            if not all(bool(torch.isfinite(each).all()) for each in (values, *slopes) if each is not None):
                yield (
                    f"its {what} is not finite, or has no finite gradient. Use softplus or logsigmoid of the logits, "
                    "not the logarithm of a sigmoid."
                )
                return


def samples_do_not_mix(trial: LossTrial) -> Iterator[str]:
    """A sample's value depends on its own logits alone, unless the loss is relative.

    Buffers of a loss may depend on all of them; they are no part of the gradient.
    """
    if trial.pairs or trial.has("relative"):
        return
    logits = torch.linspace(-1, 1, N)
    other = torch.cat([logits[:-1], logits[-1:] + 2])
    adapts = isinstance(trial.new, nn.Module) and any(True for _ in trial.new.buffers())
    for name, value in (("discriminator", trial.discriminator), ("generator", trial.generator)):
        leaf = logits.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(value(leaf, leaf)[:-1].sum(), leaf)
        if bool(slope[-1] != 0) or not (adapts or same(value(logits, logits)[:-1], value(other, other)[:-1])):
            yield (
                f"its {name}(real_logits, fake_logits) mixes samples: one sample's logits change the values of others. "
                "Take no means over the batch (the step does), or declare traits=('relative',) if that is its idea."
            )
            return


def gradients_have_the_right_sign(trial: LossTrial) -> Iterator[str]:
    """Gradients teach the discriminator to separate reals from fakes, and the generator to be taken for real."""
    above, below = trial.boundary + 0.5, trial.boundary - 0.5
    winning = [torch.full((N,), each, requires_grad=True) for each in (above, below)]
    (fake,) = torch.autograd.grad(trial.generator(*winning).sum(), winning[1:])
    if float(fake.sum()) >= 0:
        yield (
            "its generator(real_logits, fake_logits) does not fall when the logits of fakes rise, where the "
            "discriminator separates fakes from reals: the generator would learn to be recognised. Flip the sign."
        )
    wrong = [torch.full((N,), each, requires_grad=True) for each in (below, above)]
    real, fake = torch.autograd.grad(trial.discriminator(*wrong).sum(), wrong, allow_unused=True)
    for slope, sign, word in ((real, 1, "the logits of reals rise"), (fake, -1, "the logits of fakes fall")):
        if slope is None or sign * float(slope.sum()) >= 0:
            yield (
                f"its discriminator(real_logits, fake_logits) does not fall when {word}, where the discriminator is "
                "wrong. Logits are high for reals: flip the sign, or use both arguments."
            )


def pairs_real_is_true(trial: LossTrial) -> Iterator[str]:
    """`pairs_real` is true only where the generator's loss depends on reals."""
    if trial.pairs and same(trial.generator(0.0, 0.25), trial.generator(1.0, 0.25)):
        yield (
            "it has pairs_real = True, and its generator does not use the logits of reals: each step computes them "
            "for nothing. Leave pairs_real out."
        )


def torch_is_not_seeded(trial: LossTrial) -> Iterator[str]:
    """It does not seed torch's generator."""
    loss, logits = trial.new, torch.linspace(-1, 1, N)
    for name, real in (("discriminator", logits), ("generator", logits if trial.pairs else None)):
        if seeds_torch(partial(getattr(loss, name), real, logits)):
            yield f"its {name}(real_logits, fake_logits) {SEEDS}"


def state_comes_back(trial: LossTrial) -> Iterator[str]:
    """With its state restored, it gives the values it would have given."""

    def use(loss: Loss) -> tuple[Tensor, Tensor]:
        real, fake = torch.linspace(-1, 2, N), torch.linspace(-2, 1, N)
        with seeded(0):
            return loss.discriminator(real, fake), loss.generator(real if trial.pairs else None, fake)

    used, again = used_and_restored(lambda: trial.new, use)
    if not same(use(used), use(again)):
        yield f"it holds state that is not saved: {REMEDY}"


def _falls(trial: LossTrial, lead: float) -> bool:
    """True if the discriminator's loss falls by more than 1 when logits go twice as far from the boundary."""
    near, far = (trial.discriminator(trial.boundary + each, trial.boundary - each) for each in (lead, 2 * lead))
    return float((near - far).mean()) > 1


def _is_relative(trial: LossTrial) -> bool:
    """True if its value stays the same when all logits rise or fall, by more than a margin is wide."""
    logits = torch.linspace(-2, 2, N)
    value = trial.discriminator(logits, -logits)
    return all(
        torch.allclose(trial.discriminator(logits + shift, -logits + shift), value, atol=1e-3)  # float32 near 300
        for size in SHIFTS
        for shift in (size, -size)
    )


def its_traits_are_true(trial: LossTrial) -> Iterator[str]:
    """Its traits declare a missing lower bound, and logits that only count relative to each other."""
    if all(_falls(trial, lead) for lead in LEADS) and not trial.has("critic"):
        yield (
            "its discriminator falls without end as the logits part: add 'critic' to the traits of its spec. By it "
            "a run without a penalty that bounds it is refused or warned of."
        )
    elif trial.has("critic") and not _falls(trial, 1.0):  # farther out an option such as drift may hold it
        yield (
            "its traits call it a critic, and its discriminator has a lower bound: remove 'critic' from the traits "
            "of its spec, which demand penalties that it does not need."
        )
    if not _is_relative(trial):
        return
    if trial.new.boundary is not None:
        yield (
            f"its value stays the same when all logits rise by {SHIFTS[-1]:g}: no logit separates reals from fakes. "
            "Set boundary = None, or the reported accuracies mean nothing."
        )
    if not trial.has("relative"):
        yield (
            f"its value stays the same when all logits rise by {SHIFTS[-1]:g}: add 'relative' to the traits of its "
            "spec, which say so."
        )


def its_boundary_is_undecided(trial: LossTrial) -> Iterator[str]:
    """A discriminator that cannot tell reals from fakes does best at its boundary."""
    boundary = trial.new.boundary
    if boundary is None:
        return
    logits = boundary + torch.linspace(-4, 4, 65)
    losses = torch.stack([trial.discriminator(float(same), float(same)).mean() for same in logits])
    here, least = float(losses[32]), float(losses.min())
    if here - least > 0.02 * max(1.0, abs(least)):
        best = float(logits[losses.argmin()])
        yield (
            f"a discriminator that cannot tell reals from fakes does best at the logit {best:.3g}, and its boundary is "
            f"{boundary:g}, so that accuracies and adaptive components are wrong. Set boundary to that logit."
        )


def state_stays_finite(trial: LossTrial) -> Iterator[str]:
    """Its buffers stay finite when a step is not."""
    loss = trial.new
    if not isinstance(loss, nn.Module):
        return
    for wrong in (float("nan"), float("inf")):
        logits = torch.full((N,), wrong)
        loss.discriminator(logits, logits)
        loss.generator(logits if trial.pairs else None, logits)
    odd = [name for name, buffer in loss.named_buffers() if not bool(torch.isfinite(buffer).all())]
    if odd:
        yield (
            f"its buffer {odd[0]} is not finite after logits that were not: such a step is skipped, and must leave "
            "no trace. Keep the old value where the new one is not finite (torch.where)."
        )


PROPERTIES = (
    values_are_finite,
    samples_do_not_mix,
    gradients_have_the_right_sign,
    pairs_real_is_true,
    its_traits_are_true,
    its_boundary_is_undecided,
    torch_is_not_seeded,
    state_comes_back,
    state_stays_finite,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a loss."""
    return faults_by(it_keeps_the_contract, PROPERTIES, LossTrial(component, plugins))
