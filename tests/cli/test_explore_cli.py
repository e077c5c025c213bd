"""`gantool explore` as a process: its address on standard output, and its end by Ctrl-C."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from explore_models import write_model


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C of another process")
def test_it_prints_its_address_and_ctrl_c_frees_the_port(tmp_path: Path) -> None:
    file = write_model(tmp_path / "tiny.safetensors")
    command = [sys.executable, "-m", "gantool", "explore", str(file), "--no-open", "--device", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        assert address.hostname == "127.0.0.1"
        assert len(address.path.strip("/")) >= 20
        assert address.port
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        connection.request("GET", f"{address.path}state")
        assert json.loads(connection.getresponse().read())["name"] == "tiny"
        process.send_signal(signal.SIGINT)  # with a connection that is still open
        assert process.wait(30) == 0
        connection.close()
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", address.port))


def test_a_model_that_is_none_is_told(gantool_cli, tmp_path: Path) -> None:
    done = gantool_cli("explore", str(tmp_path / "absent"), "--no-open")
    assert done.code == 1
    assert "There is no model at" in done.err


def test_a_port_that_is_taken_is_told_before_the_model_is_read(gantool_cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = gantool_cli("explore", str(tmp_path / "absent"), "--no-open", "--port", port)
    assert done.code == 2
    assert f"Port {port} cannot be used" in done.err


def test_help_imports_no_server() -> None:
    code = (
        "import sys; sys.argv = ['gantool', 'explore', '--help']\n"
        "from gantool.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'http.server', 'socketserver', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
