"""benchmarks/stability: its settings are understood by gantool, its counter counts, its tables say what happened."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import typer
from PIL import Image

from gantool.cli.app import app
from gantool.cli.settings import flag_names
from gantool.errors import DataError, UsageError
from gantool.plugins.host import PluginHost
from gantool.run.resolve import resolve

FOLDER = Path(__file__).parents[2] / "benchmarks" / "stability"
ROOT = typer.main.get_command(app)
COMMAND = ROOT.get_command(typer.Context(ROOT), "train")
KNOWN_FLAGS = {flag for parameter in COMMAND.params for flag in parameter.opts}


@pytest.fixture(scope="module", autouse=True)
def _importable():
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(FOLDER)
    patch.syspath_prepend(FOLDER / "plugins")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def bench():
    import digits
    import experiments
    import modes
    import runs
    import scores
    import table

    import run

    return SimpleNamespace(
        digits=digits, experiments=experiments, modes=modes, run=run, runs=runs, scores=scores, table=table
    )


@pytest.fixture(scope="module")
def host():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GANTOOL_PLUGINS", raising=False)
        made = PluginHost(third_party=False, environ={})
        made.load_folder(FOLDER / "plugins")
    return made


def every_setting():
    sys.path.insert(0, str(FOLDER))
    try:
        from experiments import SETS
    finally:
        sys.path.remove(str(FOLDER))
    return [
        pytest.param(setting, id=f"{name}-{setting.kind}-{setting.name}")
        for name, settings in SETS.items()
        for setting in settings
    ]


def asked_by(flags):
    """What the command line makes of the flags."""
    context = COMMAND.make_context("train", list(flags))
    return {name: context.params[name] or None for name in flag_names()}


@pytest.mark.parametrize("setting", every_setting())
def test_every_setting_resolves(setting, bench, host) -> None:
    for data, source in {"shapes": "shapes", "digits": "stacked-digits", "folder": "shapes"}.items():
        if data not in setting.data:
            continue
        flags = bench.experiments.Experiment(setting, data, seed=2).flags(source)
        assert {flag for flag in flags if flag.startswith("--")} <= KNOWN_FLAGS
        counted = {"augment": "none", "batch": 16}  # the digits to count are not at hand
        said = {key: value for key, value in asked_by(flags).items() if value}
        config = resolve(host, counted | said | dict(setting.file))
        assert config.seed == 2
        assert config.images == (60_000 if setting.name == "defaults" else 24_000)
        assert config.precision == "float32"
        for key, value in setting.file.items():
            assert getattr(config, key) == tuple(value)


def test_a_settings_own_flag_takes_the_place_of_the_shared_one(bench, host) -> None:
    setting = bench.experiments.Setting("mine", "dcgan:width=16", ("--batch", "32", "--lr-d", "5e-2"))
    config = resolve(host, asked_by(bench.experiments.Experiment(setting, "shapes", 0).flags("shapes")))
    assert (config.batch, config.lr_g, config.lr_d) == (32, 1e-3, 5e-2)


def test_names_are_one_run_each_and_halves_share_no_setting(bench) -> None:
    sets = bench.experiments.SETS
    commands: dict[str, list[str]] = {}
    for settings in sets.values():
        for one in bench.experiments.experiments(settings, 3, ("shapes", "digits", "folder")):
            asked = [*one.flags("x"), str(dict(one.setting.file))]
            assert commands.setdefault(one.name, asked) == asked
    assert len(list(bench.experiments.experiments(sets["strategies"], 3, ("shapes", "digits")))) == 60
    for name in ("broken", "healthy"):
        assert {setting.half for setting in sets[name]} == {"tune", "test"}


def planted(codes):
    """Pictures whose three channels are each filled with their digit."""
    return torch.stack([torch.full((28, 28), int(digit)) for code in codes for digit in f"{code:03d}"]).view(
        -1, 3, 28, 28
    ).byte()  # fmt: skip


class ReadsTheFill(torch.nn.Module):
    """A classifier that is sure of the grey level a channel is filled with, and hesitates above 7."""

    def forward(self, images):
        digit = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
        return torch.nn.functional.one_hot(digit, 10) * torch.where(digit > 7, 1.0, 50.0)[:, None]


def test_planted_digits_are_counted(bench) -> None:
    images = planted([0, 0, 123, 123, 777, 908])
    reading = bench.modes.read_stacks(ReadsTheFill(), images)
    assert reading.modes.tolist() == [0, 0, 123, 123, 777, 908]
    assert reading.recognised.tolist() == pytest.approx([1, 1, 1, 1, 1, 1 / 3])
    found = bench.scores.score(images, reading, images, 1000)
    assert (found.found, found.swd, found.variety) == (4, 0.0, 1.0)
    shares = np.array([2, 2, 1, 1]) / 6
    assert found.kl == pytest.approx((shares * np.log(shares * 1000)).sum())


def test_shapes_are_counted_exactly(bench) -> None:
    data = bench.modes.shapes()
    reals = data.reals(40)
    found = data.scored(reals, reals)
    assert found.recognised == 1
    assert found.found == len(bench.modes.read_shapes(reals).modes.unique())
    assert data.scored(reals[:1].expand(40, -1, -1, -1), reals).collapse == "few modes"


def test_what_counts_as_collapse(bench) -> None:
    score = bench.scores.Score
    assert score(100, 0.9, 1.0).collapse == ""
    assert score(100, 0.2, 1.0).collapse == "little variety"
    assert score(100, 0.9, 1.0, found=9, expected=95.0, kl=0.1, recognised=0.9).collapse == "few modes"
    assert score(100, 0.9, 1.0, found=90, expected=95.0, kl=0.1, recognised=0.01).collapse == "hardly recognised"
    assert bench.scores.kl_to_uniform(torch.ones(10, dtype=torch.int64)) == pytest.approx(0)


@pytest.fixture
def folder_of_digits(tmp_path):
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        Image.new("L", (28, 28), 20 * digit).save(tmp_path / str(digit) / "one.png")
    return tmp_path


def test_stacks_are_three_digits_and_the_same_every_time(bench, host, folder_of_digits) -> None:
    source = host.resolve("source", f'stacked-digits:path="{folder_of_digits}",count=30').build(
        resolution=28, channels=3
    )
    codes = source.codes()
    pictures, labels = source.batch(0, 30)
    assert labels is None
    assert (pictures[:, :, 0, 0] // 20 @ np.array([100, 10, 1]) == codes).all()
    assert (source[7][0].numpy() == pictures[7]).all()
    with pytest.raises(DataError, match="three channels"):
        host.resolve("source", f'stacked-digits:path="{folder_of_digits}"').build(resolution=28, channels=1)


def test_other_folders_are_refused(bench, host, folder_of_digits) -> None:
    (folder_of_digits / "9").rename(folder_of_digits / "nine")
    with pytest.raises(DataError, match="sub-folders named 0 to 9"):
        host.resolve("source", f'stacked-digits:path="{folder_of_digits}"').build(resolution=28, channels=3)


def row(seed, collapse, warned_at, half="test"):
    return {
        "setting": "lr", "network": "dcgan", "data": "shapes", "seed": seed, "half": half, "images": 1000, "found": 10,
        "expected": 100.0, "swd": 1.0, "collapse": collapse, "warned_at": warned_at,
    }  # fmt: skip


def test_the_table_tells_early_from_late(bench) -> None:
    rows = [row(0, "few modes", 200), row(1, "few modes", 900), row(2, "few modes", None), row(3, "", 100)]
    assert bench.table.summary(rows) == [
        "test: 4 runs. Collapsed 3, of these warned of within 25% of the run 1, later 1, never 1. "
        "Did not collapse 1, of these warned of 1."
    ]
    assert "| test | lr | dcgan | shapes | 10 ± 0 | 100 | 1.0 ± 0.0 | 3/4 | 3/4 | 90% |" in bench.table.alarms(rows)


def test_only_warnings_of_the_run_itself_count(bench, tmp_path) -> None:
    lines = ['{"images_seen": 0, "warning": "early"}', '{"images_seen": 64, "loss_d": 1}']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines))
    assert bench.runs.first_warning(tmp_path) == (None, "")
    (tmp_path / "metrics.jsonl").write_text("\n".join([*lines, '{"images_seen": 128, "warning": "D won"}']))
    assert bench.runs.first_warning(tmp_path) == (128, "D won")


def test_the_list_tells_what_a_file_sets_and_a_name_that_no_run_has_is_refused(bench) -> None:
    planned = list(bench.experiments.experiments(bench.experiments.SETS["broken"], 1, ("shapes",)))
    (momentum,) = bench.run.picked(planned, "momentum")
    assert bench.run.listed(momentum, "shapes").endswith("--lr 5e-3  # in a --config: betas = [0.9, 0.999]")
    assert "#" not in bench.run.listed(bench.run.picked(planned, "lr-x20")[0], "shapes")
    with pytest.raises(UsageError, match=r"has 'momentun' in its name. There are: .*dcgan-momentum"):
        bench.run.picked(planned, "momentun")


def test_a_folder_without_runs_is_told_with_the_command_that_makes_some(tmp_path, monkeypatch, capsys):
    import judged

    monkeypatch.setattr(sys, "argv", ["judged.py", "--work", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"holds no runs: python benchmarks/stability/run\.py --set broken --work"):
        judged.main()
    assert not capsys.readouterr().out
