"""The webhooks that are still to be told of a job's end. Sends nothing itself."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from heygem.domain.job import JobState
from heygem.jobs.queue.base import QueueBase
from heygem.storage import tables
from heygem.storage.tables import webhook_deliveries

SENDING_S: Final = 60.0  # a sender silent for so long has died; the delivery is due again


@dataclass(frozen=True)
class Delivery:
    """`body` is what is to be sent, as JSON; the `attempt`s count from 1."""

    delivery_id: str
    url: str
    body: Mapping[str, Any]
    attempt: int


class Deliveries(QueueBase):
    """A delivery may be sent twice where its sender dies in between; `body["id"]` tells."""

    def claim_delivery(self) -> Delivery | None:
        """The one due longest, for SENDING_S."""
        with self.database.write() as connection:
            now = self.database.now(connection)
            due = select(webhook_deliveries).where(webhook_deliveries.c.due_at <= now)
            row = connection.execute(due.order_by(webhook_deliveries.c.due_at).limit(1)).first()
            if row is None:
                return None
            changes = {"attempt": row.attempt + 1, "due_at": now + timedelta(seconds=SENDING_S)}
            connection.execute(_of(row.delivery_id).values(changes))
            return Delivery(row.delivery_id, row.url, {"id": row.delivery_id, **row.body}, row.attempt + 1)

    def finish_delivery(self, delivery_id: str) -> None:
        with self.database.touch() as connection:
            connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.delivery_id == delivery_id))

    def postpone_delivery(self, delivery_id: str, wait_s: float | None) -> None:
        """To be tried again after `wait_s`; None gives it up."""
        with self.database.write() as connection:
            due_at = None if wait_s is None else self.database.now(connection) + timedelta(seconds=wait_s)
            connection.execute(_of(delivery_id).values(due_at=due_at))


def announce(
    connection: Connection,
    now: datetime,
    jobs: Sequence[Row[Any]],
    state: JobState,
    changes: Sequence[Mapping[str, Any]],
) -> None:
    """Notes that the webhooks of `jobs` are to hear of their end, in the transaction that ends them."""
    changed = {change["of"]: change for change in changes}
    rows = [
        {
            "delivery_id": uuid.uuid4().hex,
            "job_id": job.job_id,
            "url": job.webhook,
            "body": _describe(job, state, changed[job.job_id]),
            "attempt": 0,
            "due_at": now,
        }
        for job in jobs
    ]
    if rows:
        connection.execute(insert(tables.webhook_deliveries), rows)


def _describe(job: Row[Any], state: JobState, change: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "batch_id": job.batch_id,
        "project": job.project,
        "state": state.value,
        "output": job.output.name,
        "error": change.get("error_code"),
        "created_at": job.created_at.isoformat(),
        "finished_at": change["finished_at"].isoformat(),
    }


def _of(delivery_id: str) -> Any:
    return update(webhook_deliveries).where(webhook_deliveries.c.delivery_id == delivery_id)
