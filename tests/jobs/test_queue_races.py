"""What happens at the same time, in several threads and processes, on both databases."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from heygem.domain.errors import JobStateError, OutputPathError
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import JobState
from heygem.domain.queue import Lease
from tests.jobs.conftest import EXPECTED_BYTES, PLENTY, QueueDesk, make_result
from tests.jobs.queue_processes import inspect_until_idle, work_until_idle

SPAWN = multiprocessing.get_context("spawn")


def at_once(calls: Sequence[Callable[[], object]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def start(target: Callable[..., None], *args: Any) -> Any:
    process = SPAWN.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def test_processes_do_each_job_once_though_two_of_them_die(desk: QueueDesk, database_url: str) -> None:
    jobs = [desk.new_job(f"{number % 7}.mp4") for number in range(40)]
    batch_id = desk.queue.submit_batch("batch", jobs, "me")
    inspectors = [start(inspect_until_idle, database_url, f"inspector {number}") for number in range(2)]
    together, deaths = SPAWN.Barrier(3), {"w0": None, "w1": 3, "w2": 1}
    workers = {name: start(work_until_idle, database_url, name, together, deaths[name]) for name in deaths}
    deadline = time.monotonic() + 90
    while any(process.is_alive() for process in workers.values()) and time.monotonic() < deadline:
        dead = [name for name, process in workers.items() if process.exitcode == -9]
        desk.queue.recover(dead)  # no job is to blame, should both die of the same one
        time.sleep(0.05)
    for process in inspectors:
        process.join(10)
    assert [process.exitcode for process in inspectors] == [0, 0]
    assert [process.exitcode for process in workers.values()] == [0, -9, -9]
    assert desk.states(batch_id) == [JobState.SUCCEEDED] * 40
    assert sum(job.attempts for job in desk.queue.list_jobs(batch_id=batch_id)) == 42
    assert all(job.request.output.exists() for job in jobs)


def test_threads_never_get_one_job_twice(desk: QueueDesk) -> None:
    desk.submit_batch(20)

    def claim_all(worker_id: str) -> list[str]:
        claimed = []
        while lease := desk.queue.claim(worker_id, PLENTY):
            claimed.append(lease.job_id)
        return claimed

    claimed = at_once([partial(claim_all, f"w{number}") for number in range(6)])
    ids = [job_id for some in claimed for job_id in some]
    assert len(ids) == len(set(ids)) == 20


def test_claims_at_once_never_take_more_room_than_there_is(desk: QueueDesk) -> None:
    desk.submit_batch(12)
    leases = at_once([lambda: desk.queue.claim("w", 3 * EXPECTED_BYTES)] * 8)
    assert sum(lease is not None for lease in leases) == 3


def test_one_key_at_once_is_one_job(desk: QueueDesk) -> None:
    jobs = [desk.new_job() for _ in range(8)]
    ids = at_once([partial(desk.queue.submit, job, key="k") for job in jobs])
    assert len(set(ids)) == len(desk.queue.list_jobs()) == 1


def test_one_output_at_once_is_one_job(desk: QueueDesk) -> None:
    job = desk.new_job()

    def submit() -> str | None:
        try:
            return desk.queue.submit(job)
        except OutputPathError:
            return None

    assert sum(job_id is not None for job_id in at_once([submit] * 8)) == 1


def test_two_inspections_that_end_at_once_settle_the_job(desk: QueueDesk) -> None:
    """Each alone sees only half of what the job waits for."""
    found = {kind: Inspection(kind, "hash", 20.0, 640, 480, 25.0, 500) for kind in MediaKind}
    for number in range(10):
        job_id = desk.queue.submit(desk.new_job(f"{number}.mp4", f"{number}.wav"))
        tasks = [task for task in (desk.queue.claim_inspection("w") for _ in range(2)) if task is not None]
        assert len(tasks) == 2
        at_once([partial(desk.queue.finish_inspection, task, found[task.kind]) for task in tasks])
        assert desk.queue.get_status(job_id).preflight is not None


def test_cancelling_and_succeeding_at_once_leaves_one_end(desk: QueueDesk) -> None:
    for _ in range(10):
        job_id = desk.submit(webhook="http://x")
        lease = desk.claim()

        def succeed(lease: Lease = lease) -> None:
            desk.queue.succeed(lease, make_result(lease))

        def cancel(job_id: str = job_id) -> None:
            with suppress(JobStateError):  # which it raises when it comes too late
                desk.queue.cancel(job_id)

        at_once([cancel, succeed])
        assert desk.state(job_id) is JobState.SUCCEEDED
        assert desk.queue.claim_delivery() is not None
        assert desk.queue.claim_delivery() is None
