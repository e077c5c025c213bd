"""The server of the page: who is refused, what is drawn, and that the last request counts."""

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.parse import quote

import pytest
import torch
from PIL import Image

import gantool
from explore_models import Client, explored, write_model
from gantool.engine.run_names import CONFIG, FAVOURITES, sheet_of
from gantool.errors import OptionError
from gantool.explore import explorer
from gantool.explore.server import Server
from gantool.sampling.directions import directions_file, save_directions
from gantool.sampling.finding import find_directions
from gantool.sampling.points import parse_point


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "demo"
    write_model(folder / "generator.safetensors")
    (folder / CONFIG).write_text("")
    return folder


@pytest.fixture(scope="module")
def client(run: Path) -> Iterator[Client]:
    with explored(run) as made:
        yield made


def raw(client: Client, text: bytes) -> bytes:
    """The answer to bytes sent as they are, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=20) as connection:
        connection.sendall(text)
        return connection.makefile("rb").read()


def test_seed_7_is_the_file_that_sample_writes(client, run, tmp_path, gantool_cli) -> None:
    gantool_cli("sample", str(run), "--seeds", "7", "-o", str(tmp_path / "out"))
    assert client.get("picture?of=seed%3D7") == (tmp_path / "out" / "seed000007.png").read_bytes()


def test_of_directions_of_an_earlier_model_the_page_names_the_command_for_its_own_and_no_flag(tmp_path) -> None:
    model = write_model(tmp_path / "later.safetensors")
    found = find_directions(gantool.load(model, "cpu"), count=1)
    save_directions(directions_file(model), replace(found, card=found.card.model_copy(update={"digest": "1" * 64})))
    with explored(model) as made:
        told = made.explorer.loaded.note
    assert told.endswith(f"gantool directions {model} --overwrite.")
    assert "--directions" not in told  # which `gantool explore` does not take


def test_a_wrong_token_is_refused(client) -> None:
    for path in ("", "state", "picture?of=seed%3D7"):
        assert client.ask(path, token="x" * 22).status == 403
    assert client.ask("favourites", token="", method="POST", body="{}").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}", ""]
)
def test_a_foreign_host_is_refused(client, host) -> None:
    answer = client.ask("", headers={"Host": host.format(port=client.server.port)})
    assert answer.status == 421
    assert client.server.token.encode() not in answer.content


def test_it_listens_on_the_loopback_alone_and_allows_no_other_origin(client) -> None:
    assert client.server.socket.getsockname()[0] == "127.0.0.1"
    answer = client.ask("state", headers={"Origin": "http://evil.example"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client.ask("", method="OPTIONS").status == 501


def test_the_page_may_load_nothing_from_elsewhere(client) -> None:
    answer = client.ask("")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src 'self' blob: data:; connect-src 'self'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert b"http" not in answer.content.replace(b"http-equiv", b"")


def test_100_mb_are_refused_unread(client) -> None:
    head = f"POST /{client.server.token}/favourites HTTP/1.1\r\nHost: 127.0.0.1:{client.server.port}\r\n"
    refused = raw(client, f"{head}Content-Length: 104857600\r\n\r\n".encode())  # and none of them sent
    assert refused.startswith(b"HTTP/1.1 413")
    assert raw(client, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()).startswith(b"HTTP/1.1 411")
    assert raw(client, f"{head}Content-Length: -1\r\n\r\n".encode()).startswith(b"HTTP/1.1 411")


def test_what_is_no_request_is_refused(client) -> None:
    assert b"Bad Request" in raw(client, b"nonsense\r\n\r\n")
    assert b" 400 " in raw(client, b"GET http://[x/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % client.server.port)
    assert b" 414 " in raw(client, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n").split(b"\n")[0]


@pytest.mark.parametrize(
    "path",
    ["../generator.safetensors", "%2e%2e/config.toml", "..%2fconfig.toml", "sheet/../state", "state/", "explore.css"],
)
def test_no_file_is_served_by_its_path(client, path) -> None:
    assert client.ask(path).status == 404


@pytest.mark.parametrize("seen", ["../config", "..%2Fconfig", "-1", "1e3", "%00", "9" * 30, "12"])
def test_a_sheet_is_asked_by_a_number(client, seen) -> None:
    answer = client.ask(f"sheet?seen={seen}")
    assert answer.status == 400
    assert "error" in json.loads(answer.content)


@pytest.mark.parametrize("of", ["", "seed=../../x", "seed=7&level=1", "7", "seed=-1", "seed=9999999999", "seed=1&at=2"])
def test_what_describes_no_picture_is_an_error_in_a_sentence(client, of) -> None:
    answer = client.ask(f"picture?of={quote(of)}")
    assert answer.status == 400
    assert json.loads(answer.content)["error"].endswith(".")


def test_a_grid_has_the_pictures_of_its_points(client, run) -> None:
    drawn = client.json("pictures?of=seed%3D3&of=seed%3D7")["pictures"]
    assert len(set(drawn)) == 2
    assert client.json("pictures?of=seed%3D7")["pictures"] == drawn[1:]
    assert client.ask("pictures?" + "&".join(["of=seed%3D1"] * 65)).status == 400


def test_two_clients_at_once_each_get_their_own(client, run) -> None:
    seeds = range(24)
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda seed: client.get(f"picture?of=seed%3D{seed}"), seeds))
    shown = [Image.open(io.BytesIO(picture)).tobytes() for picture in drawn]
    assert shown == [picture.tobytes() for picture in gantool.load(run).sample(seeds=seeds)]
    assert len(set(drawn)) == 24


def test_a_picture_chosen_from_the_grid_is_not_drawn_again(client, monkeypatch) -> None:
    grid = client.json("pictures?of=seed%3D301&of=seed%3D302")["pictures"]
    monkeypatch.setattr(type(client.explorer.loaded.model), "render", lambda *_: pytest.fail("it is drawn again"))
    assert client.get("picture?of=seed%3D302")
    assert client.json("pictures?of=seed%3D302&of=seed%3D301&of=seed%3D302")["pictures"] == [grid[1], *grid]


def test_pictures_are_kept_within_the_memory_for_them(client, monkeypatch) -> None:
    card = client.explorer.loaded.model.card
    monkeypatch.setattr(explorer, "KEPT_BYTES", 3 * card.channels * card.resolution**2)
    client.json("pictures?" + "&".join(f"of=seed%3D{seed}" for seed in range(400, 408)))
    assert len(client.explorer._kept) == 3


def test_what_nobody_waits_for_is_not_drawn(client, monkeypatch) -> None:
    """A page that asks for something newer closes the connection of what it asked before."""
    drawing, drawn, free = client.explorer, [], threading.Event()
    of_points = type(drawing)._of_points
    monkeypatch.setattr(drawing, "_of_points", lambda loaded, points, level: drawn.append(points[0].spot.seed)
                        or of_points(drawing, loaded, points, level))  # fmt: skip
    blocking = drawing._worker.submit(free.wait, 20)
    host = f"127.0.0.1:{client.server.port}"
    with socket.create_connection(("127.0.0.1", client.server.port)) as stale:
        stale.sendall(f"GET /{client.server.token}/picture?of=seed%3D1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        until = time.monotonic() + 20
        while drawing._worker._work_queue.qsize() < 1 and time.monotonic() < until:
            time.sleep(0.005)
    with ThreadPoolExecutor(1) as threads:
        newer = threads.submit(client.get, "picture?of=seed%3D2")
        free.set()
        assert newer.result()
    assert blocking.result()
    assert drawn == [2]


def test_a_request_while_the_server_ends_is_no_error_of_it(run) -> None:
    with explored(run) as client:
        client.explorer.close()
        with pytest.raises(RemoteDisconnected):
            client.ask("picture?of=seed%3D1")


def test_favourites_are_kept_in_the_run_once_each(client, run) -> None:
    for text in ("seed=7", "truncation=0.7&seed=9", "seed=7&truncation=1.0"):
        assert client.post({"add": text}).status == 200
    assert json.loads((run / FAVOURITES).read_text())["favourites"] == ["seed=9&truncation=0.7", "seed=7"]
    client.post({"remove": "seed=7"})
    assert client.json("state")["favourites"] == ["seed=9&truncation=0.7"]
    for wrong in ({"add": "../x"}, {"add": 7}, {"sub": "seed=7"}, {}):
        assert client.post(wrong).status == 400
    assert client.ask("favourites", method="POST", body="[]").status == 400


def test_a_walk_is_that_of_interpolate(client, run) -> None:
    model = gantool.load(run, "cpu")
    content = client.get("walk?of=seed%3D1&of=seed%3D5&frames=9&format=apng&fps=20")
    wanted = model.interpolate([1, 5], 9)
    with Image.open(io.BytesIO(content)) as film:
        assert film.n_frames == 9
        for index in range(9):
            film.seek(index)
            assert film.convert("RGB").tobytes() == wanted[index].permute(1, 2, 0).contiguous().numpy().tobytes()


def test_a_walk_of_a_model_that_cannot_blend_classes_is_of_the_first(tmp_path) -> None:
    pets = write_model(tmp_path / "pets.safetensors", classes=("cat", "dog"))
    points = [parse_point("seed=1"), parse_point("seed=4"), parse_point("seed=5&label=cat")]
    with explored(pets) as client:
        walked = client.explorer.walk(points, 5, "auto", False, None, lambda: None)
    assert torch.equal(walked, gantool.load(pets, "cpu").interpolate([1, 4, 5], 5, labels="dog"))


def test_a_walk_is_of_one_model_and_within_memory(client, monkeypatch, tmp_path) -> None:
    newer = gantool.load(write_model(tmp_path / "newer.safetensors", seed=5))
    points = [parse_point("seed=1"), parse_point("seed=2")]
    monkeypatch.setattr(explorer, "MOST_VALUES", 10 * 3 * 16**2)
    assert client.json("state")["most_frames"] == {"16": 10}
    with pytest.raises(OptionError, match="at 16 pixels, at most 10, not 2 and 11"):
        client.explorer.walk(points, 11, "auto", False, None, lambda: None)
    before, whole = client.explorer.loaded, client.explorer.walk(points, 10, "auto", False, None, lambda: None)
    client.explorer.loaded = replace(before, at_once=4)
    checks = iter(range(100))

    def newer_meanwhile() -> None:
        if next(checks) == 2:  # as when the page asks for the state while a run trains
            client.explorer.loaded = replace(before, model=newer, version=before.version + 1)

    walked = client.explorer.walk(points, 10, "auto", False, None, newer_meanwhile)
    client.explorer.loaded = before
    assert torch.equal(walked, whole)


def test_pictures_like_one_are_found_and_it_is_not_among_them(client) -> None:
    found = client.json("alike?of=seed%3D3&from=0&count=5")["seeds"]
    assert len(set(found)) == 5
    assert 3 not in found


def test_a_new_model_and_new_sheets_are_seen(tmp_path) -> None:
    run = tmp_path / "run"
    write_model(run / "generator.safetensors")
    (run / CONFIG).write_text("")
    with explored(run) as client:
        before, old = client.json("state"), client.get("picture?of=seed%3D7")
        assert client.json("state") == before
        (run / "samples").mkdir()
        sheet_of(run, 900).write_bytes(b"a picture")
        write_model(run / "generator.safetensors", seed=1, images=900)
        after = client.json("state")
        assert (after["version"], after["images_seen"], after["sheets"]) == (before["version"] + 1, 900, [900])
        assert client.get("picture?of=seed%3D7") != old
        assert client.get("sheet?seen=900") == b"a picture"
        (run / "generator.safetensors").write_bytes(b"half a file")
        assert "generator.safetensors" in client.json("state")["note"]
        assert client.get("picture?of=seed%3D7")


def test_a_port_that_is_taken_is_told(client) -> None:
    with pytest.raises(OptionError, match=f"Port {client.server.port} cannot be used"):
        Server(client.server.port)
