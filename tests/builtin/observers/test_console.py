import io
from dataclasses import replace

import pytest
from rich.console import Console as Screen

from fakes import started
from gantool.api.events import Finished, Measured, Tick, Warned
from gantool.builtin.observers import ConsoleOptions
from gantool.builtin.observers.console import Console, status
from gantool.render.progress_bar import Bar


def tick(images_seen, speed=100.0):
    scalars = {"loss_d": 1.3862, "loss_g": 0.6931, "real_accuracy": 0.5, "fake_accuracy": 0.25}
    return Tick(images_seen, 1000, 1.0, speed, scalars)


def test_the_status_tells_how_far_how_fast_how_long_and_how_it_goes():
    first, second = status(tick(400), 100.0)
    assert first == ("400/1,000 images", "100/s", "0:00:06 left")
    assert second == ("loss D 1.386 G 0.693", "D right on 50% real, 25% fake")
    assert status(tick(400), 0.25)[0][1:] == ("0.2/s", "0:40:00 left")


@pytest.mark.parametrize("width", [40, 80, 100, 120])
def test_the_display_fits_its_terminal_and_begins_with_what_matters_most(tmp_path, width):
    out = io.StringIO()
    screen = Screen(file=out, force_terminal=True, width=width, color_system=None)
    event = replace(tick(123_456, 156.2), images_goal=240_000, status={"level": 32.0, "alpha": 0.25, "p": 0.125})
    bar = Bar(0, 240_000)
    bar.show(event.images_seen, *status(event, 156.2, Measured(90, {"diversity": 0.871, "swd": 0.213}, 0.2)))
    screen.print(bar)
    first, second = out.getvalue().splitlines()
    assert max(len(first), len(second)) < width
    assert "123,456/240,000" in first
    assert ("━" in first, "156/s  0:12:26 left" in first) == (True, width >= 80)
    parts = ("loss D", "D right on 50% real", "SWD 0.21", "level 32", "p 0.12")
    assert [part in second for part in parts] == [True, width >= 80, width >= 80, width >= 100, width >= 100]


@pytest.mark.parametrize("second", [(), ("a" * 60, "b" * 17)])
def test_the_last_line_of_a_bar_leaves_room_for_the_letters_of_ctrl_c(second):
    out = io.StringIO()
    bar = Bar(0, 10)
    bar.show(0, ["first images ..."], second)
    Screen(file=out, force_terminal=True, width=80, color_system=None).print(bar)
    *_, line = out.getvalue().splitlines()
    assert len(line) <= 80 - len("^C") - 1


def test_the_time_that_a_run_is_expected_to_take_is_told_before_the_first_step(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=False, width=200))
    console(replace(started(tmp_path, 0, 1000), seconds=(720.0, 1020.0)))
    assert out.getvalue().endswith("\nThis will take about 14 min (12 to 17).\n")


@pytest.mark.parametrize("terminal", [True, False])
def test_warnings_are_seen_with_and_without_a_terminal(tmp_path, terminal):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=terminal, width=200))
    for event in (started(tmp_path, 0, 1000, "tiny:a=1"), tick(100),
                  Warned(100, "mode [collapse]"), tick(1000), Finished(1000, tmp_path, False)):  # fmt: skip
        console(event)
    assert "mode [collapse]" in out.getvalue()
    assert "Training tiny for 1,000 images" in out.getvalue()


def test_without_a_terminal_lines_come_every_few_seconds_and_the_first_and_last_always(tmp_path, monkeypatch):
    out, now = io.StringIO(), [0.0]
    monkeypatch.setattr("gantool.builtin.observers.console.time.monotonic", lambda: now[0])
    console = Console(ConsoleOptions(seconds=5), Screen(file=out, force_terminal=False, width=200))
    console(started(tmp_path, 0, 1000))
    for images in range(100, 1001, 100):
        now[0] += 1
        console(tick(images))
    console(Finished(1000, tmp_path, False))
    shown = [line.split("/")[0] for line in out.getvalue().splitlines() if "images  " in line]
    assert shown == ["100", "600", "1,000"]
    assert "\x1b" not in out.getvalue()


def test_the_time_left_forgets_the_warm_up_of_the_first_tick(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(seconds=1e-9), Screen(file=out, force_terminal=False, width=200))
    console(started(tmp_path, 0, 1000))
    for images, seconds in ((10, 20.0), (110, 1.0), (210, 1.0), (310, 1.0)):
        scalars = {"loss_d": 1.0, "loss_g": 1.0}
        console(Tick(images, 1000, seconds, (10 if images == 10 else 100) / seconds, scalars))
    assert "110/1,000 images  100/s  0:00:08 left" in out.getvalue()


@pytest.mark.parametrize("goal", [1000, 5000])  # at its goal, or out of patience
def test_the_last_line_has_the_last_measurement_and_is_told_once(tmp_path, goal):
    out = io.StringIO()
    console = Console(ConsoleOptions(seconds=1000.0), Screen(file=out, force_terminal=False, width=200))
    first, end = started(tmp_path, 0, goal), replace(tick(1000), images_goal=goal)
    before, after = (Measured(seen, {"swd": swd}) for seen, swd in ((500, 0.5), (1000, 0.25)))
    for event in (first, tick(100), before, end, after, Warned(1000, "careful"), Finished(1000, tmp_path, False)):
        console(event)
    *_, warning, last = out.getvalue().splitlines()
    assert warning == "Warning: careful"
    assert last.startswith("1,000/")
    assert last.endswith("SWD 0.25")
    assert out.getvalue().count("1,000/") == 1


@pytest.mark.parametrize(("goal", "words"), [(400, ", more than --images 400; give"), (512, "images; give")])
def test_a_run_that_has_seen_enough_has_nothing_to_do(tmp_path, goal, words):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=True, width=200))
    console(started(tmp_path, 512, goal))
    console(Finished(512, tmp_path, False))
    assert out.getvalue().count("\n") == 1
    assert f"Nothing to do: the run {tmp_path} has already seen 512 images" in out.getvalue()
    assert words in out.getvalue()


def test_a_new_level_is_timed_by_its_own_speed(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=False, width=200))
    console(started(tmp_path, 0, 1000))
    for images, level, speed in ((100, 8.0, 400.0), (200, 8.0, 380.0), (300, 16.0, 20.0)):
        console(replace(tick(images, speed), status={"level": level}))
    assert "20/s" in out.getvalue()
    assert "0:00:35 left" in out.getvalue()


def test_quiet_shows_warnings_only(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(quiet=True), Screen(file=out, force_terminal=False, width=200))
    for event in (started(tmp_path, 0, 1000), tick(100), Warned(100, "careful"), Finished(1000, tmp_path, False)):
        console(event)
    assert out.getvalue() == "Warning: careful\n"


def test_a_command_is_printed_again_only_where_it_differs(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(quiet=True), Screen(file=out, force_terminal=False, width=200))
    for message in ("one\ndo this", "two\ndo this", "three", "four\ndo this", "five\ndo that"):
        console(Warned(100, message))
    assert out.getvalue().split("Warning: ")[1:] == ["one\ndo this\n", "two\n", "three\n", "four\n", "five\ndo that\n"]


def test_a_run_that_fails_gives_the_terminal_back(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=True, width=200))
    for event in (started(tmp_path, 0, 1000), tick(100)):
        console(event)
    assert out.getvalue().count("\x1b[?25l") > out.getvalue().count("\x1b[?25h")
    console(Finished(100, tmp_path, False, failed=True))
    assert out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h")


def test_a_growing_run_shows_its_level_in_whole_pixels():
    event = Tick(100, 1000, 1.0, 100.0, {}, {"level": 1024.0, "alpha": 0.5})
    assert status(event, 100.0)[1] == ("level 1024", "alpha 0.50")


@pytest.mark.parametrize(("p", "shown"), [(0.0, ()), (0.3, ("augment_p 0.30",))])
def test_an_augmentation_is_shown_once_it_has_begun(p, shown):
    assert status(Tick(100, 1000, 1.0, 100.0, {}, {"augment_p": p}), 100.0)[1] == shown


def test_a_new_level_has_a_line_of_its_own_without_a_terminal(tmp_path):
    written = io.StringIO()
    console = Console(ConsoleOptions(seconds=1000.0), Screen(file=written, force_terminal=False, width=200))
    console(started(tmp_path, 0, 1000))
    for seen, level in ((100, 4.0), (200, 4.0), (300, 8.0), (400, 8.0)):
        console(Tick(seen, 1000, 1.0, 100.0, {}, {"level": level, "alpha": 1.0}))
    lines = [line for line in written.getvalue().splitlines() if "images  " in line]
    assert [line.split("/")[0] for line in lines] == ["100", "300"]


def test_the_line_tells_what_was_measured_last(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=False, width=200))
    measured = Measured(90, {"diversity": 0.871, "swd": 0.213}, 0.2)
    for event in (started(tmp_path, 0, 1000), measured, tick(100)):
        console(event)
    assert out.getvalue().rstrip().endswith("diversity 87%  SWD 0.21  measured at 90")


def test_the_line_of_a_run_that_stops_between_ticks_says_that_it_was_measured_later(tmp_path):
    out = io.StringIO()
    console = Console(ConsoleOptions(seconds=1000.0), Screen(file=out, force_terminal=False, width=200))
    for event in (started(tmp_path, 0, 1000), tick(100), Measured(110, {"swd": 0.213}), Finished(110, tmp_path, True)):
        console(event)
    assert out.getvalue().splitlines()[-1].endswith("SWD 0.21  measured at 110")


@pytest.mark.parametrize(("init", "shown"), [("none", False), ("runs/emoji", True)])
def test_what_untrained_networks_measure_is_not_shown_but_what_a_model_does_that_a_run_begins_with(
    tmp_path, init, shown
):
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=False, width=200))
    begun = started(tmp_path, 0, 1000)
    begun = replace(begun, config=begun.config.model_copy(update={"init": init}))
    for event in (begun, Measured(0, {"diversity": 0.03, "swd": 1.07}, 1.07), tick(100)):
        console(event)
    assert "100/" in out.getvalue()
    assert ("measured at 0" in out.getvalue()) == shown
    assert ("SWD" in out.getvalue()) == shown


def test_a_measurement_is_told_in_one_line_without_a_terminal_and_stays_on_one(tmp_path):
    def lines(terminal):
        out = io.StringIO()
        screen = Screen(file=out, force_terminal=terminal, width=200)
        console = Console(ConsoleOptions(seconds=1e-9), screen)
        events = (tick(100), Measured(100, {"swd": 0.2}), tick(200), tick(300), Measured(400, {"swd": 0.1}), tick(400))
        for event in (started(tmp_path, 0, 1000), *events):
            console(event)
        if terminal:
            screen.print(console._bar)
        console(Finished(400, tmp_path, True))
        return [line for line in out.getvalue().splitlines() if "00/" in line or "SWD" in line]

    plain = [line.partition("25% fake")[2].strip() for line in lines(terminal=False)]
    assert plain == ["", "SWD 0.20  measured at 100", "", "SWD 0.10"]
    assert "SWD 0.10" in lines(terminal=True)[-1]


@pytest.mark.parametrize(
    ("begin", "goal", "batch", "told"), [(0, 900, 64, "64/960 images"), (64, 900, 50, "128/914 images")]
)
def test_the_total_is_a_whole_number_of_steps(tmp_path, begin, goal, batch, told):
    out = io.StringIO()
    console = Console(ConsoleOptions(seconds=1e-9), Screen(file=out, force_terminal=False, width=200))
    console(replace(started(tmp_path, begin, goal), batch=batch))
    console(replace(tick(begin + 64), images_goal=goal))
    end = replace(tick(960 if batch == 64 else 914), images_goal=goal)
    for event in (end, Finished(end.images_seen, tmp_path, False)):
        console(event)
    first, last = (line for line in out.getvalue().splitlines() if "images  " in line)
    assert first.startswith(told)
    assert last.startswith(f"{end.images_seen}/{end.images_seen} images")


def test_numbers_that_are_not_finite_and_endless_runs_are_shown():
    event = Tick(
        400, 10**30, 1.0, 1.0, {"loss_d": float("nan")}, {"level": float("nan"), "alpha": float("inf"), "p": 2.0}
    )
    assert set(status(event, 1e-12)[1]) == {"level nan", "alpha inf", "p 2", "loss D nan"}
    bar = Bar(400, 10**30)
    bar.show(400, *status(event, 1e-12))
    Screen(file=io.StringIO(), force_terminal=True, width=80).print(bar)


def test_a_display_that_fails_says_so_once_and_still_shows_warnings(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gantool.builtin.observers.console.status", lambda *_: int("no number"))
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=True, width=200))
    console(started(tmp_path, 0, 1000))
    for images in (100, 200):
        console(tick(images))
    console(Warned(200, "careful"))
    console(Finished(200, tmp_path, False))
    said = capsys.readouterr().err
    assert said.count("the progress display failed and is switched off, training goes on: ValueError") == 1
    assert said.count("\n") == 1
    assert "careful" in out.getvalue()


def test_a_display_whose_output_is_full_stops_nothing(tmp_path, monkeypatch):
    tried = []

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            tried.append(text)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())
    console = Console(ConsoleOptions())
    for event in (started(tmp_path, 0, 1000), tick(100), Warned(100, "careful"),
                  Finished(1000, tmp_path, False)):  # fmt: skip
        console(event)
    assert tried


@pytest.mark.parametrize("widgets", [True, False])
def test_a_notebook_has_a_bar_where_rich_can_draw_one(tmp_path, monkeypatch, widgets):
    monkeypatch.setattr("gantool.builtin.observers.console.find_spec", lambda name: object() if widgets else None)
    console = Console(ConsoleOptions(), Screen(file=io.StringIO(), force_jupyter=True, width=200))
    monkeypatch.setattr("gantool.builtin.observers.console.Live.start", lambda self: None)
    console(started(tmp_path, 0, 1000))
    assert (console._live is not None) == widgets


def test_no_line_end_is_put_into_a_command_on_a_narrow_terminal():
    out = io.StringIO()
    console = Console(ConsoleOptions(), Screen(file=out, force_terminal=True, width=40))
    command = f"gantool train --resume {'runs-with-a-long-name/' * 4}one --lr 0.0001 --change"
    console(Warned(8, f"Loss is not finite: {command}"))
    assert command in out.getvalue()
