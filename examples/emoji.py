"""Emoji at 64 pixels with DCGAN, from Python: train on a folder, draw a sheet, walk from picture to picture.

python examples/emoji.py FOLDER         a folder or zip of emoji, such as the 128-pixel PNGs of Noto Emoji
python examples/emoji.py --smoke        a few steps on pictures made here, to see that all works
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

import gantool


def draw_faces(folder: Path, count: int = 48) -> Path:
    """Stand-ins for emoji: yellow faces in different moods."""
    folder = folder / "faces"
    folder.mkdir()
    for index in range(count):
        face = Image.new("RGB", (64, 64), "white")
        pen = ImageDraw.Draw(face)
        pen.ellipse((4, 4, 60, 60), fill=(255, 200 + index % 50, 40))
        for eye in (20, 44):
            pen.ellipse((eye - 4, 18, eye + 4, 26 + index % 5), fill="black")
        pen.arc((16, 20 + index % 9, 48, 50), 20, 160, fill="black", width=3)
        face.save(folder / f"face{index:02d}.png")
    return folder


def main() -> None:
    """Train, then use the model."""
    asked = argparse.ArgumentParser()
    asked.add_argument("data", nargs="?", help="folder, zip or tar of emoji")
    asked.add_argument("--smoke", action="store_true", help="a few steps on pictures made here")
    asked.add_argument("--images", default="200k")
    asked.add_argument("--out", default="runs")
    args = asked.parse_args()
    if not args.smoke and args.data is None:
        asked.error("give a folder or zip of emoji, or --smoke")

    with tempfile.TemporaryDirectory() as folder:
        data = str(draw_faces(Path(folder))) if args.smoke else args.data
        arch = "dcgan:width=8" if args.smoke else "dcgan"
        images, batch = ("128", 16) if args.smoke else (args.images, 64)
        run = gantool.train(arch=arch, data=data, resolution=64, flip=True, images=images, batch=batch, out=args.out)

    model = gantool.load(run)
    for seed, picture in enumerate(model.sample(seeds=range(8))):
        picture.save(run / f"emoji{seed}.png")
    frames = model.interpolate(seeds=[0, 1, 2, 3], frames=24, loop=True)
    print(f"{run}: 8 pictures, and a walk of {len(frames)} frames of {tuple(frames.shape[1:])}")


if __name__ == "__main__":
    main()
