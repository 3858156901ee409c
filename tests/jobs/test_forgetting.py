"""What the queue lets go of after a while, and what it keeps; the same on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from heygem.domain.errors import JobNotFoundError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import JobState
from heygem.jobs.queue.forgetting import CHUNK
from heygem.storage.database import Database
from heygem.storage.tables import batches, inspections, jobs, submissions
from tests.jobs.conftest import QueueDesk, make_result

LATER = datetime.now(UTC) + timedelta(hours=1)


def count_rows(database: Database) -> dict[str, int]:
    with database.read() as connection:
        tables = (jobs, batches, inspections, submissions)
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }


def test_jobs_that_ended_long_ago_go_with_all_that_hangs_on_them(desk: QueueDesk) -> None:
    batch_id, [first, second] = desk.submit_batch(2, key="k")
    lease = desk.claim()
    desk.queue.succeed(lease, make_result(lease))
    assert desk.queue.forget(LATER) == 1  # the other has not ended
    assert [job.job_id for job in desk.queue.list_jobs(batch_id=batch_id)] == [second]
    desk.queue.cancel(second)
    assert desk.queue.forget(LATER - timedelta(hours=2)) == 0
    assert desk.queue.forget(LATER) == 1
    assert count_rows(desk.queue.database) == {"jobs": 0, "batches": 0, "inspections": 0, "submissions": 0}
    for job_id in (first, second):
        with pytest.raises(JobNotFoundError):
            desk.queue.get_status(job_id)
    assert desk.state(desk.submit()) is JobState.QUEUED


def test_what_waits_and_what_lies_on_a_list_stays(desk: QueueDesk) -> None:
    waiting, paused = desk.submit("a.mp4"), desk.submit("b.mp4")
    desk.queue.pause(paused)
    desk.queue.add_draft("me", MediaKind.PERSON, desk.file("c.mp4"))
    desk.inspect_all()
    before = count_rows(desk.queue.database)
    assert desk.queue.forget(LATER) == 0 and count_rows(desk.queue.database) == before
    assert (desk.state(waiting), desk.state(paused)) == (JobState.QUEUED, JobState.PAUSED)
    [item] = desk.queue.list_drafts("me")
    assert item.inspection is not None


def test_many_are_forgotten_in_several_steps(desk: QueueDesk) -> None:
    batch_id, _ = desk.submit_batch(CHUNK + 5)
    desk.queue.cancel_batch(batch_id)
    assert desk.queue.forget(LATER) == CHUNK + 5
    assert count_rows(desk.queue.database)["batches"] == 0
