"""Both databases: made by several processes at once, as the tables say, and usable after a process has died."""

import multiprocessing
import os
import signal
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

from heygem.domain.errors import DatabaseError
from heygem.domain.queue import WorkerKind
from heygem.storage.database import Database, database_url
from heygem.storage.tables import metadata, workers
from tests.storage.processes import die_while_writing, upgrade

SPAWN = multiprocessing.get_context("spawn")


def add_worker(database: Database, worker_id: str) -> None:
    with database.write() as connection:
        values = {"kind": WorkerKind.RENDER, "host": "h", "pid": 1, "device": "cpu"}
        connection.execute(insert(workers).values(worker_id=worker_id, beat_at=database.now(connection), **values))


def list_worker_ids(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(workers.c.worker_id).order_by(workers.c.worker_id)).scalars())


def test_migrations_lead_to_what_the_tables_say(database: Database) -> None:
    with database.write() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_several_processes_may_upgrade_at_once(database_url: str) -> None:
    processes = [SPAWN.Process(target=upgrade, args=(database_url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    database = Database(database_url)
    database.upgrade()
    add_worker(database, "a")
    assert list_worker_ids(database) == ["a"]
    database.close()


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.execute(insert(workers).values(worker_id="a", kind="render", host="h", pid=1, device="cpu",
                                                  beat_at=database.now(connection)))  # fmt: skip
        raise RuntimeError
    assert list_worker_ids(database) == []


def test_one_writer_at_a_time(database: Database) -> None:
    """Eight threads count up by reading and writing: no count is lost."""
    add_worker(database, "a")

    def count_up() -> None:
        for _ in range(10):
            with database.write() as connection:
                pid = connection.execute(select(workers.c.pid)).scalar_one()
                connection.execute(workers.update().values(pid=pid + 1))

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(select(workers.c.pid)).scalar_one() == 1 + 80


def test_a_read_sees_one_moment(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(select(workers.c.worker_id)).all() == []
        add_worker(database, "a")
        assert connection.execute(select(workers.c.worker_id)).all() == []
    assert list_worker_ids(database) == ["a"]


def test_killed_in_mid_transaction(database: Database, database_url: str) -> None:
    """What was not committed never was, what was stays, and the next writer need not wait."""
    add_worker(database, "before")
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=die_while_writing, args=(database_url, there))
    process.start()
    assert here.poll(30) and here.recv() == "written"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    add_worker(database, "later")
    assert list_worker_ids(database) == ["before", "later"]


def test_a_database_that_cannot_be_reached_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for url in (f"sqlite:///{tmp_path}/none/heygem.db", "postgresql+psycopg://nobody@127.0.0.1:1/none", "nonsense"):
        with pytest.raises(DatabaseError) as caught:
            Database(url).upgrade()
        assert caught.value.context["reason"]
    with pytest.raises(DatabaseError):
        database_url("", tmp_path / "file" / "data")


def test_tables_of_a_later_version_are_left_alone(database: Database, database_url: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    older = Database(database_url)
    with pytest.raises(DatabaseError):
        older.upgrade()
    older.close()


def test_sqlite_by_default(tmp_path: Path) -> None:
    data = tmp_path / "with % and space" / "data"
    assert database_url("postgresql+psycopg://x/y", data) == "postgresql+psycopg://x/y"
    database = Database(database_url("", data))
    database.upgrade()
    database.close()
    with sqlite3.connect(data / "heygem.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
