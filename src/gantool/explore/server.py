"""An HTTP server for one user on the loopback interface: who may ask, how much, and what every answer says."""

import hmac
import json
import os
import secrets
import select
import socket
import socketserver
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from gantool.errors import GantoolError, OptionError, cause

HOST = "127.0.0.1"
MOST_BODY, MOST_QUERY, MOST_FIELDS = 16_384, 60_000, 2_000
IDLE_SECONDS = 30
POLICY = (
    "default-src 'none'; img-src 'self' blob: data:; connect-src 'self'; style-src {style}; script-src {script}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own style sheet and script, told by their hashes, and what this server sends."""


class GoneError(Exception):
    """The client has left: nobody waits for the answer."""


@dataclass(frozen=True)
class Request:
    """What a client asks: fields of the query, and the JSON object of a post."""

    fields: Mapping[str, list[str]]
    body: Mapping[str, Any]
    check: Callable[[], None]
    """Raises GoneError once the client has left, as a page does that asks for something newer."""

    def one(self, name: str, default: str = "") -> str:
        """The value of a field."""
        return self.fields.get(name, [default])[-1]

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 0 on. Raises OptionError for any other value."""
        text = self.one(name, str(default))
        if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= most):
            raise OptionError(f"{name} is a number from 0 to {most:,}, not {text[:40]!r}.")
        return int(text)


@dataclass(frozen=True)
class Answer:
    """What is sent, of a media type, and what a page of it may load."""

    content: bytes
    kind: str
    policy: str = "default-src 'none'; frame-ancestors 'none'"


def as_json(value: Any) -> Answer:
    """A value as JSON."""
    return Answer(json.dumps(value).encode(), "application/json")


Route = Callable[[Request], Answer]


class Server(socketserver.ThreadingTCPServer):
    """Answers `GET /TOKEN/name` and `POST /TOKEN/name` by the routes of these names; "" is the page.

    The port is taken at once, before there is anything to answer with; 0 is any that is free. Raises OptionError where
    it is taken already.
    """

    allow_reuse_address = os.name == "posix"  # on Windows it would share the port
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, port: int = 0) -> None:
        self.routes: dict[str, Mapping[str, Route]] = {}
        self.token = secrets.token_urlsafe(16)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise OptionError(f"Port {port} cannot be used ({why}): give another --port, or none.") from error
        self.port: int = self.server_address[1]
        self.names = {f"{name}:{self.port}" for name in (HOST, "localhost")}

    def offer(self, gets: Mapping[str, Route], posts: Mapping[str, Route]) -> None:
        """Answer by these routes."""
        self.routes = {"GET": gets, "HEAD": gets, "POST": posts}

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that broke off."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "gantool", ""
    timeout = IDLE_SECONDS
    FIXED: ClassVar = {
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }

    def do_GET(self) -> None:
        """Answer a request, or refuse it."""
        try:
            self._send(HTTPStatus.OK, self._answer())
        except _Refused as refused:
            self.close_connection = True  # what was not read of the request would be taken for the next one
            self._refuse(refused.status, str(refused))
        except GantoolError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except (GoneError, CancelledError):  # the client has left, or the server ends
            self.close_connection = True
        except OSError as error:
            self.close_connection = True
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error.filename or 'A file'}: {error.strerror or error}.")
        except Exception as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"{cause(error)}.")

    do_HEAD = do_POST = do_GET  # noqa: N815

    def _answer(self) -> Answer:
        host = self.headers.get("Host", "")
        if host.lower() not in self.server.names:  # a name that leads here from elsewhere (DNS rebinding)
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "This server has another name.")
        try:
            path = urlsplit(self.path)
        except ValueError:
            raise _Refused(HTTPStatus.BAD_REQUEST, "This is no address.") from None
        token, _, name = path.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise _Refused(HTTPStatus.FORBIDDEN, "The address lacks the token that gantool explore has printed.")
        route = self.server.routes[self.command].get(name)
        if route is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "There is no such page.")
        if len(path.query) > MOST_QUERY:
            raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
        body = self._body()
        try:
            fields = parse_qs(path.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise _Refused(HTTPStatus.BAD_REQUEST, "The address has too many fields.") from None
        return route(Request(fields, body, self._check))

    def _body(self) -> Mapping[str, Any]:
        """The JSON object of a post, whose size is known and small before any of it is read."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal()):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "A request tells its length.")
        if len(length) > 9 or int(length) > MOST_BODY:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has at most {MOST_BODY:,} bytes.")
        content = self.rfile.read(int(length)) or b"{}"
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "A post is a JSON object.")
        return found

    def _check(self) -> None:
        """Raise GoneError once the client has closed the connection."""
        try:
            if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                raise GoneError
        except OSError:
            raise GoneError from None

    def _send(self, status: int, answer: Answer) -> None:
        self.send_response(status)
        fixed = {**self.FIXED, "Content-Security-Policy": answer.policy, "Content-Type": answer.kind}
        if self.close_connection:
            fixed["Connection"] = "close"
        for name, value in {**fixed, "Content-Length": str(len(answer.content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def _refuse(self, status: int, text: str) -> None:
        self._send(status, as_json({"error": text}))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request that cannot be understood, without repeating any of it."""
        self.close_connection = True
        self.command = self.command or "GET"
        self._refuse(code, HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the token is in every line."""


class _Refused(Exception):  # noqa: N818 (an answer, no fault)
    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
