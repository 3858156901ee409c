"""A server on this machine that answers as a function says and knows what it was asked; and what a transfer does."""

import hashlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import httpx
from cheroot.wsgi import Server

from heygem.domain.models import ModelFile
from heygem.downloads.link import Link
from tests.serving import QuietHandler, serving_in_thread

CONTENT: Final = bytes(range(256)) * 300
SUM: Final = hashlib.sha256(CONTENT).hexdigest()
HTML: Final = "text/html; charset=utf-8"
START_S: Final = 60.0
WANTED: Final = ModelFile("lips/model.pth", len(CONTENT), SUM)


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes | str | dict[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answering: TypeAlias = Callable[[Asked], Reply]


class StandIn:
    """`here` is its address under the name 127.0.0.1, `there` under the name localhost: another host for cookies and
    credentials.
    """

    def __init__(self, answering: Answering) -> None:
        self.seen: list[Asked] = []
        stand_in = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, headers, body)
                stand_in.seen.append(asked)
                self.reply(answering(asked))

            def reply(self, reply: Reply) -> None:
                is_json = isinstance(reply.body, dict)
                body = json.dumps(reply.body) if isinstance(reply.body, dict) else reply.body
                data = body.encode() if isinstance(body, str) else body
                kind = "application/json" if is_json else HTML if isinstance(body, str) else "application/x-bin"
                self.send_response(reply.status)
                named = {name.lower() for name in reply.headers}
                for name, value in {"Content-Type": kind, "Content-Length": str(len(data))}.items():
                    if name.lower() not in named:
                        self.send_header(name, value)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

        for method in ("GET", "POST", "HEAD", "PROPFIND"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.here = f"http://127.0.0.1:{self.server.server_port}"
        self.there = f"http://localhost:{self.server.server_port}"


@contextmanager
def serving(answering: Answering) -> Iterator[StandIn]:
    stand_in = StandIn(answering)
    with serving_in_thread(stand_in.server):
        yield stand_in


@contextmanager
def serving_wsgi(app: Any) -> Iterator[str]:
    """The address of an application behind a real server."""
    server = Server(("127.0.0.1", 0), app, numthreads=4)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"
    finally:
        server.stop()
        thread.join()


@contextmanager
def running(command: list[str], port: int, **options: Any) -> Iterator[None]:
    """Runs a server until it listens, and ends it afterwards."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options) as process:
        try:
            _wait_for_port(port)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


def fetch(link: Link) -> bytes:
    """What the link leads to, asked for as a transfer does: its headers go to its own host alone."""
    url = link.url
    with httpx.Client(trust_env=False) as client:
        for _ in range(5):
            own = httpx.URL(url).netloc == httpx.URL(link.url).netloc
            got = client.get(url, headers=link.headers if own else {})
            if not got.has_redirect_location:
                got.raise_for_status()
                return got.content
            url = str(httpx.URL(url).join(got.headers["location"]))
    raise AssertionError("it leads around in circles")
