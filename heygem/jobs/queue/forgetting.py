"""Lets go of what is known of jobs that ended long ago, so that the database does not grow for ever."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, or_, select

from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import TaskState
from heygem.jobs.queue.submission import forget_answers
from heygem.storage.tables import batches, drafts, inspections, jobs, webhook_deliveries

CHUNK: Final = 200  # jobs that one transaction forgets, so that other writers get their turn


class Forgetting(QueueBase):
    def forget(self, ended_before: datetime) -> int:
        """Jobs that ended before that time, batches without jobs, and what was found out about files that neither a job
        nor a draft has any more. Finished videos stay, and so does what the library knows of them. How many jobs.
        """
        count = 0
        while True:
            with self.database.write() as connection:
                old = select(jobs.c.job_id).where(jobs.c.finished_at < ended_before).limit(CHUNK)
                ids = list(connection.execute(old).scalars())
                _forget_jobs(connection, ids)
                count += len(ids)
                if len(ids) < CHUNK:
                    _forget_batches(connection, ended_before)
                    _forget_inspections(connection, ended_before)
                    return count


def _forget_jobs(connection: Connection, ids: list[str]) -> None:
    forget_answers(connection, ids)
    for table in (webhook_deliveries, jobs):
        connection.execute(delete(table).where(table.c.job_id.in_(ids)))


def _forget_batches(connection: Connection, made_before: datetime) -> None:
    has_jobs = exists().where(jobs.c.batch_id == batches.c.batch_id)
    empty = select(batches.c.batch_id).where(batches.c.created_at < made_before, ~has_jobs)
    ids = list(connection.execute(empty).scalars())
    forget_answers(connection, ids)
    connection.execute(delete(batches).where(batches.c.batch_id.in_(ids)))


def _forget_inspections(connection: Connection, asked_before: datetime) -> None:
    def is_named_by(table: Table, *columns: str) -> ColumnElement[bool]:
        return exists().where(or_(*(table.c[column] == inspections.c.task_id for column in columns)))

    is_old = (inspections.c.requested_at < asked_before) & (inspections.c.state == TaskState.DONE)
    named = (is_named_by(jobs, "person_task"), is_named_by(jobs, "voice_task"), is_named_by(drafts, "task_id"))
    connection.execute(delete(inspections).where(is_old, *(~one for one in named)))
