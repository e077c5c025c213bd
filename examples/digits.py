"""Handwritten digits with the MLP GAN, class by class.

python examples/digits.py               MNIST, downloaded by torchvision on first use (12 MB)
python examples/digits.py FOLDER        digits of your own: a folder or zip with one sub-folder for each digit
python examples/digits.py --smoke       a few steps on digits drawn here, to see that all works
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

import gantool


def draw_digits(folder: Path) -> Path:
    """Stand-ins for handwriting: each digit in Pillow's own font, at several places."""
    folder = folder / "digits"
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
        for index in range(8):
            picture = Image.new("L", (28, 28))
            ImageDraw.Draw(picture).text((6 + index % 4, 2 + index // 4), str(digit), fill=255, font_size=20)
            picture.save(folder / str(digit) / f"{index}.png")
    return folder


def main() -> None:
    """Train on labelled digits, then draw each digit once."""
    asked = argparse.ArgumentParser()
    asked.add_argument("data", nargs="?", default="mnist")
    asked.add_argument("--smoke", action="store_true", help="a few steps on digits drawn here")
    asked.add_argument("--images", default="3M")
    asked.add_argument("--out", default="runs")
    args = asked.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        data = str(draw_digits(Path(folder))) if args.smoke else args.data
        images, batch = ("640", 32) if args.smoke else (args.images, 256)
        run = gantool.train(arch="mlp", data=data, resolution=28, labels=True, images=images, batch=batch, out=args.out)

    model = gantool.load(run)
    for label, picture in zip(model.class_names, model.sample(seeds=range(10), labels=model.class_names), strict=True):
        picture.save(run / f"digit-{label}.png")
    print(f"{run}: one picture of each of {', '.join(model.class_names)}")


if __name__ == "__main__":
    main()
