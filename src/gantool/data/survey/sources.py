"""The images of any source looked at one by one for `gantool data check`, as the source gives them."""

import numpy as np

from gantool.api.data import Source
from gantool.api.specs import ImageShape
from gantool.data.items import read_items
from gantool.data.pictures.inspection import facts_of_pixels
from gantool.data.survey.surveys import Survey
from gantool.progress import report


def survey_source(source: Source, name: str, kind: str, shape: ImageShape) -> Survey:
    """Every picture of a source of this kind that was built for `shape`, which its numbers stand for."""
    side, names = shape.resolution, source.class_names
    answers, labels = [], []
    for image, label in read_items(source, name, (shape.channels, side, side), "any"):
        answers.append({"format": kind, **facts_of_pixels(np.ascontiguousarray(image.numpy()))})
        labels.append(label)
        report("reading images", len(answers), len(source))
    known = [names[label] for label in labels if label is not None]
    whole = len(names) > 0 and len(known) == len(answers)
    return Survey(
        name, [f"image {index}" for index in range(len(answers))], answers, shape,
        known if whole else None, names if whole else (), source.notes,
        [(one.path, one.reason) for one in source.skipped],
    )  # fmt: skip
