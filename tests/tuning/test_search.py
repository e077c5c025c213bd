"""Successive halving on made-up scores: it keeps the best, spends less, and decides the same after an interruption."""

import sys
from dataclasses import replace

import pytest

from gantool.api.former import Former
from gantool.errors import TrainingError, UsageError
from gantool.plugins.host import host
from gantool.run import folder as run_folder
from gantool.run.resolve import resolve, resolve_run
from gantool.tuning import folder
from gantool.tuning.halving import goes_on, import_optuna
from gantool.tuning.search import Outcome, Search
from gantool.tuning.space import parse
from gantool.tuning.trials import REPEAT, START, Trial, best_of, load, noise, ranked, rungs

SPACE = (parse("lr=1e-4..1e-2"), parse("loss=logistic,hinge"))
BEGUN = {"lr_g": 1e-4, "lr_d": 1e-4, "loss": "logistic", "images": 80, "seed": 0}
GOOD = 2e-3


def quality(trial: Trial) -> float:
    """Lower is better: the distance from a good learning rate in octaves; hinge costs a little more."""
    from math import log2

    rate = trial.settings.get("lr_g", BEGUN["lr_g"])
    return 0.1 + abs(log2(rate / GOOD)) + 0.2 * (trial.settings.get("loss") == "hinge") + 0.01 * trial.seed


class Fake:
    """Trains nothing: scores fall with the images seen. It can be interrupted, once, and fail for some trials."""

    def __init__(self, interrupt_at: tuple[int, int] | None = None, fails: tuple[int, ...] = ()) -> None:
        self.spent, self.at, self.fails, self.interrupt_at = 0, {}, fails, interrupt_at

    def __call__(self, trial, report):
        seen = self.at.get(trial.number, 0)
        while seen < 80:
            seen += 10
            self.spent += 10
            if trial.number in self.fails and seen > 30:
                return Outcome(seen, "Loss or gradient was not finite.")
            if not report(seen, quality(trial) * (1 + 10 / seen)):
                break
            if (trial.number, seen) == self.interrupt_at:
                self.interrupt_at = None
                self.at[trial.number] = seen - 10  # the last checkpoint
                return Outcome(seen, interrupted=True)
        return Outcome(seen)


def search(tmp_path, trials=10):
    return Search(tmp_path, SPACE, BEGUN, 80, 0, trials)


def test_it_finds_better_than_the_start_and_spends_less_than_a_full_search(tmp_path):
    fake = Fake()
    assert search(tmp_path).run(fake)
    trials = load(tmp_path)
    assert [trial.number for trial in trials] == list(range(11))  # ten settings, and the start again
    assert fake.spent < 0.9 * 80 * 11  # most are better than those before, as these scores are without noise
    best = best_of(trials)
    assert best.best < trials[START].best / 2
    assert best.best == min(trial.best for trial in trials if trial.status == "finished" and trial.number != REPEAT)
    assert {trial.status for trial in trials} == {"finished", "stopped"}
    assert all(trial.images in (20, 40) for trial in trials if trial.status == "stopped")
    assert trials[START].settings == trials[REPEAT].settings == {}
    assert trials[REPEAT].seed == 1


def test_an_interrupted_search_goes_on_to_the_same_end(tmp_path):
    (tmp_path / "whole").mkdir()
    assert search(tmp_path / "whole").run(Fake())
    whole = load(tmp_path / "whole")
    through = next(trial.number for trial in whole if trial.number > REPEAT and trial.status == "finished")
    for place in ((START, 30), (through, 20), (through, 60)):
        folder = tmp_path / f"{place[0]}-{place[1]}"
        folder.mkdir()
        fake = Fake(interrupt_at=place)
        assert not search(folder).run(fake)
        assert load(folder)[-1].status == "running"
        assert search(folder).run(fake)
        assert load(folder) == whole


def test_a_search_at_its_end_does_nothing_and_one_with_more_trials_goes_on(tmp_path):
    search(tmp_path, 4).run(Fake())
    idle = Fake()
    assert search(tmp_path, 4).run(idle)
    assert idle.spent == 0
    search(tmp_path, 6).run(Fake())
    more = load(tmp_path)
    (tmp_path / "whole").mkdir()
    search(tmp_path / "whole", 6).run(Fake())
    assert more == load(tmp_path / "whole")


def test_a_failing_trial_is_noted_with_its_reason_and_ends_nothing(tmp_path):
    search(tmp_path, 5).run(Fake(fails=(2, 3)))
    trials = load(tmp_path)
    assert len(trials) == 6
    failed = [trial for trial in trials if trial.status == "failed"]
    assert failed
    assert failed[0].reason == "Loss or gradient was not finite."
    assert ranked(trials)[-2].status == "failed"


def test_a_search_ends_when_everything_was_tried(tmp_path):
    two = Search(tmp_path, (parse("loss=logistic,hinge"),), BEGUN, 80, 0, 9)
    assert two.run(Fake())
    assert [trial.settings.get("loss", "logistic") for trial in load(tmp_path)] == ["logistic", "logistic", "hinge"]


def test_a_start_without_a_score_is_an_error(tmp_path):
    with pytest.raises(TrainingError, match="No snapshot had a score"):
        search(tmp_path).run(lambda trial, report: Outcome(80))


def test_the_better_half_of_those_so_far_goes_on():
    at = rungs(80)
    assert at == [20, 40, 80]

    def scored(*scores):
        trials = [
            Trial(
                0 if index == 0 else index + 1, 0, {"lr 0": 1e-3 + index / 1e4, "loss": "hinge"}, scores=[(20, score)]
            )
            for index, score in enumerate(scores)
        ]
        for trial in trials[:-1]:
            trial.status = "stopped"
        return goes_on(SPACE, trials, at)

    assert scored(5.0)
    assert scored(5.0, 4.0)
    assert not scored(5.0, 6.0)
    assert scored(5.0, 4.0, 6.0, 4.5)
    assert not scored(5.0, 4.0, 6.0, 5.5)


def test_noise_is_the_difference_of_the_start_with_two_seeds():
    first = Trial(START, 0, {}, status="finished", scores=[(10, 9.0), (20, 2.0), (40, 1.0), (80, 1.0)])
    second = replace(first, number=REPEAT, seed=1, scores=[(10, 1.0), (20, 1.0), (40, 1.0), (80, 1.0)])
    other = replace(first, number=REPEAT, seed=1, scores=[(10, 9.0), (20, 2.2), (40, 1.1), (80, 1.1)])
    assert noise([first, other], 80) == pytest.approx(0.1)
    assert noise([first, replace(first, number=REPEAT)], 80) == 0
    assert noise([first, second], 80) > 0.4  # it differs on the way though not at the end
    assert noise([first], 80) is None


def test_without_the_extra_one_sentence_tells_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"pip install 'gantool\[tune\]'"):
        import_optuna()


STARTLESS = '{"given": {}, "file": {}, "space": [["lr", ["1..2"]]], "start": {"seed": 1}, "trials": 2}'


@pytest.mark.parametrize("text", ["[" * 9999, "9" * 5000, "null", "[]", "{}", STARTLESS])
def test_damaged_files_of_a_search_are_explained(tmp_path, text):
    for name, read in (("search.json", folder.read), ("trials.json", load)):
        (tmp_path / name).write_text(text)
        if (name, text) != ("trials.json", "[]"):  # no trial yet
            with pytest.raises(UsageError, match=rf"{name} cannot be read"):
                read(tmp_path)


def test_a_search_begins_without_the_history_of_the_run_that_it_begins_from(tmp_path):
    config = resolve(host(), {"arch": "mlp", "data": "shapes", "resolution": 16, "batch": 8, "device": "cpu"})
    former = Former(until=80, settings={"lr_g": 1e-3})
    run_folder.save_config(tmp_path, config.model_copy(update={"history": (former,)}))
    assert run_folder.load_config(tmp_path).history == (former,)
    begun = folder.plan(host(), {}, None, tmp_path / "config.toml", ["lr=1e-4..1e-3"], 2)
    assert "history" not in begun.file
    assert begun.start["history"] == []
    assert begun.start["batch"] == 8


def test_an_augmentation_that_a_run_chose_by_itself_is_chosen_anew_for_a_search_on_other_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "few"
    run.mkdir(parents=True)
    few = {"arch": "mlp", "resolution": 8, "data": "shapes:count=60", "device": "cpu", "images": 100, "augment": "auto"}
    made = resolve_run(host(), few)
    run_folder.save_config(run, made.config)
    run_folder.save_choices(run, made.config, made.choices, made.given)
    assert "after=180" in folder.plan(host(), {}, run, None, ["lr=1e-4..1e-3"], 2).start["augment"]
    other = folder.plan(host(), {"data": "shapes:count=90"}, run, None, ["lr=1e-4..1e-3"], 2)
    assert "after=270" in other.start["augment"]
    assert "augment" not in other.file
