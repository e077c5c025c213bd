from pathlib import Path

import gantool
from gantool.testing import check_observer

from gantool_your_name import YourNameOptions, gantool_observers
from gantool_your_name.observer import Table, read


def test_it_conforms() -> None:
    (spec,) = gantool_observers()
    check_observer(spec)


def test_a_run_that_goes_on_repeats_no_row(tmp_path: Path) -> None:
    def play(begin: int, ticks: list[int]) -> list[str]:
        table = Table(YourNameOptions())
        config = gantool.RunConfig(arch="any", resolution=8)
        table(gantool.Started(tmp_path, "any", begin, 100, "cpu", "float32", 4, 8, config))
        for images_seen in ticks:
            table(gantool.Tick(images_seen, 100, 1.0, 10.0, {"loss_d": images_seen / 10}))
        return [row[0] for row in read(tmp_path / "your-name.csv")]

    assert play(0, [10, 20, 30]) == ["10", "20", "30"]
    assert play(20, [30, 40]) == ["10", "20", "30", "40"]
    file = tmp_path / "your-name.csv"
    assert file.read_text(encoding="utf-8").count("images_seen") == 1
    file.write_text(file.read_text(encoding="utf-8") + "5", encoding="utf-8")  # as a kill may leave it
    assert play(40, [50]) == ["10", "20", "30", "40", "50"]
    assert play(0, [10]) == ["10"]
