import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gantool.engine.run_names import METRICS
from gantool.report.charts import charts_of
from gantool.report.facts import facts_of, gave_up
from gantool.report.frames import Encoder
from gantool.report.page import _commands, write_report
from gantool.report.record import told_apart
from made_runs import HOSTILE, html_of, made_run, record_of


class Elements(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_page_has_samples_metrics_settings_reasons_and_commands(tmp_path) -> None:
    page = Elements(html_of(made_run(tmp_path / "run", warnings=("Careful.",))))
    assert [image["data-seen"] for image in page.named("img")] == ["0", "1333", "2666", "4000"]
    for words in ("Losses", "Accuracy of the discriminator", "Diversity", "Distance to the data", "Speed", "Careful.",
                  "the recipe", "gantool train --config", "gantool sample", "at 2,000 images",
                  "1 min 20 s"):  # fmt: skip
        assert words in page.text
    assert "gantool train --resume" not in page.text  # it has come to its end


def test_an_unfinished_run_has_the_command_that_resumes_it(tmp_path) -> None:
    run = made_run(tmp_path / "run", images=100_000)
    page = Elements(html_of(run))
    assert f"gantool train --resume {run}" in page.text
    assert "of 100,000" in page.text


def test_a_run_whose_folder_ends_the_path_of_another_is_told_by_its_whole_path(tmp_path) -> None:
    record = record_of(made_run(tmp_path / "run"))
    records = [replace(record, run=Path(path)) for path in ("/one", "/there/one")]
    assert [each.name for each in told_apart(records)] == ["/one", "there/one"]


def test_foreign_names_are_text_wherever_they_stand(tmp_path) -> None:
    run = made_run(tmp_path / HOSTILE.replace("/", ""), warnings=(HOSTILE, "</script><script>alert(1)</script>"))
    with (run / METRICS).open("a") as file:
        file.write(json.dumps({"images_seen": 10, HOSTILE: 1.0, "loss_</title>": 2}) + "\n")
    (run / "choices.json").write_text(json.dumps([{"setting": "batch", "value": "64", "why": HOSTILE}]))
    config = (run / "config.toml").read_text()
    (run / "config.toml").write_text(config.replace('"dcgan"', f'"{HOSTILE}"'))
    page = Elements(html_of(run))
    assert {image["src"][:22] for image in page.named("img")} == {"data:image/webp;base64"}
    assert len(page.named("script")) == 2
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)]
    assert page.text.count(HOSTILE) >= 4


def test_the_policy_allows_the_one_style_sheet_and_the_one_script_alone(tmp_path) -> None:
    page = html_of(made_run(tmp_path / "run"))
    [policy] = [meta["content"] for meta in Elements(page).named("meta") if meta.get("http-equiv")]
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        [content] = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[directive] == f"'sha256-{digest}'"
    assert allowed["default-src"] == "'none'"
    assert " style=" not in page  # the policy would refuse it


def test_it_names_no_other_file_and_no_address(tmp_path) -> None:
    for _, attributes in Elements(html_of(made_run(tmp_path / "run"))).tags:
        for name in ("src", "href", "srcset", "action"):
            assert (attributes.get(name) or "data:").startswith("data:")


@pytest.mark.long
def test_a_thousand_snapshots_of_noise_and_many_ticks_stay_below_five_megabytes(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=40, ticks=2000, side=400)
    sheets = sorted((run / "samples").iterdir())
    for number in range(1000):  # those of a long run, most of which no page shows
        (run / "samples" / f"{200_100 + 500 * number:09d}.png").hardlink_to(sheets[number % 40])
    page = html_of(run)
    assert len(Elements(page).named("img")) == 24
    assert len(page) < 5_000_000


def test_a_run_of_many_ticks_is_thinned(tmp_path) -> None:
    run = made_run(tmp_path / "run", ticks=100)
    with (run / METRICS).open("a") as file:
        file.writelines(f'{{"images_seen": {10_000 + tick}, "loss_d": {tick % 9}}}\n' for tick in range(30_000))
    assert len(html_of(run)) < 200_000


@pytest.mark.parametrize("missing", [METRICS, "best.json", "choices.json", "samples"])
def test_what_a_folder_lacks_is_left_out(tmp_path, missing) -> None:
    run = made_run(tmp_path / "run")
    place = run / missing
    if place.is_dir():
        for sheet in place.iterdir():
            sheet.unlink()
    else:
        place.unlink()
    assert "gantool train --config" in html_of(run)


@pytest.mark.parametrize("content", ["", "[1, 2]", '{"images_seen": "x"}', "\x00\xff", '{"images_seen": 1e999}', "nul"])
@pytest.mark.parametrize("damaged", [METRICS, "best.json", "choices.json"])
def test_what_is_damaged_is_left_out(tmp_path, damaged, content) -> None:
    run = made_run(tmp_path / "run")
    (run / damaged).write_text(content)
    assert "gantool train --config" in html_of(run)


def test_values_that_are_not_finite_are_left_out(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    with (run / METRICS).open("a") as file:
        file.write('{"images_seen": 4000, "loss_d": null, "loss_g": NaN, "gradient_norm_d": 1e999}\n')
    assert "nan" not in html_of(run).lower().replace("nanum", "")


def test_a_growing_run_shows_its_stages(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    with (run / METRICS).open("a") as file:
        file.writelines(
            json.dumps({"images_seen": 100 * tick, "level": 8 if tick < 20 else 16}) + "\n" for tick in range(1, 41)
        )
    page = Elements(html_of(run))
    assert "8 px" in page.text
    assert "16 px" in page.text


def test_the_metrics_of_the_watch_are_explained(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    measured = {"images_seen": 4000, "swd_16": 0.2, "contrast": 1.5, "checkerboard": 1.0, "clipped": 0.1, "own_b": 3.0}
    with (run / METRICS).open("a") as file:
        file.write(json.dumps(measured) + "\n")
    more = charts_of([record_of(run)])[1]
    explained = [chart.look.title for chart in more if chart.look.note]
    assert explained == ["SWD by resolution", "Contrast", "Checkerboard", "Clipped"]
    assert "own b" in [chart.look.title for chart in more]


def test_what_chance_makes_of_the_reals_is_beside_the_distance_of_one_run(tmp_path) -> None:
    run, other = made_run(tmp_path / "run"), made_run(tmp_path / "other")
    assert "of the last sheet" in [fact.note for fact in facts_of(record_of(run))]  # as in older runs
    assert "two sets of reals" not in html_of(run)
    with (run / METRICS).open("a") as file:
        file.write(json.dumps({"images_seen": 4000, "swd": 0.2, "swd_reals": 0.0875}) + "\n")
    told = [fact.note for fact in facts_of(record_of(run))]
    assert "of the last sheet; two sets of as many reals have 0.0875" in told
    assert "two sets of reals" in html_of(run)
    assert "two sets of reals" not in html_of(run, other)
    assert "swd reals" not in html_of(run, other)


def test_runs_are_compared_by_what_differs(tmp_path) -> None:
    one, two = made_run(tmp_path / "one", seed=1), made_run(tmp_path / "two", seed=2, lr_g=0.001, sheets=30)
    page = Elements(html_of(one, two))
    assert len(page.named("img")) == 4 + 12
    for words in ("--seed", "--lr-g", "one", "two", "Losses: generator"):
        assert words in page.text
    assert "--resolution" not in page.text.partition("Commands")[0]
    assert "The runs differ in their data" not in page.text
    elsewhere = made_run(tmp_path / "three", data="shapes:count=7")
    assert "distances to the data and scores of one cannot be compared" in Elements(html_of(one, elsewhere)).text


def test_settings_that_changed_in_mid_run_are_told(tmp_path) -> None:
    run = made_run(tmp_path / "run", lr_g=0.001, history=[{"until": 1500, "settings": {"lr_g": 0.01}}])
    assert "Changed at 1,500 images: --lr-g 0.01, then 0.001." in Elements(html_of(run)).text


def test_flags_in_a_sentence_do_not_break_and_stay_as_they_are(tmp_path) -> None:
    page = html_of(made_run(tmp_path / "run", warnings=("Try --lr-end <b>0.5</b>, or --seed 3.",)))
    assert '<span class="flag">--lr-end</span>' in page
    assert "Try --lr-end <b>0.5</b>, or --seed 3." in Elements(page).text


def test_a_reason_of_a_value_that_was_changed_later_is_left_out(tmp_path) -> None:
    assert "the recipe" not in html_of(made_run(tmp_path / "run", batch=32))


def test_it_is_written_atomically(tmp_path, monkeypatch) -> None:
    run = made_run(tmp_path / "run")
    write_report(run / "report.html", [record_of(run)], Encoder())
    before = (run / "report.html").read_text()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="The disk is full"):
        write_report(run / "report.html", [record_of(run)], Encoder())
    assert (run / "report.html").read_text() == before


@pytest.mark.parametrize(
    ("last", "told"),
    [(114.6, "score 115.4, the last has 114.6, but is between snapshots"), (116.0, "score 115, the last has 116")],
)
def test_a_last_score_between_snapshots_may_be_better_than_the_best(tmp_path, last, told) -> None:
    run = made_run(tmp_path / "run")
    scored = [{"images_seen": seen, "score": score} for seen, score in ((4000, 115.4), (4010, last))]
    with (run / METRICS).open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in scored)
    assert told in [fact.note for fact in facts_of(record_of(run))]


@pytest.mark.parametrize(("last", "best"), [(0.19, False), (0.22, False), (0.25, True)])
def test_commands_draw_from_the_best_checkpoint_only_where_it_is_clearly_better(tmp_path, last, best) -> None:
    run = made_run(tmp_path / "run", ticks=20)
    scored = [{"images_seen": 1000, "score": 0.2}, {"images_seen": 2000, "score": last}]
    (run / METRICS).write_text("".join(json.dumps(one) + "\n" for one in scored))
    (run / "best.json").write_text(json.dumps({"images_seen": 1000}))
    assert f"gantool sample {run}{'/best' if best else ''} --grid" in Elements(html_of(run)).text


@pytest.mark.parametrize(("patience", "more"), [(0, ""), (3, " --patience 0"), (4, "")])
def test_the_command_that_goes_on_after_patience_ended_a_run_does_not_end_at_once(tmp_path, patience, more) -> None:
    run = made_run(tmp_path / "run", sheets=0, ticks=100, patience=patience)
    scored = [{"images_seen": 1000 * place, "score": score} for place, score in enumerate((5.0, 2.0, 3.0, 2.5, 2.2), 1)]
    (run / METRICS).write_text("".join(json.dumps(one) + "\n" for one in scored))
    (command,) = (one.text for one in _commands(record_of(run), ()) if one.what == "Go on with the run")
    assert command == f"gantool train --resume {run}{more}"


def test_a_score_of_untrained_networks_does_not_end_a_run_by_patience(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=0, ticks=100, patience=3)
    scored = [{"images_seen": 200 * place, "score": score} for place, score in enumerate((1.0, 3.0, 2.0, 2.5))]
    (run / METRICS).write_text("".join(json.dumps(one) + "\n" for one in scored))
    assert not gave_up(record_of(run))
