import pytest

from gantool.api.events import Finished, Measured, Snapshot, Tick, Warned
from gantool.engine import announcer
from gantool.engine.announcer import Announcer

SNAPSHOT = Snapshot(10, ())
ANSWER = Measured(10, {"swd": 0.5}, 0.5)


class Speaker:
    """Answers every event it is told."""

    def __init__(self, answer):
        self.told, self.answer = [], answer

    def __call__(self, event):
        self.told.append(event)
        return self.answer


def test_an_answer_is_told_to_everyone_else_and_returned():
    first, speaker, last = Speaker(None), Speaker([ANSWER]), Speaker(None)
    assert Announcer([first, speaker, last])(SNAPSHOT) == (ANSWER,)
    assert first.told == last.told == [SNAPSHOT, ANSWER]
    assert speaker.told == [SNAPSHOT]


def test_two_that_answer_everything_do_not_talk_for_ever():
    one, other = Speaker([Warned(10, "one")]), Speaker((Warned(10, "other"),))
    assert len(Announcer([one, other])(SNAPSHOT)) == 2
    assert one.told == [SNAPSHOT, Warned(10, "other")]


def test_what_is_no_event_is_no_answer():
    told = Speaker(None)
    assert Announcer([Speaker(True), told])(SNAPSHOT) == ()
    assert "switched off" in told.told[-1].message
    assert "it answered True" in told.told[-1].message


def test_a_score_that_is_not_finite_is_none_and_told_once():
    told, odd = Speaker(None), Speaker([Measured(10, {"swd": 0.5}, float("nan"))])
    odd.component_name = "diary"
    announcer = Announcer([told, odd])
    for _ in range(2):
        assert announcer(SNAPSHOT) == (Measured(10, {"swd": 0.5}, None),)
    (warning,) = (event.message for event in told.told if isinstance(event, Warned))
    assert warning.startswith(f"The observer 'diary' of {__name__} gave the score nan, which counts as none")
    assert all(event.score is None for event in told.told if isinstance(event, Measured))


def test_a_value_that_would_overwrite_another_of_its_line_is_refused():
    told = Speaker(None)
    assert Announcer([Speaker([Measured(10, {"images_seen": 3.0})]), told])(SNAPSHOT) == ()
    assert [type(event) for event in told.told] == [Snapshot, Warned]
    assert "switched off: ValueError: it measured 'images_seen', a name that" in told.told[-1].message


def test_one_that_fails_at_an_answer_is_dropped_once():
    class Broken:
        def __call__(self, event):
            if isinstance(event, Measured):
                raise ValueError("no ink")

    told = Speaker(None)
    announcer = Announcer([Broken(), Speaker([ANSWER]), told])
    announcer(SNAPSHOT)
    announcer(Tick(20, 100, 1.0, 1.0, {}))
    assert [type(event) for event in told.told].count(Warned) == 1


def test_one_that_fails_is_told_in_one_line_with_the_package_it_is_from():
    class Own:
        def __call__(self, event):
            raise ZeroDivisionError("mid\nrun")

    told, own = Speaker(None), type("Own", (Own,), {"__module__": "gantool.builtin.observers.own"})
    Announcer([Own(), told])(SNAPSHOT)
    Announcer([own(), told])(SNAPSHOT)
    diary = Own()
    diary.component_name = "diary"
    Announcer([diary, told])(SNAPSHOT)
    strangers, ours, named = (event.message for event in told.told if isinstance(event, Warned))
    failed = "failed and is switched off: ZeroDivisionError: mid run."
    assert strangers == f"The observer Own of {__name__} {failed}"
    assert ours == f"The observer Own {failed}"
    assert named == f"The observer 'diary' of {__name__} {failed}"


class Slow(Speaker):
    def __init__(self, clock):
        super().__init__(None)
        self.clock = clock

    def __call__(self, event):
        self.clock[0] += 20
        return super().__call__(event)


@pytest.mark.parametrize(("name", "remedy"), [("", "Leave it out"), ("diary", "Leave --log diary out")])
def test_a_slow_observer_of_a_plugin_is_told_once(monkeypatch, name, remedy):
    clock = [0.0]
    monkeypatch.setattr(announcer, "perf_counter", lambda: clock[0])
    told = Speaker(None)
    slow = Slow(clock)
    slow.component_name = name
    announce = Announcer([slow, told])
    for images_seen in range(5):
        clock[0] += 5
        announce(Tick(images_seen, 10, 1.0, 1.0, {}))
    (warned,) = (event for event in told.told if isinstance(event, Warned))
    assert f"of {__name__} took 40 of the last 50 seconds, for which the run waits. {remedy}, or" in warned.message


def test_a_method_in_c_can_observe():
    told = []
    assert Announcer([told.append])(SNAPSHOT) == ()
    assert told == [SNAPSHOT]


def test_an_observer_that_is_slow_at_the_end_alone_is_left_in_peace(monkeypatch, tmp_path):
    clock = [0.0]
    monkeypatch.setattr(announcer, "perf_counter", lambda: clock[0])
    told = Speaker(None)
    announce = Announcer([Slow(clock), told])
    for _ in range(3):
        announce(Finished(10, tmp_path, False))
    assert all(isinstance(event, Finished) for event in told.told)
