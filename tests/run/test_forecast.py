"""A dry run refuses what the run would, and reads no more of the pictures than that takes."""

from dataclasses import replace

import pytest
from PIL import Image

from gantool.errors import DataError
from gantool.plugins.host import host
from gantool.run import length
from gantool.run.duration import Duration
from gantool.run.forecast import forecast
from gantool.run.planning import plan
from gantool.run.resolve import resolve_run

MLP = {"arch": "mlp:generator_hidden=4,discriminator_hidden=4", "resolution": 8, "device": "cpu", "augment": "none",
       "precision": "float32", "layout": "contiguous"}  # fmt: skip


def forecast_of(since=0, given=None, **settings):
    resolved = resolve_run(host(), settings)
    return forecast(resolved.config, resolved.components, given, since=since)


@pytest.fixture
def folder(tmp_path):
    for index in range(25):
        (tmp_path / f"kind{index % 5}").mkdir(exist_ok=True)
        Image.new("RGB", (9, 9), (index * 9, 0, 0)).save(tmp_path / f"kind{index % 5}" / f"{index}.png")
    return tmp_path


def test_pictures_whose_names_are_plenty_are_not_read(folder, monkeypatch):
    monkeypatch.setattr("gantool.run.forecast.build_source", lambda *_: pytest.fail("they were read"))
    told = forecast_of(**MLP, data=str(folder), batch=2, labels=True)
    plain = forecast_of(**MLP, data=str(folder), batch=2)
    assert told.discriminator == plain.discriminator + 5 * 4


def test_fewer_pictures_than_were_asked_for_are_told(folder):
    assert forecast_of(**MLP, data=f"{folder}:count=25", batch=2).data.startswith("25 images from")
    assert forecast_of(**MLP, data=f"{folder}:count=40", batch=2).data.startswith("25 images (40 were asked for) from")


def test_too_little_memory_is_told_of_a_run_of_one_stage_too_where_its_batches_are_large(monkeypatch):
    monkeypatch.setattr("gantool.run.stage_memory.free_memory", lambda device: 1000)
    assert not [said for said in forecast_of(**MLP, batch=2).warnings if "GiB are free" in said]
    monkeypatch.setattr("gantool.run.stage_memory.LARGE", 100)
    (told,) = [said for said in forecast_of(**MLP, batch=2).warnings if "GiB are free" in said]
    assert told.startswith("A step will need about ")
    assert "free on cpu. Lower --batch (it is 2) or --resolution" in told


def test_a_batch_of_more_images_than_can_be_read_is_refused(folder):
    for path in sorted(folder.rglob("*.png"))[:22]:
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match="--batch 4 is more than the 3 images there are"):
        forecast_of(**MLP, data=str(folder), batch=4)


def test_three_images_are_doubted_for_their_number(folder):
    for path in sorted(folder.rglob("*.png"))[:22]:
        path.unlink()
    told = forecast_of(**MLP, data=str(folder))
    assert told.config.batch == 3
    assert any("With 3 images --batch 4 is impossible" in doubt for doubt in told.warnings)


def pretend_threads(monkeypatch, number):
    """So many threads to be told of; the process goes on with those that it has."""
    monkeypatch.setattr("torch.get_num_threads", lambda: number)
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)


@pytest.mark.parametrize("since", [0, 20])
@pytest.mark.parametrize(
    ("share", "threads", "policy", "told"),
    [(0.5, 2, None, True), (0.1, 2, None, False), (0.5, 1, None, False), (0.5, 2, "PASSIVE", False)],
)
def test_other_programs_on_the_same_cores_are_told_with_the_remedy(
    folder, monkeypatch, share, threads, policy, told, since
):
    monkeypatch.setattr("gantool.run.trial_steps.Others.spread", lambda _: (share, 0.0))
    pretend_threads(monkeypatch, threads)
    monkeypatch.delenv("OMP_WAIT_POLICY")
    if policy:
        monkeypatch.setenv("OMP_WAIT_POLICY", policy)
    settings = MLP | {"data": str(folder), "batch": 2, "images": 40}
    found = [one for one in forecast_of(since, **settings).warnings if "OMP_WAIT_POLICY=PASSIVE gantool train" in one]
    assert len(found) == told
    assert all(one.startswith("Other programs use these cores: they had 50% of the time") for one in found)


def test_other_programs_are_told_where_the_length_was_chosen_by_time(folder, monkeypatch):
    monkeypatch.setattr("gantool.run.trial_steps.Others.spread", lambda _: (0.5, 0.0))
    pretend_threads(monkeypatch, 2)
    monkeypatch.delenv("OMP_WAIT_POLICY")

    def again(images=None):
        return plan(host(), MLP | {"data": str(folder), "batch": 2} | ({"images": images} if images else {}))

    planned = length.timed(again(), 0.02, again)
    told = forecast(planned.config, planned.components, timing=planned.timing)
    assert [one for one in told.warnings if "OMP_WAIT_POLICY" in one]


@pytest.mark.parametrize(
    ("resolution", "images", "enough"),
    [
        (8, 1000, 5000),
        (8, 4999, 5000),
        (8, 5000, 0),
        (64, 4999, 5000),
        (128, 5000, 16_000),
        (128, 16_000, 0),
        (8, 999, 0),
    ],
)
def test_images_that_are_asked_for_may_be_too_few_for_the_resolution(folder, monkeypatch, resolution, images, enough):
    seconds = Duration(images + 1.0, images + 1.0, (1.0, 1.0), {})
    monkeypatch.setattr("gantool.run.forecast.duration", lambda *_, **__: seconds)
    settings = MLP | {"data": str(folder), "batch": 2, "images": images, "resolution": resolution}
    told = [
        one for one in forecast_of(given={"images": True}, **settings).warnings if "too few to learn pictures" in one
    ]
    assert [one.instead for one in told] == [{"images": float(enough)}] * (enough > 0)
    assert all(f". {enough:,}, the least at {resolution} pixels, would take about " in one for one in told)
    assert not [one for one in forecast_of(given={"images": False}, **settings).warnings if "too few to learn" in one]


@pytest.mark.parametrize(("init", "learns_by", "told"), [("none", "", 1), ("runs/emoji", "", 0), ("none", "means", 0)])
def test_images_are_enough_that_follow_those_of_a_model_or_are_learnt_by_trained_features(
    folder, monkeypatch, init, learns_by, told
):
    monkeypatch.setattr("gantool.run.forecast.duration", lambda *_, **__: Duration(9.0, 9.0, (1.0, 1.0), {}))
    resolved = resolve_run(host(), MLP | {"data": str(folder), "batch": 2, "images": 1000})
    config, mlp = resolved.config.model_copy(update={"init": init}), resolved.components.architecture
    mlp = replace(mlp, spec=replace(mlp.spec, learns_by=learns_by))
    found = forecast(config, replace(resolved.components, architecture=mlp), {"images": True}).warnings
    assert len([one for one in found if "too few to learn pictures" in one]) == told
