import json
import shutil
from pathlib import Path

import pytest

from gantool.cli.report import renew
from made_runs import made_run

MLP = (
    "--arch",
    "mlp:generator_hidden=8,discriminator_hidden=8",
    "--resolution",
    "8",
    "--device",
    "cpu",
    "--batch",
    "4",
)
FIXED = ("--precision", "float32", "--layout", "contiguous", "--data", "shapes:count=16", "--images", "64")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(here) -> Path:
    """A run in the usual place."""
    return made_run(Path("runs/one"))


def test_training_leaves_a_report_with_reasons_and_the_command_that_repeats_the_run(gantool) -> None:
    ended = gantool("train", *MLP, *FIXED, "--name", "one", "--lr", "0.001")
    assert "Report: runs/one/report.html" in ended.err
    page = Path("runs/one/report.html").read_text()
    assert "the recipe of mlp" in page
    assert "<code>--lr</code></th><td><code>0.001</code></td><td>given</td>" in page
    repeated = page.partition("gantool train --config ")[2].partition("<")[0]
    assert gantool("train", "--config", repeated, "--name", "again", "--log", "report:off=yes").code == 0
    one, again = (Path("runs", name, "metrics.jsonl").read_text() for name in ("one", "again"))
    assert [line for line in one.splitlines() if "swd" in line] == [
        line for line in again.splitlines() if "swd" in line
    ]
    assert not Path("runs/again/report.html").exists()


def test_the_command_makes_the_report_of_a_run_that_is_named(gantool, run) -> None:
    ended = gantool("report", "one")
    assert (ended.code, ended.out) == (0, "runs/one/report.html\n")
    assert "the recipe" in (run / "report.html").read_text()


def test_runs_are_compared_and_a_file_is_not_replaced_by_mistake(gantool, run, monkeypatch) -> None:
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    made_run(Path("runs/two"), seed=5)
    ended = gantool("report", "runs/one", "runs/two", "--json", "--open")
    assert json.loads(ended.out) == {"files": ["comparison.html"], "runs": ["runs/one", "runs/two"]}
    assert opened == [Path("comparison.html").absolute().as_uri()]
    assert "--seed" in Path("comparison.html").read_text()
    again = gantool("report", "one", "two")
    assert again.code == 2
    assert "comparison.html is there already" in again.err
    assert gantool("report", "one", "two", "--overwrite").code == 0
    assert gantool("report", "one", "-o", "page.html").out == "page.html\n"


def test_runs_whose_folders_have_the_same_name_are_told_apart_by_the_folders_above(gantool, run) -> None:
    made = Path("here/one")
    shutil.copytree(Path(__file__).parents[1] / "fixtures" / "runs" / "dcgan", made)
    (made / "evaluations.jsonl").write_text('{"images_seen": 256, "n": 64, "values": {"kid": {"kid": 0.125}}}')
    shutil.copytree(made, "there/one")
    twice = ("here/one", Path("here/one").absolute())
    assert gantool("report", *twice, "there/one", run).out == "comparison.html\n"
    page = Path("comparison.html").read_text()
    for name in ("here/one", "there/one", "runs/one"):
        assert f"<h3>{name}</h3>" in page
    assert page.count('<td class="number">0.125') == 2
    assert gantool("report", *twice).out == "here/one/report.html\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("onn",), "runs/onn is no run folder (no config.toml). Did you mean 'one'?"),
        (("one", "-o", "page.pdf"), "page.pdf: a report is a page, so its name ends with .html."),
        (("one", "-o", "runs/one/config.toml/x.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(gantool, run, words, says) -> None:
    ended = gantool("report", *words)
    assert ended.code == 2
    assert says in ended.err


def test_a_picture_is_no_run_and_no_flag_is_advised_that_report_lacks(gantool, run) -> None:
    (run / "grid.png").touch()
    ended = gantool("report", run / "grid.png")
    assert ended.err.startswith(f"Error: {run / 'grid.png'} is no run folder (no config.toml).")
    assert "--data" not in ended.err


def test_a_checkpoint_and_the_best_mean_their_run(gantool, run) -> None:
    (run / "checkpoints" / "000000064").mkdir(parents=True)
    for place in (run / "checkpoints" / "000000064", run / "best"):
        assert gantool("report", str(place)).out.endswith("runs/one/report.html\n")


def test_a_damaged_configuration_is_said_in_a_sentence(gantool, run) -> None:
    (run / "config.toml").write_text("arch = 5 5")
    ended = gantool("report", "one")
    assert ended.code == 1
    assert "The run runs/one cannot be read: runs/one/config.toml is not valid TOML" in ended.err


def test_an_evaluation_is_in_the_report_of_its_run_at_once(here) -> None:
    run = Path("runs/dcgan")
    shutil.copytree(Path(__file__).parents[1] / "fixtures" / "runs" / "dcgan", run)
    (run / "evaluations.jsonl").write_text('{"images_seen": 256, "n": 64, "values": {"kid": {"kid": 0.125}}}')
    renew([str(run)])
    assert not (run / "report.html").exists()  # there was none that could be out of date
    (run / "report.html").write_text("of before")
    renew([str(run), str(run)])
    assert "64 samples of the model at 256 images" in (run / "report.html").read_text()


def test_a_report_that_cannot_be_renewed_is_a_warning(here, monkeypatch, capsys) -> None:
    run = Path("runs/dcgan")
    shutil.copytree(Path(__file__).parents[1] / "fixtures" / "runs" / "dcgan", run)
    (run / "report.html").write_text("of before")
    (run / "config.toml").write_text("arch = ")
    renew([str(run)])
    assert "The report of runs/dcgan stays as it was." in capsys.readouterr().err
