"""The best checkpoint: kept, named, remembered over a resume, and a reason to stop."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from fakes import state, trainer
from gantool.api.events import Checkpoint, Measured, Snapshot, Tick, Warned
from gantool.engine import checkpoint
from gantool.engine.best import Best, best_checkpoint
from gantool.engine.distributed import World


class Scorer:
    """Gives each snapshot the score that stands for its clock; notes all it is told."""

    def __init__(self, scores):
        self.scores, self.told = scores, []

    def __call__(self, event):
        self.told.append(event)
        if isinstance(event, Snapshot) and event.images_seen in self.scores:
            return [Measured(event.images_seen, {}, self.scores[event.images_seen])]
        return None

    def warnings(self):
        return [event.message for event in self.told if isinstance(event, Warned)]


SCORES = {0: 0.01, 32: 0.9, 64: 0.3, 96: 0.5, 128: 0.7, 160: 0.6}


def names(run):
    return sorted(int(path.name) for path in checkpoint.every(run))


def test_the_best_checkpoint_outlives_the_last_few(tmp_path):
    made = trainer(tmp_path / "run", images=160, keep=1, observers=[Scorer(SCORES)])
    made.train()
    assert names(tmp_path / "run") == [64, 160]
    told = json.loads((tmp_path / "run" / "best.json").read_text())
    assert told == {"images_seen": 64, "score": 0.3, "checkpoint": "checkpoints/000000064"}
    assert not checkpoint.damage(best_checkpoint(tmp_path / "run"))


def test_a_better_one_is_saved_at_once_and_replaces_the_old(tmp_path):
    scorer = Scorer({16: 0.9, 32: 0.5, 48: 0.4, 64: 0.6})
    made = trainer(tmp_path / "run", images=64, snapshot_every=16, checkpoint_every=64, keep=1, observers=[scorer])
    made.train()
    assert [e.images_seen for e in scorer.told if isinstance(e, Checkpoint)] == [16, 32, 48, 64]
    assert names(tmp_path / "run") == [48, 64]


def test_no_clock_is_saved_twice(tmp_path):
    scorer = Scorer(SCORES)
    trainer(tmp_path / "run", images=160, observers=[scorer]).train()
    saved = [event.images_seen for event in scorer.told if isinstance(event, Checkpoint)]
    assert saved == [32, 64, 96, 128, 160]


def test_without_scores_there_is_no_best(tmp_path):
    trainer(tmp_path / "run", images=64, observers=[Scorer({32: float("nan")})]).train()
    assert not (tmp_path / "run" / "best.json").exists()


def test_patience_ends_a_run_that_gets_no_better(tmp_path):
    scorer = Scorer(SCORES)
    finished = trainer(tmp_path / "run", images=800, patience=2, keep=1, observers=[scorer]).train()
    assert (finished.images_seen, finished.interrupted, finished.failed) == (128, False, False)
    assert names(tmp_path / "run") == [64, 128]
    (message,) = scorer.warnings()
    assert "none of the last 2 snapshots had a better score (--patience 2; it goes on with --patience 0)" in message
    assert "64 images" in message
    assert "gantool sample" in message
    assert "/best" in message


def test_no_patience_means_no_end(tmp_path):
    assert trainer(tmp_path / "run", images=160, observers=[Scorer(SCORES)]).train().images_seen == 160


@pytest.mark.parametrize("stop", [48, 64, 96, 112])
def test_a_resumed_run_remembers_best_and_patience(tmp_path, stop):
    whole = trainer(tmp_path / "whole", images=800, patience=3, observers=[Scorer(SCORES)])
    whole.train()
    trainer(tmp_path / "halves", images=stop, patience=3, observers=[Scorer(SCORES)]).train()
    second = trainer(tmp_path / "halves", images=800, patience=3, observers=[Scorer(SCORES)])
    second.resume(checkpoint.newest(tmp_path / "halves"))
    assert second.train().images_seen == whole.images_seen == 160
    assert second.best == whole.best
    for one, other in zip(state(whole), state(second), strict=True):
        assert torch.equal(one, other)


def test_a_run_that_gave_up_goes_on_with_more_patience_only(tmp_path):
    trainer(tmp_path / "run", images=800, patience=2, observers=[Scorer(SCORES)]).train()
    again = trainer(tmp_path / "run", images=800, patience=2, observers=[Scorer(SCORES)])
    again.resume(checkpoint.newest(tmp_path / "run"))
    assert again.train().images_seen == 128
    more = trainer(tmp_path / "run", images=160, patience=5, observers=[Scorer(SCORES)])
    more.resume(checkpoint.newest(tmp_path / "run"))
    assert more.train().images_seen == 160


def test_going_on_from_before_the_best_forgets_it(tmp_path):
    trainer(tmp_path / "run", images=96, keep=3, observers=[Scorer(SCORES)]).train()
    again = trainer(tmp_path / "run", images=96, observers=[Scorer({64: 0.8})])
    again.resume(tmp_path / "run" / "checkpoints" / "000000032")
    assert json.loads((tmp_path / "run" / "best.json").read_text())["images_seen"] == 32
    again.train()
    assert json.loads((tmp_path / "run" / "best.json").read_text())["images_seen"] == 64


def test_a_best_checkpoint_that_is_gone_is_forgotten(tmp_path):
    best = Best(32, 0.5, 1)
    best.settle(tmp_path)
    assert best == Best()
    assert best_checkpoint(tmp_path) is None


def test_a_run_that_was_clearly_better_before_says_so_at_its_end(tmp_path, monkeypatch):
    early = Scorer({32: 0.3, 64: 0.5})
    trainer(tmp_path / "early", images=64, observers=[early]).train()
    assert early.warnings() == []  # its best has learnt nothing yet
    monkeypatch.setattr("gantool.engine.best.LEAST_IMAGES", 32)
    scorer = Scorer({32: 0.3, 64: 0.5})
    trainer(tmp_path / "run", images=64, observers=[scorer]).train()
    (message,) = scorer.warnings()
    assert "0.5, clearly worse than 0.3" in message
    assert f"gantool sample {tmp_path}/run/best" in message
    close = Scorer({32: 0.3, 64: 0.31})
    trainer(tmp_path / "close", images=64, observers=[close]).train()
    assert close.warnings() == []


def pair(waits, agreed):
    """A world of two, of which the first plays through before the second begins."""

    class Pair(World):
        def barrier(self):
            waits[self.rank] += 1

        def anyone(self, mine):
            if self.rank == 0:
                agreed.append(mine)
                return mine
            return agreed.pop(0)

    return Pair


def test_processes_that_follow_go_on_when_the_leading_one_has_lost_its_best(tmp_path):
    agreed = []
    world_of = pair({0: 0, 1: 0}, agreed)
    settings = {"images": 800, "patience": 2, "keep": 1, "observers": [Scorer(SCORES)]}
    trainer(tmp_path / "run", **settings).train()
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "000000064")
    last = tmp_path / "run" / "checkpoints" / "000000128"
    saved = checkpoint.load(last)
    ends = []
    for rank in (0, 1):
        again = trainer(tmp_path / "run", **settings | {"images": 144}, world=world_of(rank))
        again.resume(last, saved)
        ends.append(again.train().images_seen)
    assert ends == [144, 144]
    assert agreed == []


def test_processes_that_follow_save_when_the_leading_one_finds_a_best(tmp_path):
    """They know no score: what `anyone` says decides, so that all wait at the same places."""
    waits, agreed = {0: 0, 1: 0}, []
    world_of = pair(waits, agreed)
    for rank in (0, 1):
        scorer = Scorer({16: 0.9, 32: 0.5, 48: 0.6, 64: 0.7, 80: 0.8})
        settings = {"snapshot_every": 16, "checkpoint_every": 64, "patience": 3}
        made = trainer(tmp_path / f"{rank}", images=400, world=world_of(rank), observers=[scorer], **settings)
        assert made.train().images_seen == 80
    assert waits[0] == waits[1] == 5
    assert agreed == []


def test_reals_and_samples_are_given_without_touching_the_run(tmp_path):
    class Curious:
        def __init__(self):
            self.seen = []

        def __call__(self, event):
            if hasattr(event, "reals"):
                self.reals = event.reals
            if isinstance(event, Tick):
                self.seen.append(self.reals(100))
            if isinstance(event, Snapshot):
                torch.rand(3)
                few, many = event.draw(16)[-1], event.draw(70)[-1]
                assert len(many) == 70
                assert torch.equal(many[:16], few)
                assert torch.equal(many[:64], event.images[-1])

    curious = Curious()
    watched, alone = trainer(tmp_path / "one", observers=[curious]), trainer(tmp_path / "other")
    watched.train()
    alone.train()
    assert all(torch.equal(reals, watched.batches.images) for reals in curious.seen)
    assert all(torch.equal(one, other) for one, other in zip(state(watched), state(alone), strict=True))


def test_a_score_of_the_first_steps_is_best_only_until_there_is_a_later_one():
    best = Best()
    assert best.take(208, 0.49)
    assert not best.take(416, 0.63)
    assert best.take(1040, 0.6)
    assert not best.take(1250, 0.61)
    assert best.take(1460, 0.55)
    assert (best.images_seen, best.score) == (1460, 0.55)


def test_the_latest_of_scores_that_are_the_same_within_chance_is_the_best():
    best = Best()
    assert best.take(2000, 0.5, 0.02)
    assert best.take(4000, 0.1, 0.02)
    assert best.take(6000, 0.11, 0.02)
    assert not best.take(8000, 0.13, 0.02)
    assert (best.images_seen, best.score, best.least, best.since) == (6000, 0.11, 0.1, 2)
    assert best.take(10000, 0.119, 0.02)
    assert not best.take(12000, 0.121, 0.02)  # nearness counts from the least, so that small steps lead nowhere
    assert best.gave_up(4)  # a score as good is no better one
    assert not best.gave_up(5)


def test_a_later_score_that_is_better_than_the_best_is_the_best_where_chance_has_become_smaller():
    best = Best()
    best.take(2000, 0.1, 0.25)
    best.take(4000, 0.3, 0.25)
    assert best.take(6000, 0.2, 0.01)
    assert not best.take(8000, 0.25, 0.01)
    assert (best.images_seen, best.score, best.least) == (6000, 0.2, 0.1)


@pytest.mark.parametrize("chance", [float("nan"), -0.5])
def test_an_observer_whose_chance_makes_no_sense_has_none(chance):
    best = Best()
    assert best.take(2000, 0.1, chance)
    assert not best.take(4000, 0.1, chance)
    assert best.take(6000, 0.09, chance)


def test_a_run_that_gave_up_says_why_its_best_has_not_the_least_score(tmp_path):
    best = Best()
    for images, score in ((2000, 0.1004), (4000, 0.1), (6000, 0.1002), (8000, 0.15)):
        best.take(images, score, 0.01)
    assert (
        "had a better score (--patience 2; it goes on with --patience 0). The best is the one at 6,000 images, since "
        "its score, 0.1002, is as good as the least, 0.1, within chance; sample from it with: gantool sample"
    ) in best.farewell(tmp_path, 2)
    best.take(10000, 0.09)
    best.take(12000, 0.2)
    assert "The best is the one at 10,000 images; sample from it with: gantool sample" in best.farewell(tmp_path, 1)


def test_without_chance_an_equal_score_is_no_better():
    best = Best()
    assert best.take(2000, 0.5)
    assert not best.take(4000, 0.5)


def test_a_checkpoint_from_before_the_least_score_was_saved_has_the_best_one():
    before = {name: value for name, value in Best(1600, 0.2, 3, 0.25).state().items() if name != "least"}
    again = Best(**before)
    assert again.least == 0.2
    assert not again.take(2000, 0.3)


def test_what_chance_makes_comes_with_the_score(tmp_path):
    class Near(Scorer):
        def __call__(self, event):
            answers = super().__call__(event)
            return answers and [replace(one, chance=0.25) for one in answers]

    trainer(tmp_path / "run", images=160, observers=[Near(SCORES)]).train()
    assert json.loads((tmp_path / "run" / "best.json").read_text())["images_seen"] == 96


def test_samples_that_several_observers_ask_for_are_drawn_once(tmp_path):
    drawn = []

    class Asking:
        def __call__(self, event):
            if isinstance(event, Snapshot):
                for count in (70, 16, 80, 80):
                    assert len(event.draw(count)[-1]) == count

    made = trainer(tmp_path / "run", images=16, observers=[Asking(), Asking()])
    render = made._snapshots.latents.render

    def rendered(generator, count=None, first=0):
        drawn.append((first, count))
        return render(generator, count, first)

    made._snapshots.latents.render = rendered
    made._snapshot()
    assert drawn == [(0, None), (64, 70), (70, 80)]
    assert torch.equal(
        torch.cat([render(made.ema.gan.generator)[-1], render(made.ema.gan.generator, 80, 64)[-1]]),
        render(made.ema.gan.generator, 80)[-1],
    )
