"""Command lines that the help pages of some commands end with; those of one chapter can be run one after the other."""

EXAMPLES = {
    "train": (
        "gantool train --arch dcgan --minutes 5",
        "gantool train --arch dcgan --data photos/ --minutes 60",
        "gantool train --resume runs/00001-dcgan-shapes --minutes 30",
    ),
    "sample": (
        "gantool sample runs/00001-dcgan-shapes --grid",
        "gantool sample runs/00001-dcgan-shapes --seeds 0-63 --truncation 0.7 -o drawn",
    ),
    "stylize": (
        "gantool stylize photo.jpg painting.jpg -o result.png",
        "gantool stylize photo.jpg a.jpg:0.7 b.jpg:0.3 --size 768 -o both.png",
    ),
    "evaluate": (
        "gantool evaluate runs/00001-dcgan-shapes",
        "gantool evaluate runs/00001-dcgan-shapes --every-checkpoint",
    ),
}
"""By the command."""
