"""The data sets of a Hub on the loopback, as huggingface_hub asks for them: listings, files, and ranges of files."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class DataHub:
    """Files by data set and branch, what was asked for, the data sets that are gated, and faults.

    `ills` are those of the next answers with a part of a file, one by one, and `always` that of all further ones: 403,
    or the share of the content that comes before the connection ends.
    """

    def __init__(self):
        self.sets = {}
        self.asked = []
        self.gated = set()
        self.ills, self.always = [], None
        self.address = ""

    def commit(self, name, branch):
        digest = hashlib.sha1(f"{name} {branch}".encode())
        for path, content in sorted(self.sets[name][branch].items()):
            digest.update(path.encode() + content)
        return digest.hexdigest()

    def files(self, name, revision):
        """The commit and files of a branch or commit; None where there is none."""
        for branch in self.sets[name]:
            if revision in (branch, self.commit(name, branch)):
                return self.commit(name, branch), self.sets[name][branch]
        return None


class Handler(BaseHTTPRequestHandler):
    """Answers for the hub of its server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer_for(head=True)

    def do_GET(self):
        self.answer_for(head=False)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer_for(head=False, body=body)

    def answer_for(self, head, body=b""):
        path = unquote(self.path.partition("?")[0])
        self.server.hub.asked.append(f"{self.command} {path} {self.headers.get('Range', '')}".strip())
        if found := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/(revision|paths-info|tree)/(.+?))?", path):
            return self.about(found[1], found[2] or "revision", found[3] or "main", body)
        if found := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/(refs/convert/parquet|[^/]+)/(.+)", path):
            return self.file(found[1], found[2], found[3], head)
        return self.missing("EntryNotFound")

    def about(self, name, kind, revision, body):
        if name not in self.server.hub.sets:
            return self.missing("RepoNotFound")
        if name in self.server.hub.gated:
            return self.missing("GatedRepo", 403)
        if kind == "tree":
            revision = revision.partition("/")[0]
        if (found := self.server.hub.files(name, revision)) is None:
            return self.missing("RevisionNotFound")
        commit, files = found
        if kind == "revision":
            siblings = [{"rfilename": path, "size": len(content)} for path, content in files.items()]
            return self.json({"id": name, "sha": commit, "siblings": siblings})
        entries = [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in files.items()
            if kind == "tree" or path in unquote(body.decode())
        ]
        return self.json(entries)

    def file(self, name, revision, path, head):
        if name not in self.server.hub.sets or (found := self.server.hub.files(name, revision)) is None:
            return self.missing("RepoNotFound")
        if f"files of {name}" in self.server.hub.gated:
            return self.missing("GatedRepo", 403)
        commit, files = found
        if path not in files:
            return self.missing("EntryNotFound")
        content = files[path]
        headers = {
            "X-Repo-Commit": commit,
            "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        if asked := re.fullmatch(r"bytes=(\d+)-(\d+)?", self.headers.get("Range", "")):
            start, stop = int(asked[1]), int(asked[2] or len(content) - 1) + 1
            headers["Content-Range"] = f"bytes {start}-{min(stop, len(content)) - 1}/{len(content)}"
            self.part(content[start:stop], headers, head)
            return None
        return self.answer(200, content, headers, head)

    def part(self, content, headers, head):
        hub = self.server.hub
        ill = hub.ills.pop(0) if hub.ills else hub.always
        if ill == 403:
            self.answer(403, b"", {})
        elif ill is None:
            self.answer(206, content, headers, head)
        else:
            self.answer(206, content, headers, head=True)
            self.wfile.write(content[: int(len(content) * ill)])
            self.close_connection = True

    def json(self, value, status=200):
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def missing(self, code, status=404):
        self.answer(status, b"", {"X-Error-Code": code, "X-Error-Message": code})

    def answer(self, status, content, headers, head=False):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(content)


@contextmanager
def serving_data():
    """A hub, and its server while the block lasts."""
    hub = DataHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.hub = True, hub
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
