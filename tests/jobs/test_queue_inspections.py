"""Files are looked at once, on both databases, and settle the jobs and drafts that wait for them."""

from pathlib import Path

import pytest

from heygem.domain.errors import (
    HeyGemError,
    InputChangedError,
    MediaNotFoundError,
    NoFaceError,
    UnexpectedError,
    WorkerCrashedError,
)
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import FaceChoice, JobState
from heygem.domain.queue import InspectionTask, WorkerKind
from tests.jobs.conftest import LEASE_S, QueueDesk

PERSON, VOICE = MediaKind.PERSON, MediaKind.VOICE
FOUND = Inspection(PERSON, "hash", 4.0, 640, 480, 25.0, 100, face_share=1.0, thumbnail=b"\xff\xd8", warnings=("w",))


def claim(desk: QueueDesk, worker_id: str = "w") -> InspectionTask:
    task = desk.queue.claim_inspection(worker_id)
    assert task is not None
    return task


def test_a_file_is_looked_at_once_until_it_changes(desk: QueueDesk) -> None:
    path = desk.file("p.mp4")
    for _ in range(2):
        desk.queue.request_inspection(path, PERSON)
    assert desk.queue.find_inspection(path, PERSON) is None
    task = claim(desk)
    assert (task.path, task.kind) == (path, PERSON)
    assert desk.queue.claim_inspection("v") is None
    desk.queue.finish_inspection(task, FOUND)
    assert desk.queue.find_inspection(path, PERSON) == FOUND
    assert desk.queue.find_inspection(path, VOICE) is None
    desk.queue.request_inspection(path, PERSON)
    assert desk.queue.claim_inspection("w") is None
    path.write_bytes(b"something else")
    assert desk.queue.find_inspection(path, PERSON) is None
    desk.queue.request_inspection(path, PERSON)
    assert claim(desk).path == path


def test_a_file_that_changes_while_it_is_looked_at(desk: QueueDesk) -> None:
    path = desk.file("p.mp4")
    job_id = desk.queue.submit(desk.new_job("p.mp4"))

    def change(seen: Path) -> None:
        if seen == path:
            path.write_bytes(b"longer than before")

    desk.inspect_all(change)
    assert isinstance(desk.queue.get_status(job_id).error, InputChangedError)
    desk.queue.retry(job_id)
    desk.inspect_all()
    assert desk.claim().job_id == job_id


def test_a_job_that_cannot_work_fails_at_once_with_the_reason(desk: QueueDesk) -> None:
    """Both who wait and who come later; a retry looks again."""
    bad = desk.file("bad.mp4")
    early = desk.queue.submit(desk.new_job("bad.mp4"))
    paused = desk.queue.submit(desk.new_job("bad.mp4"))
    desk.queue.pause(paused)
    good = desk.queue.submit(desk.new_job())
    desk.inspect_all(lambda path: NoFaceError(path) if path == bad else None)
    late = desk.queue.submit(desk.new_job("bad.mp4"))
    for job_id in (early, paused, late):
        status = desk.queue.get_status(job_id)
        assert status.state is JobState.FAILED
        assert isinstance(status.error, NoFaceError)
        assert status.error.path == bad
    assert desk.queue.get_status(good).preflight is not None
    desk.queue.retry(late)
    assert desk.state(late) is JobState.QUEUED
    desk.inspect_all()
    assert desk.queue.get_status(late).preflight is not None


def test_a_file_that_is_not_there(desk: QueueDesk) -> None:
    job = desk.new_job("gone.mp4")
    job.request.person.unlink()
    job_id = desk.queue.submit(job)
    desk.inspect_all(lambda path: MediaNotFoundError(path) if not path.exists() else None)
    assert isinstance(desk.queue.get_status(job_id).error, MediaNotFoundError)
    desk.file("gone.mp4")
    desk.queue.retry(job_id)
    desk.inspect_all()
    assert desk.queue.get_status(job_id).preflight is not None


def test_a_fault_says_nothing_of_the_file(desk: QueueDesk) -> None:
    path = desk.file("p.mp4")
    desk.queue.request_inspection(path, PERSON)
    desk.queue.finish_inspection(claim(desk), UnexpectedError(reason="out of memory"))
    assert isinstance(desk.queue.find_inspection(path, PERSON), UnexpectedError)
    desk.queue.request_inspection(path, PERSON)
    desk.queue.finish_inspection(claim(desk), FOUND)
    assert desk.queue.find_inspection(path, PERSON) == FOUND


def test_a_dead_inspectors_file_goes_to_another(desk: QueueDesk) -> None:
    desk.queue.request_inspection(desk.file("p.mp4"), PERSON)
    for worker in ("dead", "silent", "alive"):
        desk.register(worker, WorkerKind.INSPECT)
    late = claim(desk, "dead")
    desk.queue.recover(["dead"])
    claim(desk, "silent")
    desk.queue.recover()
    assert desk.queue.claim_inspection("alive") is None
    desk.pass_time(LEASE_S + 1)
    desk.queue.beat("alive")
    desk.queue.recover()
    task = claim(desk, "alive")
    desk.queue.recover()
    desk.queue.finish_inspection(task, FOUND)
    desk.queue.finish_inspection(late, NoFaceError(late.path))  # it was not dead after all
    assert desk.queue.find_inspection(late.path, PERSON) == FOUND


def test_a_file_that_ends_its_inspector_twice_is_given_up(desk: QueueDesk) -> None:
    job_id = desk.queue.submit(desk.new_job())
    for _ in range(2):
        assert claim(desk, "w").kind is VOICE  # voices come first
        desk.queue.recover(["w"], is_crash=True, reason="signal 11")
    assert isinstance(desk.queue.get_status(job_id).error, WorkerCrashedError)
    assert claim(desk, "w").kind is PERSON


def test_drafts_are_kept_by_owner_with_what_is_known(desk: QueueDesk) -> None:
    bad, good, voice = desk.file("bad.mp4"), desk.file("good.mp4"), desk.file("v.wav")
    first = desk.queue.add_draft("me", PERSON, bad)
    second = desk.queue.add_draft("me", PERSON, good, "name", FaceChoice.parse("left"), "project", voice)
    desk.queue.add_draft("you", VOICE, voice)
    assert [(item.inspection, item.error) for item in desk.queue.list_drafts("me")] == [(None, None)] * 2

    def look(path: Path) -> Inspection | HeyGemError:
        return NoFaceError(path) if path == bad else FOUND

    desk.inspect_all(look)
    items = desk.queue.list_drafts("me")
    assert [item.item_id for item in items] == [first, second]
    assert isinstance(items[0].error, NoFaceError)
    assert (items[1].path, items[1].name, items[1].face) == (good, "name", FaceChoice.parse("left"))
    assert (items[1].project, items[1].voice, items[1].inspection) == ("project", voice, FOUND)
    desk.queue.remove_drafts("you", [first])
    assert len(desk.queue.list_drafts("me")) == 2
    desk.queue.remove_drafts("me", [first])
    assert [item.item_id for item in desk.queue.list_drafts("me")] == [second]
    desk.queue.clear_drafts("me")
    assert desk.queue.list_drafts("me") == []
    assert len(desk.queue.list_drafts("you")) == 1


@pytest.mark.parametrize("order", [(PERSON, VOICE), (VOICE, PERSON)])
def test_a_job_is_settled_by_whichever_comes_last(desk: QueueDesk, order: tuple[MediaKind, MediaKind]) -> None:
    job_id = desk.queue.submit(desk.new_job())
    tasks = {task.kind: task for task in (claim(desk), claim(desk))}
    for kind in order:
        assert desk.queue.get_status(job_id).preflight is None
        desk.queue.finish_inspection(tasks[kind], FOUND)
    assert desk.queue.get_status(job_id).preflight is not None
