"""What people and programs do with jobs that are in the queue: one at a time, or a batch as a whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from heygem.domain.errors import BatchNotFoundError, CancelledError, JobNotFoundError, JobStateError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import JobState
from heygem.domain.queue import Wish
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import request_tasks, settle_jobs
from heygem.jobs.queue.records import error_values, read_request
from heygem.jobs.queue.submission import check_outputs, forget_answers, next_position, take_stamps
from heygem.jobs.queue.transitions import move_jobs
from heygem.storage.tables import batches, jobs, webhook_deliveries

WAITING = (JobState.QUEUED, JobState.PAUSED)
MENDABLE = (JobState.FAILED, JobState.CANCELLED)

NEVER_RUN: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("preflight", "frame_count", "expected_s", "expected_bytes", "started_at"), None),
    **dict.fromkeys(("stage", "stage_done", "stage_total", "error_code", "error_context"), None),
    **dict.fromkeys(("share", "crashes", "frames_done", "frames_at_crash", "ran_s"), 0),
}

Step: TypeAlias = Callable[[Connection, datetime, Sequence[Row[Any]]], None]


class Control(QueueBase):
    """On one job, what its state does not allow raises JobStateError, and an unknown id JobNotFoundError.

    On a batch, jobs whose state does not allow it are left as they are; an unknown id raises BatchNotFoundError.
    """

    def cancel(self, job_id: str) -> None:
        """At once while it waits; one that runs is asked to end."""
        self._do(job_id, "cancel", (*WAITING, JobState.RUNNING), _cancel, done=JobState.CANCELLED)

    def pause(self, job_id: str) -> None:
        """At once while it waits; one that runs is asked to stop, and keeps its finished segments."""
        self._do(job_id, "pause", (JobState.QUEUED, JobState.RUNNING), _pause, done=JobState.PAUSED)

    def resume(self, job_id: str) -> None:
        """Back to its place. Of one that runs on, the wish that it pause is taken back."""
        self._do(job_id, "resume", (JobState.PAUSED, JobState.RUNNING), _resume, done=JobState.QUEUED)

    def retry(self, job_id: str) -> None:
        """A job that failed or was cancelled goes to the end of the queue, its inputs looked at again where they have
        changed or could not be used. Raises OutputPathError where its output is another job's by now.
        """
        self._do(job_id, "retry", MENDABLE, self._retry)

    def remove(self, job_id: str) -> None:
        """A job that never ran is gone, its batch with the last of its jobs."""
        self._do(job_id, "remove", (*WAITING, *MENDABLE), _remove)

    def move(self, job_id: str, places: int) -> None:
        """So many places later, or earlier where negative, among those of its batch and priority that wait."""
        self._do(job_id, "move", WAITING, lambda connection, _, rows: _shift(connection, rows[0], places))

    def set_priority(self, job_id: str, priority: int) -> None:
        self._do(job_id, "set_priority", WAITING, _make_prioritize(priority))

    def cancel_batch(self, batch_id: str) -> None:
        self._do_batch(batch_id, (*WAITING, JobState.RUNNING), _cancel)

    def pause_batch(self, batch_id: str) -> None:
        self._do_batch(batch_id, (JobState.QUEUED, JobState.RUNNING), _pause)

    def resume_batch(self, batch_id: str) -> None:
        self._do_batch(batch_id, (JobState.PAUSED, JobState.RUNNING), _resume)

    def retry_batch(self, batch_id: str) -> None:
        """Only what failed or was cancelled. Raises OutputPathError as retry does, with nothing changed."""
        self._do_batch(batch_id, MENDABLE, self._retry)

    def set_batch_priority(self, batch_id: str, priority: int) -> None:
        self._do_batch(batch_id, WAITING, _make_prioritize(priority))

    def _do(
        self, job_id: str, action: str, allowed: tuple[JobState, ...], step: Step, done: JobState | None = None
    ) -> None:
        """`done` is the state in which nothing is left to do."""
        with self.database.write() as connection:
            job = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).first()
            if job is None:
                raise JobNotFoundError(job_id=job_id)
            if job.state == done:
                return
            if job.state not in allowed:
                raise JobStateError(action=action, state=job.state)
            step(connection, self.database.now(connection), [job])

    def _do_batch(self, batch_id: str, allowed: tuple[JobState, ...], step: Step) -> None:
        of_batch = select(jobs).where(jobs.c.batch_id == batch_id, jobs.c.state.in_(allowed))
        with self.database.write() as connection:
            if connection.execute(select(batches.c.batch_id).where(batches.c.batch_id == batch_id)).first() is None:
                raise BatchNotFoundError(batch_id=batch_id)
            rows = connection.execute(of_batch.order_by(jobs.c.position)).all()
            step(connection, self.database.now(connection), rows)

    def _retry(self, connection: Connection, now: datetime, rows: Sequence[Row[Any]]) -> None:
        check_outputs(connection, [job.output for job in rows])
        requests = [read_request(job) for job in rows]
        tasks = request_tasks(connection, now, take_stamps(requests), is_again=True)
        first = next_position(connection)
        changes = [
            (
                job,
                {
                    "position": first + number,
                    "person_task": tasks[job.person, MediaKind.PERSON],
                    "voice_task": tasks[job.voice, MediaKind.VOICE],
                    **NEVER_RUN,
                },
            )
            for number, job in enumerate(rows)
        ]
        move_jobs(connection, now, changes, JobState.QUEUED)
        settle_jobs(connection, now, list(tasks.values()), self.build_preflight)


def _cancel(connection: Connection, now: datetime, rows: Sequence[Row[Any]]) -> None:
    waiting = [(job, error_values(CancelledError())) for job in rows if job.state != JobState.RUNNING]
    move_jobs(connection, now, waiting, JobState.CANCELLED)
    _wish(connection, rows, Wish.CANCEL)


def _pause(connection: Connection, now: datetime, rows: Sequence[Row[Any]]) -> None:
    move_jobs(connection, now, [(job, {}) for job in rows if job.state != JobState.RUNNING], JobState.PAUSED)
    _wish(connection, rows, Wish.PAUSE)


def _resume(connection: Connection, now: datetime, rows: Sequence[Row[Any]]) -> None:
    move_jobs(connection, now, [(job, {}) for job in rows if job.state != JobState.RUNNING], JobState.QUEUED)
    _wish(connection, rows, Wish.GO_ON)


def _wish(connection: Connection, rows: Sequence[Row[Any]], wish: Wish) -> None:
    """Of those that run. That a job be cancelled is not taken back."""
    running = [job.job_id for job in rows if job.state == JobState.RUNNING]
    connection.execute(update(jobs).where(jobs.c.job_id.in_(running), jobs.c.wish != Wish.CANCEL).values(wish=wish))


def _make_prioritize(priority: int) -> Step:
    def prioritize(connection: Connection, _: datetime, rows: Sequence[Row[Any]]) -> None:
        ids = [job.job_id for job in rows]
        connection.execute(update(jobs).where(jobs.c.job_id.in_(ids)).values(priority=priority))

    return prioritize


def _remove(connection: Connection, _: datetime, rows: Sequence[Row[Any]]) -> None:
    for job in rows:
        if job.claims:
            raise JobStateError(action="remove", state=job.state)
        forget_answers(connection, [job.job_id])
        connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.job_id == job.job_id))
        connection.execute(delete(jobs).where(jobs.c.job_id == job.job_id))
        if connection.execute(select(jobs.c.job_id).where(jobs.c.batch_id == job.batch_id).limit(1)).first() is None:
            forget_answers(connection, [job.batch_id])
            connection.execute(delete(batches).where(batches.c.batch_id == job.batch_id))


def _shift(connection: Connection, job: Row[Any], places: int) -> None:
    """Gives the jobs between the old and the new place one another's positions."""
    peers = select(jobs.c.job_id, jobs.c.position).where(
        jobs.c.batch_id.is_not_distinct_from(job.batch_id),
        jobs.c.priority == job.priority,
        jobs.c.state.in_(WAITING),
    )
    order = list(connection.execute(peers.order_by(jobs.c.position)).all())
    positions = [peer.position for peer in order]
    old = next(index for index, peer in enumerate(order) if peer.job_id == job.job_id)
    order.insert(min(max(0, old + places), len(order) - 1), order.pop(old))
    changes = [
        {"of": peer.job_id, "position": position}
        for peer, position in zip(order, positions, strict=True)
        if peer.position != position
    ]
    if changes:
        connection.execute(update(jobs).where(jobs.c.job_id == bindparam("of")), changes)
