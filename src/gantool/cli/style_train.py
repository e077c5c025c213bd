"""`gantool style train`: from a painting and photos to the file of a style network."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

import torch
import typer

from gantool.api.features import Extractor, StyleLoss
from gantool.cli.components import find_extractor
from gantool.cli.interrupts import interruptible
from gantool.cli.out_files import check_new
from gantool.cli.output import result, result_json, say, warn
from gantool.cli.progress import showing_progress
from gantool.cli.style import StyleJob
from gantool.cli.stylize_display import display_of_shares
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.engine.devices import is_out_of_memory, keep_freed_memory, pick_device
from gantool.engine.spans import in_words
from gantool.errors import DataError, OptionError, StyleError, counted, nearest_beside
from gantool.plugins.host import host
from gantool.render.pictures import make_folder
from gantool.run.components import known_by, resolve_source
from gantool.run.joined import JoinedChoice, joined_text
from gantool.run.length import USUAL_MINUTES
from gantool.style.job import AUTO, as_image, autocast, find_style_loss, read_style
from gantool.style.learning import Progress, Resumed, learn
from gantool.style.lesson import Lesson
from gantool.style.network import TransformNet
from gantool.style.network_file import SUFFIX, StyleCard, load_style_network, save_style_network
from gantool.style.settings import Settings
from gantool.style.training_file import TrainingCard, load_training, save_training, training_file

IMAGES = 40_000
"""The photos of a training for which neither a number nor a time is given, as a GPU takes them in minutes."""

ENOUGH = 1_200
"""The photos from which networks have been of use: two of docs/stylize.md had so many; of 600, colours are those of no
painting, and of 74 and 150 pictures are smears (photos of 128 pixels, batch 2, squeezenet)."""
TOO_FEW = f"too few to learn a style: expect smears. {ENOUGH:,} photos are the fewest by which one was learnt"
FEW_DIFFERENT = 10
"""Different photos below which a network hardly sees what other photos look like."""
SPREAD = (0.8, 1.3)
"""The least and the most of the time of a training, relative to its second step."""


@dataclass(frozen=True)
class Prepared:
    """What a training needs beside its settings."""

    lesson: Lesson
    style_sha256: str
    photos: ShuffledBatches
    extractor: Extractor
    extractor_name: str
    style_loss: StyleLoss
    begin: TransformNet | None
    device: torch.device


def run(job: StyleJob) -> None:
    """Train, save and print the file; the exit status is 0, or 130 or 143 after an interruption."""
    _check_files(job)
    with redirect_stdout(sys.stderr), showing_progress():
        ready = _prepared(job)
    if not job.quiet:
        photos = counted(ready.photos.count, "photo")
        say(f"Learning the style of {job.painting} by {ready.extractor_name} from {photos}")
    if ready.photos.count < FEW_DIFFERENT:
        few = f"{counted(ready.photos.count, 'photo')} {'is' if ready.photos.count == 1 else 'are'} few to learn from"
        warn(f"{few}: the network sees nothing else, and may smear other photos. Give a folder of many.")
    last: Progress | None = None
    with redirect_stdout(sys.stderr), interruptible() as caught, display_of_shares(job.quiet) as show:
        try:
            states = _states(job, ready)
            for last in states if job.resume or job.init else _forewarned(states, ready.lesson):
                show(last.share, _told(last))
                if caught:
                    break
        except BaseException:
            if last is not None:
                _save(job, ready, last)
                say(f"The network of the {last.images_seen:,} photos before is in {job.out}.")
            raise
        assert last is not None, "a training has at least one step"
        _save(job, ready, last)
        stopped = caught and last.share < 1
        if stopped:
            save_training(training_file(job.out), last.tensors(), _training(job, ready, last.images_seen, last.seconds))
        else:
            training_file(job.out).unlink(missing_ok=True)
    if job.as_json:
        losses = {"content": last.content, "style": last.style, "stability": last.stability}
        told = {"files": [str(job.out)], "extractor": ready.extractor_name, "images_seen": last.images_seen}
        result_json({**told, "losses": losses, "interrupted": bool(caught)})
    else:
        result(str(job.out))
    if stopped:
        say(f"Stopped at {last.share:.0%}; the network so far is in {job.out}. The same command with --resume goes on.")
        raise typer.Exit(caught.exit_code)


def _check_files(job: StyleJob) -> None:
    if job.out.suffix.lower() != SUFFIX:
        raise OptionError(f"-o {job.out}: a style network is a {SUFFIX} file.")
    if job.out.exists() and training_file(job.out).is_file() and not (job.overwrite or job.resume):
        raise OptionError(
            f"{job.out} is there already, and its training was interrupted: --resume goes on with it, --overwrite "
            "begins anew."
        )
    check_new(job.out, job.overwrite or job.resume)
    if job.resume and not training_file(job.out).is_file():
        raise OptionError(f"No training of {job.out} was interrupted ({training_file(job.out)}): leave out --resume.")
    make_folder(job.out.parent)
    for file in (job.painting, *([job.init] if job.init else [])):
        if not file.is_file():
            folder = f"{file} is a folder, and one file is taken here: name one of it."
            raise DataError(folder if file.is_dir() else f"There is no file {file}.{nearest_beside(file)}")


def _prepared(job: StyleJob) -> Prepared:
    device = pick_device(job.device)
    keep_freed_memory(device)
    begin, card = load_style_network(job.init) if job.init else (None, None)
    lesson = _lesson(job, device, card)
    painting = hashlib.sha256(job.painting.read_bytes()).hexdigest()  # now: the file may move before training ends
    source = resolve_source(host(), joined_text(job.data))
    photos = open_batches(
        source.build(resolution=lesson.size, channels=3),
        name=source.texts if isinstance(source, JoinedChoice) else source.text,
        known=known_by(source),
        resolution=lesson.size, channels=3, seed=lesson.seed, flip=True, labels=False, device=device,
    )  # fmt: skip
    extractor, name = find_extractor(job.extractor)
    style_loss = find_style_loss(host(), job.style_loss, extractor)
    return Prepared(lesson, painting, photos, extractor, name, style_loss, begin, device)


def _lesson(job: StyleJob, device: torch.device, begun: StyleCard | None) -> Lesson:
    settings = Settings(
        content_weight=job.content_weight, style_weight=job.style_weight, tv_weight=job.tv_weight, seed=job.seed
    )
    given = job.images is not None or job.minutes is not None
    return Lesson(
        size=job.size,
        style_size=job.style_size,
        images=job.images if given else IMAGES,
        minutes=job.minutes if given or device.type != "cpu" else USUAL_MINUTES,
        batch=job.batch,
        width=begun.width if begun else job.width,
        blocks=begun.blocks if begun else job.blocks,
        stability=job.stability,
        seed=job.seed,
        settings=settings,
    )


def _states(job: StyleJob, ready: Prepared) -> Iterator[Progress]:
    style = as_image(read_style(job.painting, ready.lesson.longest), ready.device)
    try:
        yield from learn(
            style,
            lambda seen, count: ready.photos.take(seen, count)[0],
            ready.extractor,
            ready.style_loss,
            ready.lesson,
            begin=ready.begin,
            resumed=_resumed(job, ready) if job.resume else None,
            autocast=autocast(ready.device, job.precision),
        )
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise StyleError(f"Out of memory on {ready.device}: give a smaller --batch or --size.") from error
        raise


def _forewarned(states: Iterator[Progress], lesson: Lesson) -> Iterator[Progress]:
    """The states, with a warning before the first, or by the time of the second, where they will see too few photos."""
    if lesson.images is not None and lesson.images < ENOUGH:
        warn(f"--images {lesson.images:,} are {TOO_FEW}: give more.")
    elif lesson.minutes is not None:
        first = next(states)
        yield first
        if (second := next(states, None)) is None:
            return
        each = (second.seconds - first.seconds) / lesson.batch  # the first step has the set-up
        photos = second.images_seen + max(0.0, 60 * lesson.minutes - second.seconds) / max(each, 1e-9)
        if photos < ENOUGH:
            time = in_words(*(ENOUGH * each * share for share in SPREAD))
            warn(
                f"In {lesson.minutes:g} minute{'s' * (lesson.minutes != 1)} about {photos:,.0f} photos are seen here. "
                f"These are {TOO_FEW}, and take {time} here: give more --minutes, or a smaller --size (it is "
                f"{lesson.size})."
            )
        yield second
    yield from states


def _resumed(job: StyleJob, ready: Prepared) -> Resumed:
    tensors, card = load_training(training_file(job.out), _training(job, ready))
    return Resumed(tensors, card.images_seen, card.seconds)


def _told(state: Progress) -> tuple[str, ...]:
    return (
        f"{state.images_seen:,} photos",
        f"content {state.content:.3f}",
        f"style {state.style:.4f}",
        f"change by noise and shift {127.5 * state.stability**0.5:.1f} levels",
    )


def _save(job: StyleJob, ready: Prepared, state: Progress) -> None:
    save_style_network(job.out, state.network, _card(job, ready, state.images_seen))


def _card(job: StyleJob, ready: Prepared, images_seen: int) -> StyleCard:
    lesson, settings = ready.lesson, ready.lesson.settings
    return StyleCard(
        width=lesson.width,
        blocks=lesson.blocks,
        style=job.painting.name,
        style_sha256=ready.style_sha256,
        style_size=lesson.longest,
        extractor=ready.extractor_name,
        style_loss=ready.extractor.style_loss if job.style_loss == AUTO else job.style_loss,
        size=lesson.size,
        content_weight=settings.content_weight,
        style_weight=settings.style_weight,
        tv_weight=settings.tv_weight,
        stability=lesson.stability,
        seed=lesson.seed,
        images_seen=images_seen,
    )


def _training(job: StyleJob, ready: Prepared, images_seen: int = 0, seconds: float = 0.0) -> TrainingCard:
    lesson = ready.lesson
    return TrainingCard(
        **_card(job, ready, images_seen).model_dump(),
        batch=lesson.batch,
        images=lesson.images,
        minutes=lesson.minutes,
        photos=ready.photos.fingerprint,
        precision=job.precision,
        seconds=seconds,
    )
