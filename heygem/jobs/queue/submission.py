"""How jobs come into the queue, and how those that failed come into it again."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from heygem.domain.api_errors import IdempotencyConflictError
from heygem.domain.errors import OutputPathError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import JobState, LipSyncRequest, NewJob
from heygem.domain.queue import Wish
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import FileStamp, request_tasks, settle_jobs
from heygem.jobs.queue.records import job_values
from heygem.storage.tables import batches, jobs, submissions

UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


class Submission(QueueBase):
    """A `key` is of the owner's choice: submitting again by it changes nothing and gives the first id.

    `digest` names what is asked for, where the jobs' files and settings do not: uploads have another path each time.
    """

    def submit(self, job: NewJob, key: str = "", digest: str = "") -> str:
        """The job's id. Raises OutputPathError where another unfinished job makes the same output,
        MediaUnreadableError for an impossible name, IdempotencyConflictError for a key of another digest, and what
        `check_room` raises.
        """
        stamps = take_stamps([job.request])
        digest = digest or digest_jobs([job])
        with self.database.write() as connection:
            if earlier := _find_answer(connection, job.owner, key, digest):
                return earlier
            self.check_room()
            [job_id] = self._add_jobs(connection, stamps, [job], batch_id=None, state=JobState.QUEUED)
            _keep_answer(connection, job.owner, key, digest, job_id)
        return job_id

    def submit_batch(
        self,
        name: str,
        jobs: Sequence[NewJob],
        owner: str,
        project: str = "",
        is_paused: bool = False,
        key: str = "",
        digest: str = "",
    ) -> str:
        """The id of a batch of `jobs` in their order, all `owner`'s. Raises as submit does, with nothing submitted."""
        stamps = take_stamps([job.request for job in jobs])
        digest = digest or digest_jobs(jobs)
        with self.database.write() as connection:
            if earlier := _find_answer(connection, owner, key, digest):
                return earlier
            self.check_room()
            batch_id = uuid.uuid4().hex
            batch = {"batch_id": batch_id, "name": name, "owner": owner, "project": project}
            connection.execute(insert(batches).values(created_at=self.database.now(connection), **batch))
            state = JobState.PAUSED if is_paused else JobState.QUEUED
            self._add_jobs(connection, stamps, jobs, batch_id, state, owner=owner)
            _keep_answer(connection, owner, key, digest, batch_id)
        return batch_id

    def find_submission(self, owner: str, key: str) -> str | None:
        """The id that was given for this key."""
        with self.database.read() as connection:
            return connection.execute(select(submissions.c.answer_id).where(_is_key(owner, key))).scalar()

    def _add_jobs(
        self,
        connection: Connection,
        stamps: Iterable[FileStamp],
        new: Sequence[NewJob],
        batch_id: str | None,
        state: JobState,
        **values: Any,
    ) -> list[str]:
        check_outputs(connection, [job.request.output for job in new])
        now = self.database.now(connection)
        tasks = request_tasks(connection, now, stamps)
        first = next_position(connection)
        rows = [
            {
                **job_values(job),
                **_fresh_values(now),
                "job_id": uuid.uuid4().hex,
                "batch_id": batch_id,
                "state": state,
                "queued_at": now if state is JobState.QUEUED else None,
                "position": first + number,
                "person_task": tasks[job.request.person, MediaKind.PERSON],
                "voice_task": tasks[job.request.voice, MediaKind.VOICE],
                **values,
            }
            for number, job in enumerate(new)
        ]
        if rows:
            connection.execute(insert(jobs), rows)
        settle_jobs(connection, now, list(tasks.values()), self.build_preflight)
        return [row["job_id"] for row in rows]


def take_stamps(requests: Sequence[LipSyncRequest]) -> list[FileStamp]:
    """Of all inputs, each once; the voices first, since one that cannot be used spares the rest."""
    files = dict.fromkeys((request.voice, MediaKind.VOICE) for request in requests)
    files |= dict.fromkeys((request.person, MediaKind.PERSON) for request in requests)
    return [FileStamp.take(path, kind) for path, kind in files]


def digest_jobs(new: Sequence[NewJob]) -> str:
    """SHA-256 of what is asked for but for where the outputs go, which is chosen anew each time."""
    asked = [{key: str(value) for key, value in job_values(job).items() if key != "output"} for job in new]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def check_outputs(connection: Connection, outputs: Sequence[Path]) -> None:
    """Raises OutputPathError unless every output is made by one unfinished job alone."""
    seen = set(outputs)
    taken = connection.execute(
        select(jobs.c.output).where(jobs.c.output.in_(outputs), jobs.c.state.in_(UNFINISHED)).limit(1)
    ).scalar()
    if taken is None and len(seen) < len(outputs):
        taken = next(path for path in outputs if outputs.count(path) > 1)
    if taken is not None:
        raise OutputPathError(path=taken, reason="exists")


def next_position(connection: Connection) -> int:
    return (connection.execute(select(func.max(jobs.c.position))).scalar() or 0) + 1


def forget_answers(connection: Connection, answer_ids: Sequence[str]) -> None:
    connection.execute(delete(submissions).where(submissions.c.answer_id.in_(answer_ids)))


def _fresh_values(now: datetime) -> dict[str, Any]:
    counts = ("claims", "attempts", "crashes", "share", "frames_done", "frames_at_crash", "ran_s")
    return {**dict.fromkeys(counts, 0), "wish": Wish.GO_ON, "created_at": now}


def _find_answer(connection: Connection, owner: str, key: str, digest: str) -> str | None:
    row = connection.execute(select(submissions).where(_is_key(owner, key))).first() if key else None
    if row is not None and row.digest != digest:
        raise IdempotencyConflictError(idempotency_key=key)
    return None if row is None else row.answer_id


def _keep_answer(connection: Connection, owner: str, key: str, digest: str, answer_id: str) -> None:
    if key:
        connection.execute(insert(submissions).values(owner=owner, key=key, digest=digest, answer_id=answer_id))


def _is_key(owner: str, key: str) -> Any:
    return (submissions.c.owner == owner) & (submissions.c.key == key)
