"""An S3 server of the tests' own: moto on 127.0.0.1. It remembers what was asked of it and fails as it is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote
from urllib.request import Request, urlopen

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.serving import serving_in_thread

KEY: Final = "test-key"
SECRET: Final = "test-secret-kept-out-of-logs"


@dataclass(frozen=True)
class Asked:
    """`part` is 0 for what is no part of an upload; `size_bytes` is what came with it."""

    method: str
    path: str
    part: int
    size_bytes: int


class Handler(MotoRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Says nothing."""


@dataclass
class S3Server:
    """`before` is called with each request before it is answered: it may wait, or return a status to answer with."""

    asked: list[Asked] = field(default_factory=list)
    before: Callable[[Asked], int | None] = lambda _: None
    signed_by: str = ""  # the access key of the last request
    url: str = ""
    app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        part, size = int(query.get("partNumber", ["0"])[0]), int(environ.get("CONTENT_LENGTH") or 0)
        self.signed_by = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition("/")[0]
        path = unquote(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))
        asked = Asked(environ["REQUEST_METHOD"], path, part, size)
        if status := self.before(asked):
            environ["wsgi.input"].read(size)
            start_response(f"{status} No", [("Content-Type", "application/xml"), ("Content-Length", "0")])
            return [b""]
        answer = self.app(environ, start_response)
        self.asked.append(asked)
        return answer

    def reset(self) -> None:
        """Forgets all buckets."""
        urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=30).close()

    def sent(self) -> list[Asked]:
        """What put bytes there."""
        return [asked for asked in self.asked if asked.method == "PUT" and asked.size_bytes]


@contextmanager
def running_s3() -> Iterator[S3Server]:
    server = S3Server()
    listener = make_server("127.0.0.1", 0, server, threaded=True, request_handler=Handler)
    server.url = f"http://127.0.0.1:{listener.server_port}"
    with serving_in_thread(listener):
        yield server
