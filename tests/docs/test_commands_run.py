"""The whole command lines of each page run, one after the other as its reader would run them, in a smoke size."""

import random
import re
import sys
import zipfile
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from command_lines import METAVAR, ROOT, blocks, of_page, pages
from PIL import Image, ImageDraw
from real_command import make_host, parsed
from typer._click.exceptions import BadOptionUsage, MissingParameter, NoArgsIsHelpError

import gantool
from gantool.cli.components import flag_values
from gantool.plugins.host import using
from gantool.sampling.favourites import favourites_file, save_favourites
from gantool.sampling.points import parse_point
from gantool.testing import write_untrained

pytestmark = pytest.mark.slow

SIDE = 32
QUICK = {"--images": "16", "--batch": "8", "--device": "cpu", "--precision": "float32", "--layout": "contiguous"}
INSTEAD = {
    "train": QUICK,
    "tune": QUICK | {"--trials": "2"},
    "stylize": {"--size": str(SIDE), "--steps": "2", "--extractor": "random", "--device": "cpu"},
    "evaluate": {"-n": "6", "--extractor": "random:filters=8,scales=1", "--device": "cpu"},
    "compare": {"-n": "6", "--extractor": "random:filters=8,scales=1", "--device": "cpu"},
    "style": {
        "--size": str(SIDE),
        "--style-size": str(SIDE),
        "--images": "2",
        "--width": "2",
        "--extractor": "random",
        "--device": "cpu",
    },
    "project": {"--steps": "2", "--extractor": "random", "--device": "cpu"},
}
"""Flags that are put in the place of a line's own, or added; those of a search that goes on are its own."""
IN_ONE_PASS = {"--size": str(SIDE), "--device": "cpu"}
"""Of `stylize` by a network, which takes no extractor and no steps."""
OF_OTHERS = ("...", "OWNER/NAME", "://", "{0", "ffhq.pkl", "face.safetensors")
"""What is not here: data and models of others, and the projection of a face."""
DOWNLOADED = ("mnist", "cifar10")
FOLDERS = ("photos", "sprites", "emoji", "monet", "PICTURES")
PICTURES = (
    *("photo.jpg", "painting.jpg", "starry-night.jpg", "the-scream.jpg", "a.jpg", "b.jpg"),
    *("emoji.png", "face.png"),
)


def picture(number):
    drawn = random.Random(number)
    made = Image.new("RGB", (SIDE + 8, SIDE), tuple(drawn.randrange(256) for _ in range(3)))
    corner = drawn.randrange(16)
    ImageDraw.Draw(made).ellipse((corner, corner, corner + 16, corner + 12), fill="white")
    return made


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A small run, and model files as they begin: one with levels, one with classes, one with styles."""
    folder = tmp_path_factory.mktemp("models")
    short = {"images": 64, "batch": 8, "device": "cpu", "precision": "float32", "layout": "contiguous"}
    with using(make_host()):
        run = gantool.train(arch="dcgan:width=4", resolution=SIDE, out=folder, **short)
        (folder / "run").symlink_to(run)
        save_favourites(favourites_file(str(folder / "run")), [parse_point("seed=3")])
        (folder / "other").symlink_to(gantool.train(arch="dcgan:width=4", resolution=SIDE, out=folder, seed=1, **short))
        labelled = gantool.train(arch="mlp:generator_hidden=8,discriminator_hidden=8", labels=True, out=folder, **short)
        (folder / "labelled").symlink_to(labelled)
        for name, arch, side in (
            ("levels", "msg:fmap_base=64,fmap_max=4,latent=4", 64),
            ("classes", "dcgan:width=4", SIDE),
            ("vae", "vae:decoder=dcgan,width=4", SIDE),
            ("styles", "stylegan2:channel_base=64,channel_max=8,latent=8", SIDE),
        ):
            classes = ("cat", "dog") if name == "classes" else ()
            write_untrained(folder / f"{name}.safetensors", arch, resolution=side, class_names=classes)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with pictures of every name that a page uses, and the plugins of this repository."""
    monkeypatch.chdir(tmp_path)
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
        for number in range(12):
            picture(number).save(tmp_path / folder / f"{number}.png")
    for number, name in enumerate(PICTURES):
        picture(number).save(tmp_path / name)
    for name in ("digits", "emoji", "monet", "monet-256"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for number in range(12):
                archive.write(tmp_path / "photos" / f"{number}.png", f"{number % 3}/{number}.png")
    pictures = [{"bytes": file.read_bytes(), "path": file.name} for file in sorted((tmp_path / "photos").iterdir())]
    (tmp_path / "data").mkdir()
    for name in ("faces.parquet", "data/train-0.parquet"):
        pq.write_table(pa.table({"image": pictures, "fine_label": [0, 1] * 6}), tmp_path / name)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    (tmp_path / "my-plugins").mkdir()
    with using(make_host(tmp_path / "shown")):
        yield tmp_path


def with_run(line, models):
    """The line's words, with a model that suits it for RUN or MODEL, and a picture for IMAGE."""
    words = list(line.words)
    if line.page.startswith("plugins/gantool-stylegan2") or words[:1] in (["mix"], ["project"]):
        model = "styles.safetensors"
    else:
        model = "levels.safetensors" if "--level" in words else "classes.safetensors" if "--label" in words else "run"
        model = "vae.safetensors" if words[:1] == ["reconstruct"] else model
        model = "labelled" if words[:1] == ["evaluate"] and "--labels" in words else model
    for at, word in enumerate(words):
        first, slash, rest = word.partition("/")
        if first in ("RUN", "MODEL"):
            words[at] = f"{models / model}{slash}{rest}"
            model = "other" if words[0] == "compare" else model
        if word == "IMAGE":
            words[at] = "face.png"
        if word == "model.safetensors":
            words[at] = str(models / "classes.safetensors")
        if first == "runs" and "--labels" in words:
            words[at] = str(models / "labelled")
    return words


def is_whole(line, words):
    """Whether a line says all that its command needs. What would change the environment is not run here."""
    said = " ".join(line.words)
    if line.flags_alone or line.run_elsewhere or any(word in said for word in OF_OTHERS):
        return False
    if "trackio" in words and find_spec("trackio") is None:
        return False
    if any(map(METAVAR.fullmatch, words)) or words[0] == "explore":  # which serves until Ctrl-C
        return False
    if words[0] == "plugins" and words[1:2] not in (["show"], ["list"], ["new"]):
        return words[1:2] == ["install"] and "/" in words[-1] and sys.prefix != sys.base_prefix
    try:
        _, values = parsed(words)
    except (MissingParameter, BadOptionUsage, NoArgsIsHelpError):
        return False
    except typer.Exit:  # --help
        return True
    if words[0] not in ("train", "tune") or any(values.get(key) for key in ("arch", "resume", "run")):
        return True
    return words[0] == "train" and bool(values.get("data")) and not line.partial


def smoke(words):
    """The same line with little to do; data sets that would be downloaded give way to `shapes`."""
    if words[:2] == ["plugins", "install"]:
        return [*words, "--dry-run"]
    instead = dict(INSTEAD.get(words[0], {}))
    if words[:2] == ["style", "export"]:
        instead = {}
    if words[0] == "stylize" and ("--fast" in words or any(word.endswith(".safetensors") for word in words)):
        instead = dict(IN_ONE_PASS)
    if words[0] == "train":
        words = without(words, {"--minutes"})
    if words[0] == "directions":  # of a run that pages share
        words = [*words, "--overwrite"]
    if words[:2] == ["tune", "--resume"]:
        instead = {"--trials": "3"}
    if words[:2] == ["train", "--resume"] and "--images" in words:
        instead["--images"] = "32"
    for _, side in flag_values(words, {"--resolution"}):
        instead["--resolution"] = str(min(int(side), SIDE))
    if any(data in DOWNLOADED for _, data in flag_values(words, {"--data"})):
        instead["--data"] = "shapes"
    return [*without(words, set(instead)), *(part for flag in instead.items() for part in flag)]


def without(words, flags):
    """The words without these flags and their values."""
    kept, rest = [], iter(words)
    for word in rest:
        if word in flags:
            next(rest)
        elif word.partition("=")[0] not in flags:
            kept.append(word)
    return kept


def link_runs(place, models, whole):
    """A model in the place of each run that a page names and does not make itself."""
    trained = [words for line, words in whole if words[0] == "train" and not line.partial]
    made = {name for words in trained for _, name in flag_values(words, {"--name"})}
    for name in {word.split("/")[1] for _, words in whole for word in words if word.startswith("runs/")} - made:
        if not (name.startswith("tune-") or (trained and re.match(r"\d{5}-", name))):
            (place / "runs").mkdir(exist_ok=True)
            (place / "runs" / name).symlink_to(models / "run")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_lines_of_a_page_run(page, place, models, gantool_cli):
    lines = sorted(of_page(page), key=lambda line: int(line.place.rpartition(":")[2]))
    whole = [(line, words) for line in lines if is_whole(line, words := with_run(line, models))]
    link_runs(place, models, whole)
    wrong = []
    for line, words in whole:
        short = smoke(words)
        ended = gantool_cli(*short)
        if ended.code:
            wrong.append(f"{line.place}: gantool {' '.join(short)}: {ended.code}: {ended.err[-600:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_scripts_of_a_page_of_the_course_run(page, place, models):
    """Their lines `IMAGES = ...` and `RUNS = [...]` say how much they do, and with which runs."""
    for _, _, text in blocks(page, ("python",)) if page.parent.name == "course" else ():
        for name in re.findall(r'"([\w-]+)"', "".join(re.findall(r"^RUNS = .*", text, re.MULTILINE))):
            (place / "runs" / name).parent.mkdir(exist_ok=True)
            (place / "runs" / name).symlink_to(models / "run")
        short = re.sub(r"^IMAGES = .*", "IMAGES = 48", text, flags=re.MULTILINE)
        exec(compile(short, str(page), "exec"), {})
