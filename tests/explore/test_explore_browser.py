"""The page in a headless Chromium: it asks nobody but its server, complains of nothing, and does what it says."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import gantool
from explore_models import Client, explored, write_model
from gantool.explore import explorer
from gantool.sampling.directions import directions_file, save_directions
from gantool.sampling.favourites import favourites_file, save_favourites
from gantool.sampling.finding import find_directions
from gantool.sampling.points import parse_point
from headless import Visits
from made_runs import HOSTILE


@pytest.fixture
def opened(browser) -> Iterator[Any]:
    """Opens the page of a server; at the end nothing was asked of anybody else and nothing complained."""
    visits = Visits(browser)
    homes: list[str] = []

    def load(client: Client, query: str = "", width: int = 1280, scheme: str = "light") -> Any:
        client.leaving.append(visits.end)
        homes.append(client.server.url)
        page = visits.page(width, scheme)
        page.set_default_timeout(30_000)
        page.goto(client.server.url + query)
        return drawn(page)

    yield load
    visits.end()
    assert visits.complaints == []
    assert {url for url in visits.requested if not url.startswith(("data:", "blob:", *homes))} == set()


def drawn(page: Any) -> Any:
    """The page, once all its pictures are there."""
    page.locator("#large:not([hidden])").wait_for()
    page.locator(".stale").first.wait_for(state="detached")
    return page


def pixels(page: Any) -> str:
    """The chosen picture, as a PNG."""
    return drawn(page).evaluate(
        """async () => {
        const large = document.getElementById("large"), canvas = document.createElement("canvas");
        await large.decode();
        [canvas.width, canvas.height] = [large.naturalWidth, large.naturalHeight];
        canvas.getContext("2d").drawImage(large, 0, 0);
        return canvas.toDataURL();
    }"""
    )


def told(page: Any, text: str) -> Any:
    page.locator("#what", has_text=text).wait_for()
    return drawn(page)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "tiny.safetensors")


def cell(page: Any, name: str) -> Any:
    return page.locator("#grid").get_by_role("button", name=name, exact=True)


def test_a_picture_is_the_same_text_in_the_page_and_in_python(opened, model) -> None:
    """Favourites are found by their text, and an address shows the picture that `gantool sample` draws."""
    texts = [
        "seed=7&truncation=0.123456", "seed=7~3:0.25&label=cat (big)!*'&move=1:0.0004,3:0",
        "seed=1&move=2:-0.25&truncation=0.00001",
        "seed=1&label=a:b,c~d_e-f.g/h é", "seed=1&to=2&at=0.3333333", "seed=3&styles=9:1-2&truncation=1.0",
    ]  # fmt: skip
    queries = [text.replace(" ", "%20") for text in texts]
    with explored(model) as client:
        written = opened(client).evaluate("texts => texts.map(text => Picture.text(Picture.parse(text)))", queries)
    assert written == [str(parse_point(text)) for text in queries]
    assert [parse_point(text) for text in written] == [parse_point(str(parse_point(text))) for text in queries]


@pytest.mark.long
def test_choose_slide_and_come_back_by_the_address(opened, model) -> None:
    with explored(model) as client:
        page = opened(client)
        assert page.locator(".cell").count() == 24
        cell(page, "Seed 7").click()
        seven = pixels(told(page, "Seed 7"))
        assert cell(page, "Seed 7").get_attribute("aria-pressed") == "true"
        with Image.open(io.BytesIO(base64.b64decode(seven.partition(",")[2]))) as picture:
            assert picture.convert("RGB").tobytes() == gantool.load(model, "cpu").sample([7])[0].tobytes()
        page.locator("#truncation").fill("0.5")
        nearer = pixels(told(page, "Seed 7, truncation 0.5"))
        assert nearer != seven
        page.wait_for_url("**/?seed=7&truncation=0.5")
        page.reload()
        assert pixels(told(page, "Seed 7, truncation 0.5")) == nearer
        assert page.locator("#truncation").input_value() == "0.5"
        cell(page, "Seed 9, truncation 0.5").click()
        told(page, "Seed 9")
        page.go_back()
        assert pixels(told(page, "Seed 7, truncation 0.5")) == nearer


@pytest.mark.long
def test_pages_neighbours_and_more_like_this(opened, model) -> None:
    with explored(model) as client:
        page = opened(client, "?seed=3")
        page.get_by_role("button", name="Next").click()
        cell(page, "Seed 24").wait_for()
        page.get_by_role("button", name="Neighbours").click()
        cell(page, "Neighbour 2").click()
        told(page, "Seed 3 and 1 turn")
        assert cell(page, "Neighbour 2").get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="More like this").click()
        page.locator("#hint", has_text="look most like seed 3 and 1 turn").wait_for()
        page.locator("#grid").get_by_role("button", name="Seed").first.wait_for()
        assert drawn(page).locator(".cell").count() == 24


def test_a_morph_goes_from_the_one_to_the_other(opened, model) -> None:
    with explored(model) as client:
        page = opened(client, "?seed=9")
        nine = pixels(page)
        page.get_by_role("button", name="Morph into this").click()
        cell(page, "Seed 7").click()
        begun = pixels(told(page, "Seed 7, 0 % of the way to seed 9"))
        page.locator("#at").fill("0.5")
        half = pixels(told(page, "50 %"))
        page.locator("#at").fill("1")
        assert pixels(told(page, "100 %")) == nine
        assert len({begun, half, nine}) == 3
        page.get_by_role("button", name="End the morph").click()
        told(page, "Seed 7")
        assert not page.locator("#at").is_visible()


def test_favourites_are_kept_and_a_walk_between_them_is_shown_and_exported(opened, model, tmp_path) -> None:
    with explored(model) as client:
        page = opened(client, "?seed=7")
        page.keyboard.press("f")
        page.locator("#keep[aria-pressed=true]").wait_for()
        cell(page, "Seed 9").click()
        told(page, "Seed 9")
        page.get_by_role("button", name="Favourite", exact=True).click()
        page.locator("#kept", has_text="2").wait_for()
        kept = json.loads((tmp_path / "tiny-favourites.json").read_text())["favourites"]
        assert kept == ["seed=7", "seed=9"]
        page.locator("[data-view=favourites]").click()
        cell(page, "Favourite 2: Seed 9").wait_for()
        page.get_by_role("button", name="Preview").click()
        page.locator("#film:not([hidden])").wait_for()
        page.locator("#format").select_option("apng")
        page.locator("#seconds").fill("0.4")
        page.locator("#loop").uncheck()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Export").click()
        waiting.value.save_as(tmp_path / "walk.apng")
        with Image.open(tmp_path / "walk.apng") as film:
            assert film.n_frames == 11
            wanted = gantool.load(model, "cpu").interpolate([7, 9], 11)
            for index in (0, 5, 10):
                film.seek(index)
                assert film.convert("RGB").tobytes() == wanted[index].permute(1, 2, 0).contiguous().numpy().tobytes()
        cell(page, "Favourite 1: Seed 7").click()
        told(page, "Seed 7")
        page.get_by_role("button", name="Favourite", exact=True).click()
        page.locator("#kept", has_text="1").wait_for()
        assert page.locator(".cell").count() == 1


@pytest.mark.long
def test_a_walk_is_offered_within_the_limits_of_the_server(opened, model, monkeypatch) -> None:
    monkeypatch.setattr(explorer, "MOST_FRAMES", 100)
    save_favourites(favourites_file(model), [parse_point(f"seed={seed}") for seed in range(70)])
    with explored(model) as client:
        page = opened(client, "?view=favourites")
        assert page.locator("#plan").text_content() == (
            "The first 64 of 70 favourites in 4 s. That is 0.06 s each: a walk has at most 100 frames of 16 pixels."
        )
        page.get_by_label("File").select_option("apng")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Export").click()
        with Image.open(waiting.value.path()) as film:
            assert film.n_frames == 100
        page.get_by_role("button", name="Preview").click()
        page.locator("#film:not([hidden])").wait_for()
        monkeypatch.setattr(explorer, "MOST_FRAMES", 2000)
        page.reload()
        assert drawn(page).locator("#plan").text_content() == "The first 64 of 70 favourites in 64 s."


@pytest.mark.long
def test_two_tabs_at_once_share_favourites_and_nothing_else(opened, model) -> None:
    with explored(model) as client:
        one, two = opened(client, "?seed=1"), opened(client, "?seed=2&view=favourites")
        one.locator("#truncation").fill("0.5")
        one.keyboard.press("f")
        told(one, "Seed 1, truncation 0.5")
        cell(two, "Favourite 1: Seed 1, truncation 0.5").wait_for()
        assert two.locator("#what").inner_text() == "Seed 2"


def test_classes_are_text_and_chosen_by_name(opened, tmp_path) -> None:
    with explored(write_model(tmp_path / "pets.safetensors", classes=("cat", HOSTILE))) as client:
        page = opened(client, "?seed=4")
        cat = pixels(told(page, "Seed 4, cat"))
        page.locator("#class").select_option(HOSTILE)
        assert pixels(told(page, HOSTILE)) != cat
        page.locator("#class").select_option("cat")
        assert pixels(told(page, "cat")) == cat
        assert page.locator("img[src=x]").count() == 0


@pytest.mark.long
def test_a_pyramid_is_drawn_coarse_first_and_at_the_level_that_is_chosen(opened, tmp_path) -> None:
    file = write_model(tmp_path / "grown.safetensors", "msg:fmap_base=64,fmap_max=8,latent=8", side=128)
    with explored(file) as client:
        asked: list[str] = []
        page = opened(client)
        page.on("request", lambda one: asked.append(one.url.partition("/picture?")[2]))
        cell(page, "Seed 7").click()
        told(page, "Seed 7")
        assert [one for one in asked if one] == ["of=seed%3D7&level=64", "of=seed%3D7&level=0"]
        page.locator("#level").select_option("32")
        page.locator("#large[data-level='32']").wait_for()
        assert drawn(page).evaluate("document.getElementById('large').naturalWidth") == 32
        page.wait_for_url("**/?seed=7&level=32")
        page.goto(f"{client.server.url}?seed=7&level=48")  # no level of this model
        assert drawn(page).locator("#large").get_attribute("data-level") == "128"
        assert page.locator("#level").input_value() == "0"


def test_directions_beside_the_model_have_sliders(opened, model) -> None:
    save_directions(directions_file(model), find_directions(gantool.load(model, "cpu"), count=3))
    with explored(model) as client:
        page = opened(client, "?seed=7")
        before = pixels(page)
        page.get_by_label("Direction 2").fill("3")
        assert pixels(told(page, "direction 2 by 3")) != before
        page.wait_for_url("**/?seed=7&move=2:3")
        page.get_by_role("button", name="Back to 0").click()
        assert pixels(told(page, "Seed 7")) == before


def test_styles_of_another_are_mixed_in_by_a_range_of_layers(opened, tmp_path, gantool_host) -> None:
    gantool_host.add(pytest.importorskip("gantool_stylegan2"), "gantool-stylegan2")
    arch = "stylegan2:channel_base=128,channel_max=8,latent=8"
    with explored(write_model(tmp_path / "styled.safetensors", arch, side=32)) as client:
        page = opened(client, "?seed=9")
        nine = pixels(page)
        cell(page, "Seed 7").click()
        seven = pixels(told(page, "Seed 7"))
        page.get_by_label("Styles of seed").fill("9")
        page.get_by_label("From layer").fill("0")
        page.get_by_label("To layer").fill("2")
        mixed = pixels(told(page, "layers 0 to 2 of seed 9"))
        page.get_by_label("To layer").fill("7")
        assert pixels(told(page, "layers 0 to 7 of seed 9")) == nine
        assert len({seven, mixed, nine}) == 3
        page.get_by_label("Styles of seed").fill("")
        assert pixels(told(page, "Seed 7")) == seven


def test_the_grid_works_by_keyboard(opened, model) -> None:
    with explored(model) as client:
        page = opened(client)
        cell(page, "Seed 0").focus()
        for key in ("ArrowRight", "ArrowDown", "Enter"):
            page.keyboard.press(key)
        told(page, "Seed 7")
        page.keyboard.press("n")
        cell(page, "Seed 30").wait_for()
        page.keyboard.press("p")
        cell(page, "Seed 7").wait_for()


@pytest.mark.long
def test_a_run_that_trains_is_followed(opened, tmp_path) -> None:
    run = tmp_path / "run"
    write_model(run / "generator.safetensors")
    (run / "config.toml").write_text("")
    with explored(run) as client:
        page = opened(client, "?seed=7")
        before = pixels(page)
        (run / "samples").mkdir()
        Image.new("RGB", (24, 24), "red").save(run / "samples" / "000000900.png")
        write_model(run / "generator.safetensors", seed=1, images=900)
        page.get_by_alt_text("Samples after 900 images").wait_for()
        page.locator("#card", has_text="900 images seen").wait_for()
        assert pixels(page) != before


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_as_wide_as_the_window(opened, tmp_path, width) -> None:
    folder = tmp_path / ("two" * 30)
    write_model(folder / "generator.safetensors")
    with explored(folder) as client:
        page = opened(client, "?seed=7~1:0.3~2:0.3&view=near", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_every_control_has_a_name_of_its_own(opened, model) -> None:
    with explored(model) as client:
        page = opened(client, "?to=9")
        controls = page.locator("button:visible, input:visible, select:visible").all()
        name = "one => (one.labels?.[0]?.textContent || one.textContent || one.firstChild?.alt || '').trim()"
        names = [one.evaluate(name) for one in controls]
        assert all(names)
        assert page.locator("img:visible:not([alt])").count() == 0


def test_the_end_of_the_server_is_told(browser, model) -> None:
    with explored(model) as client:
        page = browser.new_page()
        page.goto(client.server.url)
        drawn(page).context.set_offline(True)
        page.locator("#truncation").fill("0.5")
        page.locator("#status", has_text="start gantool explore again").wait_for()
        page.close()
