"""A server of one file on this machine that knows ranges, counts what it sends, and misbehaves as it is told to."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from tests.serving import QuietHandler, serving_in_thread

BLOCK = 16 << 10
PACED_BLOCK = 4 << 10  # where the speed is limited


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    start: int
    end: int
    number: int  # from 0
    server_sent: int  # bytes of bodies, to all, until now
    active: int  # how many are being answered, with this one


@dataclass(frozen=True)
class Plan:
    """How a request is answered. `status` None: as it should be. `send` is how much of the body comes before `then`
    happens to the connection: it is closed, reset, or silent for `silent_s`.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    etag: str | None = None
    ignores_range: bool = False
    is_chunked: bool = False
    send: int | None = None
    is_reset: bool = False
    silent_s: float = 0.0
    wait_s: float = 0.0  # before the head
    wrong_at: int | None = None  # this byte of the body is another
    bytes_per_s: int | None = None


class RangeServer:
    def __init__(self, content: bytes, plan: Callable[[Request], Plan] | None = None, host: str = "127.0.0.1") -> None:
        self.content = content
        self.etag = '"1"'
        self.plan = plan or (lambda _: Plan())
        self.requests: list[Request] = []
        self.sent = 0
        self.active = 0
        self.lock = threading.Lock()
        self.has_ended = threading.Event()
        kind = type(
            "Server", (ThreadingHTTPServer,), {"address_family": socket.AF_INET6 if ":" in host else socket.AF_INET}
        )
        self.http = kind((host, 0), type("Bound", (_Handler,), {"outer": self}))
        self.http.daemon_threads = True
        self.http.request_queue_size = 128
        self.http.socket.listen(128)
        self.http.handle_error = lambda *_: None
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.http.server_port}/file.bin"


class _Handler(QuietHandler):
    outer: RangeServer
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
        try:
            self._get()
        finally:
            with self.outer.lock:
                self.outer.active -= 1

    def _get(self) -> None:
        size = len(self.outer.content)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        end = min(int(asked[2]) + 1 if asked and asked[2] else size, size)
        with self.outer.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.outer.active += 1
            seen = len(self.outer.requests)
            request = Request(self.path, headers, start, end, seen, self.outer.sent, self.outer.active)
            self.outer.requests.append(request)
        plan = self.outer.plan(request)
        self.outer.has_ended.wait(plan.wait_s)
        self.close_connection = True
        if plan.status is not None:
            self._answer(plan, plan.status, plan.body or b"", {})
            return
        etag = plan.etag if plan.etag is not None else self.outer.etag
        is_same = headers.get("if-range", etag) == etag
        if asked and not plan.ignores_range and is_same:
            self._answer(
                plan, 206, self.outer.content[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{size}"}, etag
            )
        else:
            self._answer(plan, 200, plan.body if plan.body is not None else self.outer.content, {}, etag)

    def _answer(self, plan: Plan, status: int, body: bytes, more: dict[str, str], etag: str = "") -> None:
        self.send_response(status)
        told = {"Content-Type": "application/octet-stream", **more, **({"ETag": etag} if etag else {}), **plan.headers}
        if not plan.is_chunked:
            told.setdefault("Content-Length", str(len(body)))
        for name, value in told.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if plan.wrong_at is not None and plan.wrong_at < len(body):
            body = body[: plan.wrong_at] + bytes([body[plan.wrong_at] ^ 1]) + body[plan.wrong_at + 1 :]
        try:
            self._send(plan, body if plan.send is None else body[: plan.send])
        except OSError:  # whoever asked has heard enough
            return
        if plan.silent_s:
            self.outer.has_ended.wait(plan.silent_s)
        if plan.is_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.close()

    def _send(self, plan: Plan, body: bytes) -> None:
        began, sent, size = time.monotonic(), 0, PACED_BLOCK if plan.bytes_per_s else BLOCK
        while sent < len(body) and not self.outer.has_ended.is_set():
            count = self.connection.send(body[sent : sent + size])
            sent += count
            with self.outer.lock:
                self.outer.sent += count
            if plan.bytes_per_s:
                self.outer.has_ended.wait(max(0.0, began + sent / plan.bytes_per_s - time.monotonic()))


@contextmanager
def serving(
    content: bytes, plan: Callable[[Request], Plan] | None = None, host: str = "127.0.0.1"
) -> Iterator[RangeServer]:
    server = RangeServer(content, plan, host)
    with serving_in_thread(server.http):
        try:
            yield server
        finally:
            server.has_ended.set()
