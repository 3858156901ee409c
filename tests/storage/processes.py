"""What other processes do to a database in the tests."""

import time
from multiprocessing.connection import Connection

from sqlalchemy import insert

from heygem.storage.database import Database
from heygem.storage.tables import workers


def upgrade(url: str) -> None:
    database = Database(url)
    database.upgrade()
    database.close()


def die_while_writing(url: str, told: "Connection[str, str]") -> None:
    """Writes, says so, and waits inside the transaction to be killed."""
    database = Database(url)
    with database.write() as connection:
        values = {"kind": "render", "host": "h", "pid": 1, "device": "cpu", "beat_at": database.now(connection)}
        connection.execute(insert(workers).values(worker_id="half", **values))
        told.send("written")
        time.sleep(60)
