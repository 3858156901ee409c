"""The database behind the queue: SQLite in a file, or PostgreSQL. Knows no table.

On both, one writer writes at a time: on SQLite by BEGIN IMMEDIATE, on PostgreSQL by an advisory lock that ends with the
transaction. So what a transaction has read still holds when it writes, on both alike.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from heygem.domain.errors import DatabaseError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
BUSY_S: Final = 30.0  # how long a writer waits for its turn
_WRITERS_LOCK: Final = 0x68657967656D  # any number that no other program on the same database uses


def database_url(url: str, data_dir: Path) -> str:
    """`url`, or where it is empty that of SQLite in `data_dir`, which is made if need be. Raises DatabaseError."""
    if url:
        return url
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(reason=str(error)) from error
    return f"sqlite:///{data_dir.absolute() / 'heygem.db'}"


class Database:
    """For many threads; each process makes its own. Its methods raise DatabaseError where it cannot be reached."""

    def __init__(self, url: str) -> None:
        """`sqlite:///<path>` or `postgresql+psycopg://…`. Connects when first used. Raises DatabaseError."""
        try:
            self.engine = _make_engine(url)
        except (ArgumentError, NoSuchModuleError) as error:
            raise DatabaseError(reason=str(error)) from error
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        reading = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self.engine.execution_options(**reading)
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def name(self) -> str:
        """Its URL, for people: without the password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction whose queries all see one moment."""
        with _translated(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes, alone; undone if the block raises."""
        with _translated(), self._writing.begin() as connection:
            if not self._is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_WRITERS_LOCK)))
            yield connection

    @contextmanager
    def touch(self) -> Iterator[Connection]:
        """A transaction for one statement on one row, which on PostgreSQL waits for no writer of other rows."""
        with _translated(), self._writing.begin() as connection:
            yield connection

    def now(self, connection: Connection) -> datetime:
        """UTC, by the one clock that all who use the database share: the server's, or for SQLite the machine's."""
        if self._is_sqlite:
            return datetime.now(UTC)
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    def upgrade(self) -> None:
        """Brings the tables to what this version needs. Several processes may call it at once: one does it."""
        if self._is_sqlite:
            self._set_journal()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:  # tables of a later version
                raise DatabaseError(reason=str(error)) from error

    def ping(self) -> None:
        """Returns where its tables can be read."""
        with self.read() as connection:
            connection.execute(text("SELECT version_num FROM alembic_version"))

    def close(self) -> None:
        self.engine.dispose()

    def _set_journal(self) -> None:
        """WAL: readers and the writer do not wait for one another. It stays with the file.

        While others open a new file at the same moment, SQLite refuses this at once rather than wait its turn.
        """
        deadline = time.monotonic() + BUSY_S
        with _translated(), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            while driver is not None:
                try:
                    driver.execute("PRAGMA journal_mode=WAL")
                    return
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > deadline:
                        raise DatabaseError(reason=str(error)) from error
                time.sleep(0.05)


def _make_engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver leaves transactions to us
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")  # what was promised survives a power cut


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseError(reason=str(cause).strip()) from error
