import os
import socket

import pytest

from heygem.domain.errors import SettingsError
from heygem.web.address import find_port, go_around_proxies


def test_port_0_is_a_free_one() -> None:
    assert find_port("127.0.0.1", 0) > 0


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}"):
            find_port("127.0.0.1", port)


def test_a_foreign_address_is_an_error() -> None:
    with pytest.raises(SettingsError):
        find_port("203.0.113.1", 7860)


def test_proxies_are_gone_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    go_around_proxies()
    assert os.environ["no_proxy"] == "example.org,localhost,127.0.0.1"
    assert os.environ["NO_PROXY"] == "localhost,127.0.0.1"
