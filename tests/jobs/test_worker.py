"""Whom a worker tells of a finished video, and that this does the job no harm."""

from pathlib import Path

from heygem.domain.job import JobState, LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.domain.queue import Lease
from heygem.jobs.pulse import Patience, Pulse
from heygem.jobs.work_folders import WorkFolders
from heygem.jobs.worker import OnSuccess, Worker
from tests.fakes import fake_inspect
from tests.jobs.conftest import FRAMES, QueueDesk


def do_one(desk: QueueDesk, on_success: OnSuccess) -> JobState:
    def work(request: LipSyncRequest, _: ProgressSink, __: CancelToken, ___: Path) -> LipSyncResult:
        return LipSyncResult(request.output, FRAMES, 20.0)

    job_id = desk.submit()
    desk.register("w")
    pulse = Pulse(desk.queue, "w", Patience(lease_s=20, stall_s=60), print)
    assert Worker(desk.queue, "w", WorkFolders(desk.folder), pulse, fake_inspect, work, on_success=on_success).step()
    return desk.state(job_id)


def test_a_finished_video_is_told_of_before_its_job_has_succeeded(desk: QueueDesk):
    told = []

    def listen(lease: Lease, result: LipSyncResult) -> None:
        told.append((result.path, desk.state(lease.job_id)))

    assert do_one(desk, listen) is JobState.SUCCEEDED
    assert told == [(desk.folder / "output 0.mp4", JobState.RUNNING)]


def test_who_fails_to_listen_does_not_fail_the_job(desk: QueueDesk, caplog):
    def stumble(lease: Lease, result: LipSyncResult) -> None:
        raise ZeroDivisionError(lease, result)

    assert do_one(desk, stumble) is JobState.SUCCEEDED
    assert "output 0.mp4" in caplog.text and "ZeroDivisionError" in caplog.text
