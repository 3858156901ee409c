"""A web server on this machine that keeps the JSON that is posted to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.serving import QuietHandler, serving_in_thread


@dataclass
class Request:
    path: str
    query: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class WebReceiver:
    """Answers with `status` and `answer`."""

    status: int = 200
    answer: bytes = b"{}"
    seen: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                path, _, query = self.path.partition("?")
                receiver.seen.append(Request(path, query, dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(receiver.answer)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.seen]


@contextmanager
def receiving() -> Iterator[WebReceiver]:
    receiver = WebReceiver()
    with serving_in_thread(receiver.server):
        yield receiver
