"""benchmarks/recipes/grid.py: cells of equal processor time, each trained once; its table says what is apart."""

import json
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import typer
from PIL import Image

from gantool.cli.app import app
from gantool.cli.settings import flag_names
from gantool.errors import GantoolError, UsageError
from gantool.plugins.host import PluginHost
from gantool.run.resolve import resolve

FOLDER = Path(__file__).parents[2] / "benchmarks" / "recipes"
ROOT = typer.main.get_command(app)
COMMAND = ROOT.get_command(typer.Context(ROOT), "train")
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processor times from /proc")


@pytest.fixture(scope="module")
def bench():
    pytest.importorskip("resource", reason="limits processor time as POSIX has it")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import cells
        import grid
        import grid_runs
        import grid_table
        import training_time

        yield SimpleNamespace(
            cells=cells, grid=grid, runs=grid_runs, table=grid_table, time=training_time, main=grid.main
        )


@pytest.mark.parametrize(("file", "device"), [("grid.toml", "cpu"), ("grid_gpu.toml", "cuda")])
def test_every_variant_is_understood_and_no_two_are_the_same(file, device, bench, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("gantool.run.resolve.pick_device", lambda name: torch.device(device))
    np.save(tmp_path / "300.npy", np.zeros((300, 64, 64, 3), np.uint8))
    host = PluginHost(third_party=False, environ={})
    variants, missing = bench.cells.read_variants(FOLDER / file, set(host.specs("architecture")))
    assert {variant.architecture for variant in variants} == set(host.specs("architecture"))
    assert missing == ["fastgan", "projected"]
    found = {}
    for variant in variants:
        cell = bench.cells.Cell("p", str(tmp_path / "300.npy"), 0, 2, 0, variant, 1, ("--resolution", "64"))
        context = COMMAND.make_context("train", cell.command())
        asked = {name: value for name in flag_names() if (value := context.params[name])}
        config = resolve(host, asked)
        assert (config.images, config.snapshot_every, config.seed) == (bench.cells.FAR, 10**9, 1)
        assert found.setdefault(config.model_dump_json(), variant) is variant


def variant(bench, fitted=False, flags=()):
    return bench.cells.Variant("mlp", "default", tuple(flags), fitted)


def test_the_list_has_the_commands_and_their_time(bench, tmp_path, capsys) -> None:
    asked = ["--work", str(tmp_path / "new"), "--data", "photos=photos.zip", "--pictures", "100,4k"]
    assert bench.main([*asked, "--only", "dcgan", "--list", "--", "--resolution", "32"]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 * 2 * 3 * 3
    assert "162 cells, 8,316 processor minutes of training (69.3 hours on 2 cores)" in total
    assert not (tmp_path / "new").exists()
    stopped = next(line for line in lines if line.startswith("photos-100-15min-dcgan-width-64-1: "))
    assert "--data photos.zip:count=100 --arch dcgan --resolution 32 --arch dcgan:width=64 --images 10" in stopped
    assert stopped.endswith("# stopped after 30 processor minutes")
    fitted = next(line for line in lines if line.startswith("photos-4000-60min-dcgan-cosine-3: "))
    assert "--minutes 120" in fitted
    assert "--images" not in fitted
    assert bench.main([*asked, "--images", "50k", "--seeds", "1", "--only", "cosine", "--list"]) == 0
    by_images = capsys.readouterr().out
    assert by_images.count("--images 50000 ") == 2
    assert "2 cells, 100,000 images" in by_images


def test_what_is_no_grid_is_said(bench, tmp_path, capsys) -> None:
    asked = ["--work", str(tmp_path), "--list"]
    assert bench.main([*asked, "--data", "photos.zip"]) == 2
    assert "write NAME=SOURCE" in capsys.readouterr().err
    assert bench.main([*asked, "--data", "a=b", "--minutes", "2;15"]) == 2
    assert "--minutes 2;15 is no list of numbers" in capsys.readouterr().err
    assert bench.main([*asked, "--data", "a=b", "--only", "dgcan"]) == 2
    assert "has 'dgcan' in its name. There are: mlp-default" in capsys.readouterr().err
    file = tmp_path / "own.toml"
    for text, why in {
        "[mlp.variants]\nbatch = '--batch 8'": "the first variant of mlp is not default",
        "[mlp]\nfitted = ['cosin']\n[mlp.variants]\ndefault = ''": "mlp has no variant cosin",
        "[mlp": "cannot be read as a grid",
    }.items():
        file.write_text(text)
        with pytest.raises(UsageError, match=why):
            bench.cells.read_variants(file, {"mlp"})


def test_a_part_of_a_source_is_its_option_count(bench) -> None:
    assert bench.cells.part_of("photos", 0) == "photos"
    assert bench.cells.part_of("C:/photos.zip", 300) == "C:/photos.zip:count=300"
    assert bench.cells.part_of("folder:path=photos,fit=pad", 300) == "folder:path=photos,fit=pad,count=300"


class Fakes:
    """Trainings that see a hundred images in a second, and evaluations by which KID is 2."""

    def __init__(self, bench, patch):
        self.trained, self.exit_code, self.most_seconds, self.planned = [], 143, 1e9, 6000
        self._session = bench.time.Session
        patch.setattr(bench.runs, "train", self.train)
        patch.setattr(bench.runs, "gantool", self.gantool)

    def train(self, words, run, log, limit, stop):
        self.trained.append((list(words), limit))
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("It broke.")
        if self.exit_code in (0, 143):
            (run / "checkpoints" / "000000100").mkdir(parents=True, exist_ok=True)
            (run / "checkpoints" / "000000100" / "state.safetensors").touch()
        if self.most_seconds < limit < 1e9:  # Ctrl-C comes before the end
            stop.set()
        images = int(words[words.index("--images") + 1]) if "--images" in words else 0
        code = 0 if limit == float("inf") and self.exit_code == 143 else self.exit_code
        return self._session(code, min(limit, images / 100 if code == 0 else self.most_seconds), 7.0)

    def gantool(self, *words):
        if "--dry-run" in words:
            return json.dumps({"config": {"images": self.planned}})
        values = {"kid": {"kid": 0.002, "kid_error": 0.0005}, "swd": {"swd": 0.5}}
        found = {"values": values, "reference": values, "extractor": "random:size=7"}
        return json.dumps({"evaluations": [found]})


@pytest.fixture
def fakes(bench, monkeypatch):
    made = Fakes(bench, monkeypatch)
    monkeypatch.setattr(
        bench.runs, "checkpoint",
        SimpleNamespace(
            newest=lambda run: max((run / "checkpoints").glob("*"), default=None), images_of=lambda path: int(path.name)
        ),
    )  # fmt: skip
    return made


def test_a_cell_is_trained_once_and_again_where_its_settings_change(bench, fakes, tmp_path) -> None:
    def row(flags=(), judge=None):
        cell = bench.cells.Cell("p", "photos", 50, 1, 0, variant(bench, flags=flags), seed=1)
        grid = bench.runs.Grid(tmp_path, judge or bench.runs.Judge())
        grid.run([cell], jobs=1)
        (found,) = grid.rows([cell])
        assert grid.left([cell]) == []
        return found

    found = row()
    assert (found["processor_minutes"], found["images_seen"]) == (2, 100)
    assert found["values"] == {"KID x 1000": 2, "SWD": 0.5}
    assert found["errors"] == {"KID x 1000": 0.5}
    assert [limit for _, limit in fakes.trained] == [120]
    row()
    assert len(fakes.trained) == 1
    assert row(judge=bench.runs.Judge(samples=7))["judged"][3] == "7"
    assert len(fakes.trained) == 1  # judged anew, not trained anew
    row(flags=("--batch", "8"))
    assert len(fakes.trained) == 2
    assert "--resume" not in fakes.trained[1][0]


def test_a_stopped_cell_goes_on_with_the_time_it_has_left(bench, fakes, tmp_path) -> None:
    cell = bench.cells.Cell("p", "photos", 0, 1, 0, variant(bench), seed=1)
    fakes.most_seconds = 50
    with pytest.raises(bench.runs.StoppedError):
        bench.runs.Grid(tmp_path, bench.runs.Judge()).run([cell], jobs=1)
    fakes.most_seconds = 1e9
    grid = bench.runs.Grid(tmp_path, bench.runs.Judge())
    assert grid.left([cell]) == [cell]
    grid.run([cell], jobs=1)
    assert fakes.trained[1] == (["--resume", str(tmp_path / "runs" / cell.name)], 70)
    (row,) = grid.rows([cell])
    assert (row["processor_minutes"], row["clock_minutes"]) == (2, pytest.approx(14 / 60))


def test_a_fitted_length_is_corrected_once_by_its_time_and_is_that_of_all_seeds(bench, fakes, tmp_path) -> None:
    planned = [bench.cells.Cell("p", "photos", 0, 1, 0, variant(bench, fitted=True), seed) for seed in (1, 2)]
    grid = bench.runs.Grid(tmp_path, bench.runs.Judge())
    grid.run(planned, jobs=2)
    lengths = [words[words.index("--images") + 1] for words, _ in fakes.trained]
    assert lengths == ["6000", "12000", "12000"]  # 6,000 took half of the time
    assert [row["processor_minutes"] for row in grid.rows(planned)] == [2, 2]
    assert json.loads((tmp_path / "lengths.json").read_text()) == {planned[0].setting: [12000, True]}


def test_a_failed_training_is_a_result_and_a_wrong_command_is_an_error(bench, fakes, tmp_path) -> None:
    cell = bench.cells.Cell("p", "photos", 0, 0, 500, variant(bench), seed=1)
    fakes.exit_code = 2
    grid = bench.runs.Grid(tmp_path, bench.runs.Judge())
    with pytest.raises(GantoolError, match=r"p-all-500images-mlp-default-1 ended with exit code 2: It broke\."):
        grid.run([cell], jobs=1)
    fakes.exit_code = 1
    bench.runs.Grid(tmp_path, bench.runs.Judge()).run([cell], jobs=1)
    assert grid.left([cell]) == []
    (row,) = grid.rows([cell])
    assert (row["failed"], row["values"]) == ("It broke.", {})


def result(name, seed, kid, failed=""):
    return {
        "name": f"{name}-{seed}", "pictures": "p", "number": 300, "minutes": 2.0, "images": 0, "architecture": "dcgan",
        "variant": name, "seed": seed, "failed": failed, "images_seen": 1000 * seed, "processor_minutes": 4.0,
        "clock_minutes": 5.0, "values": {} if failed else {"KID x 1000": kid, "coverage": 0.5},
        "errors": {} if failed else {"KID x 1000": 10.0}, "extractor": "" if failed else "random",
        "reference": {"SWD": 0.25},
    }  # fmt: skip


def test_only_what_is_apart_from_the_default_is_bold(bench) -> None:
    rows = [result("default", seed, kid) for seed, kid in ((1, 900), (2, 1000))]
    rows += [result("width", seed, kid) for seed, kid in ((1, 700), (2, 702))]
    rows += [result("batch", 1, 870), result("batch", 2, 0, failed="It broke.")]
    lines = bench.table.table(rows).splitlines()
    assert lines[2] == "| p | 300 | 2 min | dcgan | default | 2 | 1,500 | 4 | 950 ± 71 |  | 0.5 |  |"
    assert lines[3] == "| p | 300 | 2 min | dcgan | width | 2 | 1,500 | 4 | **701 ± 10** |  | 0.5 |  |"
    assert "| 2, 1 failed | 1,500 | 4 | 870 ± 10 |" in lines[4]
    assert "**" not in bench.table.table([row for row in rows if row["variant"] != "width"])
    assert list(bench.table.notes(rows)) == [
        "Features of dcgan: random. Compare values of the same features only.",
        "Other real pictures of p, by random: SWD 0.25.",
        "Minutes are of one processor: 2 for a minute on 2 cores.",
        "batch-2 failed: It broke.",
    ]


@linux
@pytest.mark.parametrize("stopped", [False, True])
def test_a_training_is_stopped_when_its_processor_time_is_used_up(stopped, bench, tmp_path, monkeypatch) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "while time.process_time() < float(sys.argv[1]): pass\n"
        "open('run/metrics.jsonl', 'a').write('begins')\n"
        "while True: pass\n"
    )
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.jsonl").write_text("what an earlier session wrote")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench.time, "PROGRAM", (sys.executable, str(program)))
    stop = threading.Event()
    if stopped:
        threading.Timer(0.3, stop.set).start()
    before = "60" if stopped else "0.2"
    session = bench.time.train((before,), tmp_path / "run", tmp_path / "log.txt", 0.3, stop)
    assert (tmp_path / "log.txt").read_text() == ""
    if stopped:
        assert session.seconds == 0  # it had not begun
    else:
        assert session.exit_code == 143
        assert 0.3 <= session.seconds < 2  # a look may come late on a busy machine


@linux
@pytest.mark.slow
def test_one_tiny_cell_from_end_to_end(bench, tmp_path, capsys) -> None:
    (tmp_path / "pictures").mkdir()
    for number, color in enumerate(np.random.default_rng(0).integers(0, 255, (40, 3))):
        Image.new("RGB", (8, 8), tuple(map(int, color))).save(tmp_path / "pictures" / f"{number}.png")
    grid = tmp_path / "grid.toml"
    grid.write_text("[mlp.variants]\ndefault = ''\n")
    asked = [
        "--work", str(tmp_path / "work"), "--data", f"p={tmp_path / 'pictures'}", "--pictures", "30",
        "--minutes", "0.005", "--seeds", "1", "--samples", "20", "--extractor", "random", "--grid", str(grid), "--",
        "--resolution", "8", "--device", "cpu", "--precision", "float32",
    ]  # fmt: skip
    assert bench.main(asked) == 0
    said = capsys.readouterr()
    (row,) = map(json.loads, (tmp_path / "work" / "results.jsonl").read_text().splitlines())
    assert row["images_seen"] > 0
    assert row["processor_minutes"] == pytest.approx(0.01, rel=0.6)
    assert set(row["values"]) == {"KID x 1000", "recall", "coverage", "SWD"}
    assert f"| p | 30 | 0.005 min | mlp | default | 1 | {row['images_seen']:,} | " in said.out
    assert bench.main(asked) == 0
    again = capsys.readouterr()
    assert (again.out, again.err) == (said.out, "")
