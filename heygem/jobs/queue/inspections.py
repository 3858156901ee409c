"""Files looked at before jobs run: asked for once for each file as it is, done once, shared by drafts and jobs.

A job whose two inspections are there is settled: either it has its preflight and may be claimed, or it has failed.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, FromClause, Label, Row, bindparam, insert, or_, select, update

from heygem.domain.errors import FaultError, HeyGemError, InputChangedError, MediaUnreadableError
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import EngineName, JobState
from heygem.domain.queue import InspectionTask
from heygem.jobs.queue.base import BuildPreflight, QueueBase
from heygem.jobs.queue.records import (
    error_values,
    inspection_values,
    preflight_values,
    read_error,
    read_finding,
    read_inspection,
)
from heygem.jobs.queue.transitions import move_jobs
from heygem.storage.columns import keepable
from heygem.storage.tables import inspections, jobs

NOT_THERE: Final = -1


class TaskState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"


@dataclass(frozen=True)
class FileStamp:
    """A file as it is now; another size or time of change is another file."""

    path: Path
    kind: MediaKind
    size_bytes: int
    modified_ns: int

    @classmethod
    def take(cls, path: Path, kind: MediaKind) -> "FileStamp":
        """A file that is not there has a stamp too. Raises MediaUnreadableError for a name that cannot be kept."""
        if str(path) != keepable(str(path)):
            raise MediaUnreadableError(Path(keepable(str(path))), reason="name")
        try:
            stat = path.stat()
        except OSError:
            return cls(path, kind, NOT_THERE, NOT_THERE)
        return cls(path, kind, stat.st_size, stat.st_mtime_ns)

    def matches(self) -> Any:
        return (
            (inspections.c.path == self.path)
            & (inspections.c.kind == self.kind)
            & (inspections.c.size_bytes == self.size_bytes)
            & (inspections.c.modified_ns == self.modified_ns)
        )


class Inspections(QueueBase):
    def request_inspection(self, path: Path, kind: MediaKind) -> None:
        """Asks for a file to be looked at, unless it has been. Raises MediaUnreadableError for an impossible name."""
        stamp = FileStamp.take(path, kind)
        with self.database.write() as connection:
            request_tasks(connection, self.database.now(connection), [stamp])

    def find_inspection(self, path: Path, kind: MediaKind) -> Inspection | HeyGemError | None:
        """What came of it for the file as it is now. Raises as request_inspection does."""
        stamp = FileStamp.take(path, kind)
        with self.database.read() as connection:
            row = connection.execute(select(inspections).where(stamp.matches())).first()
        return None if row is None else read_finding(row)

    def claim_inspection(self, worker_id: str) -> InspectionTask | None:
        """The one asked for longest ago. It is the worker's until it is finished or the worker is silent too long."""
        waiting = select(inspections.c.task_id, inspections.c.path, inspections.c.kind)
        waiting = waiting.where(inspections.c.state == TaskState.WAITING)
        with self.database.write() as connection:
            row = connection.execute(waiting.order_by(inspections.c.requested_at).limit(1)).first()
            if row is None:
                return None
            _set_task(connection, row.task_id, state=TaskState.TAKEN, worker_id=worker_id)
        return InspectionTask(row.task_id, row.path, MediaKind(row.kind), worker_id)

    def finish_inspection(self, task: InspectionTask, found: Inspection | HeyGemError) -> None:
        """Stores it and settles the jobs that have waited for it. A file that has changed meanwhile is an error."""
        stamp = FileStamp.take(task.path, task.kind)
        with self.database.write() as connection:
            row = connection.execute(select(inspections).where(inspections.c.task_id == task.task_id)).one()
            if row.state == TaskState.DONE:  # by another, who took it when this one seemed dead
                return
            if (row.size_bytes, row.modified_ns) != (stamp.size_bytes, stamp.modified_ns):
                found = InputChangedError(task.path)
            finish_task(connection, self.database.now(connection), task.task_id, found, self.build_preflight)


def request_tasks(
    connection: Connection, now: datetime, stamps: Iterable[FileStamp], is_again: bool = False
) -> dict[tuple[Path, MediaKind], str]:
    """The ids of the stamps' inspections by (path, kind); what is not there is asked for, in this order.

    So is what ended by a fault, which is none of the file's, and with `is_again` what ended by any error.
    """
    tasks = {}
    for number, stamp in enumerate(stamps):
        asked_at = now + timedelta(microseconds=number)
        if (stamp.path, stamp.kind) in tasks:
            continue
        row = connection.execute(select(inspections).where(stamp.matches())).first()
        if row is None:
            tasks[stamp.path, stamp.kind] = _add_task(connection, asked_at, stamp)
            continue
        tasks[stamp.path, stamp.kind] = row.task_id
        found = read_finding(row)
        if isinstance(found, FaultError) or (is_again and isinstance(found, HeyGemError)):
            _set_task(
                connection, row.task_id, state=TaskState.WAITING, requested_at=asked_at, crashes=0, **error_values(None)
            )
    return tasks


def finish_task(
    connection: Connection,
    now: datetime,
    task_id: str,
    found: Inspection | HeyGemError,
    build_preflight: BuildPreflight,
) -> None:
    values = inspection_values(found) if isinstance(found, Inspection) else error_values(found)
    _set_task(connection, task_id, state=TaskState.DONE, worker_id=None, **values)
    settle_jobs(connection, now, [task_id], build_preflight)


def put_back_task(connection: Connection, task_id: str, crashes: int) -> None:
    _set_task(connection, task_id, state=TaskState.WAITING, worker_id=None, crashes=crashes)


def settle_jobs(
    connection: Connection, now: datetime, task_ids: Sequence[str], build_preflight: BuildPreflight
) -> None:
    """Gives the jobs that hang on these inspections their preflight, or their error, where all is known."""
    person, voice = inspections.alias("of_person"), inspections.alias("of_voice")
    hanging = (
        select(jobs, *_finding_columns(person), *_finding_columns(voice))
        .join(person, person.c.task_id == jobs.c.person_task)
        .join(voice, voice.c.task_id == jobs.c.voice_task)
        .where(
            jobs.c.preflight.is_(None),
            jobs.c.state.in_([JobState.QUEUED, JobState.PAUSED]),
            or_(jobs.c.person_task.in_(task_ids), jobs.c.voice_task.in_(task_ids)),
        )
    )
    failed, settled = [], []
    for job in connection.execute(hanging).all():
        of_person, of_voice = _read_finding(job, "of_person"), _read_finding(job, "of_voice")
        error = next((one for one in (of_person, of_voice) if isinstance(one, HeyGemError)), None)
        if error is not None:
            failed.append((job, error_values(error)))
        elif isinstance(of_person, Inspection) and isinstance(of_voice, Inspection):
            preflight = build_preflight(of_person, of_voice, EngineName(job.engine))
            settled.append({"of": job.job_id, **preflight_values(preflight)})
    move_jobs(connection, now, failed, JobState.FAILED)
    if settled:
        connection.execute(update(jobs).where(jobs.c.job_id == bindparam("of")), settled)


def _finding_columns(table: FromClause) -> list[Label[Any]]:
    """All of a finding but its picture."""
    return [table.c[name].label(f"{table.description}_{name}") for name in ("facts", "error_code", "error_context")]


def _read_finding(row: Row[Any], of: str) -> Inspection | HeyGemError | None:
    facts, code, context = (getattr(row, f"{of}_{name}") for name in ("facts", "error_code", "error_context"))
    return read_error(code, context) or read_inspection(facts, None)


def _add_task(connection: Connection, requested_at: datetime, stamp: FileStamp) -> str:
    task_id = uuid.uuid4().hex
    connection.execute(
        insert(inspections).values(
            task_id=task_id,
            path=stamp.path,
            kind=stamp.kind,
            size_bytes=stamp.size_bytes,
            modified_ns=stamp.modified_ns,
            state=TaskState.WAITING,
            crashes=0,
            requested_at=requested_at,
        )
    )
    return task_id


def _set_task(connection: Connection, task_id: str, **values: Any) -> None:
    connection.execute(update(inspections).where(inspections.c.task_id == task_id).values(values))
