"""A small Hub on the loopback: repositories are created, committed to, and read, as huggingface_hub asks for it."""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub.utils import _http


class FakeHub:
    """Files of each repository, what was asked for, and whether each is private."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.asked: list[str] = []
        self.address = ""
        self.refuses = 0
        """The status by which it refuses to be written to; 0 for none."""

    def revision(self, repository: str) -> str:
        """The commit of a repository: a digest of its files."""
        digest = hashlib.sha1()
        for name, content in sorted(self.files[repository].items()):
            digest.update(name.encode() + content)
        return digest.hexdigest()


def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a Hub where nobody answers, and have its client try again without pauses (of 23 seconds together)."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(_http, "time", SimpleNamespace(**vars(time) | {"sleep": lambda _: None}))


@contextmanager
def serving() -> Iterator[FakeHub]:
    """The Hub, while it is there."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._file(head=True)

        def do_GET(self) -> None:
            self._file(head=False)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hub.asked.append(f"POST {self.path}")
            if hub.refuses:
                return self._answer(hub.refuses, b"", {})
            if self.path == "/api/repos/create":
                asked = json.loads(body)
                name = "/".join(filter(None, [asked.get("organization"), asked["name"]]))
                if name in hub.files:
                    return self._json({"url": f"{hub.address}/{name}"}, 409)
                hub.files[name] = {}
                hub.private[name] = asked.get("private") or asked.get("visibility") == "private"
                return self._json({"url": f"{hub.address}/{name}"})
            if self.path == "/api/validate-yaml":
                return self._json({"errors": [], "warnings": []})
            found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/main", self.path.partition("?")[0])
            if found and found[2] == "preupload":
                names = [each["path"] for each in json.loads(body)["files"]]
                return self._json(
                    {"files": [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]}
                )
            if found:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        content = base64.b64decode(line["value"]["content"])
                        hub.files[found[1]][line["value"]["path"]] = content
                    elif line["key"] == "deletedFile":
                        del hub.files[found[1]][line["value"]["path"]]
                commit = hub.revision(found[1])
                url = f"{hub.address}/{found[1]}/commit/{commit}"
                return self._json({"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""})
            return self._missing("EntryNotFound")

        def _file(self, head: bool) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            name = self.path.removeprefix("/api/models/")
            if name in hub.private:
                return self._json({"id": name, "private": hub.private[name]})
            found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path.partition("?")[0])
            if found is None or found[1] not in hub.files:
                return self._missing("RepoNotFound")
            repository, revision, name = found.groups()
            commit = hub.revision(repository)
            if revision not in ("main", commit):
                return self._missing("RevisionNotFound")
            content = hub.files[repository].get(name)
            if content is None:
                return self._missing("EntryNotFound", {"X-Repo-Commit": commit})
            tag = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            return self._answer(200, content, tag, head)

        def _json(self, value: Any, status: int = 200) -> None:
            self._answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def _missing(self, code: str, more: dict[str, str] | None = None) -> None:
            self._answer(404, b"", {"X-Error-Code": code, "X-Error-Message": code, **(more or {})})

        def _answer(self, status: int, content: bytes, headers: dict[str, str], head: bool = False) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if not head:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
