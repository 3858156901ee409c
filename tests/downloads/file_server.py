"""A server on this machine with a few files, whole or in ranges, that can be made to stop half-way."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from urllib.parse import unquote

from tests.serving import QuietHandler, serving_in_thread

BLOCK = 16 * 1024


class FileServer:
    """`files` by path with its slash. While `gate` is closed, no answer goes past `open_bytes`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.open_bytes = 0
        self.has_ended = False
        outer = self

        class Handler(QuietHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
                outer.asked.append(self.path)
                content = outer.files.get(unquote(self.path))
                if content is None:
                    self.send_error(404)
                    return
                part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                first = int(part[1]) if part else 0
                last = min(int(part[2]) if part and part[2] else len(content), len(content) - 1)
                self.send_response(206 if part else 200)
                self.send_header("Content-Length", str(last + 1 - first))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("ETag", f'"{hash(content)}"')
                if part:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                self.end_headers()
                self.send(content[first : last + 1], first)

            def send(self, content: bytes, first: int) -> None:
                for start in range(0, len(content), BLOCK):
                    while first + start >= outer.open_bytes and not outer.gate.wait(0.02):
                        if outer.has_ended:
                            return
                    try:
                        self.wfile.write(content[start : start + BLOCK])
                    except OSError:  # it was read enough
                        self.close_connection = True
                        return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close_gate(self, open_bytes: int) -> None:
        self.open_bytes = open_bytes
        self.gate.clear()


@contextmanager
def serving_files() -> Iterator[FileServer]:
    files = FileServer()
    with serving_in_thread(files.server):
        try:
            yield files
        finally:
            files.has_ended = True
