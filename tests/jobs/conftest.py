"""A queue on each kind of database, with files for its jobs and a clock that can be put forward."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from heygem.domain.errors import HeyGemError
from heygem.domain.inspection import Inspection, Preflight
from heygem.domain.job import EngineName, JobState, LipSyncRequest, LipSyncResult, NewJob
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import Lease, WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.storage.database import Database

FRAMES = 500
EXPECTED_S = 10.0
EXPECTED_BYTES = 1_000_000
PLENTY = 10**12
LEASE_S = 20.0


def build_preflight(person: Inspection, voice: Inspection, _: EngineName) -> Preflight:
    return Preflight(FRAMES, voice.duration_s, EXPECTED_S, EXPECTED_BYTES, person.warnings + voice.warnings)


@dataclass
class QueueDesk:
    """Asks the queue as people do, and works for it as a worker does."""

    queue: JobQueue
    folder: Path
    pass_time: Callable[[float], None]
    numbers: list[int] = field(default_factory=list)

    def file(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            path.write_bytes(b"x" * 10)
        return path

    def new_job(self, person: str = "person.mp4", voice: str = "voice.wav", **values: Any) -> NewJob:
        self.numbers.append(len(self.numbers))
        output = self.folder / f"output {self.numbers[-1]}.mp4"
        return NewJob(LipSyncRequest(self.file(person), self.file(voice), output), **values)

    def submit(self, person: str = "person.mp4", **values: Any) -> str:
        """A job that may be claimed."""
        job_id = self.queue.submit(self.new_job(person, **values))
        self.inspect_all()
        return job_id

    def submit_batch(self, count: int, owner: str = "me", **values: Any) -> tuple[str, list[str]]:
        """A batch whose jobs may be claimed, and their ids in order."""
        batch_id = self.queue.submit_batch("batch", [self.new_job() for _ in range(count)], owner, **values)
        self.inspect_all()
        return batch_id, [job.job_id for job in self.queue.list_jobs(batch_id=batch_id)]

    def inspect_all(self, find: Callable[[Path], Inspection | HeyGemError | None] = lambda _: None) -> None:
        """Everything that waits for an inspection is found well, but for what `find` says of a file."""
        while task := self.queue.claim_inspection("inspector"):
            found = find(task.path) or Inspection(task.kind, "hash", 20.0, 640, 480, 25.0, FRAMES, thumbnail=b"jpeg")
            self.queue.finish_inspection(task, found)

    def register(self, worker_id: str, kind: WorkerKind = WorkerKind.RENDER) -> None:
        self.queue.register_worker(worker_id, kind, "host", 1, "cpu")

    def claim(self, worker_id: str = "w", free_bytes: int = PLENTY) -> Lease:
        lease = self.queue.claim(worker_id, free_bytes)
        assert lease is not None
        return lease

    def render(self, lease: Lease, frames: int) -> None:
        self.queue.report(lease, Progress(Stage.RENDER, frames, FRAMES, eta_s=4.0))

    def state(self, job_id: str) -> JobState:
        return self.queue.get_status(job_id).state

    def states(self, batch_id: str) -> list[JobState]:
        return [job.state for job in self.queue.list_jobs(batch_id=batch_id)]


def make_result(lease: Lease) -> LipSyncResult:
    return LipSyncResult(lease.request.output, FRAMES, 20.0)


@pytest.fixture
def desk(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QueueDesk:
    ahead = timedelta()
    real_now = database.now

    def now(connection: Connection) -> datetime:
        return real_now(connection) + ahead

    def pass_time(seconds: float) -> None:
        nonlocal ahead
        ahead += timedelta(seconds=seconds)

    monkeypatch.setattr(database, "now", now)
    folder = tmp_path / "files"
    folder.mkdir()
    return QueueDesk(JobQueue(database, build_preflight, lease_s=LEASE_S, max_crashes=2), folder, pass_time)
