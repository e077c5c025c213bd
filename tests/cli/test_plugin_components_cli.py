"""A stranger's plugin, in a folder of its own, from training to sampling; and what happens without it."""

import io
import json
import logging
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from gantool.plugins import host as host_module

PLUGIN = """
import gantool

class Flat(gantool.Options):
    latent: int = gantool.option(4, "size of z", ge=1)

class Bright(gantool.Options):
    strength: float = gantool.option(1.0, "how much", gt=0)

@gantool.hookimpl
def gantool_architectures():
    recipe = gantool.Recipe(loss="hinge", penalties=("dimming:strength=2",), betas=(0.0, 0.9), batch=4)
    return [gantool.Architecture("flat", "One colour a picture", Flat, "flat_plugin:build", recipe)]

@gantool.hookimpl
def gantool_penalties():
    return [gantool.Component("dimming", "Keeps logits small", Bright, "flat_plugin:Dimming")]

@gantool.hookimpl
def gantool_sources():
    return [gantool.Component("stripes", "Black and white rows", gantool.Options, "flat_plugin:stripes")]

@gantool.hookimpl
def gantool_observers():
    return [gantool.Component("diary", "Writes a word an event", gantool.Options, "flat_plugin:Diary")]

def build(options, shape):
    from torch import nn

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            self.colour = nn.Linear(options.latent, shape.channels)
        def forward(self, z, labels=None):
            flat = self.colour(z).tanh()[:, :, None, None]
            return (flat.expand(-1, -1, shape.resolution, shape.resolution),)

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.judge = nn.Linear(shape.channels, 1)
        def forward(self, images, labels=None):
            return self.judge(images[-1].mean(dim=(2, 3))).flatten()

    return gantool.Gan(generator=Generator(), discriminator=Discriminator(), latent_dim=options.latent)

class Dimming:
    every = 1
    def __init__(self, options):
        self.weight = options.strength
    def __call__(self, network, real, fake, labels):
        return network(real, labels).square()

class stripes:
    class_names = ("black", "white")
    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)
    def __len__(self):
        return 12
    def __getitem__(self, index):
        import torch
        return torch.full(self.shape, 255 * (index % 2), dtype=torch.uint8), index % 2

class Diary:
    def __init__(self, options):
        self.path = None
    def __call__(self, event):
        self.path = getattr(event, "run", self.path)
        print("dear diary")
        with (self.path / "diary.txt").open("a") as file:
            file.write(type(event).__name__ + " ")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setattr(host_module, "_host", None)
    place = tmp_path / "my-plugins"
    place.mkdir()
    (place / "flat_plugin.py").write_text(PLUGIN)
    (place / "broken_plugin.py").write_text("import no_such_module")
    return place


def test_every_kind_of_component_of_a_plugin_works_beside_a_broken_plugin(gantool, folder, monkeypatch):
    base = ("train", "--plugins-dir", folder, "--arch", "flat:latent=2", "--device", "cpu", "-q", "--name", "one")
    ended = gantool(*base, "--data", "stripes", "--resolution", "8", "--images", "24", "--log", "diary")
    assert ended.code == 0, ended.err
    assert ended.out == "runs/one\n"
    assert ended.err.count("no_such_module") == 1
    written = Path("runs/one/config.toml").read_text()
    assert 'penalty = ["dimming:strength=2.0"]' in written
    assert 'loss = "hinge:margin=1.0"' in written
    assert Path("runs/one/diary.txt").read_text().startswith("Started Snapshot")
    assert "penalty_dimming" in Path("runs/one/metrics.jsonl").read_text()
    assert not Path("runs/one/skipped.tsv").exists()  # the source names none
    assert gantool("sample", "runs/one", "-n", "2", "--plugins-dir", folder).code == 0

    monkeypatch.setattr(host_module, "_host", None)
    ended = gantool("sample", "runs/one", "-n", "2")
    assert ended.code == 1
    assert "which is not usable here: flat_plugin is not here: --plugins-dir or" in ended.err
    assert "Traceback" not in ended.err
    ended = gantool("train", "--resume", "runs/one", "--images", "48")
    assert ended.code == 1
    assert "The run runs/one cannot be resumed here. There is no architecture 'flat'." in ended.err
    assert "It was the architecture of flat_plugin." in ended.err
    assert "resumes without" not in ended.err


@pytest.mark.parametrize("broken", [False, True])
def test_a_run_goes_on_without_an_observer_that_is_gone_and_says_so(gantool, folder, monkeypatch, broken):
    watched = PLUGIN[PLUGIN.index("@gantool.hookimpl\ndef gantool_observers") :]
    diary = watched[: watched.index("def build")] + PLUGIN[PLUGIN.index("class Diary:") :]
    name = f"diary{broken}_plugin".lower()
    (folder / f"{name}.py").write_text("import gantool\n" + diary.replace("flat_plugin", name))
    train = ("train", "--plugins-dir", folder, "--arch", "flat:latent=2", "--device", "cpu", "-q", "--name", "one")
    begun = ("--data", "stripes", "--resolution", "8", "--images", "8", "--log", "diary", "--log", "jsonl")
    (folder / "flat_plugin.py").write_text(PLUGIN.replace("diary", "other"))
    assert gantool(*train, *begun).code == 0

    monkeypatch.setattr(host_module, "_host", None)
    if broken:
        monkeypatch.delitem(sys.modules, name)
        (folder / f"{name}.py").write_text("def diary(: pass")
    else:
        (folder / f"{name}.py").unlink()
    resume = ("train", "--plugins-dir", folder, "--resume", "runs/one", "-q", "--images")
    ended = gantool(*resume, "12", "--log", "jsonl")
    assert (ended.code, ended.err.count("diary'")) == (0, 0)
    Path("runs/one/config.toml").write_text(
        Path("runs/one/config.toml").read_text().replace('log = ["', 'log = ["diary", "', 1)
    )
    ended = gantool(*resume, "16")
    assert ended.code == 0
    assert "The run runs/one resumes without its observer 'diary', and drops it: --log diary adds it again" in ended.err
    assert "There is no observer 'diary'." in ended.err
    assert 'log = ["jsonl' in Path("runs/one/config.toml").read_text()
    ended = gantool(*resume, "20", "--log", "diary")
    assert ended.code == 2
    assert "There is no observer 'diary'." in ended.err


def test_weights_that_a_new_version_of_a_plugin_cannot_take_name_it_and_the_remedy(gantool, folder, monkeypatch):
    base = ("train", "--plugins-dir", folder, "-q", "--images")
    new = ("--name", "one", "--arch", "flat", "--data", "stripes", "--resolution", "8", "--device", "cpu")
    assert gantool(*base, "8", *new).code == 0
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delitem(sys.modules, "flat_plugin")
    source = (folder / "flat_plugin.py").read_text()
    (folder / "flat_plugin.py").write_text(
        source.replace("nn.Linear(options.latent, shape.channels)", "nn.Linear(options.latent, shape.channels, False)")
    )
    for words in (("sample", "runs/one", "-n", "1", "--plugins-dir", folder), (*base, "16", "--resume", "runs/one")):
        ended = gantool(*words)
        assert ended.code == 1
        assert "do not fit the network: the network has no tensor 'colour.bias' [3]." in ended.err
        assert "It was made with the architecture 'flat' of flat_plugin; here is flat_plugin, whose" in ended.err
        assert "Install the version that it was made with, or ask its author." in ended.err


def test_the_help_of_a_plugin_shows_its_options_and_recipe(gantool, folder):
    ended = gantool("train", "--plugins-dir", folder, "--arch", "flat", "--help")
    assert ended.code == 0
    assert "latent" in ended.out
    assert "dimming" in ended.out


def test_a_source_of_odd_pictures_leaves_no_run(gantool, folder):
    (folder / "flat_plugin.py").write_text(PLUGIN.replace("dtype=torch.uint8", "dtype=torch.float32"))
    ended = gantool("train", "--plugins-dir", folder, "--arch", "mlp", "--data", "stripes", "--resolution", "8")
    assert ended.code == 1
    assert "Source 'stripes' of flat_plugin, image 0 is a tensor of float32" in ended.err
    assert not Path("runs").exists()


def test_a_source_that_fails_in_the_middle_of_a_run_is_told_with_the_way_on(gantool, folder):
    broken = """        import pathlib
        if list(pathlib.Path("runs/one/checkpoints").glob("0*")):
            raise OSError("disk gone")
"""
    reading = "    def __getitem__(self, index):\n"
    (folder / "flat_plugin.py").write_text(PLUGIN.replace(reading, reading + broken))
    base = ("train", "--plugins-dir", folder, "--arch", "mlp", "--data", "stripes", "--device", "cpu", "-q")
    sizes = ("--batch", "2", "--resolution", "8", "--images", "40", "--checkpoint-every", "4", "--name", "one")
    ended = gantool(*base, *sizes, "--no-cache")
    assert ended.code == 1
    assert "reading it failed with OSError: disk gone" in ended.err
    assert f"go on from the last checkpoint with: gantool train --resume runs/one --plugins-dir {folder}" in ended.err


def test_warnings_are_shown_once_beside_a_plugin_that_sets_up_logging(gantool, folder):
    (folder / "broken_plugin.py").write_text("import nowhere_to_be_found")
    of_the_plugin = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(of_the_plugin)
    try:
        ended = gantool("train", "--plugins-dir", folder, "--arch", "flat", "--resolution", "7777777", "--dry-run")
    finally:
        logging.getLogger().removeHandler(of_the_plugin)
    assert "Plugin broken_plugin is broken" in ended.err
    assert of_the_plugin.stream.getvalue() == ""


def test_pictures_that_fail_before_there_is_a_checkpoint_are_told_with_the_way_on(gantool, folder):
    reading = "    def __getitem__(self, index):\n"
    (folder / "flat_plugin.py").write_text(PLUGIN.replace(reading, f"{reading}        1 // (index - 7)\n"))
    base = ("train", "--plugins-dir", folder, "--arch", "mlp", "--data", "stripes", "--device", "cpu", "-q")
    ended = gantool(*base, "--batch", "8", "--resolution", "8", "--images", "40", "--name", "one")
    assert ended.code == 1
    assert "Source 'stripes' of flat_plugin, image 7: reading it failed with ZeroDivisionError" in ended.err
    assert "Nothing of the run is saved. Once that is mended, it starts from the beginning by: gantool" in ended.err


def trained_with_a_penalty_that_fails(gantool, folder, raised, when):
    """How a run ends whose penalty raises from then on."""
    broken = f"(_ for _ in ()).throw({raised}) if {when} else "
    text = PLUGIN.replace("return network(real, labels)", f"return {broken}network(real, labels)")
    (folder / "flat_plugin.py").write_text(f"import itertools, pathlib\ncalls = itertools.count()\n{text}")
    base = ("train", "--plugins-dir", folder, "--arch", "mlp", "--penalty", "dimming", "--device", "cpu", "-q")
    ended = gantool(
        *base, "--batch", "8", "--resolution", "8", "--images", "160", "--checkpoint-every", "80", "--name", "one"
    )
    assert ended.code == 1
    return ended


@pytest.mark.parametrize("raised", ["SystemExit(0)", "ValueError('forty')", "OSError('lost')"])
def test_a_plugin_that_fails_in_the_middle_of_a_run_is_named_with_the_way_on(gantool, folder, raised):
    saved = 'list(pathlib.Path("runs/one/checkpoints").glob("0*"))'  # the trial before the run makes calls, too
    ended = trained_with_a_penalty_that_fails(gantool, folder, raised, saved)
    assert "Plugin flat_plugin failed in " in ended.err
    assert "and its checkpoints are intact" in ended.err
    told = "it tried to end the program" if "Exit" in raised else raised.partition("(")[2].strip("')")
    assert told in ended.err
    assert f"go on with: gantool train --resume runs/one --plugins-dir {folder}" in ended.err


def test_a_plugin_that_fails_before_there_is_a_checkpoint_promises_none(gantool, folder):
    ended = trained_with_a_penalty_that_fails(
        gantool, folder, "ValueError('soon')", "next(calls) >= 1"
    )  # the trial is number 0
    told = (
        "and nothing of it is saved. Once the plugin is fixed, it starts from the beginning by: gantool train --resume"
    )
    assert told in ended.err
    assert "checkpoint" not in ended.err


def test_an_interrupt_in_the_last_step_offers_no_way_on(gantool, folder):
    last = 'type(event).__name__ == "Snapshot" and event.images_seen == 24'
    stop = f'if {last}: os.kill(os.getpid(), signal.SIGINT)\n        print("dear diary")'
    text = PLUGIN.replace('print("dear diary")', stop)
    (folder / "flat_plugin.py").write_text(f"import os, signal\n{text}")
    base = ("train", "--plugins-dir", folder, "--arch", "mlp", "--device", "cpu", "--name", "one", "--log", "diary")
    for images, words in (("48", "Go on with: gantool train --resume runs/one"), ("24", "The run is complete.")):
        ended = gantool(*base, "--batch", "8", "--resolution", "8", "--images", images, "--snapshot-every", "8")
        assert ended.code == 130
        assert f"Stopped and saved at 24 images. {words}" in ended.err
        shutil.rmtree("runs")


@pytest.mark.parametrize("raised", ["SystemExit(0)", "ValueError('forty')"])
def test_a_plugin_that_fails_at_drawing_is_named(gantool, folder, raised):
    draw = "def forward(self, z, labels=None):"
    fail = f'{draw}\n            if os.path.exists("fail") and len(z) > 2: raise {raised}'
    (folder / "flat_plugin.py").write_text("import os\n" + PLUGIN.replace(draw, fail))
    base = ("--plugins-dir", folder, "--arch", "flat", "--device", "cpu", "-q", "--name", "one")
    assert gantool("train", *base, "--resolution", "8", "--images", "8").code == 0
    Path("fail").touch()
    for command in (
        ("sample", "runs/one", "-n", "4"),
        ("interpolate", "runs/one", "--seeds", "1,2", "-o", "walk.webp"),
    ):
        ended = gantool(*command, "--plugins-dir", folder)
        assert ended.code == 1
        assert "Error: Plugin flat_plugin failed in " in ended.err


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("hnge", 'loss="hnge"', "The recipe of architecture 'hnge' of hnge_plugin cannot be followed, for its loss"),
        ("minus", "learning_rate=-1.0", "plugin minus_plugin is broken (the recipe of architecture 'minus': learning"),
    ],
)
def test_a_wrong_recipe_is_the_plugins_fault_and_not_the_users(gantool, folder, name, wrong, told):
    source = PLUGIN.replace("flat", name).replace('loss="hinge"', wrong)
    (folder / "flat_plugin.py").unlink()
    (folder / f"{name}_plugin.py").write_text(source)
    ended = gantool("train", "--plugins-dir", folder, "--arch", name, "--device", "cpu", "--dry-run")
    assert ended.code == 1
    assert told in ended.err


@pytest.mark.parametrize(
    ("recipe", "flags"),
    [
        ('balance="nope", penalties=("nope",)', ("--balance", "fixed", "--penalty", "r1")),
        ('balance="none", penalties=("none",)', ("--penalty", "r1")),
        ('balance="none", penalties=("none",)', ()),
    ],
)
def test_what_overrides_a_recipe_is_all_that_a_run_needs(gantool, folder, recipe, flags):
    source = PLUGIN.replace('penalties=("dimming:strength=2",)', recipe)
    assert recipe in source
    (folder / "flat_plugin.py").write_text(source)
    ended = gantool("train", "--plugins-dir", folder, "--arch", "flat", "--device", "cpu", "--dry-run", *flags)
    assert ended.code == 0, ended.err


def test_a_plugin_that_breaks_the_contract_is_named_and_leaves_no_run(gantool, folder):
    (folder / "flat_plugin.py").write_text(PLUGIN.replace("return (flat.expand", "return flat.expand").replace(
        "shape.resolution),)", "shape.resolution)"))  # fmt: skip
    ended = gantool("train", "--plugins-dir", folder, "--arch", "flat", "--device", "cpu", "--images", "8")
    assert ended.code == 1
    assert "flat" in ended.err
    assert "return (images,)" in ended.err
    assert not Path("runs").exists()


GAME = """
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component("tilted", "Fake minus real", gantool.Options, "flat_plugin:Tilted")]

@gantool.hookimpl
def gantool_augmentations():
    return [gantool.Component("mirror", "Left to right", gantool.Options, "flat_plugin:Mirror")]

class Tilted:
    def __init__(self, options):
        pass
    def discriminator(self, real_logits, fake_logits):
        print("tilting")
        return fake_logits - real_logits
    def generator(self, real_logits, fake_logits):
        return -fake_logits

class Mirror:
    def __init__(self, options):
        pass
    def draw(self, n):
        return lambda images: tuple(level.flip(-1) for level in images)
"""

BREAKS = [
    ("return -fake_logits", "return -fake_logits.mean()", "Loss 'tilted' of flat_plugin cannot be used: its generator"),
    ("return -fake_logits", "return -fake_logits + real_logits", "pairs_real = True"),
    (".square()", ".square().mean()", "Penalty 'dimming' of flat_plugin cannot be used: its penalty"),
    ("level.flip(-1)", "level.flip(-9)", "Augmentation 'mirror' of flat_plugin cannot be used: its draw(n)(images) f"),
    ("return 12", "return -12", "Source 'stripes' of flat_plugin cannot be used: it is of type stripes and its __len"),
]
JOURNEY = ("--arch", "flat:latent=2", "--device", "cpu", "--resolution", "8", "--data", "stripes", "--loss", "tilted",
           "--augment", "mirror", "--images", "8", "-q")  # fmt: skip


@pytest.mark.parametrize(("sound", "broken", "words"), BREAKS)
def test_a_plugin_that_would_fail_in_the_first_step_is_named_and_leaves_no_run(gantool, folder, sound, broken, words):
    (folder / "flat_plugin.py").write_text((PLUGIN + GAME).replace(sound, broken))
    for dry_run in ((), ("--dry-run",)):
        ended = gantool("train", "--plugins-dir", folder, *JOURNEY, "--labels", *dry_run)
        assert (ended.code, ended.out) == (1, "")
        (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
        assert words in line
    assert not Path("runs").exists()


def test_a_plugins_loss_and_augmentation_play_like_any(gantool, folder):
    (folder / "flat_plugin.py").write_text(PLUGIN + GAME)
    ended = gantool("train", "--plugins-dir", folder, *JOURNEY, "--name", "one")
    assert (ended.code, ended.out) == (0, "runs/one\n")
    assert "tilting" in ended.err


TALKER = """

@gantool.hookimpl
def gantool_extractors():
    return [gantool.Component("talker", "Says what it sees", gantool.Options, "flat_plugin:Talker")]

class Talker:
    def __init__(self, options):
        from gantool.plugins.host import host
        self.inner = host().resolve("extractor", "random:filters=8,size=3,scales=2").build()
        self.layers, self.style_loss = self.inner.layers, self.inner.style_loss
        self.content_layers, self.style_layers = self.inner.content_layers, self.inner.style_layers
    def __call__(self, images):
        return self.inner(images)
    def select(self, layers):
        features = self.inner.select(layers)
        def see(images):
            print("drawing")
            return features(images)
        return see
"""


def test_what_a_plugins_network_prints_is_no_part_of_a_result(gantool, folder):
    flat = "flat = self.colour"
    (folder / "flat_plugin.py").write_text(PLUGIN.replace(flat, f"print('drawing'); {flat}") + TALKER)
    Image.new("RGB", (24, 16), "red").save("photo.png")
    ours = ("--plugins-dir", folder, "--json")
    train = ("train", "--arch", "flat", "--device", "cpu", "--data", "stripes", "--resolution", "8", "-q", *ours)
    stylize = ("stylize", "photo.png", "photo.png", "--extractor", "talker", "--steps", "1", "--size", "16", "-q")
    for words in (
        (*train, "--dry-run"),
        (*train, "--images", "8", "--name", "one"),
        ("sample", "runs/one", "-n", "2", *ours),
        ("interpolate", "runs/one", "--frames", "4", "-o", "walk.png", *ours),
        (*stylize, "-o", "drawn.png", *ours),
    ):
        ended = gantool(*words)
        assert ended.code == 0, ended.err
        assert isinstance(json.loads(ended.out), dict), words
        assert "drawing" in ended.err
