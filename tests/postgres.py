"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, without a promise to the disk."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

START_S: Final = 30.0
SUPERUSER: Final = "heygem"
LAX: Final = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")


def find_programs() -> Path | None:
    """The folder of initdb and postgres."""
    known = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    return max(known, default=Path(on_path).parent if on_path else None, key=lambda path: path.parent.name)


class PostgresServer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{SUPERUSER}@/{name}?host={self._folder}"

    def create_database(self) -> str:
        """A new one; its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(f"postgresql://{SUPERUSER}@/postgres?host={self._folder}", autocommit=True)


@contextlib.contextmanager
def running_server(programs: Path) -> Iterator[PostgresServer]:
    # Not in pytest's folder, which the user `postgres` may not enter: the server refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="heygem-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def start(*command: str) -> "subprocess.Popen[bytes]":
        extra = {"user": user, "group": user, "extra_groups": []} if user else {}
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **extra)  # type: ignore[call-overload]  # the arguments fit, mypy cannot tell

    data, settings = str(folder / "data"), [word for setting in LAX for word in ("-c", setting)]
    server = None
    try:
        init = start(str(programs / "initdb"), "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync")
        if init.wait(timeout=2 * START_S) != 0:
            raise RuntimeError("initdb failed")
        server = start(str(programs / "postgres"), "-D", data, "-k", str(folder), *settings)
        made = PostgresServer(folder)
        _wait_until_ready(made)
        yield made
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
