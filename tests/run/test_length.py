"""Runs as long as they may take, by the time of their steps."""

from dataclasses import replace

import pytest
from PIL import Image

from gantool.errors import UsageError
from gantool.plugins.host import host
from gantool.run import duration, length, planning
from gantool.run.duration import Duration
from gantool.run.folder import save_config
from gantool.run.planning import plan

SMALL = {"arch": "mlp:generator_hidden=4,discriminator_hidden=4", "resolution": 8, "device": "cpu", "augment": "none",
         "precision": "float32"}  # fmt: skip


@pytest.fixture
def photos(tmp_path):
    for index in range(4):
        Image.new("RGB", (9, 9), (index * 9, 0, 0)).save(tmp_path / f"{index}.png")
    return str(tmp_path)


@pytest.fixture
def timed(photos, monkeypatch):
    """A function: the plan of so many minutes, where each image takes a second and more of them a little longer."""

    def seconds(prepared, device, since=0, processes=1, tried=None):
        each = 1.0 if prepared.config.images < 50_000 else 2.0
        return Duration(each * prepared.config.images, each * prepared.config.images, (each, each), {})

    monkeypatch.setattr(length, "time_of", seconds)

    def made(minutes=None, resume=None, **settings):
        def again(images=None):
            more = {"images": images} if images else {}
            return plan(host(), SMALL | {"data": photos} | settings | more, resume=resume)

        return length.timed(again(), None if minutes is None else float(minutes), again)

    return made


def test_minutes_become_images_with_the_reason(timed):
    found = timed(60)
    assert found.config.images == 3600
    assert found.config.tick == 72  # all that depends on the number follows it
    assert [str(choice) for choice in found.choices if choice.flag == "--images"] == [
        "Chosen: --images 3,600 (about 60 min here, by timing)"
    ]
    assert "images" not in found.given


def test_a_cpu_gets_about_a_quarter_of_an_hour_and_no_more_than_the_recipe_has(timed):
    found = timed()
    assert found.config.images == 900
    assert "--minutes or --images sets another length" in str(found.choices[-1])


def test_a_fast_machine_trains_no_longer_than_the_recipe_says(timed, monkeypatch):
    usual = 3_000_000  # of mlp
    monkeypatch.setattr(length, "time_of", lambda *_, **__: Duration(1.0, 1.0, (0.0, 0.0), {}))
    assert timed().config.images == usual


def test_a_length_that_was_given_or_that_the_data_calls_for_stays(timed):
    assert timed(images=77).config.images == 77
    assert timed(data="shapes").config.images == plan(host(), SMALL | {"data": "shapes"}).config.images


def test_minutes_beside_images_or_without_sense_are_refused(timed, monkeypatch):
    with pytest.raises(UsageError, match="exclude each other"):
        timed(5, images=77)
    with pytest.raises(UsageError, match="above 0, not 0"):
        timed(0)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="for one process"):
        timed(5)


def test_a_step_that_cannot_be_timed_is_told_with_its_cause(photos):
    settings = SMALL | {"data": photos}

    def again(images=None):
        return plan(host(), settings | ({"images": images} if images else {}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duration.Trial, "_step", lambda *_: 1 / 0)
        with pytest.raises(UsageError, match=r"failed here: ZeroDivisionError: division by zero\. Give --images"):
            length.timed(again(), 5.0, again)
        assert length.timed(again(), None, again).config.images == again().config.images


def test_steps_are_timed_once_though_networks_depend_on_the_length(photos):
    arch = "progressive:fmap_base=16,fmap_max=4,latent=4"
    settings = {"arch": arch, "resolution": 8, "device": "cpu", "data": photos, "batch": 2}
    tried = []

    def seconds(self, stage, images):
        tried.append((stage.resolution, stage.batch))
        return (0.1, 0.1)

    def again(images=None):
        return plan(host(), settings | ({"images": images} if images else {}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duration.Trial, "seconds", seconds)
        found = length.timed(again(), 1.0, again)
    assert 100 < found.config.images < 700
    assert len(set(tried)) == len(tried) > 1
    assert found.timing.tried.keys() == set(tried)


def test_a_run_that_exists_keeps_its_length(timed, tmp_path):
    begun = timed(60)
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    save_config(run, begun.config)
    again = timed(5, resume=run)
    assert again.config.images == 3600
    assert [str(choice) for choice in again.choices] == [
        "Chosen: --images 3,600 "
        "(the length of the run that resumes: --resume RUN --minutes N trains for N minutes more)"
    ]
    assert timed(resume=run).config.images == 3600
    assert not timed(resume=run).choices


def test_a_run_that_is_resumed_gets_so_many_minutes_more(photos, monkeypatch, tmp_path):
    since = []

    def seconds(prepared, device, since_images=0, processes=1, tried=None):
        since.append(since_images)
        left = float(prepared.config.images - since_images)
        return Duration(left, left, (1.0, 1.0), {})

    monkeypatch.setattr(length, "time_of", seconds)
    monkeypatch.setattr(planning, "images_of", lambda checkpoint: 2000)
    begun = plan(host(), SMALL | {"data": photos, "images": 3600})
    resumed = replace(begun, resumes=True, checkpoint=tmp_path, given={})

    def again(images):
        return replace(resumed, config=resumed.config.model_copy(update={"images": images}), given={"images": True})

    for images in (3600, 2000):  # one has ended
        longer = length.timed(replace(again(images), given={}), 5.0, again, more=True)
        assert longer.config.images == 2300
        assert set(since) == {2000}
    assert str(longer.choices[-1]) == (
        "Chosen: --images 2,300 (2,000 seen, and 300 more in about 5 min here, by timing)"
    )
    assert longer.config.model_copy(update={"images": 3600}) == begun.config
    assert longer.given == {}
    restarted = replace(resumed, restarted=True)
    assert length.timed(restarted, 5.0, lambda images: begun, more=True) is restarted


def test_a_run_that_has_ended_is_timed_for_all_that_it_gets(photos, monkeypatch, tmp_path):
    tried = []

    def seconds(self, stage, images):
        tried.append(images)
        return (0.1, 0.1) if images < 100 else (0.05, 0.05)

    monkeypatch.setattr(duration.Trial, "seconds", seconds)
    monkeypatch.setattr(planning, "images_of", lambda checkpoint: 40)
    begun = plan(host(), SMALL | {"data": photos, "images": 40})
    ended = replace(begun, resumes=True, checkpoint=tmp_path, given={})
    longer = length.timed(
        ended, 1.0, lambda images: replace(ended, config=ended.config.model_copy(update={"images": images})), more=True
    )
    assert 1000 <= longer.config.images - 40 <= 1200  # 1,200 images take a minute, beside the start
    assert tried[-1] >= 1000


def test_the_time_that_is_aimed_at_is_found_where_steps_change_with_the_length(timed):
    assert timed(2500).config.images == 75_000


@pytest.mark.parametrize(("minutes", "each"), [(0.3, 0.02), (0.3, 0.04), (0.6, 0.04), (5, 0.04), (0.3, 0.06)])
def test_the_time_is_found_where_a_run_grows_and_its_last_stage_takes_most_of_it(timed, monkeypatch, minutes, each):
    def seconds(prepared, device, since=0, processes=1, tried=None):
        images = prepared.config.images
        took = images / 100 + max(0, images - 750) * each
        return Duration(took, took, (each, each), {})

    monkeypatch.setattr(length, "time_of", seconds)
    found = timed(minutes).config.images
    assert found / 100 + max(0, found - 750) * each == pytest.approx(60 * minutes, rel=0.1)
