"""What other processes do to a database in the tests."""

import time
from multiprocessing.connection import Connection
from multiprocessing.queues import SimpleQueue

from sqlalchemy import insert

from heygem.storage.database import Database
from heygem.storage.name_versions import take_versions
from heygem.storage.tables import workers


def upgrade(url: str) -> None:
    database = Database(url)
    database.upgrade()
    database.close()


def take_many(url: str, count: int, told: "SimpleQueue[list[int]]") -> None:
    """Takes `count` versions of one name, one after the other, and tells them."""
    database = Database(url)
    told.put([take_versions(database, ["team_report"])[0] for _ in range(count)])
    database.close()


def die_while_writing(url: str, told: "Connection[str, str]") -> None:
    """Writes, says so, and waits inside the transaction to be killed."""
    database = Database(url)
    with database.write() as connection:
        values = {"kind": "render", "host": "h", "pid": 1, "device": "cpu", "beat_at": database.now(connection)}
        connection.execute(insert(workers).values(worker_id="half", **values))
        told.send("written")
        time.sleep(60)
