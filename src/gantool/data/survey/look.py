"""Some pictures of a folder as training would see them, for `gantool data check`."""

import math

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.data.pictures.decode import UndecodableError, decode, quiet_pillow
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import read, usable_listing
from gantool.data.survey.check import Training

COUNT = 64


def some_pictures(options: FolderOptions, training: Training) -> UInt8[Tensor, "n c h w"]:
    """Usable pictures at equal distances through the whole folder, at most 64."""
    listing = usable_listing(options.path)
    step = math.ceil(len(listing.items) / COUNT)
    found: list[Tensor] = []
    with quiet_pillow():
        for _, opener in read(listing, sorted(listing.items[::step], key=lambda item: item.position)):
            try:
                with opener() as file:
                    pixels = decode(file, options, training.resolution, training.channels)
            except (UndecodableError, OSError):  # the report lists it
                continue
            found.append(torch.from_numpy(pixels))
    return torch.stack(found)
