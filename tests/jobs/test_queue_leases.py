"""The workers' contract on both databases: claim with a lease, renew, end; and what becomes of what they lose."""

from collections.abc import Callable

import pytest

from heygem.domain.errors import (
    CancelledError,
    DiskFullError,
    EncodeError,
    LeaseLostError,
    WorkerCrashedError,
)
from heygem.domain.job import JobState
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import Lease, Wish, WorkerKind
from heygem.jobs.queue import JobQueue
from tests.jobs.conftest import EXPECTED_BYTES, FRAMES, LEASE_S, PLENTY, QueueDesk, make_result

QUEUED, RUNNING, PAUSED = JobState.QUEUED, JobState.RUNNING, JobState.PAUSED
CANCELLED, FAILED = JobState.CANCELLED, JobState.FAILED

SAYINGS: dict[str, Callable[[JobQueue, Lease], object]] = {
    "renew": lambda queue, lease: queue.renew(lease),
    "report": lambda queue, lease: queue.report(lease, Progress(Stage.RENDER, 1, 2)),
    "succeed": lambda queue, lease: queue.succeed(lease, make_result(lease)),
    "fail": lambda queue, lease: queue.fail(lease, EncodeError(reason="x")),
    "stop": lambda queue, lease: queue.stop(lease),
    "give_back": lambda queue, lease: queue.give_back(lease),
}


def test_nothing_is_claimed_before_it_is_inspected(desk: QueueDesk) -> None:
    desk.queue.submit(desk.new_job())
    assert desk.queue.claim("w", PLENTY) is None
    desk.inspect_all()
    assert desk.claim().attempt == 1
    assert desk.queue.claim("w", PLENTY) is None


@pytest.mark.parametrize("saying", SAYINGS)
def test_whoever_has_lost_a_lease_changes_nothing(desk: QueueDesk, saying: str) -> None:
    """Even if the same worker has the job again."""
    job_id = desk.submit()
    lost = desk.claim("w")
    desk.pass_time(LEASE_S + 1)
    desk.queue.recover()
    before = desk.queue.get_status(job_id)
    with pytest.raises(LeaseLostError):
        SAYINGS[saying](desk.queue, lost)
    assert desk.queue.get_status(job_id) == before
    held = desk.claim("w")
    with pytest.raises(LeaseLostError):
        SAYINGS[saying](desk.queue, lost)
    assert desk.queue.renew(held) is Wish.GO_ON
    desk.queue.succeed(held, make_result(held))
    with pytest.raises(LeaseLostError):
        SAYINGS[saying](desk.queue, held)
    assert desk.state(job_id) is JobState.SUCCEEDED


def test_a_renewed_lease_does_not_lapse(desk: QueueDesk) -> None:
    job_id = desk.submit()
    lease = desk.claim()
    for _ in range(5):
        desk.pass_time(LEASE_S * 0.6)
        assert desk.queue.recover() == 0
        desk.queue.renew(lease)
    desk.pass_time(LEASE_S * 0.9)
    assert desk.queue.recover() == 0
    desk.pass_time(LEASE_S * 0.2)
    assert desk.queue.recover() == 1
    assert desk.state(job_id) is QUEUED


def test_wishes_are_heard_and_fulfilled(desk: QueueDesk) -> None:
    for wish, expected in (("cancel", CANCELLED), ("pause", PAUSED)):
        job_id = desk.submit()
        lease = desk.claim()
        desk.render(lease, 300)
        getattr(desk.queue, wish)(job_id)
        assert desk.queue.renew(lease) == wish
        desk.queue.stop(lease)
        status = desk.queue.get_status(job_id)
        assert (status.state, status.is_asked_to_stop) == (expected, False)
        assert isinstance(status.error, CancelledError) == (expected is CANCELLED)
        assert status.progress is not None
        assert status.progress.done == 300


def test_that_a_wish_is_taken_back_may_come_too_late(desk: QueueDesk) -> None:
    job_id = desk.submit()
    lease = desk.claim()
    desk.queue.pause(job_id)
    desk.queue.renew(lease)
    desk.queue.resume(job_id)
    desk.queue.stop(lease)  # the worker had let go already
    assert desk.state(job_id) is QUEUED
    lease = desk.claim()
    desk.queue.cancel(job_id)
    desk.queue.resume(job_id)
    assert desk.queue.renew(lease) is Wish.CANCEL  # which nothing takes back


def test_a_job_given_back_counts_no_attempt_and_keeps_its_place(desk: QueueDesk) -> None:
    first, second = desk.submit(), desk.submit()
    lease = desk.claim()
    desk.queue.give_back(lease)
    status = desk.queue.get_status(first)
    assert (status.state, status.attempts, status.ahead) == (QUEUED, 0, 0)
    again = desk.claim()
    assert (again.job_id, again.attempt) == (first, 2)
    desk.queue.cancel(first)
    desk.queue.give_back(again)
    assert desk.state(first) is CANCELLED
    assert desk.claim().job_id == second


def test_room_is_kept_for_what_runs(desk: QueueDesk) -> None:
    """With room for two and a half: two run, the third waits until one has ended."""
    ids = [desk.submit() for _ in range(3)]
    free = int(2.5 * EXPECTED_BYTES)
    first, second = desk.claim("a", free), desk.claim("b", free)
    assert desk.queue.claim("c", free) is None
    assert desk.state(ids[2]) is QUEUED
    desk.queue.succeed(first, make_result(first))
    third = desk.claim("c", free)
    assert third.job_id == ids[2]
    for lease in (second, third):
        desk.queue.succeed(lease, make_result(lease))


def test_what_is_on_the_disk_already_needs_no_room(desk: QueueDesk) -> None:
    """Half rendered, a job needs three quarters of what it needed: the rest of its segments, and their copy."""
    desk.submit()
    lease = desk.claim()
    desk.render(lease, FRAMES // 2)
    other = desk.submit()
    assert desk.queue.claim("v", int(1.7 * EXPECTED_BYTES)) is None
    assert desk.claim("v", int(1.8 * EXPECTED_BYTES)).job_id == other
    desk.queue.cancel(other)
    desk.queue.recover(["w", "v"])
    assert desk.claim(free_bytes=int(0.8 * EXPECTED_BYTES)).job_id == lease.job_id


def test_what_never_fits_is_refused_with_the_figures(desk: QueueDesk) -> None:
    job_id = desk.submit(webhook="http://x")
    assert desk.queue.claim("w", EXPECTED_BYTES - 1) is None
    error = desk.queue.get_status(job_id).error
    assert isinstance(error, DiskFullError)
    assert error.context == {"path": str(desk.folder), "free_mb": 0, "needed_mb": 1}
    assert desk.queue.claim_delivery() is not None
    desk.queue.retry(job_id)
    assert desk.claim(free_bytes=EXPECTED_BYTES).job_id == job_id


def test_the_jobs_of_dead_workers_are_put_back_at_once(desk: QueueDesk) -> None:
    ids = [desk.submit() for _ in range(3)]
    for worker in ("dead", "alive", "dead too"):
        desk.register(worker)
        desk.claim(worker)
    assert desk.queue.recover(["dead", "dead too", "never was"]) == 2
    assert [desk.state(job_id) for job_id in ids] == [QUEUED, RUNNING, QUEUED]
    assert [worker.worker_id for worker in desk.queue.list_workers()] == ["alive"]


@pytest.mark.parametrize(("wish", "expected"), [("cancel", CANCELLED), ("pause", PAUSED)])
def test_a_wish_outlives_the_worker(desk: QueueDesk, wish: str, expected: JobState) -> None:
    job_id = desk.submit()
    desk.claim("dead")
    getattr(desk.queue, wish)(job_id)
    desk.queue.recover(["dead"], is_crash=True, reason="signal 9")
    assert desk.state(job_id) is expected


def test_a_job_that_ends_its_worker_twice_is_given_up(desk: QueueDesk) -> None:
    job_id = desk.submit()
    for _ in range(3):  # lapses and shutdowns are not its fault
        desk.claim("w")
        desk.queue.recover(["w"])
    for frames in (100, 240):  # both before the first segment's end
        desk.render(desk.claim("w"), frames)
        assert desk.state(job_id) is RUNNING
        desk.queue.recover(["w"], is_crash=True, reason="signal 11")
    error = desk.queue.get_status(job_id).error
    assert isinstance(error, WorkerCrashedError)
    assert error.context == {"reason": "signal 11", "attempts": 2}
    desk.queue.retry(job_id)
    desk.claim("w")
    desk.queue.recover(["w"], is_crash=True, reason="signal 11")
    assert desk.state(job_id) is QUEUED


def test_a_job_that_gets_on_between_crashes_is_not_given_up(desk: QueueDesk) -> None:
    job_id = desk.submit()
    for frames, expected in ((249, QUEUED), (250, QUEUED), (500, QUEUED), (499, FAILED)):  # a segment has 250
        desk.render(desk.claim("w"), frames)
        desk.queue.recover(["w"], is_crash=True, reason="signal 9")
        assert desk.state(job_id) is expected


def test_workers_come_beat_and_go(desk: QueueDesk) -> None:
    job_id = desk.submit()
    desk.register("a")
    desk.register("b", WorkerKind.INSPECT)
    desk.register("a")
    desk.claim("a")
    first, second = desk.queue.list_workers()
    assert (first.worker_id, first.kind, first.host, first.job_id) == ("a", WorkerKind.RENDER, "host", job_id)
    assert (second.kind, second.job_id) == (WorkerKind.INSPECT, None)
    desk.pass_time(LEASE_S + 1)
    desk.queue.beat("b")
    assert [worker.worker_id for worker in desk.queue.list_live_workers()] == ["b"]
    assert desk.queue.list_workers()[0].silent_s == pytest.approx(LEASE_S + 1, abs=1)
    desk.queue.forget_worker("b")
    assert desk.queue.list_live_workers() == []


def test_webhooks_are_told_of_every_end(desk: QueueDesk) -> None:
    desk.submit()
    desk.queue.cancel(desk.submit(webhook="http://cancelled"))
    desk.submit(webhook="http://done", project="p")
    for _ in range(2):
        lease = desk.claim()
        desk.queue.succeed(lease, make_result(lease))
    first, second = desk.queue.claim_delivery(), desk.queue.claim_delivery()
    assert desk.queue.claim_delivery() is None
    assert first is not None
    assert second is not None
    assert (first.url, first.body["state"], first.body["error"]) == ("http://cancelled", "cancelled", "CANCELLED")
    assert (second.body["state"], second.body["project"], second.attempt) == ("succeeded", "p", 1)
    desk.queue.finish_delivery(first.delivery_id)
    desk.queue.postpone_delivery(second.delivery_id, 100)
    desk.pass_time(99)
    assert desk.queue.claim_delivery() is None
    desk.pass_time(2)
    again = desk.queue.claim_delivery()
    assert again is not None
    assert (again.delivery_id, again.body["id"], again.attempt) == (second.delivery_id, second.delivery_id, 2)
    desk.pass_time(61)  # whoever sent it has died
    assert desk.queue.claim_delivery() is not None
    desk.queue.postpone_delivery(second.delivery_id, None)
    desk.pass_time(10**6)
    assert desk.queue.claim_delivery() is None


def test_progress_is_of_the_whole_job(desk: QueueDesk) -> None:
    batch_id, _ = desk.submit_batch(1)
    lease = desk.claim()
    for stage in Stage:
        desk.queue.report(lease, Progress(stage, 1, 2))
        assert desk.queue.get_batch(batch_id).share == pytest.approx(Progress(stage, 1, 2).whole_share)
