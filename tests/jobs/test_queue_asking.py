"""What people and programs ask of the queue, on both databases."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from heygem.domain.api_errors import IdempotencyConflictError
from heygem.domain.errors import (
    BatchNotFoundError,
    CancelledError,
    EncodeError,
    JobNotFoundError,
    JobStateError,
    MediaUnreadableError,
    OutputPathError,
)
from heygem.domain.inspection import MediaKind
from heygem.domain.job import EngineName, FaceChoice, JobState, LipSyncRequest, NewJob
from heygem.domain.queue import Wish
from heygem.storage.database import Database
from tests.jobs.conftest import EXPECTED_S, FRAMES, QueueDesk, make_result

QUEUED, RUNNING, PAUSED = JobState.QUEUED, JobState.RUNNING, JobState.PAUSED
SUCCEEDED, FAILED, CANCELLED = JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED


def test_a_job_comes_back_as_it_was_asked_for(desk: QueueDesk) -> None:
    files = desk.file("人 物.mp4"), desk.file("v.wav"), desk.folder / "o.mp4"
    request = LipSyncRequest(*files, FaceChoice.parse("2"), EngineName.WAV2LIP)
    job_id = desk.queue.submit(NewJob(request, owner="me", project="项目\0", priority=3))
    status = desk.queue.get_status(job_id)
    assert (status.request, status.state, status.owner, status.priority) == (request, QUEUED, "me", 3)
    assert status.project == "项目"  # no database keeps a NUL
    assert [status.preflight, status.progress, status.result, status.error, status.started_at] == [None] * 5
    assert status.created_at is not None
    assert abs(status.created_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_whole_life_of_a_job(desk: QueueDesk) -> None:
    job_id = desk.submit()
    lease = desk.claim()
    desk.render(lease, 100)
    running = desk.queue.get_status(job_id)
    assert (running.state, running.attempts, running.is_asked_to_stop) == (RUNNING, 1, False)
    assert running.progress is not None
    assert (running.progress.done, running.progress.eta_s) == (100, 4.0)
    assert running.preflight is not None
    assert running.preflight.frame_count == FRAMES
    result = dataclasses.replace(make_result(lease), stage_seconds={"render": 1.5}, input_hashes={"voice": "ab"})
    desk.queue.succeed(lease, result)
    ended = desk.queue.wait(job_id, timeout_s=5)
    assert (ended.state, ended.result) == (SUCCEEDED, result)
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert ended.started_at <= ended.finished_at


def test_an_error_comes_back_with_its_context(desk: QueueDesk) -> None:
    job_id = desk.submit()
    desk.queue.fail(desk.claim(), EncodeError(reason="x264 [error]: 坏"))
    error = desk.queue.get_status(job_id).error
    assert isinstance(error, EncodeError)
    assert error.context == {"reason": "x264 [error]: 坏"}


def test_unknown_ids(desk: QueueDesk) -> None:
    for job_id in ("none", "", "\0", "\udcff", "x" * 1000):
        for ask in (desk.queue.get_status, desk.queue.cancel, desk.queue.retry, desk.queue.remove):
            with pytest.raises(JobNotFoundError):
                ask(job_id)
        for ask_batch in (desk.queue.get_batch, desk.queue.cancel_batch):
            with pytest.raises(BatchNotFoundError):
                ask_batch(job_id)


def test_a_key_gives_the_same_job_again(desk: QueueDesk) -> None:
    job = desk.new_job(owner="me")
    again = dataclasses.replace(desk.new_job(), owner="me")  # with another output, as a namer gives
    first = desk.queue.submit(job, key="k")
    assert desk.queue.submit(again, key="k") == first == desk.queue.find_submission("me", "k")
    assert desk.queue.submit(dataclasses.replace(again, owner="you"), key="k") != first
    with pytest.raises(IdempotencyConflictError):
        desk.queue.submit(dataclasses.replace(job, priority=1), key="k")
    batch = desk.queue.submit_batch("b", [desk.new_job()], "me", key="b", digest="d")
    assert desk.queue.submit_batch("b", [desk.new_job("other.mp4")], "me", key="b", digest="d") == batch
    assert len(desk.queue.list_jobs()) == 3


def test_no_two_unfinished_jobs_make_one_output(desk: QueueDesk) -> None:
    job = desk.new_job()
    job_id = desk.queue.submit(job)
    with pytest.raises(OutputPathError):
        desk.queue.submit(job)
    with pytest.raises(OutputPathError):
        desk.queue.submit_batch("b", [desk.new_job(), job], "me")
    assert len(desk.queue.list_jobs()) == 1
    assert desk.queue.list_batches() == []
    desk.queue.cancel(job_id)
    desk.queue.submit(job)
    with pytest.raises(OutputPathError):
        desk.queue.retry(job_id)
    twice = desk.new_job()
    with pytest.raises(OutputPathError):
        desk.queue.submit_batch("b", [twice, twice], "me")


def test_a_name_that_no_database_keeps_is_refused(desk: QueueDesk) -> None:
    for name in ("a\0.mp4", "\udcff.mp4"):
        request = LipSyncRequest(Path(name), desk.file("v.wav"), desk.folder / "o.mp4")
        with pytest.raises(MediaUnreadableError):
            desk.queue.submit(NewJob(request))


# What each action makes of a job in each state; None: it is refused. A wish shows while the job runs.
ACTIONS: dict[str, dict[JobState, JobState | Wish | None]] = {
    "cancel": {QUEUED: CANCELLED, RUNNING: Wish.CANCEL, PAUSED: CANCELLED, SUCCEEDED: None, FAILED: None,
               CANCELLED: CANCELLED},
    "pause": {QUEUED: PAUSED, RUNNING: Wish.PAUSE, PAUSED: PAUSED, SUCCEEDED: None, FAILED: None, CANCELLED: None},
    "resume": {QUEUED: QUEUED, RUNNING: Wish.GO_ON, PAUSED: QUEUED, SUCCEEDED: None, FAILED: None, CANCELLED: None},
    "retry": {QUEUED: None, RUNNING: None, PAUSED: None, SUCCEEDED: None, FAILED: QUEUED, CANCELLED: QUEUED},
}  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_in_every_state(desk: QueueDesk, action: str) -> None:
    for state, outcome in ACTIONS[action].items():
        job_id = desk.submit()
        lease = bring_to(desk, job_id, state)
        if outcome is None:
            with pytest.raises(JobStateError):
                getattr(desk.queue, action)(job_id)
            assert desk.state(job_id) == state
        else:
            getattr(desk.queue, action)(job_id)
        if isinstance(outcome, JobState):
            assert desk.state(job_id) == outcome
        if lease is not None:
            assert desk.queue.renew(lease) == (outcome or Wish.GO_ON)
            assert desk.queue.get_status(job_id).is_asked_to_stop == (outcome in (Wish.CANCEL, Wish.PAUSE))
            desk.queue.succeed(lease, make_result(lease))
        if desk.state(job_id) is QUEUED:
            desk.queue.cancel(job_id)  # out of the way of the next


def bring_to(desk: QueueDesk, job_id: str, state: JobState) -> Any:
    """From queued; the lease, where it runs."""
    if state in (RUNNING, SUCCEEDED, FAILED):
        lease = desk.claim()
        assert lease.job_id == job_id
        if state is RUNNING:
            return lease
        if state is SUCCEEDED:
            desk.queue.succeed(lease, make_result(lease))
        else:
            desk.queue.fail(lease, EncodeError(reason="x"))
    elif state is not QUEUED:
        (desk.queue.pause if state is PAUSED else desk.queue.cancel)(job_id)
    return None


def test_a_retried_job_starts_anew_at_the_end(desk: QueueDesk) -> None:
    batch_id, (first, second, _) = desk.submit_batch(3)
    lease = desk.claim()
    desk.render(lease, 400)
    desk.queue.fail(lease, EncodeError(reason="x"))
    desk.queue.cancel(second)
    desk.queue.retry_batch(batch_id)
    assert desk.states(batch_id) == [QUEUED] * 3
    assert [job.job_id for job in desk.queue.list_jobs(batch_id=batch_id)][1:] == [first, second]
    status = desk.queue.get_status(first)
    assert [status.error, status.progress, status.finished_at, status.started_at] == [None] * 4
    assert status.preflight is not None


def test_a_whole_batch(desk: QueueDesk) -> None:
    batch_id, ids = desk.submit_batch(4)
    done, running = desk.claim(), desk.claim()
    desk.queue.succeed(done, make_result(done))
    desk.queue.pause_batch(batch_id)
    assert desk.states(batch_id) == [SUCCEEDED, RUNNING, PAUSED, PAUSED]
    assert desk.queue.renew(running) is Wish.PAUSE
    desk.queue.stop(running)
    desk.queue.resume_batch(batch_id)
    assert desk.states(batch_id) == [SUCCEEDED, QUEUED, QUEUED, QUEUED]
    assert desk.claim().job_id == ids[1]
    desk.queue.cancel_batch(batch_id)
    assert desk.states(batch_id) == [SUCCEEDED, RUNNING, CANCELLED, CANCELLED]
    assert isinstance(desk.queue.get_status(ids[2]).error, CancelledError)


def test_a_batch_may_be_submitted_paused(desk: QueueDesk) -> None:
    batch_id, _ = desk.submit_batch(2, is_paused=True)
    assert desk.queue.claim("w", 10**12) is None
    desk.queue.resume_batch(batch_id)
    assert desk.queue.claim("w", 10**12) is not None


def test_order_is_priority_then_place(desk: QueueDesk) -> None:
    batch_id, ids = desk.submit_batch(4)
    desk.queue.move(ids[3], -2)
    desk.queue.move(ids[0], 99)
    desk.queue.move(ids[1], 0)
    expected = [ids[3], ids[1], ids[2], ids[0]]
    assert [job.job_id for job in desk.queue.list_jobs(batch_id=batch_id)] == expected
    assert [desk.queue.get_status(job_id).ahead for job_id in expected] == [0, 1, 2, 3]
    desk.queue.set_priority(ids[2], 5)
    single = desk.submit(priority=1)
    running = [desk.claim().job_id for _ in range(3)]
    assert running == [ids[2], single, ids[3]]
    assert desk.queue.get_status(ids[1]).ahead == 3
    with pytest.raises(JobStateError):
        desk.queue.move(ids[3], 1)
    desk.queue.set_batch_priority(batch_id, 7)
    assert [desk.queue.get_status(job_id).priority for job_id in ids] == [7, 7, 5, 0]  # those that run keep theirs


def test_only_what_never_ran_is_removed(desk: QueueDesk) -> None:
    batch_id, (first, second) = desk.submit_batch(2, key="k")
    desk.queue.give_back(desk.claim())
    with pytest.raises(JobStateError):
        desk.queue.remove(first)
    desk.queue.remove(second)
    assert desk.queue.get_batch(batch_id).total == 1
    other, (only,) = desk.submit_batch(1, owner="you", key="k")
    desk.queue.remove(only)
    with pytest.raises(BatchNotFoundError):
        desk.queue.get_batch(other)
    assert desk.queue.find_submission("you", "k") is None
    assert desk.queue.find_submission("me", "k") == batch_id


def test_lists_are_filtered_and_paged(desk: QueueDesk) -> None:
    batch_id, ids = desk.submit_batch(3)
    single = desk.submit(owner="you")
    desk.queue.cancel(ids[0])
    assert [job.job_id for job in desk.queue.list_jobs()] == [single, *reversed(ids)]
    assert [job.job_id for job in desk.queue.list_jobs(owner="you")] == [single]
    assert [job.job_id for job in desk.queue.list_jobs(batch_id=batch_id, limit=1, offset=1)] == [ids[1]]
    assert [job.job_id for job in desk.queue.list_jobs(states=[CANCELLED])] == [ids[0]]
    assert [batch.batch_id for batch in desk.queue.list_batches(owner="me")] == [batch_id]
    assert desk.queue.list_batches(owner="you") == []


def test_a_batch_tells_how_far_it_is(desk: QueueDesk) -> None:
    batch_id, ids = desk.submit_batch(4)
    assert desk.queue.get_batch(batch_id).eta_s is None
    desk.queue.cancel(ids[3])
    done = desk.claim()
    desk.pass_time(2 * EXPECTED_S)  # this machine takes twice as long as expected
    desk.queue.succeed(done, make_result(done))
    running = desk.claim()
    desk.render(running, FRAMES // 2)
    share = desk.queue.get_status(running.job_id).progress
    assert share is not None
    batch = desk.queue.get_batch(batch_id)
    assert batch.counts == {SUCCEEDED: 1, CANCELLED: 1, RUNNING: 1, QUEUED: 1}
    assert (batch.total, batch.ended, batch.is_final) == (4, 2, False)
    assert batch.share == pytest.approx((2 + share.whole_share) / 4)
    assert batch.eta_s == pytest.approx(4.0 + 2 * EXPECTED_S, abs=2)
    assert batch.current == "person.mp4"
    for worker in ("w", "v"):
        desk.register(worker)
    assert desk.queue.get_batch(batch_id).eta_s == pytest.approx((4.0 + 2 * EXPECTED_S) / 2, abs=2)


def test_lists_take_as_many_queries_however_long_they_are(desk: QueueDesk, database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    def count() -> int:
        statements.clear()
        desk.queue.list_jobs(limit=1000)
        desk.queue.list_batches()
        desk.queue.list_drafts("me")
        return len(statements)

    desk.submit_batch(1)
    few = count()
    for _ in range(3):
        desk.submit_batch(50)
    desk.queue.add_draft("me", MediaKind.PERSON, desk.file("d.mp4"))
    assert len(desk.queue.list_jobs(limit=1000)) == 151
    assert count() == few


def test_idle_is_when_no_worker_has_anything_to_do(desk: QueueDesk) -> None:
    assert desk.queue.is_idle()
    job_id = desk.queue.submit(desk.new_job())
    assert not desk.queue.is_idle()
    desk.queue.pause(job_id)
    assert not desk.queue.is_idle()  # its inputs are still to be looked at
    desk.inspect_all()
    assert desk.queue.is_idle()
