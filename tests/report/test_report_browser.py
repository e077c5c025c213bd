"""The page in a headless Chromium: it loads nothing, complains of nothing, and does what its controls say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gantool.engine.run_names import EVALUATIONS
from headless import Visits
from made_runs import HOSTILE, html_of, made_run


@pytest.fixture
def opened(browser, tmp_path: Path) -> Iterator[Any]:
    """Opens the page of runs from a file; at the end nothing was requested and nothing complained."""
    visits = Visits(browser)

    def load(*runs: Path, width: int = 1280, scheme: str = "light") -> Any:
        place = tmp_path / "page.html"
        place.write_text(html_of(*runs), "utf-8")
        page = visits.page(width, scheme, offline=True)
        page.goto(place.as_uri())
        return page

    yield load
    visits.end()
    assert visits.complaints == []
    assert {url for url in visits.requested if not url.startswith("data:")} == {(tmp_path / "page.html").as_uri()}


def shown(page: Any) -> list[str]:
    """The images seen of the pictures that can be seen."""
    return [one.get_attribute("data-seen") for one in page.locator(".sheet img").all() if one.is_visible()]


def test_the_slider_changes_the_picture(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run", sheets=5))
    assert shown(page) == ["4000"]
    page.locator("#time").fill("1")
    assert shown(page) == ["1000"]
    assert page.locator("#now").inner_text() == "1,000 images"
    assert page.locator("#time").get_attribute("aria-valuetext") == "1,000 images seen"


def test_the_sheet_says_which_model_it_is_of(opened, tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=5)
    (run / "best.json").write_text('{"images_seen": 3000, "score": 1.0}')
    page = opened(run)
    told = page.locator(".sheet figcaption")
    assert told.inner_text() == "Samples of the last model, at 4,000 images"
    page.locator("#time").fill("3")
    assert told.inner_text() == "Samples of the best checkpoint, at 3,000 images"
    page.locator("#time").fill("1")
    assert told.inner_text() == "Samples of the model at 1,000 images"


def test_pictures_are_decoded_and_differ(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run", sheets=3))
    sources = page.eval_on_selector_all(".sheet img", "all => all.map(one => one.src)")
    assert len(set(sources)) == 3
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth === 24)")


def test_play_goes_through_all_snapshots_and_stops_at_the_last(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run", sheets=3))
    page.clock.install(time=0)
    page.clock.pause_at(10_000)
    page.get_by_role("button", name="Play").click()
    assert shown(page) == ["0"]
    assert page.get_by_role("button", name="Stop").is_visible()
    page.clock.run_for(400)
    assert shown(page) == ["2000"]
    page.clock.run_for(400)
    assert shown(page) == ["4000"]
    assert page.get_by_role("button", name="Play").is_visible()


def test_it_works_by_keyboard_alone(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run", sheets=5))
    page.keyboard.press("ArrowLeft")  # anywhere on the page
    assert shown(page) == ["3000"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "play"
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    assert shown(page) == ["0"]
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["1000"]
    page.keyboard.press("Tab")
    assert page.locator(".tip").inner_text().startswith("4,000 images")
    page.keyboard.press("ArrowLeft")
    assert not page.locator(".tip").inner_text().startswith("4,000")
    page.keyboard.press("Escape")
    assert page.locator(".tip").count() == 0


def test_a_chart_tells_its_values_at_the_pointer_and_shows_the_time_in_all(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run", warnings=("Careful.",)))
    losses = page.locator(".chart", has_text="Losses")
    losses.scroll_into_view_if_needed()
    box = losses.locator("svg[tabindex]").bounding_box()
    page.mouse.move(box["x"] + box["width"] * (46 + 406 / 2) / 460, box["y"] + box["height"] / 2)
    tip = losses.locator(".tip").inner_text()
    assert tip.split("\n")[0] == "2,000 images"
    assert "discriminator" in tip
    assert "0.9" in tip
    assert "Careful." in tip
    inside, above = losses.locator(".tip").bounding_box(), losses.locator("h3").bounding_box()
    assert above["y"] < inside["y"] < box["y"] + box["height"] / 2
    assert page.locator(".cross").count() == page.locator(".chart").count()
    page.mouse.move(0, 0)
    assert page.locator(".cross, .tip").count() == 0


def test_a_curve_over_checkpoints_tells_its_own_values(opened, tmp_path) -> None:
    run = made_run(tmp_path / "run")
    lines = [{"images_seen": 1000 * place, "n": 50, "values": {"kid": {"kid": 9.5 - place}}} for place in range(1, 5)]
    (run / EVALUATIONS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = opened(run)
    chart = page.locator(".chart", has_text="Kid")
    chart.locator("svg[tabindex]").focus()
    page.keyboard.press("Home")
    assert chart.locator(".tip").inner_text().split("\n") == ["1,000 images", "kid", "8.5"]


def test_foreign_names_are_text(opened, tmp_path) -> None:
    run = made_run(tmp_path / HOSTILE.replace("/", ""), warnings=(HOSTILE, "</script><script>alert(1)</script>"))
    page = opened(run)
    assert page.locator("h1").inner_text() == run.name
    assert page.locator(".warnings").inner_text().count(HOSTILE) == 1
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("compared", [False, True])
def test_it_is_as_wide_as_the_window(opened, tmp_path, width, compared) -> None:
    runs = [made_run(tmp_path / "one", warnings=("word" * 60,))]
    runs += [made_run(tmp_path / ("two" * 30), seed=3, lr_g=0.5)] * compared
    page = opened(*runs, width=width)
    for one in page.locator("details").all():
        one.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_samples_side_by_side_line_up_below_captions_of_any_length(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "one"), made_run(tmp_path / ("two and more words " * 9)))
    captions, samples = (
        [place.bounding_box() for place in page.locator(f".sheet {part}").all()] for part in ("figcaption", ".pictures")
    )
    assert captions[0]["height"] < captions[1]["height"]
    assert samples[0]["y"] == samples[1]["y"]
    assert samples[0]["x"] < samples[1]["x"]


def test_it_is_dark_where_the_reader_wants_it(opened, tmp_path) -> None:
    run = made_run(tmp_path / "run")
    colours = [
        opened(run, scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, colour[4:-1].split(", "))) for colour in colours)
    assert light > 700
    assert dark < 100


def test_one_slider_moves_the_sheets_of_all_runs(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "one", sheets=5), made_run(tmp_path / "two", sheets=3, ticks=20))
    assert shown(page) == ["4000", "2000"]
    page.locator("#time").fill("1")
    assert shown(page) == ["1000", "1000"]


def test_a_command_can_be_copied(opened, tmp_path) -> None:
    page = opened(made_run(tmp_path / "run"))
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()


def test_without_scripts_the_last_sheet_and_all_charts_are_there(browser, tmp_path) -> None:
    place = tmp_path / "page.html"
    place.write_text(html_of(made_run(tmp_path / "run")), "utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(place.as_uri())
    assert shown(page) == ["4000"]
    assert not page.locator("#time").is_visible()
    assert page.locator(".chart svg[tabindex]").first.is_visible()
    context.close()
