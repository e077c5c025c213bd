import json

from fakes import started
from gantool.api.events import Measured, Tick, Warned
from gantool.builtin.observers import JsonlOptions, WatchOptions
from gantool.builtin.observers.detector import Detector, read_metrics, rounded
from gantool.builtin.observers.history import Reading
from gantool.builtin.observers.jsonl import Jsonl, keep_until


def tick(images_seen):
    return Tick(images_seen, 100, 1.0, 12.345678, {"loss_d": 0.123456789})


def lines(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_one_line_a_tick_and_a_warning(tmp_path):
    observer = Jsonl(JsonlOptions())
    for event in (started(tmp_path), tick(10), Warned(10, "careful"), tick(20)):
        observer(event)
    assert [line["images_seen"] for line in lines(tmp_path)] == [10, 10, 20]
    assert lines(tmp_path)[0] == {"images_seen": 10, "images_per_second": 12.35, "loss_d": 0.123457}
    assert lines(tmp_path)[1]["warning"] == "careful"


def test_a_resumed_run_drops_what_it_will_repeat_and_half_a_line(tmp_path):
    first = Jsonl(JsonlOptions())
    for event in (started(tmp_path), tick(10), tick(20), tick(30)):
        first(event)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"images_se')
    again = Jsonl(JsonlOptions())
    for event in (started(tmp_path, 20), tick(30)):
        again(event)
    assert [line["images_seen"] for line in lines(tmp_path)] == [10, 20, 30]


def test_a_measurement_has_a_line_with_its_score_if_it_has_one(tmp_path):
    observer = Jsonl(JsonlOptions())
    for event in (started(tmp_path), Measured(10, {"swd": 0.123456789}, 0.2), Measured(20, {"swd": 0.5})):
        observer(event)
    assert lines(tmp_path) == [{"images_seen": 10, "swd": 0.123457, "score": 0.2}, {"images_seen": 20, "swd": 0.5}]


def test_a_chance_that_the_values_do_not_tell_has_its_place_beside_the_score(tmp_path):
    observer = Jsonl(JsonlOptions())
    of_watch = Measured(20, {"swd": 0.5, "swd_reals": 0.3}, 0.5, 0.15)
    for event in (started(tmp_path), Measured(10, {"fid": 9.0}, 9.0, 0.5), of_watch):
        observer(event)
    assert lines(tmp_path) == [
        {"images_seen": 10, "fid": 9.0, "score": 9.0, "chance": 0.5},
        {"images_seen": 20, "swd": 0.5, "swd_reals": 0.3, "score": 0.5},
    ]


def test_values_that_are_not_finite_are_null_and_left_out_when_read(tmp_path):
    observer = Jsonl(JsonlOptions())
    nan, inf = float("nan"), float("inf")
    observer(started(tmp_path))
    observer(Tick(10, 100, 1.0, inf, {"loss_d": nan, "loss_g": 1.0}, {"level": -inf}))
    observer(Measured(20, {"swd": nan}, inf))
    assert lines(tmp_path) == [
        {"images_seen": 10, "images_per_second": None, "level": None, "loss_d": None, "loss_g": 1.0},
        {"images_seen": 20, "swd": None, "score": None},
    ]
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"images_seen": 30, "loss_d": NaN, "loss_g": 1e999, "level": 4}\n')  # of earlier versions
        file.write('{"images_seen": NaN, "level": 4}\n{"images_seen": ' + "9" * 5000 + "}\n" + "[" * 9999 + "\n")
    readings = list(read_metrics(tmp_path / "metrics.jsonl"))
    assert [(reading.images_seen, dict(reading.values)) for reading in readings] == [
        (10, {"loss_g": 1.0}), (30, {"level": 4.0}),
    ]  # fmt: skip
    keep_until(tmp_path / "metrics.jsonl", 20)
    assert [line["images_seen"] for line in lines(tmp_path)] == [10, 20]


def test_a_measurement_that_is_not_finite_is_no_measurement_for_the_rules():
    detector = Detector(WatchOptions(), 10_000)
    for seen in range(0, 10_001, 500):
        assert detector.take(Reading(seen, rounded({"swd": float("nan"), "diversity": 0.0, "side": 8.0}))) == []
