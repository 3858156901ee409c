"""How the page is served: what it says behind a proxy, and how it ends while browsers are still connected."""

import json
import logging
import signal
import socket
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from fastapi import FastAPI

from heygem.web.server import WebServer
from tests.serving import free_port
from tests.web.conftest import HERE, run_server


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({"Host": "heygem.example:8000"}, "http://heygem.example:8000"),
        ({"X-Forwarded-Host": "heygem.example", "X-Forwarded-Proto": "https"}, "https://heygem.example"),
    ],
)
def test_the_page_knows_its_address_behind_a_proxy(address: str, headers: dict[str, str], root: str) -> None:
    with urlopen(Request(f"{address}config", headers=headers)) as answer:
        assert json.load(answer)["root"] == root


def test_open_connections_do_not_keep_the_server(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, str(HERE / "serve_fake.py"), str(port), str(tmp_path)]
    with run_server(command, port, tmp_path / "server.log") as server:
        heartbeat = _send(port, "GET /gradio_api/heartbeat/me HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heartbeat.recv(12) == b"HTTP/1.1 200"
        upload = _send(port, "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\nhalf")
        begun = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0
        assert time.monotonic() - begun < 6
        heartbeat.close()
        upload.close()
    assert (tmp_path / "server.log").read_text().strip() == f"页面已就绪：http://127.0.0.1:{port}/"


def test_a_server_leaves_the_logs_of_others_alone() -> None:
    closed: list[str] = []

    class Handler(logging.NullHandler):
        def close(self) -> None:
            closed.append("closed")

    handler = Handler()
    WebServer(FastAPI(), "127.0.0.1", free_port())
    assert closed == []
    handler.close()


def _send(port: int, text: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(text.encode())
    return connection
