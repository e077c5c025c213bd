"""The lines of a search on a terminal."""

from pathlib import Path

from gantool.tuning.report import line
from gantool.tuning.search import Search
from gantool.tuning.trials import REPEAT, START, Trial

SEARCH = Search(Path("search"), (), {}, 1000, 0, 3)


def told(event, number, images=0, **settings):
    scores = [(images, 0.5)] if images else []
    return line(event, Trial(number, 7, settings=settings, images=images, scores=scores), SEARCH)


def test_trials_have_the_numbers_of_their_folders_up_to_that_of_all_and_the_start_has_none():
    assert told("begins", START) == "The start"
    assert told("goes on", START, images=504) == "The start at 504 of 1,000 images: score 0.5, goes on"
    assert told("begins", REPEAT) == "The start again, with --seed 7"
    assert told("begins", 2, batch=8) == "Trial 2 of 3: --batch 8"
    assert told("begins", 3, images=480, batch=8) == "Trial 3 of 3, goes on from 480 images: --batch 8"


def test_progress_names_the_start_as_the_lines_do():
    assert [Trial(number, 7).title for number in (START, REPEAT, 2)] == ["the start", "the start again", "trial 2"]


def test_a_length_that_is_reached_is_not_told_as_a_part_of_itself():
    assert told("goes on", 2, images=504).startswith("Trial 2 of 3 at 504 of 1,000 images: score 0.5")
    assert told("finished", 2, images=1008).startswith("Trial 2 of 3 at 1,008 images: score 0.5")
