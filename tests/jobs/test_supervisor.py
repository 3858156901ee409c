"""Worker processes that crash, freeze, go deaf or lose their supervisor, and what becomes of their jobs."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import pytest
from filelock import FileLock

from heygem.domain.errors import WorkerCrashedError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, NewJob
from heygem.domain.progress import CancelToken
from heygem.domain.queue import WorkerKind
from heygem.jobs import supervisor
from heygem.jobs.processes import host_name
from heygem.jobs.queue import JobQueue
from heygem.jobs.supervisor import DYING_DEATHS, DYING_S, DyingWorker, Supervisor, WorkerSpec
from heygem.jobs.work_folders import WorkFolders
from heygem.pipeline.expectation import build_preflight
from heygem.storage.database import Database
from tests.jobs.stand_in_worker import LEASE_S, inspect

HERE: Final = Path(__file__).parent
WAIT_S: Final = 60.0


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Shop:
    """A queue with a supervisor in a thread, and the processes that it has started."""

    folder: Path
    url: str
    queue: JobQueue
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outputs = self.folder / "outputs"
        self.outputs.mkdir()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.make_supervisor().run, args=(self.stop,))

    def make_supervisor(self, name: str = "turn") -> Supervisor:
        specs = [WorkerSpec(WorkerKind.RENDER, "cpu")]  # which inspects too
        turn = FileLock(self.folder / name)
        return Supervisor(self.queue, lambda: specs, self.spawn, WorkFolders(self.outputs), LEASE_S, turn)

    def spawn(self, spec: WorkerSpec, worker_id: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(HERE / "stand_in_worker.py"), self.url, str(self.outputs), spec.kind, worker_id]
        self.processes.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return self.processes[-1]

    def submit(self, voice: str) -> str:
        person, sound = self.folder / "person.mp4", self.folder / f"{voice}.wav"
        for path in (person, sound):
            if not path.exists():  # one that changes while it waits is refused
                path.touch()
        self.numbers.append(len(self.numbers))
        return self.queue.submit(NewJob(LipSyncRequest(person, sound, self.outputs / f"{len(self.numbers)}.mp4")))

    def wait_until_at_work(self, job_id: str) -> JobStatus:
        wait_until(lambda: self.queue.get_status(job_id).progress is not None)
        return self.queue.get_status(job_id)

    def is_folder_left(self, job_id: str) -> bool:
        return (self.outputs / ".work" / "jobs" / job_id).exists()

    def close(self) -> None:
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join()
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    database = Database(url)
    database.upgrade()
    shop = Shop(tmp_path, url, JobQueue(database, build_preflight, lease_s=LEASE_S))
    shop.thread.start()
    yield shop
    shop.close()
    database.close()


def test_one_process_does_job_after_job(shop: Shop):
    jobs = [shop.submit("plain") for _ in range(3)]
    assert [shop.queue.wait(job, WAIT_S).state for job in jobs] == [JobState.SUCCEEDED] * 3
    assert len(shop.processes) == 1 and not any(shop.is_folder_left(job) for job in jobs)


@pytest.mark.parametrize(("voice", "reason"), [("crash", "signal 9"), ("odd", "exit status 70")])
def test_a_job_that_ends_its_worker_twice_is_given_up_and_the_next_one_runs(shop: Shop, voice: str, reason: str):
    bad, good = shop.submit(voice), shop.submit("plain")
    assert shop.queue.wait(good, WAIT_S).state is JobState.SUCCEEDED
    status = shop.queue.get_status(bad)
    assert status.state is JobState.FAILED and status.attempts == 2
    assert isinstance(status.error, WorkerCrashedError) and status.error.context["reason"] == reason


def test_a_frozen_worker_is_replaced(shop: Shop):
    frozen = shop.submit("freeze")
    wait_until(lambda: len(shop.processes) == 2)
    assert shop.processes[0].wait(WAIT_S) < 0
    shop.queue.cancel(frozen)
    assert shop.queue.wait(shop.submit("plain"), WAIT_S).state is JobState.SUCCEEDED


def test_a_worker_killed_at_work_costs_one_attempt(shop: Shop):
    job = shop.submit("long")
    shop.wait_until_at_work(job)
    shop.processes[0].kill()
    wait_until(lambda: shop.queue.get_status(job).attempts == 2)
    assert shop.is_folder_left(job)
    assert shop.queue.get_status(job).error is None


@pytest.mark.parametrize("voice", ["long", "deaf"])
def test_cancelling_frees_the_worker_within_a_second(shop: Shop, voice: str):
    job = shop.submit(voice)
    shop.wait_until_at_work(job)
    began = time.monotonic()
    shop.queue.cancel(job)
    assert shop.queue.wait(job, WAIT_S).state is JobState.CANCELLED
    if voice == "deaf":  # nothing but the end of its process helps
        assert shop.processes[0].wait(1) > 0
    assert time.monotonic() - began < 1.3  # a second, and what this test's own looks take
    assert shop.queue.wait(shop.submit("plain"), WAIT_S).state is JobState.SUCCEEDED
    wait_until(lambda: not shop.is_folder_left(job))


def test_a_paused_job_keeps_its_folder_and_goes_on_when_asked(shop: Shop):
    job = shop.submit("long")
    shop.wait_until_at_work(job)
    shop.queue.pause(job)
    wait_until(lambda: shop.queue.get_status(job).state is JobState.PAUSED)
    assert shop.is_folder_left(job)
    assert shop.queue.wait(shop.submit("plain"), WAIT_S).state is JobState.SUCCEEDED
    shop.queue.resume(job)
    wait_until(lambda: shop.queue.get_status(job).state is JobState.RUNNING)


def test_workers_end_with_their_supervisor_and_give_their_job_back(shop: Shop):
    job = shop.submit("long")
    shop.wait_until_at_work(job)
    shop.close()
    status = shop.queue.get_status(job)
    assert (status.state, status.attempts) == (JobState.QUEUED, 0)
    assert not any(psutil.pid_exists(process.pid) for process in shop.processes)
    assert shop.queue.list_workers() == []


def test_another_supervisor_of_this_machine_stands_by_and_takes_over(shop: Shop):
    shop.queue.wait(shop.submit("plain"), WAIT_S)
    other, stop = shop.make_supervisor(), threading.Event()
    thread = threading.Thread(target=other.run, args=(stop,))
    thread.start()
    assert not other.is_needed()
    assert shop.queue.wait(shop.submit("plain"), WAIT_S).state is JobState.SUCCEEDED
    assert len(shop.processes) == 1
    shop.stop.set()
    shop.thread.join()
    assert shop.queue.wait(shop.submit("plain"), WAIT_S).state is JobState.SUCCEEDED
    assert len(shop.processes) == 2
    stop.set()
    thread.join()


def test_what_an_earlier_run_left_is_taken_up_at_once_and_blames_no_job(shop: Shop):
    """As after a power cut: a worker that nobody supervised any more when it died."""
    shop.stop.set()
    shop.thread.join()
    job = shop.submit("plain")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    shop.queue.register_worker("render-gone", WorkerKind.RENDER, host_name(), gone.pid, "cpu")
    while task := shop.queue.claim_inspection("render-gone"):
        shop.queue.finish_inspection(task, inspect(task.path, task.kind, CancelToken()))
    assert shop.queue.claim("render-gone", 10**12) is not None
    supervisor = shop.make_supervisor("another")
    supervisor.tick(time.monotonic())
    assert shop.queue.get_status(job).state is JobState.QUEUED
    assert shop.queue.list_workers() == []


@pytest.mark.parametrize(("program", "is_kept"), [("import time; time.sleep(60)", True), ("", False)])
def test_a_first_worker_is_on_its_way_until_it_has_died_young(tmp_path: Path, program: str, is_kept: bool):
    database, gate, stop = Database(f"sqlite:///{tmp_path / 'queue.db'}"), threading.Event(), threading.Event()
    database.upgrade()
    processes: list[subprocess.Popen[bytes]] = []

    def list_specs() -> list[WorkerSpec]:
        gate.wait(WAIT_S)
        return [WorkerSpec(WorkerKind.RENDER, "cpu")]

    def spawn(_: WorkerSpec, __: str) -> "subprocess.Popen[bytes]":
        processes.append(subprocess.Popen([sys.executable, "-c", program]))
        return processes[-1]

    queue = JobQueue(database, build_preflight)
    supervisor = Supervisor(queue, list_specs, spawn, WorkFolders(tmp_path), LEASE_S, FileLock(tmp_path / "turn"))
    assert not supervisor.is_starting(WorkerKind.RENDER)
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    wait_until(lambda: supervisor.is_starting(WorkerKind.RENDER))
    gate.set()
    wait_until(lambda: bool(processes))
    if is_kept:
        assert supervisor.is_starting(WorkerKind.RENDER) and not supervisor.is_starting(WorkerKind.INSPECT)
    else:
        wait_until(lambda: not supervisor.is_starting(WorkerKind.RENDER))
    stop.set()
    processes[-1].kill()
    thread.join()
    assert not supervisor.is_starting(WorkerKind.RENDER)
    database.close()


def test_a_worker_that_ends_again_and_again_is_known(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervisor, "LONGEST_WAIT_S", 0.0)  # for the next one to start
    queue, stop = JobQueue(database, build_preflight, lease_s=LEASE_S), threading.Event()

    def spawn(spec: WorkerSpec, worker_id: str) -> "subprocess.Popen[bytes]":
        del spec, worker_id
        return subprocess.Popen([sys.executable, "-S", "-c", "raise SystemExit(70)"], stdin=subprocess.PIPE)

    specs, turn = [WorkerSpec(WorkerKind.RENDER, "cuda:1")], FileLock(tmp_path / "turn")
    shaky = Supervisor(queue, lambda: specs, spawn, WorkFolders(tmp_path), LEASE_S, turn)
    assert shaky.find_dying(time.monotonic()) is None
    thread = threading.Thread(target=shaky.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + WAIT_S
    while (dying := shaky.find_dying(time.monotonic())) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert dying == DyingWorker("cuda:1", DYING_DEATHS, "exit status 70")
    assert shaky.find_dying(time.monotonic() + DYING_S + 1) is None
    stop.set()
    thread.join()
