"""The files of a model that are given away, each made or chosen here by name: nothing else of a run ever leaves.

No picture that anybody trained on is among them: not the sheets of an evaluation, which have pictures of the data
beside samples, nor the report, which shows them. The card names the data without its place, and the headers of weights
and directions are written anew, since they name files of this machine.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from gantool.engine.discriminator_file import DiscriminatorCard, discriminator_file
from gantool.engine.model_file import ModelCard, load_generator, signed, weights_file
from gantool.engine.run_names import DIRECTIONS, GENERATOR
from gantool.errors import CheckpointError, printable
from gantool.publishing.card import CARD, marked
from gantool.render.captions import captions_of
from gantool.render.grids import sheet
from gantool.report.chosen import largest
from gantool.report.evaluations import Evaluation
from gantool.report.facts import data_name
from gantool.report.record import Record, read_record
from gantool.report.settings import by_panel
from gantool.run.folder import load_config
from gantool.run.initial import find, read_weights
from gantool.sampling.directions import directions_bytes, directions_file, load_directions
from gantool.sampling.load import load
from gantool.sampling.locate import generator_file, run_of
from gantool.sampling.model import Model
from gantool.sampling.shared_card import shared

SHEET = "samples.png"
SEEDS = range(16)
PLACES = frozenset({"--data", "--out", "--name", "--init", "--resume", "--device"})
"""Settings that tell of this machine more than of the model."""


def contents(path: str | Path, repository: str, license: str, discriminator: bool = False) -> dict[str, bytes]:
    """What is given away of a MODEL, by the name it gets there: weights, directions, a fresh sheet, and a card.

    `discriminator`: its discriminator, too. Raises CheckpointError where it has none.
    """
    model = load(path)
    weights, own = load_generator(generator_file(path))
    card = signed(weights, shared(own))
    given = {GENERATOR: weights_file(weights, card)}
    if discriminator:
        beside = discriminator_file(Path(GENERATOR)).name
        given[beside] = weights_file(_discriminator(path, own), DiscriminatorCard(of=card.digest))
    place = directions_file(path)
    if place.exists():
        found = load_directions(place)
        found.check_model(model, path)
        about = found.card.model_copy(update={"architecture": card.architecture, "digest": card.digest})
        given[DIRECTIONS] = directions_bytes(replace(found, card=about))
    return {**given, SHEET: _sheet(model), CARD: marked("\n".join(_card(path, card, repository, license)))}


def _discriminator(path: str | Path, card: ModelCard) -> Mapping[str, Tensor]:
    """The discriminator's weights. Raises CheckpointError where there is none, or only one of another age."""
    found = find(str(path))
    weights = read_weights(found, "send that one by: gantool push").discriminator
    if weights is None:
        run = run_of(path) if Path(path).is_file() else None
        whole = "" if run is None else f" give the run {run}, whose checkpoints may have one, or"
        raise CheckpointError(f"{path} has no discriminator:{whole} leave --discriminator out.")
    if found.card.images_seen != card.images_seen:
        raise CheckpointError(
            f"The model of {path} has seen {card.images_seen:,} images, its discriminator {found.card.images_seen:,}: "
            f"give the checkpoint {found.checkpoint}, which has both, or leave --discriminator out."
        )
    return weights


def _sheet(model: Model) -> bytes:
    names = model.class_names
    labels = model.choose_labels(SEEDS, None)
    captions = captions_of(names, [] if labels is None else labels.tolist())
    buffer = io.BytesIO()
    sheet(model.images(SEEDS), captions=captions).save(buffer, "PNG")
    return buffer.getvalue()


def _card(path: str | Path, card: ModelCard, repository: str, license: str) -> Iterator[str]:
    """A model card with the header that the Hub reads."""
    yield from ("---", f"license: {license}", "library_name: gantool", "pipeline_tag: unconditional-image-generation")
    yield from ("tags:", "- gan", f"- {card.name}", "---", f"# {repository.partition('/')[2]}", "")
    yield from (
        f"A generator by gantool: {_plain(str(card))}.",
        "",
        f"![Samples of seeds 0 to {SEEDS[-1]}]({SHEET})",
        "",
    )
    yield from ("## Use", "", "```bash", "pip install 'gantool[hub]'")
    if card.provider != "gantool":
        yield f"gantool plugins install {card.provider}"
    yield f"gantool sample hf://{repository} --grid"
    if directions_file(path).exists():
        yield f"gantool sample hf://{repository} --seeds 7 --move 1:+2     # along the first of its directions"
    yield f"gantool train --init hf://{repository} --data PICTURES     # train on from here"
    yield from (f"gantool explore hf://{repository}", "```", "", "```python", "import gantool", "")
    yield from (f'pictures = gantool.load("hf://{repository}").sample(seeds=range(16))', "```", "")
    if card.class_names:
        yield from (f"Classes: {_plain(', '.join(card.class_names))}.", "")
    run = run_of(path)
    if run is not None:
        record = read_record(run, load_config(run))
        yield from _evaluated(record.evaluations, card.images_seen)
        yield from _settings(record)


def _evaluated(evaluations: Sequence[Evaluation], images_seen: int) -> Iterator[str]:
    """The evaluation that tells most of this model; the data is named where the model was trained on other data."""
    large = largest([one for one in evaluations if one.images_seen == images_seen], images_seen)
    if large is None:
        yield from ("## Evaluation", "", "This model has not been evaluated.", "")
        return
    data = "the data" if large.own else _plain(data_name(large.data))
    other = "" if large.own else " The model was trained on other data."
    features = f", by {large.extractor}" if large.extractor else ""
    yield from ("## Evaluation", "", f"{large.n:,} samples and as many pictures of {data}{features}.{other}", "")
    yield from (f"| value | samples | other pictures of {data} |", "| --- | --- | --- |")
    for measure in large.measures:
        for value in measure.values:
            yield f"| {_plain(value.title)} | {value.samples} | {value.reference} |"
    yield from ("", *([_plain(large.verdict), ""] if large.verdict else []))


def _settings(record: Record) -> Iterator[str]:
    """The settings of the run but for those that tell of its machine."""
    yield from ("## Training", "", f"Trained on {_plain(data_name(record.config.data))}.", "")
    yield from ("| setting | value |", "| --- | --- |")
    for rows in by_panel(record).values():
        for row in rows:
            if row.flag not in PLACES and not {"/", "\\"} & set(row.values[0]):
                yield f"| `{row.flag}` | {_plain(row.values[0])} |"
    yield ""


def _plain(text: str) -> str:
    """A text that may be anybody's, so that it is a text in a table of Markdown and nothing else."""
    safe = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in r"\`*_[]|!#" else letter for letter in safe)
