"""Output in encodings that lack characters, as the cp1252 of Windows and the ASCII of containers do."""

import io
import json
import sys

import pytest
from PIL import Image

from gantool.cli.main import main


@pytest.fixture(params=["cp1252", "ascii", "utf-8"])
def encoding(request):
    return request.param


@pytest.fixture
def run(monkeypatch, tmp_path, encoding):
    """Runs a command in this process; returns its exit code and what it wrote."""
    monkeypatch.chdir(tmp_path)

    def command(*words):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        monkeypatch.setattr(sys, "argv", ["gantool", *words])
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as end:
            main()
        for stream in streams:
            stream.flush()
        return end.value.code, *(stream.buffer.getvalue().decode(encoding) for stream in streams)

    return command


@pytest.fixture
def animals(tmp_path):
    for index, name in enumerate(("猫", "狗😀", "mö")):
        (tmp_path / "动物" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (8, 8), (index * 80, number * 90, 30)).save(tmp_path / "动物" / name / f"图{number}.png")
    (tmp_path / "动物" / "坏.jpg").write_bytes(b"no picture")
    return "动物"


def test_class_names_of_any_script_are_shown_as_far_as_the_encoding_can(run, animals, encoding):
    code, out, err = run("data", "check", animals)
    assert (code, "internal error" in err) == (0, False)
    assert ("猫" if encoding == "utf-8" else "\\u732b") in out


def test_json_can_be_read_in_any_encoding(run, animals):
    code, out, err = run("data", "check", animals, "--json")
    assert (code, "internal error" in err) == (0, False)
    assert "狗😀" in json.dumps(json.loads(out), ensure_ascii=False)


def test_errors_and_paths_are_written_too(run, animals):
    code, out, err = run("train", "--arch", "mlp", "--data", "./动勿", "--resolution", "8")
    assert (code, out) == (2, "")
    assert "There is no folder" in err
