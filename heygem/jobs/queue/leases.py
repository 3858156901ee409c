"""A worker's side of a job: it is claimed for a lease's time, renewed while it is worked on, and ended.

Each lease has a number that only grows. Whoever comes with an old one has lost the job, and changes nothing.
"""

import math
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from heygem.domain.errors import DiskFullError, HeyGemError, LeaseLostError
from heygem.domain.job import JobState, LipSyncResult
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import Lease, Wish
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.records import error_values, progress_values, read_lease, result_values
from heygem.jobs.queue.transitions import end_as_wished, move_job, move_jobs
from heygem.storage.tables import jobs

MB: Final = 1_000_000
FRESH: Final = 0.75  # of its time that a lease must still have to be left as it is
# Of what a job needs at most, half are its segments, and those that are there have been taken from the disk already.
left_bytes: Final = jobs.c.expected_bytes * (1.0 - 0.5 * jobs.c.frames_done / jobs.c.frame_count)


class Leases(QueueBase):
    """All but `claim` raise LeaseLostError once the job is not the worker's any more."""

    def claim(self, worker_id: str, free_bytes: int) -> Lease | None:
        """The next job that fits into `free_bytes` beside what the running ones still need.

        By priority, then by place; what does not fit now waits. What does not fit while nothing runs fails with
        DiskFullError: no waiting would help it.
        """
        with self.database.write() as connection:
            now = self.database.now(connection)
            running = select(func.count(), func.coalesce(func.sum(left_bytes), 0))
            count, reserved = connection.execute(running.where(jobs.c.state == JobState.RUNNING)).one()
            if not count:
                self._refuse_too_large(connection, free_bytes)
            room = free_bytes - float(reserved)
            fitting = select(jobs.c.job_id).where(jobs.c.state == JobState.QUEUED, left_bytes <= room)
            first = fitting.order_by(jobs.c.priority.desc(), jobs.c.position).limit(1).scalar_subquery()
            job = connection.execute(select(jobs).where(jobs.c.job_id == first)).first()
            if job is None:
                return None
            move_job(
                connection,
                now,
                job,
                JobState.RUNNING,
                worker_id=worker_id,
                lease_until=now + timedelta(seconds=self.lease_s),
                claimed_at=now,
                started_at=job.started_at or now,
                claims=job.claims + 1,
                attempts=job.attempts + 1,
            )
        return read_lease(job, worker_id, job.claims + 1)

    def renew(self, lease: Lease) -> Wish:
        """What is wanted of the job now."""
        with self.database.read() as connection:
            now = self.database.now(connection)
            job = _get_held(connection, lease)
        if job.lease_until < now + timedelta(seconds=FRESH * self.lease_s):
            with self.database.touch() as connection:
                _write(connection, lease, lease_until=now + timedelta(seconds=self.lease_s))
        return Wish(job.wish)

    def report(self, lease: Lease, progress: Progress) -> None:
        frames = {"frames_done": progress.done} if progress.stage is Stage.RENDER else {}
        with self.database.touch() as connection:
            _write(connection, lease, **progress_values(progress), **frames)

    def succeed(self, lease: Lease, result: LipSyncResult) -> None:
        with self.database.write() as connection:
            job = _get_held(connection, lease)
            move_job(connection, self.database.now(connection), job, JobState.SUCCEEDED, **result_values(result))

    def fail(self, lease: Lease, error: HeyGemError) -> None:
        with self.database.write() as connection:
            job = _get_held(connection, lease)
            move_job(connection, self.database.now(connection), job, JobState.FAILED, **error_values(error))

    def stop(self, lease: Lease) -> None:
        """The attempt has ended as was wished: cancelled or paused; where that was taken back, the job is queued."""
        with self.database.write() as connection:
            end_as_wished(connection, self.database.now(connection), _get_held(connection, lease))

    def give_back(self, lease: Lease) -> None:
        """The worker ends before the job does; the attempt does not count. A wish is fulfilled all the same."""
        with self.database.write() as connection:
            job = _get_held(connection, lease)
            end_as_wished(connection, self.database.now(connection), job)
            connection.execute(update(jobs).where(jobs.c.job_id == job.job_id).values(attempts=job.attempts - 1))

    def _refuse_too_large(self, connection: Connection, free_bytes: int) -> None:
        large = select(jobs, left_bytes.label("left_bytes"))
        large = large.where(jobs.c.state == JobState.QUEUED, left_bytes > free_bytes)
        refused = [(job, error_values(_disk_full(job, free_bytes))) for job in connection.execute(large).all()]
        move_jobs(connection, self.database.now(connection), refused, JobState.FAILED)


def _disk_full(job: Row[Any], free_bytes: int) -> DiskFullError:
    return DiskFullError(path=job.output.parent, free_mb=free_bytes // MB, needed_mb=math.ceil(job.left_bytes / MB))


def _get_held(connection: Connection, lease: Lease) -> Row[Any]:
    job = connection.execute(select(jobs).where(*_is_held(lease))).first()
    if job is None:
        raise LeaseLostError(job_id=lease.job_id)
    return job


def _write(connection: Connection, lease: Lease, **values: Any) -> None:
    if not connection.execute(update(jobs).where(*_is_held(lease)).values(values)).rowcount:
        raise LeaseLostError(job_id=lease.job_id)


def _is_held(lease: Lease) -> tuple[Any, ...]:
    return (
        jobs.c.job_id == lease.job_id,
        jobs.c.state == JobState.RUNNING,
        jobs.c.worker_id == lease.worker_id,
        jobs.c.claims == lease.attempt,
    )
