"""Training and evaluation mode: the trainer switches them, and nobody else."""

from collections.abc import Iterator

from torch.nn.modules.batchnorm import _BatchNorm

from gantool.testing.networks import Case, changed_mode, drawn, judged, latents, modes, networks, set_mode


def modes_are_left_alone(case: Case) -> Iterator[str]:
    """Neither drawing nor judging switches the mode of a module."""
    gan = case.build()
    for training in (True, False):
        set_mode(gan, training)
        before = modes(gan)
        images = drawn(gan, latents(gan), case.labels())
        judged(gan, images, case.labels())
        if changed := changed_mode(gan, before):
            what = "in evaluation" if training else "in training"
            yield (
                f"calling the networks leaves {changed} {what} mode. Switch no modes in forward: the trainer does, "
                "and statistics of BatchNorm would be frozen from then on."
            )
            return


def batchnorm_follows_training_mode(case: Case) -> Iterator[str]:
    """train() puts every BatchNorm that learns into training mode."""
    gan = case.build()
    for title, network in networks(gan):
        for name, module in network.named_modules():
            learns = any(parameter.requires_grad for parameter in module.parameters(recurse=False))
            if isinstance(module, _BatchNorm) and learns and not module.training:
                yield (
                    f"{name} of the {title} is BatchNorm that stays in evaluation mode after train(): its statistics "
                    "never follow the pictures. Register it as a sub-module, and do not override train() for it."
                )
                return
