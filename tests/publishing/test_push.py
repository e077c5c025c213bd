"""`gantool push`: what leaves the machine, what the card says, and that the model comes back the same."""

import json
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import pytest

import gantool as face
from gantool.engine.model_file import ModelCard, Origin, load_generator
from gantool.engine.run_names import EVALUATIONS
from gantool.publishing.contents import contents
from gantool.sampling import remote
from gantool.sampling.directions import directions_file
from gantool.sampling.shared_card import shared
from gantool.testing import write_untrained
from hub_server import serving, unreachable
from made_runs import made_run


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty Hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setenv("HF_TOKEN", "hf_nobody")
    remote.fetched.cache_clear()
    remote.fetch_discriminator.cache_clear()
    with serving() as made:
        monkeypatch.setenv("HF_ENDPOINT", made.address)
        yield made
    remote.fetched.cache_clear()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run on secret pictures, with an evaluation and its sheet."""
    monkeypatch.chdir(tmp_path)
    folder = made_run(
        Path("runs/pets"), arch="dcgan:width=4,latent=6", data="folder:path=/home/ann/secret/photos", ema=500
    )
    write_untrained(folder / "generator.safetensors", "dcgan:width=4,latent=6", resolution=16)
    seen = face.load("runs/pets", "cpu").card.images_seen
    line = {
        "images_seen": seen, "n": 100, "seed": 0, "data": "folder:path=/home/ann/secret/photos", "extractor": "random",
        "verdict": "Samples | look <b>odd</b>.", "metrics": {"kid": "kid"}, "titles": {"kid": {"kid": "KID"}},
        "values": {"kid": {"kid": 0.25}}, "reference": {"kid": {"kid": 0.01}},
    }  # fmt: skip
    (folder / EVALUATIONS).write_text(json.dumps(line) + "\n")
    (folder / "evaluations").mkdir()
    (folder / "evaluations" / "000000.png").write_bytes(b"pairs with pictures of the data")
    return "runs/pets"


def test_a_model_is_pushed_and_comes_back_the_same(hub, run, gantool):
    assert gantool("directions", run, "-n", "2").code == 0
    done = gantool("push", run, "ann/pets", "--license", "cc-by-4.0", "--private")
    assert done.code == 0, (done.err, hub.asked)
    assert done.out == "hf://ann/pets\n"
    assert hub.private["ann/pets"]
    assert sorted(hub.files["ann/pets"]) == [
        "README.md", "directions.safetensors", "generator.safetensors", "samples.png",
    ]  # fmt: skip
    assert gantool("sample", "hf://ann/pets", "--seeds", "7", "-o", "theirs.png").code == 0
    assert gantool("sample", run, "--seeds", "7", "-o", "ours.png").code == 0
    assert Path("theirs.png").read_bytes() == Path("ours.png").read_bytes()
    assert gantool("sample", "hf://ann/pets", "--seeds", "7", "--move", "2:+1", "-o", "moved.png").code == 0


@pytest.mark.long
def test_a_discriminator_is_sent_on_demand_alone_and_a_new_run_begins_with_it(hub, tmp_path, monkeypatch, gantool):
    monkeypatch.chdir(tmp_path)
    untimed = ("--images", "32", "--precision", "float32", "--layout", "channels_last", "--convolutions", "direct")
    settings = ("--data", "shapes:count=40", "--batch", "8", "--device", "cpu", *untimed)
    own = ("--arch", "dcgan:width=4,latent=6", "--resolution", "16", "--augment", "none", "--name", "own", "-q")
    assert gantool("train", *own, *settings).code == 0
    shown = ("--init", "hf://ann/pets", *settings, "--dry-run", "--json")
    assert gantool("push", "runs/own", "ann/pets", "--license", "mit").code == 0
    without = gantool("train", *shown)
    assert json.loads(without.out)["taken"][1] == "Discriminator: all 848 parameters are new"
    remote.fetched.cache_clear()
    remote.fetch_discriminator.cache_clear()
    assert gantool("push", "runs/own", "ann/pets", "--license", "mit", "--discriminator").code == 0
    assert "generator-discriminator.safetensors" in hub.files["ann/pets"]
    both = gantool("train", *shown)
    assert json.loads(both.out)["taken"][1] == "Discriminator: all 848 parameters taken"
    asked = len(hub.asked)
    remote.fetched.cache_clear()
    assert gantool("sample", "hf://ann/pets", "--seeds", "1", "-o", "one.png").code == 0
    assert "generator.safetensors" in " ".join(hub.asked[asked:])
    assert not any("discriminator" in line for line in hub.asked[asked:])
    longer = ("--resume", "runs/own", "--images", "64", "-q")
    assert gantool("train", *longer).code == 0
    assert gantool("push", "runs/own", "ann/pets", "--license", "mit").code == 0
    remote.fetched.cache_clear()
    remote.fetch_discriminator.cache_clear()
    later = gantool("train", *shown)  # the former model's discriminator is not there any more
    assert json.loads(later.out)["taken"] == json.loads(without.out)["taken"]
    former = Path("runs/own/checkpoints/000000032/ema.safetensors")
    Path("runs/own/generator.safetensors").write_bytes(former.read_bytes())
    unlike = gantool("push", "runs/own", "ann/pets", "--license", "mit", "--discriminator")
    assert "The model of runs/own has seen 32 images, its discriminator 64: give the checkpoint" in unlike.err
    assert "runs/own/checkpoints/000000064, which has both" in unlike.err


def test_a_model_without_discriminator_is_told_of_when_it_is_to_be_sent(hub, run, gantool):
    done = gantool("push", run, "ann/pets", "--license", "mit", "--discriminator")
    assert done.code == 1
    assert "runs/pets has no discriminator: leave --discriminator out" in done.err
    file = f"{run}/generator.safetensors"
    done = gantool("push", file, "ann/pets", "--license", "mit", "--discriminator")
    assert f"{file} has no discriminator: give the run runs/pets, whose checkpoints may have one, or leave" in done.err
    assert hub.asked == []


def test_directions_of_an_earlier_model_do_not_stay_beside_a_later_one(hub, run, gantool):
    assert gantool("directions", run, "-n", "2").code == 0
    assert gantool("push", run, "ann/pets", "--license", "mit").code == 0
    directions_file(run).unlink()
    assert gantool("push", run, "ann/pets", "--license", "mit").code == 0
    assert sorted(hub.files["ann/pets"]) == ["README.md", "generator.safetensors", "samples.png"]


def test_a_card_that_somebody_edited_on_the_hub_is_kept_and_one_that_nobody_did_is_replaced(hub, run, gantool):
    words = ("push", run, "ann/pets", "--license")
    assert gantool(*words, "mit").code == 0
    sent = hub.files["ann/pets"]["README.md"]  # as an editor may leave it that changes no word
    hub.files["ann/pets"]["README.md"] = b"\xef\xbb\xbf" + sent.replace(b"\n", b"\r\n") + b"\r\n"
    untouched = gantool(*words, "cc-by-4.0")
    card = hub.files["ann/pets"]["README.md"]
    assert b"license: cc-by-4.0" in card
    assert "kept" not in untouched.err
    for edited in (card.replace(b"A generator", b"My generator"), b"license: mit\nMine."):
        hub.files["ann/pets"]["README.md"] = edited
        done = gantool(*words, "mit", "--json")
        assert done.code == 0, done.err
        assert hub.files["ann/pets"]["README.md"] == edited
        assert "The card of ann/pets was edited on the Hub and is kept. To have the one by gantool" in done.err
        told = json.loads(done.out)
        assert told["card_kept"]
        assert sorted(told["files"]) == ["generator.safetensors", "samples.png"]
    hub.files["ann/pets"]["README.md"] = b"---\nlicense: mit\n---\n"  # as the Hub itself writes it
    assert gantool(*words, "other").out == "hf://ann/pets\n"
    assert b"license: other" in hub.files["ann/pets"]["README.md"]


def test_a_private_model_is_not_sent_to_a_repository_that_is_public(hub, run, gantool):
    hub.files["ann/pets"], hub.private["ann/pets"] = {}, False
    done = gantool("push", run, "ann/pets", "--license", "mit", "--private")
    assert done.code == 2
    assert "everybody can read it: nothing was sent" in done.err
    assert hub.files["ann/pets"] == {}
    hub.private["ann/pets"] = True
    assert gantool("push", run, "ann/pets", "--license", "mit", "--private").code == 0
    assert "generator.safetensors" in hub.files["ann/pets"]


def test_no_file_that_is_sent_names_a_place_of_this_machine(run):
    file = Path(run) / "generator.safetensors"
    weights, card = load_generator(file)
    begun = Origin(model="/home/ann/secret/first", sha256="1" * 64, images_seen=1)
    face.save_generator(file, weights, card.model_copy(update={"began_with": begun}))
    found = face.find_directions(face.load(run, "cpu"), count=2)
    about = found.card.model_copy(update={"architecture": "dcgan:width=/home/ann/secret/x"})
    face.save_directions(directions_file(run), replace(found, card=about))
    sent = contents(run, "ann/pets", "mit")
    assert sorted(sent) == ["README.md", "directions.safetensors", "generator.safetensors", "samples.png"]
    assert not [name for name, content in sent.items() if b"/home" in content or b"secret" in content]
    theirs = Path("theirs.safetensors")
    theirs.write_bytes(sent["generator.safetensors"])
    directions_file(theirs).write_bytes(sent["directions.safetensors"])
    face.load_directions(directions_file(theirs)).check_model(face.load(theirs, "cpu"))


def test_a_shared_card_keeps_the_extractor_that_flatters_the_model():
    begun = Origin(model="/home/ann/first", sha256="1" * 64, images_seen=1, learnt_by="means")
    card = ModelCard(architecture="a", resolution=8, channels=3, images_seen=0, began_with=begun)
    assert shared(card).began_with == Origin(model="", sha256="", images_seen=0, learnt_by="means")
    assert shared(card.model_copy(update={"began_with": begun.model_copy(update={"learnt_by": ""})})).began_with is None


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ("a:weights=/home/ann/x.pt,width=4", "a:weights=x.pt,width=4"),
        ('a:weights="C:\\ann\\x, y.pt"', 'a:weights="x, y.pt"'),
        ("a:files=~/b.pt+../c.pt,latent=none", "a:files=b.pt+c.pt,latent=none"),
        ("a", "a"),
    ],
)
def test_options_of_a_shared_card_name_files_without_their_folders(own, theirs):
    card = ModelCard(architecture=own, resolution=8, channels=3, images_seen=0)
    assert shared(card).architecture == theirs


def test_a_dry_run_sends_nothing_and_shows_files_and_card(hub, run, gantool):
    done = gantool("push", run, "ann/pets", "--license", "mit", "--dry-run")
    assert done.code == 0, done.err
    assert hub.asked == []
    assert done.out.splitlines()[0].startswith("generator.safetensors  ")
    told = json.loads(gantool("push", run, "ann/pets", "--license", "mit", "--dry-run", "--json").out)
    assert sorted(told["files"]) == ["README.md", "generator.safetensors", "samples.png"]
    card = told["card"]
    assert card.startswith("---\nlicense: mit\nlibrary_name: gantool\n")
    assert "gantool sample hf://ann/pets --grid" in card
    assert "--seeds 7 --move" not in card
    assert 'gantool.load("hf://ann/pets")' in card
    assert "| KID | 0.25 | 0.01 |" in card
    assert r"Samples \| look &lt;b>odd&lt;/b>." in card
    assert "| `--ema` | 500 |" in card
    assert "Trained on photos." in card
    assert "secret" not in card
    assert "/home" not in card


def test_a_card_has_the_numbers_against_the_data_of_the_run_or_says_against_which_they_are(run):
    file = Path(run, EVALUATIONS)
    own = json.loads(file.read_text())
    foreign = own | {"data": "shapes:count=9", "n": 2000, "values": {"kid": {"kid": 0.75}}}
    file.write_text(json.dumps(own) + "\n" + json.dumps(foreign) + "\n")
    card = contents(run, "ann/pets", "mit")["README.md"].decode()
    assert "100 samples and as many pictures of the data, by random.\n" in card
    assert "0.75" not in card
    file.write_text(json.dumps(foreign) + "\n")
    card = contents(run, "ann/pets", "mit")["README.md"].decode()
    assert "2,000 samples and as many pictures of shapes, by random. The model was trained on other data.\n" in card
    assert "| value | samples | other pictures of shapes |" in card


def test_a_file_outside_any_run_has_a_short_card(hub, tmp_path, gantool):
    path = write_untrained(
        tmp_path / "a.safetensors", "dcgan:width=4,latent=6", resolution=16, class_names=("a|b", "c")
    )
    told = json.loads(gantool("push", path, "ann/pets", "--license", "other", "--dry-run", "--json").out)
    assert r"Classes: a\|b, c." in told["card"]
    assert "## Training" not in told["card"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ann/pets",), "Under which licence"),
        (("ann/pets", "--license", "my own: licence"), "the Hub's short names"),
        (("pets", "--license", "mit"), "A repository is OWNER/NAME"),
    ],
)
def test_what_is_missing_is_asked_for_before_anything_is_read(hub, gantool, words, why):
    done = gantool("push", "no/such/run", *words)
    assert done.code == 2
    assert why in done.err
    assert hub.asked == []


def test_a_hub_that_is_not_there_or_refuses_is_told(hub, run, gantool, monkeypatch):
    hub.refuses = 403
    done = gantool("push", run, "ann/pets", "--license", "mit")
    assert done.code == 1
    assert "hf auth login" in done.err
    unreachable(monkeypatch)
    done = gantool("push", run, "ann/pets", "--license", "mit")
    assert done.code == 1
    assert "cannot be pushed to" in done.err
    assert "Look at the connection to http://127.0.0.1:9, and repeat the command." in done.err
