"""The checks of a style network."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.specs import Component
from gantool.api.style_networks import StyleNetwork
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault
from gantool.testing.networks import far_apart, same, seeded
from gantool.testing.seeding import touches_torch
from gantool.testing.trials import Trial, faults_by

ANY_STYLE = "any-style"
UNITS = ((2, 2), (3, 5))
"""Heights and widths of photos, in units of the network's stride, at about 64 pixels."""


@dataclass(frozen=True)
class StyleNetworkTrial(Trial[StyleNetwork]):
    """A style network, built once, with a style where it takes any."""

    network: StyleNetwork

    def photos(self, units: tuple[int, int] = UNITS[0], n: int = 2) -> Float[Tensor, "n 3 h w"]:
        """Photos in [-1, 1] whose sides suit the network."""
        stride = self.network.stride
        least = -(-max(32, self.network.least_side) // stride)
        height, width = (stride * (least + unit) for unit in units)
        return picture(1, height, width, n)

    def pictures(self, photos: Tensor) -> Tensor:
        """Its pictures, as a pass draws them."""
        with torch.no_grad():
            return self.network(photos)


def picture(seed: int, height: int = 64, width: int = 80, n: int = 1) -> Float[Tensor, "n 3 h w"]:
    """Areas of a few colours."""
    with seeded(seed):
        coarse = torch.rand(n, 3, 5, 6) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)


def pictures_have_the_size_of_photos(trial: StyleNetworkTrial) -> Iterator[str]:
    """Its pictures have the shape of the photos, and are finite floats in [-1, 1]."""
    for units in UNITS:
        photos = trial.photos(units)
        made = trial.network(photos)
        if not isinstance(made, Tensor) or not made.is_floating_point() or made.shape != photos.shape:
            shape = f"{made.dtype} of shape {list(made.shape)}" if isinstance(made, Tensor) else type(made).__name__
            yield (
                f"for photos of shape {list(photos.shape)} it gives {shape}. Return floats of the same shape; stride "
                "and least_side say which sides it takes."
            )
            return
        if not bool(torch.isfinite(made).all()) or float(made.detach().abs().max()) > 1.001:
            yield "its pictures are not within [-1, 1]. Clamp them, or end with tanh."
            return


def a_photo_is_drawn_by_itself(trial: StyleNetworkTrial) -> Iterator[str]:
    """The same photo gives the same picture each time, whatever else is in the batch, and is left as it is."""
    photos = trial.photos()
    before = photos.clone()
    first, again = trial.pictures(photos), trial.pictures(photos)
    if not torch.equal(photos, before):
        yield "it changes its argument in place. Work on copies: call no method that ends in _ on the photos."
    if not same((first,), (again,)):
        yield "the same photos give other pictures each time. Put it into evaluation mode and draw nothing."
    elif far_apart((first[:1],), (trial.pictures(photos[:1]),)):
        yield "a photo's picture depends on the other photos of the batch. Normalise each photo by its own statistics."


def pictures_follow_photos(trial: StyleNetworkTrial) -> Iterator[str]:
    """Other photos give other pictures, and they are no copies of the photos."""
    photos = trial.photos()
    drawn = trial.pictures(photos)
    if not far_apart((drawn[:1],), (drawn[1:],)):
        yield "two photos give the same picture. Draw the photo that is given."
    if not far_apart((drawn,), (photos,)):
        yield "its pictures are the photos themselves. Load its weights when it is built."


def a_style_counts(trial: StyleNetworkTrial) -> Iterator[str]:
    """With the trait `any-style`, another style gives another picture, and the first one the same again."""
    if not _takes_any(trial.component):
        return
    photos, pictures = trial.photos(), []
    for seed in (3, 4, 3):
        trial.network.set_style(style_of(seed))
        pictures.append(trial.pictures(photos))
    if not far_apart((pictures[0],), (pictures[1],)):
        yield f"two styles give the same picture, and its spec has the trait {ANY_STYLE!r}. Use what set_style gets."
    elif far_apart((pictures[0],), (pictures[2],)):
        yield "a style that is set again gives another picture than before. Keep nothing of the styles before it."


def torchs_generator_is_left_alone(trial: StyleNetworkTrial) -> Iterator[str]:
    """It neither draws from torch's generator nor seeds it."""
    if touches_torch(partial(trial.pictures, trial.photos())):
        yield (
            "it draws from torch's own generator or seeds it (torch.manual_seed). Use a torch.Generator of your own."
        )


PROPERTIES = (
    a_photo_is_drawn_by_itself,
    pictures_follow_photos,
    a_style_counts,
    torchs_generator_is_left_alone,
)


def style_of(seed: int) -> Float[Tensor, "1 3 h w"]:
    """A style image of one hue, another for each seed."""
    hue = torch.tensor([seed % 2, 0.5, 1 - seed % 2]).view(1, 3, 1, 1)
    return (0.4 * picture(seed) + 1.2 * hue - 0.6).clamp(-1, 1)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a style network."""
    network: StyleNetwork = component.build()
    if isinstance(network, torch.nn.Module):
        network.eval()
    if _takes_any(component):
        network.set_style(style_of(3))
    trial = StyleNetworkTrial(component, plugins, network)
    return faults_by(pictures_have_the_size_of_photos, PROPERTIES, trial)


def _takes_any(component: Chosen) -> bool:
    return isinstance(component.spec, Component) and ANY_STYLE in component.spec.traits
