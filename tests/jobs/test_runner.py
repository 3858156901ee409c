"""Order, cancelling and failing of jobs in the runner, on work that waits to be told."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError, NoFaceError, UnexpectedError
from heygem.domain.job import JobState, LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, Progress, ProgressSink, Stage
from heygem.jobs.runner import JobRunner

WAIT_S = 10.0


class Stepped:
    """Work that begins, reports, and goes on when it is let go."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.errors: dict[str, BaseException] = {}
        self.done: list[str] = []

    def __call__(self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken) -> LipSyncResult:
        sink(Progress(Stage.TRACK, 1, 2))
        self.began.release()
        while not self.go.acquire(timeout=0.01):
            cancel.check()
        if error := self.errors.get(request.voice.name):
            raise error
        self.done.append(request.voice.name)
        return LipSyncResult(request.output, 2, 0.08)


@pytest.fixture
def work() -> Stepped:
    return Stepped()


@pytest.fixture
def runner(work: Stepped) -> Iterator[JobRunner]:
    runner = JobRunner(work, remembered=3)
    yield runner
    runner.close()


def ask(name: str) -> LipSyncRequest:
    return LipSyncRequest(Path("person.mp4"), Path(name), Path(f"{name}.mp4"))


def test_jobs_run_in_turn(runner: JobRunner, work: Stepped):
    first, second, third = (runner.submit(ask(name)) for name in "abc")
    assert work.began.acquire(timeout=WAIT_S)
    running = runner.get_status(first)
    assert (running.state, running.ahead) == (JobState.RUNNING, 0)
    assert running.progress == Progress(Stage.TRACK, 1, 2)
    assert [runner.get_status(job).ahead for job in (second, third)] == [1, 2]
    work.go.release(3)
    last = runner.wait(third, WAIT_S)
    assert last.state is JobState.SUCCEEDED
    assert last.result is not None and last.result.path == Path("c.mp4")
    assert work.done == ["a", "b", "c"]


def test_a_waiting_job_is_cancelled_at_once(runner: JobRunner, work: Stepped):
    first, second, third = (runner.submit(ask(name)) for name in "abc")
    assert work.began.acquire(timeout=WAIT_S)
    runner.cancel(second)
    status = runner.get_status(second)
    assert status.state is JobState.CANCELLED and isinstance(status.error, CancelledError)
    assert runner.get_status(third).ahead == 1
    work.go.release(2)
    assert runner.wait(third, WAIT_S).state is JobState.SUCCEEDED
    assert work.done == ["a", "c"]
    assert runner.get_status(first).state is JobState.SUCCEEDED


def test_a_running_job_is_cancelled_and_the_next_one_runs(runner: JobRunner, work: Stepped):
    first, second = runner.submit(ask("a")), runner.submit(ask("b"))
    assert work.began.acquire(timeout=WAIT_S)
    runner.cancel(first)
    assert runner.wait(first, WAIT_S).state is JobState.CANCELLED
    work.go.release()
    assert runner.wait(second, WAIT_S).state is JobState.SUCCEEDED


def test_cancelling_what_has_ended_changes_nothing(runner: JobRunner, work: Stepped):
    work.go.release()
    job = runner.submit(ask("a"))
    assert runner.wait(job, WAIT_S).state is JobState.SUCCEEDED
    runner.cancel(job)
    assert runner.get_status(job).state is JobState.SUCCEEDED


def test_a_failed_job_keeps_its_error_and_the_next_one_runs(runner: JobRunner, work: Stepped):
    work.errors["a"] = NoFaceError(Path("person.mp4"))
    work.go.release(2)
    first, second = runner.submit(ask("a")), runner.submit(ask("b"))
    assert runner.wait(second, WAIT_S).state is JobState.SUCCEEDED
    status = runner.get_status(first)
    assert status.state is JobState.FAILED and isinstance(status.error, NoFaceError)


def test_an_unforeseen_error_is_logged_with_its_traceback(
    runner: JobRunner, work: Stepped, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(logging.getLogger("heygem"), "propagate", True)
    work.errors["a"] = ZeroDivisionError("by zero")
    work.go.release()
    status = runner.wait(runner.submit(ask("a")), WAIT_S)
    assert isinstance(status.error, UnexpectedError) and status.error.context["reason"] == "by zero"
    assert any(record.exc_info for record in caplog.records)


def test_only_the_last_finished_jobs_are_remembered(runner: JobRunner, work: Stepped):
    work.go.release(5)
    jobs = [runner.submit(ask(str(number))) for number in range(5)]
    runner.wait(jobs[-1], WAIT_S)
    for job in jobs[:2]:
        with pytest.raises(KeyError):
            runner.get_status(job)
    assert [runner.get_status(job).state for job in jobs[2:]] == [JobState.SUCCEEDED] * 3


def test_waiting_ends_with_the_timeout(runner: JobRunner, work: Stepped):
    job = runner.submit(ask("a"))
    assert work.began.acquire(timeout=WAIT_S)
    assert runner.wait(job, 0.05).state is JobState.RUNNING


def test_waiting_for_a_job_that_is_forgotten_meanwhile_raises_key_error(work: Stepped):
    runner = JobRunner(work, remembered=1)
    work.go.release(3)
    jobs = [runner.submit(ask(str(number))) for number in range(3)]
    runner.wait(jobs[-1], WAIT_S)
    with pytest.raises(KeyError):
        runner.wait(jobs[0], WAIT_S)
    runner.close()


def test_close_cancels_everything_and_ends_the_thread(work: Stepped):
    runner = JobRunner(work)
    first, second = runner.submit(ask("a")), runner.submit(ask("b"))
    assert work.began.acquire(timeout=WAIT_S)
    runner.close()
    assert {runner.get_status(job).state for job in (first, second)} == {JobState.CANCELLED}
    assert not any(thread.name == "job-runner" and thread.is_alive() for thread in threading.enumerate())
    runner.close()
