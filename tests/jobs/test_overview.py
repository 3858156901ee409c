"""The queue in figures, and the figures that only grow, on both databases."""

from dataclasses import replace

from heygem.domain.errors import EncodeError, MediaUnreadableError
from heygem.domain.figures import Figure, FigureName, QueueFigures
from heygem.domain.inspection import MediaKind
from heygem.domain.job import JobState
from heygem.domain.queue import QueueHealth
from tests.jobs.conftest import FRAMES, QueueDesk, make_result


def succeed(desk: QueueDesk, ran_s: float = 0.0, **stage_seconds: float) -> None:
    lease = desk.claim()
    desk.pass_time(ran_s)
    desk.queue.succeed(lease, replace(make_result(lease), stage_seconds=stage_seconds))


def fail(desk: QueueDesk) -> None:
    desk.queue.fail(desk.claim(), EncodeError(reason="test"))


def count_ended(figures: QueueFigures) -> dict[tuple[str, str], float]:
    return {(key.label, key.detail): value for key, value in figures.figures.items() if key.name == "jobs_ended"}


def test_a_new_queue_is_all_naught(desk: QueueDesk):
    assert desk.queue.read_figures() == QueueFigures(jobs=dict.fromkeys(JobState, 0))


def test_jobs_by_state_and_the_age_of_the_oldest(desk: QueueDesk):
    desk.queue.submit(desk.new_job(person="later.mp4"))
    job = desk.queue.submit(desk.new_job())
    desk.pass_time(100)
    desk.submit()
    desk.queue.pause(job)
    figures = desk.queue.read_figures()
    assert {state: count for state, count in figures.jobs.items() if count} == {
        JobState.QUEUED: 2,
        JobState.PAUSED: 1,
    }
    assert 100 <= figures.oldest_queued_s < 110


def test_a_job_that_is_queued_again_is_young(desk: QueueDesk):
    job = desk.submit()
    fail(desk)
    desk.pass_time(1000)
    desk.queue.retry(job)
    assert desk.queue.read_figures().oldest_queued_s < 10


def test_what_ends_is_counted_once_for_each_end_and_stays_when_its_row_goes(desk: QueueDesk):
    job = desk.submit()
    fail(desk)
    desk.queue.retry(job)
    fail(desk)
    desk.queue.cancel(desk.submit())
    never_run = desk.queue.submit(desk.new_job(person="broken.mp4"))
    desk.inspect_all(lambda path: MediaUnreadableError(path, reason="test") if path.name == "broken.mp4" else None)
    desk.submit()
    succeed(desk)
    desk.queue.remove(never_run)
    figures = desk.queue.read_figures()
    assert count_ended(figures) == {
        ("failed", "ENCODE_FAILED"): 2,
        ("failed", "MEDIA_UNREADABLE"): 1,
        ("cancelled", ""): 1,
        ("succeeded", ""): 1,
    }
    assert figures.jobs[JobState.FAILED] == 1


def test_stages_frames_and_seconds_add_up(desk: QueueDesk):
    for seconds in (1.0, 1.1, 7200.0):
        desk.submit()
        succeed(desk, ran_s=5.0, render=seconds)
    figures = desk.queue.read_figures().figures
    runs = {key.detail: value for key, value in figures.items() if key.name == FigureName.STAGE_RUNS}
    assert runs == {"1.0": 1, "2.5": 1, "inf": 1}
    assert figures[Figure(FigureName.STAGE_SECONDS, "render")] == 7202.1
    assert figures[Figure(FigureName.FRAMES)] == 3 * FRAMES
    assert figures[Figure(FigureName.VOICE_SECONDS)] == 3 * 20.0
    assert 15 <= figures[Figure(FigureName.RUN_SECONDS)] < 20


def test_failures_in_a_row_are_the_machines_own_since_the_last_success(desk: QueueDesk):
    for _ in range(2):
        desk.submit()
        fail(desk)
    assert desk.queue.read_figures().failures_in_a_row == 2
    desk.queue.submit(desk.new_job(person="broken.mp4"))
    desk.inspect_all(lambda path: MediaUnreadableError(path, reason="test"))
    assert desk.queue.read_figures().failures_in_a_row == 2
    desk.submit(person="well.mp4", voice="well.wav")
    succeed(desk)
    assert desk.queue.read_figures().failures_in_a_row == 0
    desk.submit(person="well.mp4", voice="well.wav")
    fail(desk)
    assert desk.queue.read_figures().failures_in_a_row == 1


def test_what_waits_to_be_looked_at_and_to_be_told(desk: QueueDesk):
    for _ in range(2):
        desk.queue.cancel(desk.submit(webhook="http://127.0.0.1/"))
    desk.queue.request_inspection(desk.file("another.mp4"), MediaKind.PERSON)
    delivery = desk.queue.claim_delivery()
    assert delivery is not None
    desk.queue.postpone_delivery(delivery.delivery_id, None)
    figures = desk.queue.read_figures()
    assert (figures.inspections_waiting, figures.webhooks_pending, figures.webhooks_given_up) == (1, 1, 1)


def test_the_health_of_the_queue(desk: QueueDesk):
    assert desk.queue.measure_health() == QueueHealth()
    for _ in range(2):
        desk.submit()
        fail(desk)
    desk.queue.cancel(desk.submit())
    desk.queue.submit(desk.new_job(person="broken.mp4"))
    desk.inspect_all(lambda path: MediaUnreadableError(path, reason="test"))
    health = desk.queue.measure_health()
    assert (health.waiting, health.failures, health.error_code) == (0, 2, "ENCODE_FAILED")
    assert health.failed_at is not None
    desk.submit(person="well.mp4", voice="well.wav")
    assert replace(desk.queue.measure_health(), waiting=0) == health and desk.queue.measure_health().waiting == 1
    succeed(desk)
    assert desk.queue.measure_health() == QueueHealth()
