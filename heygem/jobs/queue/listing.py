"""How jobs and batches stand, in one or a few queries however many they are."""

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, func, or_, select, true

from heygem.domain.errors import BatchNotFoundError, JobNotFoundError
from heygem.domain.job import JobState, JobStatus
from heygem.domain.queue import BatchStatus
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.batch_sums import list_statuses
from heygem.jobs.queue.inspections import TaskState
from heygem.jobs.queue.records import read_job
from heygem.storage.tables import batches, drafts, inspections, jobs

POLL_S: Final = 0.1


class Listing(QueueBase):
    def get_status(self, job_id: str) -> JobStatus:
        """Raises JobNotFoundError."""
        with self.database.read() as connection:
            rows = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).all()
            if not rows:
                raise JobNotFoundError(job_id=job_id)
            return _read_jobs(connection, rows)[0]

    def list_jobs(
        self,
        owner: str | None = None,
        batch_id: str | None = None,
        states: Collection[JobState] | None = None,
        limit: int = 100,
        offset: int = 0,
        project: str | None = None,
    ) -> list[JobStatus]:
        """A batch's in the order in which they run; else the newest first."""
        query = select(jobs)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if project is not None:
            query = query.where(jobs.c.project == project)
        if states is not None:
            query = query.where(jobs.c.state.in_(states))
        if batch_id is not None:
            query = query.where(jobs.c.batch_id == batch_id).order_by(jobs.c.priority.desc(), jobs.c.position)
        else:
            query = query.order_by(jobs.c.created_at.desc(), jobs.c.position.desc())
        with self.database.read() as connection:
            return _read_jobs(connection, connection.execute(query.limit(limit).offset(offset)).all())

    def get_batch(self, batch_id: str) -> BatchStatus:
        """Raises BatchNotFoundError."""
        with self.database.read() as connection:
            rows = connection.execute(select(batches).where(batches.c.batch_id == batch_id)).all()
            if not rows:
                raise BatchNotFoundError(batch_id=batch_id)
            return list_statuses(connection, self.database.now(connection), rows, self.lease_s)[0]

    def list_batches(self, owner: str | None = None, limit: int = 50) -> list[BatchStatus]:
        """The newest first."""
        query = select(batches).order_by(batches.c.created_at.desc()).limit(limit)
        if owner is not None:
            query = query.where(batches.c.owner == owner)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            return list_statuses(connection, self.database.now(connection), rows, self.lease_s)

    def list_inputs(self, ended_after: datetime | None = None) -> set[Path]:
        """Every file that a job or a draft has, each once; not of jobs that ended before `ended_after`."""
        wanted = true() if ended_after is None else or_(jobs.c.finished_at.is_(None), jobs.c.finished_at > ended_after)
        queries = [select(column).distinct().where(wanted) for column in (jobs.c.person, jobs.c.voice)]
        queries += [select(column).distinct() for column in (drafts.c.path, drafts.c.voice)]
        with self.database.read() as connection:
            found = {path for query in queries for path in connection.execute(query).scalars()}
        return found - {None}

    def wait(self, job_id: str, timeout_s: float | None = None) -> JobStatus:
        """The status once nothing more happens to the job of itself, or after `timeout_s`. Raises JobNotFoundError."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            status = self.get_status(job_id)
            if status.state.is_final or (deadline is not None and time.monotonic() >= deadline):
                return status
            time.sleep(POLL_S)

    def is_idle(self) -> bool:
        """Whether no worker has or could get anything to do; paused jobs do not count."""
        at_work = select(jobs.c.job_id).where(jobs.c.state.in_([JobState.QUEUED, JobState.RUNNING])).limit(1)
        looked_at = select(inspections.c.task_id).where(inspections.c.state != TaskState.DONE).limit(1)
        with self.database.read() as connection:
            return all(connection.execute(query).first() is None for query in (at_work, looked_at))


def _read_jobs(connection: Connection, rows: Sequence[Row[Any]]) -> list[JobStatus]:
    """With how many run or wait before each of those that are queued."""
    ahead: dict[str, int] = {}
    if any(row.state == JobState.QUEUED for row in rows):
        running = select(func.count()).where(jobs.c.state == JobState.RUNNING)
        queue = select(jobs.c.job_id).where(jobs.c.state == JobState.QUEUED)
        ids = connection.execute(queue.order_by(jobs.c.priority.desc(), jobs.c.position)).scalars()
        first = connection.execute(running).scalar_one()
        ahead = {job_id: place for place, job_id in enumerate(ids, start=first)}
    return [read_job(row, ahead.get(row.job_id, 0)) for row in rows]
