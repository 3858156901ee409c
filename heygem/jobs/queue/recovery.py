"""Puts back what dead workers had, and gives up what has ended its worker too often."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select

from heygem.domain.errors import WorkerCrashedError
from heygem.domain.job import JobState
from heygem.domain.queue import Wish
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import TaskState, finish_task, put_back_task
from heygem.jobs.queue.records import error_values
from heygem.jobs.queue.transitions import end_as_wished, move_job
from heygem.storage.tables import inspections, jobs, workers


class Recovery(QueueBase):
    def recover(self, dead_workers: Collection[str] = (), is_crash: bool = False, reason: str = "") -> int:
        """Puts back the jobs of `dead_workers` and those whose lease has lapsed; says how many.

        `is_crash` means that these workers ended of themselves while at work, for `reason`, so that their jobs are to
        blame: each counts a crash, and as the first where another segment was rendered since the last. At `max_crashes`
        it fails with WorkerCrashedError. The workers are forgotten.
        """
        with self.database.write() as connection:
            now = self.database.now(connection)
            lost = or_(jobs.c.lease_until < now, jobs.c.worker_id.in_(dead_workers))
            rows = connection.execute(select(jobs).where(jobs.c.state == JobState.RUNNING, lost)).all()
            for job in rows:
                is_blamed = is_crash and job.worker_id in dead_workers and Wish(job.wish) is Wish.GO_ON
                self._put_back(connection, now, job, is_blamed, reason)
            self._put_back_tasks(connection, now, dead_workers, is_crash, reason)
            connection.execute(delete(workers).where(workers.c.worker_id.in_(dead_workers)))
        return len(rows)

    def _put_back(self, connection: Connection, now: datetime, job: Row[Any], is_blamed: bool, reason: str) -> None:
        if not is_blamed:
            end_as_wished(connection, now, job)
            return
        is_further = job.frames_done // self.segment_frames > job.frames_at_crash // self.segment_frames
        crashes = 1 if is_further else job.crashes + 1
        counted = {"crashes": crashes, "frames_at_crash": job.frames_done}
        if crashes < self.max_crashes:
            move_job(connection, now, job, JobState.QUEUED, **counted)
        else:
            error = WorkerCrashedError(reason=reason, attempts=crashes)
            move_job(connection, now, job, JobState.FAILED, **counted, **error_values(error))

    def _put_back_tasks(
        self, connection: Connection, now: datetime, dead_workers: Collection[str], is_crash: bool, reason: str
    ) -> None:
        """Inspections, of these workers and of those that have been silent too long or are not known."""
        silent = or_(workers.c.worker_id.is_(None), workers.c.beat_at < now - timedelta(seconds=self.lease_s))
        taken = (
            select(inspections.c.task_id, inspections.c.worker_id, inspections.c.crashes)
            .outerjoin(workers, workers.c.worker_id == inspections.c.worker_id)
            .where(and_(inspections.c.state == TaskState.TAKEN, or_(silent, inspections.c.worker_id.in_(dead_workers))))
        )
        for task in connection.execute(taken).all():
            crashes = task.crashes + int(is_crash and task.worker_id in dead_workers)
            if crashes < self.max_crashes:
                put_back_task(connection, task.task_id, crashes)
            else:
                error = WorkerCrashedError(reason=reason, attempts=crashes)
                finish_task(connection, now, task.task_id, error, self.build_preflight)
