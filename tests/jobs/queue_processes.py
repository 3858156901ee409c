"""Workers as processes of their own, for the tests of what happens at the same time."""

import os
import signal
import time
from multiprocessing.synchronize import Barrier

from heygem.domain.inspection import Inspection
from heygem.domain.job import LipSyncResult
from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.storage.database import Database
from tests.jobs.conftest import build_preflight


def open_queue(url: str) -> JobQueue:
    return JobQueue(Database(url), build_preflight, lease_s=60.0)


def inspect_until_idle(url: str, worker_id: str) -> None:
    queue = open_queue(url)
    queue.register_worker(worker_id, WorkerKind.INSPECT, "host", os.getpid(), "cpu")
    while task := queue.claim_inspection(worker_id):
        queue.finish_inspection(task, Inspection(task.kind, "hash", 20.0, 640, 480, 25.0, 500))
    queue.database.close()


def work_until_idle(url: str, worker_id: str, together: Barrier, dies_after: int | None = None) -> None:
    """Renders nothing, but makes each output exclusively: done a second time, it would fail.

    Begins with the others; with `dies_after`, kills itself with its lease in its hands after so many jobs.
    """
    queue = open_queue(url)
    queue.register_worker(worker_id, WorkerKind.RENDER, "host", os.getpid(), "cpu")
    together.wait(60)
    done = 0
    while not queue.is_idle():
        lease = queue.claim(worker_id, 10**12)
        if lease is None:
            time.sleep(0.02)  # another has what is left, and may die of it
            continue
        queue.renew(lease)
        if done == dies_after:
            os.kill(os.getpid(), signal.SIGKILL)
        with lease.request.output.open("x") as output:
            output.write(worker_id)
        time.sleep(0.01)
        queue.succeed(lease, LipSyncResult(lease.request.output, 500, 20.0))
        done += 1
    queue.database.close()
