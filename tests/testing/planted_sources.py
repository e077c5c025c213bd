"""Sources, extractors, observers and commands, sound ones and with one fault each."""

import threading
from contextlib import suppress

import torch
from torch.nn import functional as F

import gantool


class Squares:
    """Grey pictures whose brightness is their index."""

    class_names = ("dark", "bright")
    dtype = torch.uint8

    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)
        self.step = getattr(options, "step", 1)

    fingerprint = property(lambda self: f"squares-{self.step}-{self.shape}")

    def __len__(self):
        return 20

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        return torch.full(self.shape, index * self.step, dtype=self.dtype), index // 10


class SquaresInColour(Squares):
    def __init__(self, options, resolution, channels):
        if channels != 3:
            raise gantool.DataError("These squares are in colour: use --channels 3.")
        super().__init__(options, resolution, channels)


class SquaresThatTurnOutInColour(Squares):
    def __getitem__(self, index):
        picture, label = super().__getitem__(index)
        if len(picture) != 3:
            raise gantool.DataError("These squares are in colour: use --channels 3.")
        return picture, label


class SquaresThatTurnOutGrey(Squares):
    def __getitem__(self, index):
        picture, label = super().__getitem__(index)
        if len(picture) != 1:
            raise gantool.DataError("These squares are grey: use --channels 1.")
        return picture, label


class SquaresInGrey(Squares):
    def __init__(self, options, resolution, channels):
        if channels != 1:
            raise gantool.DataError("These squares are grey: use --channels 1.")
        super().__init__(options, resolution, channels)


class FloatSquares(Squares):
    dtype = torch.float32


class RandomSquares(Squares):
    def __getitem__(self, index):
        super().__getitem__(index)
        return torch.randint(0, 256, self.shape, dtype=torch.uint8), 0


class SeedingSquares(Squares):
    def __getitem__(self, index):
        _, label = super().__getitem__(index)
        torch.manual_seed(index)
        return torch.randint(0, 256, self.shape, dtype=torch.uint8), label


class EndlessSquares(Squares):
    def __getitem__(self, index):
        return super().__getitem__(index % len(self))


class SameFingerprint(Squares):
    fingerprint = "squares"


class BrighterThanAlpha(Squares):
    def __getitem__(self, index):
        picture, label = super().__getitem__(index)
        if len(picture) == 4:
            picture[3] //= 2
        return picture, label


class OtherBatch(Squares):
    def batch(self, start, stop):
        picture, label = self[0]
        return picture.expand(stop - start, *self.shape), [label] * (stop - start)


class OtherGathering(Squares):
    def gather(self, indices):
        pictures = [self[index] for index in sorted(indices)]
        return [picture for picture, _ in pictures], [label for _, label in pictures]


class ThirdClass(Squares):
    class_names = ("dark",)


class Pooling:
    def __init__(self, options):
        pass

    def __call__(self, images):
        return [F.avg_pool2d(images, 4), images.mean(dim=(2, 3))]


class PoolingWithoutGradient(Pooling):
    def __call__(self, images):
        with torch.no_grad():
            return super().__call__(images)


class PoolingNoise(Pooling):
    def __call__(self, images):
        return [F.avg_pool2d(images, 4) + torch.randn(1)]


class PoolingSeeding(Pooling):
    def __call__(self, images):
        torch.manual_seed(3)
        return super().__call__(images)


class PoolingWithLayers(Pooling):
    layers = ("fine", "coarse")


class PoolingForStyle(Pooling):
    layers = ("fine", "coarse")
    content_layers = {"coarse": 1.0}
    style_layers = {"fine": 1.0, "coarse": 1.0}
    style_loss = "gramm"

    def __call__(self, images):
        return self.select(self.layers)(images)

    def select(self, layers):
        sizes = {"fine": 2, "coarse": 4}
        return lambda images: [F.avg_pool2d(images, sizes[name]) for name in layers]


class PoolingForGram(PoolingForStyle):
    style_loss = "gram"


class Diary:
    def __init__(self, options):
        self.run = None

    def __call__(self, event):
        self.run = getattr(event, "run", self.run)


class Accounting(Diary):
    def __call__(self, event):
        if isinstance(event, gantool.Started):
            self.names = [text.partition(":")[0] for text in event.config.penalty]
            self.steps = event.config.images // event.config.batch


class Scribe:
    """Writes from a thread of its own until the run is over, as writers of logs do."""

    def __init__(self, options):
        self.over = threading.Event()

    def __call__(self, event):
        if isinstance(event, gantool.Started):
            for number in range(300):  # which take a while to clear away
                (event.run / f"old-{number}.txt").touch()
            threading.Thread(target=self.write, args=(event.run,), daemon=True).start()
        elif isinstance(event, gantool.Finished):
            self.over.set()

    def write(self, run):
        number = 0
        while not self.over.wait(0.0001) and run.is_dir():
            number += 1
            with suppress(OSError):
                (run / f"{number}.txt").write_text("noted")


class Meddling(Diary):
    def __call__(self, event):
        if isinstance(event, gantool.Snapshot):
            event.images[0].zero_()


class Dice(Diary):
    def __call__(self, event):
        torch.rand(1)


class Seeding(Diary):
    def __call__(self, event):
        torch.manual_seed(3)


class Talkative(Diary):
    def __call__(self, event):
        return "noted"


class OnlyKnown(Diary):
    def __call__(self, event):
        if not isinstance(
            event,
            gantool.Started | gantool.Tick | gantool.Snapshot | gantool.Measured | gantool.Checkpoint | gantool.Warned
            | gantool.Finished,
        ):  # fmt: skip
            raise TypeError("what is this?")


def greet(name: str = "you"):
    """Greets."""
    print(f"Hello, {name}")


def greet_anyone(**names: str):
    """Greets."""


def unlike(options):
    return gantool.ImageShape(16, 3, classes=5)


class Dividing(Pooling):
    def __call__(self, images):
        return [images / images.std(dim=(1, 2, 3), keepdim=True, correction=0)]


class WaitingForPictures(Diary):
    def __call__(self, event):
        if isinstance(event, gantool.Snapshot):
            self.pictures = event.images
        elif isinstance(event, gantool.Finished):
            len(self.pictures)


class Averaging(Pooling):
    """It gives a tensor where a list is wanted."""

    def __call__(self, images):
        return images.mean(dim=(2, 3))


class Naming(Pooling):
    """It gives names with features."""

    def __call__(self, images):
        return {"means": images.mean(dim=(2, 3))}


class WholeNumbers(Pooling):
    """Its features are whole numbers."""

    def __call__(self, images):
        return [images.mean(dim=(2, 3)).long()]
