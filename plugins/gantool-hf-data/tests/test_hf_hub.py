"""Data sets of a Hub on the loopback: what is chosen, downloaded, kept for when there is no connection, and told."""

from types import SimpleNamespace

import pytest
from data_hub import serving_data
from parquet_sets import labelled

import gantool
from gantool import commands
from gantool_hf_data import HubOptions, settling, streaming
from gantool_hf_data.sources import hub as build
from gantool_hf_data.sources import hub_files

SETTING = gantool.Setting(8, 3, 4, 100, lambda: 20)
COPY = "refs/convert/parquet"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub with one data set in two files of its Parquet copy; the client's cache is of this test alone."""
    import huggingface_hub.constants as constants

    with serving_data() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        parts = [labelled(tmp_path / "made" / f"{part}.parquet", 10, 10 * part) for part in range(2)]
        served.sets["me/cats"] = {
            COPY: {f"default/train/000{part}.parquet": path.read_bytes() for part, path in enumerate(parts)},
            "main": {"README.md": b"Cats", "pictures.zip": b"..."},
        }
        forget()
        yield served
        forget()


def forget():
    """As in a new process."""
    settling._listed.cache_clear()


def built(**options):
    return build(HubOptions(**{"name": "me/cats", **options}), 8, 3)


def downloads(hub):
    return [line for line in hub.asked if line.startswith("GET /datasets/")]


def test_the_parquet_copy_is_downloaded_once_and_then_needs_no_hub(hub, monkeypatch):
    source = built()
    assert len(source) == 20
    assert source.class_names == ("cat", "dog")
    assert len(downloads(hub)) == 2
    hub.asked.clear()
    forget()
    assert built().fingerprint == source.fingerprint
    assert downloads(hub) == []
    hub.asked.clear()
    forget()
    monkeypatch.setattr(settling, "_asked", no_connection)
    assert built().fingerprint == source.fingerprint
    commit = hub.commit("me/cats", COPY)
    assert built(rev=commit, config="default").fingerprint == source.fingerprint
    assert hub.asked == []
    with pytest.raises(gantool.DataError, match=r"The Hub cannot be reached \(ConnectionError\), and me/dogs was not"):
        built(name="me/dogs")


def no_connection(*_):
    raise ConnectionError("no route")


def test_a_run_is_pinned_to_the_commit_of_its_beginning(hub, tmp_path):
    before = built().fingerprint
    options, why = settling.pinned(HubOptions(name="me/cats"), SETTING)
    commit = hub.commit("me/cats", COPY)
    assert (options.commit, options.config) == (commit, "default")
    assert why == f"the data set as it is now, commit {commit[:7]}"
    assert settling.pinned(options, SETTING) == (options, "")
    old = dict(hub.sets["me/cats"][COPY])
    hub.sets["me/cats"]["old"] = old
    hub.sets["me/cats"][COPY] = {"default/train/0000.parquet": labelled(tmp_path / "new.parquet", 4).read_bytes()}
    forget()
    assert len(built()) == 4
    assert build(options, 8, 3).fingerprint == before


@pytest.mark.parametrize("name", ["me/cats", "datasets/me/cats", "//datasets/me/cats", "me/cats/"])
def test_a_data_set_is_named_as_on_its_page(name):
    assert HubOptions(name=name).name == "me/cats"


def test_an_address_of_the_hub_is_read_as_it_is(hub):
    assert len(commands.open_source("hf://datasets/me/cats", 8)) == 20
    assert len(commands.open_source("hf:me/cats,split=train", 8)) == 20
    with pytest.raises(gantool.UsageError, match=r"gantool-hf-data reads: --data hf:me/cats\."):
        commands.open_source("https://huggingface.co/datasets/me/cats/viewer", 8)
    with pytest.raises(gantool.OptionError, match="a data set of the Hub is OWNER/NAME, and rev="):
        commands.open_source("hf:me/cats@main", 8)


def test_a_large_set_is_read_by_ranges_and_not_kept(hub, tmp_path):
    files = hub_files(HubOptions(name="me/cats", keep=0))
    assert "more than keep=0" in files.notes[0]
    source = built(keep=0)
    assert len(source) == 20
    assert not list((tmp_path / "hub").rglob("*.parquet"))
    assert source.fingerprint == built().fingerprint


@pytest.fixture
def impatient(monkeypatch):
    """Neither this plugin nor the client pauses before it tries again."""
    from huggingface_hub.utils import _http

    monkeypatch.setattr(streaming, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda _: None))


@pytest.mark.parametrize("ill", [0.0, 0.5])
def test_a_connection_that_breaks_in_a_stream_is_tried_again(hub, impatient, ill):
    whole = built(keep=0)
    files = hub_files(HubOptions(name="me/cats", keep=0))
    hub.ills = [ill] * 2
    assert [one.name for group in range(6) for one in files.read(group)][::19] == [
        "default/train/0000.parquet row 0 (0.png)",
        "default/train/0001.parquet row 9 (19.png)",
    ]
    assert hub.ills == []
    assert built(keep=0).fingerprint == whole.fingerprint


@pytest.mark.parametrize(
    ("ill", "told"),
    [
        (0.5, "could not be read in 3 trials, the last time: RemoteProtocolError: peer closed"),
        (403, "could not be read: HfHubHTTPError: 403 Forbidden"),
    ],
)
def test_a_stream_that_stays_broken_ends_in_a_sentence_and_leaves_out_no_row(hub, impatient, ill, told):
    files = hub_files(HubOptions(name="me/cats", keep=0))
    hub.always = ill
    again = r".*The same command tries again; a larger keep= downloads the files first\.$"
    named = r"default/train/0001\.parquet of hf:me/cats,config=default,split=train, at row 4, "
    with pytest.raises(gantool.DataError, match=f"^{named}{told}{again}"):
        list(files.read(4))
    with pytest.raises(gantool.DataError, match=rf"^default/train/0000\.parquet {told}{again}"):
        built(keep=0)


def test_picture_files_are_not_read_without_a_cache(hub, gantool_cli):
    ended = gantool_cli("train", "--data", "hf:me/cats", "--resolution", "8", "--no-cache", "--dry-run")
    assert ended.code == 2
    assert "gantool data shard hf:name=me/cats -o shards --resolution 8" in ended.err


def test_splits_and_configurations_are_found_or_listed(hub, tmp_path):
    content = labelled(tmp_path / "more.parquet", 3).read_bytes()
    copy = hub.sets["me/cats"][COPY]
    copy["default/test/0000.parquet"] = content
    assert len(built(split="test")) == 3
    forget()
    with pytest.raises(gantool.DataError, match=r"has no split 'val'; it has test, train: hf:me/cats,split=test\."):
        built(split="val")
    hub.sets["me/cats"][COPY] = {f"{config}/train/0000.parquet": content for config in ("big", "small")}
    forget()
    with pytest.raises(gantool.DataError, match="several configurations, big, small: name one, as hf:me/cats,config=b"):
        built()
    assert len(built(config="small")) == 3
    with pytest.raises(gantool.DataError, match="has no configuration 'tiny'; it has big, small"):
        built(config="tiny")


def test_files_of_its_own_are_used_where_there_is_no_whole_copy(hub, tmp_path):
    content = labelled(tmp_path / "more.parquet", 3).read_bytes()
    own = {f"data/train-0000{part}-of-00002-abcdef.parquet": content for part in range(2)}
    hub.sets["me/own"] = {"main": own}
    assert len(built(name="me/own")) == 6
    hub.sets["me/own"][COPY] = {"default/partial-train/0000.parquet": content}
    forget()
    assert len(built(name="me/own")) == 6
    del hub.sets["me/own"]["main"]
    hub.sets["me/own"]["main"] = {"pictures.zip": b"..."}
    forget()
    files = hub_files(HubOptions(name="me/own"))
    assert files.groups == [3]
    assert "copied only the first part of me/own" in files.notes[0]


def test_what_is_not_there_is_a_sentence(hub, tmp_path):
    with pytest.raises(gantool.DataError, match="There is no data set me/dogs on the Hub, or it is private: then"):
        built(name="me/dogs")
    for gated in ("me/cats", "files of me/cats"):
        hub.gated = {gated}
        forget()
        with pytest.raises(gantool.DataError, match=r"gated: accept its terms on https://huggingface\.co/datasets/me/"):
            built()
    hub.gated.clear()
    with pytest.raises(gantool.DataError, match="me/cats has no revision v2 on the Hub"):
        built(rev="v2")
    with pytest.raises(gantool.DataError, match="neither a Parquet copy on the Hub nor Parquet files of its own"):
        built(rev="main")
    known = hub.sets["me/cats"][COPY]
    settling.listed(HubOptions(name="me/cats"))
    del known["default/train/0001.parquet"]
    with pytest.raises(gantool.DataError, match=r"0\.parquet of me/cats cannot be downloaded \(Repo"):
        built()


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("default/train/0000.parquet", ("default", "train", False)),
        ("big/partial-test/0007.parquet", ("big", "test", True)),
        ("plain_text/cifar10-train-00000-of-00002.parquet", ("plain_text", "train", False)),
        ("data/train-00000-of-00005-6221.parquet", ("default", "train", False)),
        ("data/0000.parquet", ("default", "train", False)),
        ("mnist/test-00000-of-00001.parquet", ("mnist", "test", False)),
        ("pictures.parquet", ("default", "train", False)),
        ("val/pictures.parquet", ("default", "validation", False)),
        ("en/dev.parquet", ("en", "validation", False)),
    ],
)
def test_paths_as_the_hub_and_datasets_write_them(path, found):
    assert settling._read_path(path) == found


def test_a_kept_listing_that_is_damaged_is_asked_for_again(hub):
    built()
    for file in gantool.cache_folder().glob("hub-*.json"):
        file.write_text("{")
    forget()
    assert len(built(rev=hub.commit("me/cats", COPY))) == 20


@pytest.mark.parametrize("data", ["hf:me/cats", "hf:me/cats,rev=live", "hf:me/cats,rev=live,config=default"])
def test_a_run_keeps_its_commit_and_resumes_on_it_when_the_data_set_has_changed(hub, tmp_path, gantool_cli, data):
    quick = ("--arch", "mlp", "--resolution", "8", "--batch", "4", "--device", "cpu", "--precision", "float32", "-q")
    branch = "live" if "live" in data else COPY
    hub.sets["me/cats"]["live"] = hub.sets["me/cats"][COPY]
    run = ("--data", data, "--labels", "--name", "cats", "--out", str(tmp_path / "runs"))
    done = gantool_cli("train", *quick, *run, "--images", "8")
    assert done.code == 0, done.err
    commit = hub.commit("me/cats", branch)
    assert f"commit={commit}" in (tmp_path / "runs" / "cats" / "config.toml").read_text()
    hub.sets["me/cats"]["before"] = hub.sets["me/cats"][COPY]
    hub.sets["me/cats"][branch] = {"default/train/0000.parquet": labelled(tmp_path / "new.parquet", 4).read_bytes()}
    forget()
    done = gantool_cli("train", *quick, *run, "--images", "16")
    assert done.code == 0, done.err
