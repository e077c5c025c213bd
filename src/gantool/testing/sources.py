"""The checks of a source."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from gantool.api.data import Source
from gantool.api.specs import ImageShape
from gantool.errors import GantoolError, PluginError, counted
from gantool.pixels import ALPHA_CHANNELS
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.choosing import neighbours
from gantool.testing.faults import Fault, found, placed, unwaived
from gantool.testing.seeding import touches_torch
from gantool.testing.trials import Trial, faults_by

COLOUR, GREY = ImageShape(16, 3), ImageShape(24, 1)
FEW = 4


@dataclass(frozen=True)
class SourceTrial(Trial[Source]):
    """A source, and the pictures wanted of it."""

    shape: ImageShape

    @property
    def place(self) -> str:
        """The place of a fault, as part of its sentence."""
        return f"at {self.shape.resolution} pixels, {counted(self.shape.channels, 'channel')}"

    @property
    def source(self) -> Source:
        """As new."""
        made: Source = self.component.build(resolution=self.shape.resolution, channels=self.shape.channels)
        return made

    @property
    def refused(self) -> bool:
        """True if it refuses this shape by a GantoolError, built or asked for a picture, as one in colour may grey."""
        try:
            source = self.source
            if len(source):
                _ = source[0]
        except Exception as error:  # any other is found, and told, by the checks
            return isinstance(error, GantoolError) and not isinstance(error, PluginError)
        return False


def there_are_pictures(trial: SourceTrial) -> Iterator[str]:
    """It has pictures, and each item is one with its label."""
    source = trial.source
    if len(source) == 0:
        yield "it has no pictures: len() is 0. Say in a GantoolError of its factory what is missing."
        return
    wanted = (trial.shape.channels, trial.shape.resolution, trial.shape.resolution)
    for index in _places(source):
        item: Any = source[index]
        if not isinstance(item, tuple) or len(item) != 2:
            yield f"source[{index}] is a {type(item).__name__}; return a tuple of a picture and its label or None."
            return
        picture, label = item
        if not isinstance(picture, Tensor) or picture.dtype != torch.uint8 or tuple(picture.shape) != wanted:
            yield (
                f"source[{index}] gives {_described(picture)}; return a uint8 tensor of shape {list(wanted)} with "
                "pixels from 0 to 255. The factory gets resolution and channels: resize and convert pictures to these."
            )
            return
        classes = len(source.class_names)
        whole = isinstance(label, Integral) and not isinstance(label, bool)
        if label is not None and not (whole and 0 <= int(label) < classes):
            yield (
                f"source[{index}] has the label {label!r}, with {classes} class_names. A label is the place of its "
                "class in class_names, an int from 0 on; None without classes."
            )
            return


def pictures_stay_the_same(trial: SourceTrial) -> Iterator[str]:
    """The same index gives the same picture, in each order, in another thread and in a source built anew."""
    source, anew = trial.source, trial.source
    first = {index: source[index] for index in _places(source)}
    for index in reversed(_places(source)):
        picture, label = source[index]
        with ThreadPoolExecutor(1) as threads:
            others = ((picture, label), threads.submit(source.__getitem__, index).result(), anew[index])
        for words, (other, its_label) in zip(
            ("again", "in another thread", "in a source built anew"), others, strict=True
        ):
            if not torch.equal(first[index][0], other) or first[index][1] != its_label:
                yield (
                    f"source[{index}] is another picture or label {words}. Derive both from the index and the options "
                    "alone, with a seed of your own for what is drawn."
                )
                return
    if len(source) != len(anew) or list(source.class_names) != list(anew.class_names):
        yield "built anew, it has another length or other class_names. Derive both from its options, in a fixed order."


def torchs_generator_is_left_alone(trial: SourceTrial) -> Iterator[str]:
    """Giving a picture neither draws from torch's generator nor seeds it."""
    source = trial.source
    for index in _places(source):
        if touches_torch(partial(source.__getitem__, index)):
            yield (
                f"source[{index}] draws from torch's own generator or seeds it (torch.manual_seed), and that is the "
                "run's: pictures are read while it trains. Use a torch.Generator of your own, seeded by the index."
            )
            return


def batches_are_their_pictures(trial: SourceTrial) -> Iterator[str]:
    """`batch(start, stop)` and `gather(indices)`, where there are such, give these pictures and labels."""
    source: Any = trial.source
    stop = min(FEW, len(source))
    backwards = list(reversed(range(stop)))
    calls = ((f"batch(0, {stop})", source.batch(0, stop), range(stop)),
             (f"gather({backwards})", source.gather(backwards), backwards))  # fmt: skip
    for call, answer, indices in calls:
        images, labels = answer or ((), None)
        for place, index in enumerate(indices if answer is not None else ()):
            picture, label = source[index]
            its_label = None if labels is None else labels[place]
            if not torch.equal(torch.as_tensor(images[place]), picture) or (labels is not None and its_label != label):
                yield f"{call} has another picture or label at {place} than source[{index}]. Return the same, or None."
                return


def beyond_the_end_is_an_index_error(trial: SourceTrial) -> Iterator[str]:
    """An index beyond either end raises IndexError."""
    source = trial.source
    for index in (len(source), len(source) + 1000, -len(source) - 1):
        try:
            source[index]
        except IndexError:
            continue
        except Exception as error:
            name = type(error).__name__
            yield f"source[{index}], beyond its {len(source)} pictures, raises {name}; raise IndexError."
            return
        yield f"source[{index}], beyond its {len(source)} pictures, gives a picture; raise IndexError."
        return


def the_fingerprint_tells_pictures_apart(trial: SourceTrial) -> Iterator[str]:
    """A fingerprint stays the same for the same pictures, and changes with options that change them."""
    source, again = trial.source, trial.source
    print_of = source.fingerprint
    if print_of is None:
        return
    if not isinstance(print_of, str) or not print_of:
        yield f"its fingerprint is {print_of!r:.60}; return a text, or leave it out."
        return
    if again.fingerprint != print_of:
        yield (
            "its fingerprint is another each time it is built: its cache would never be found. Use a digest, not "
            "hash()."
        )
        return
    for name, value in neighbours(trial.component):
        try:
            options = type(trial.component.options).model_validate(
                {**trial.component.options.model_dump(), name: value}
            )
            other = replace(trial, component=replace(trial.component, options=options)).source
        except Exception:  # not every value that its type allows need be there
            continue
        if other.fingerprint == print_of and not _alike(source, other):
            yield (
                f"its fingerprint is the same with {name}={value!r}, and its pictures are not: the cache "
                "would return those of other options. Let the fingerprint contain every option."
            )
            return


def its_natural_shape_is_true(trial: SourceTrial) -> Iterator[str]:
    """Its natural shape is one that it can provide, with its number of classes."""
    shape = trial.component.natural()
    if shape is None:
        return
    source: Source = trial.component.build(resolution=shape.resolution, channels=shape.channels)
    picture, _ = source[0]
    if tuple(picture.shape) != (shape.channels, shape.resolution, shape.resolution) or shape.channels not in (1, 3, 4):
        yield (
            f"its natural shape is {shape}, and there it gives {_described(picture)}. Let `natural` of its spec name "
            "a shape that it provides."
        )
    if shape.classes and shape.classes != len(source.class_names):
        yield (
            f"its natural shape has {shape.classes} classes, and it has {len(source.class_names)} class_names. Let "
            "both agree."
        )


def transparency_is_multiplied(trial: SourceTrial) -> Iterator[str]:
    """With four channels, colours are multiplied by alpha; a source may refuse them by a GantoolError."""
    of_four = replace(trial, shape=ImageShape(16, ALPHA_CHANNELS))
    if of_four.refused:
        return
    source = of_four.source
    if any((picture > picture[3:]).any() for picture, _ in map(source.__getitem__, _places(source))):
        yield "with four channels it gives colours above their alpha. Multiply them by it, or refuse four channels."


def _places(source: Source) -> list[int]:
    """Some indices, over the whole length."""
    return sorted({place * (len(source) - 1) // (FEW - 1) for place in range(FEW)})


def _alike(one: Source, other: Source) -> bool:
    """True if a sample of their pictures and labels is the same."""
    if len(one) != len(other) or list(one.class_names) != list(other.class_names):
        return False
    pairs = [(one[index], other[index]) for index in _places(one)]
    return all(torch.equal(first[0], second[0]) and first[1] == second[1] for first, second in pairs)


def _described(thing: object) -> str:
    if isinstance(thing, Tensor):
        return f"a {str(thing.dtype).removeprefix('torch.')} tensor of shape {list(thing.shape)}"
    return f"a {type(thing).__name__}"


NATURAL = (its_natural_shape_is_true, transparency_is_multiplied)
EVERYWHERE = (
    pictures_stay_the_same,
    torchs_generator_is_left_alone,
    batches_are_their_pictures,
    beyond_the_end_is_an_index_error,
    the_fingerprint_tells_pictures_apart,
)
PROPERTIES = (*EVERYWHERE, *NATURAL)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a source."""
    trials = [SourceTrial(component, plugins, shape) for shape in (COLOUR, GREY)]
    if trials[1].refused:
        trials[1] = replace(trials[1], shape=replace(GREY, channels=COLOUR.channels))
    faults = placed((trial.place, faults_by(there_are_pictures, EVERYWHERE, trial)) for trial in trials)
    return faults or found(unwaived(NATURAL, component), trials[0])
