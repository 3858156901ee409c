"""Where the page and its files are served: a port that is free, and no proxy between gradio and itself."""

import os
import socket
from pathlib import Path
from urllib.parse import quote

from heygem.domain.errors import SettingsError


def find_port(host: str, port: int) -> int:
    """`port`, or a free one for 0. Raises SettingsError if it is taken or `host` is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what a closed server leaves is no hindrance
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        reason = f"{host}:{port}: {error.strerror or error}"
        raise SettingsError(setting="server.port", reason=reason) from error


def go_around_proxies() -> None:
    """gradio calls itself once while it starts; a proxy that the environment names could not reach it."""
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "localhost", "127.0.0.1"]))


def url_of(path: Path) -> str:
    """Of a file that the page may show; relative, so that it holds behind a proxy's sub-path too."""
    return "gradio_api/file=" + quote(path.as_posix())
