"""The worker processes that the queue knows, and when each was last heard of."""

from sqlalchemy import and_, delete, insert, select, update

from heygem.domain.job import JobState
from heygem.domain.queue import WorkerKind, WorkerStatus
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.records import read_worker
from heygem.storage.tables import jobs, workers


class Workers(QueueBase):
    def register_worker(self, worker_id: str, kind: WorkerKind, host: str, pid: int, device: str) -> None:
        """Again with the same id it is the same worker."""
        values = {"kind": kind, "host": host, "pid": pid, "device": device}
        with self.database.write() as connection:
            values["beat_at"] = self.database.now(connection)
            known = update(workers).where(workers.c.worker_id == worker_id).values(values)
            if not connection.execute(known).rowcount:
                connection.execute(insert(workers).values(worker_id=worker_id, **values))

    def beat(self, worker_id: str) -> None:
        with self.database.touch() as connection:
            beat_at = self.database.now(connection)
            connection.execute(update(workers).where(workers.c.worker_id == worker_id).values(beat_at=beat_at))

    def forget_worker(self, worker_id: str) -> None:
        with self.database.touch() as connection:
            connection.execute(delete(workers).where(workers.c.worker_id == worker_id))

    def list_workers(self) -> list[WorkerStatus]:
        """All that have not been forgotten, the dead too, each with the job that it runs."""
        is_its = and_(jobs.c.worker_id == workers.c.worker_id, jobs.c.state == JobState.RUNNING)
        query = select(workers, jobs.c.job_id).outerjoin(jobs, is_its).order_by(workers.c.worker_id)
        with self.database.read() as connection:
            now = self.database.now(connection)
            rows = connection.execute(query).all()
        return [read_worker(row, max(0.0, (now - row.beat_at).total_seconds())) for row in rows]

    def list_live_workers(self) -> list[WorkerStatus]:
        """Those heard of within a lease's time."""
        return [worker for worker in self.list_workers() if worker.silent_s <= self.lease_s]
