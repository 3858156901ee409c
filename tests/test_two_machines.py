"""Two workers, as on two machines, on one PostgreSQL: each job is done once, and one's death moves its jobs over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import pytest

from heygem.commands.generate import DEMO_PERSON, DEMO_VOICE, find_packaged
from heygem.config.settings import ROOT, load_settings
from heygem.domain.job import JobState, LipSyncRequest, NewJob
from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.services import Services
from tests.postgres import PostgresServer

pytestmark = pytest.mark.alone

JOBS: Final = 6
VOICE_S: Final = 4.0
LEASE_S: Final = 3.0
WAIT_S: Final = 240.0


class Machines:
    """`app.py worker` on as many machines as are started, each with its own data folder and the outputs shared."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self.outputs = folder / "outputs"
        self.outputs.mkdir()
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        own = {place: str(self._folder / name / place) for place in ("data", "cache", "logs")}
        environment = {f"HEYGEM_PATHS__{place.upper()}": path for place, path in own.items()}
        environment |= {"HEYGEM_PATHS__OUTPUTS": str(self.outputs), "HEYGEM_DATABASE__URL": self._url}
        environment |= {"HEYGEM_QUEUE__LEASE_S": str(LEASE_S), "HEYGEM_QUEUE__INSPECTORS": "0"}
        process = subprocess.Popen(
            [sys.executable, "app.py", "worker"], cwd=ROOT, env=os.environ | environment, start_new_session=True
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(30)


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.create_database()


@pytest.fixture
def machines(tmp_path: Path, url: str) -> Iterator[Machines]:
    machines = Machines(tmp_path, url)
    yield machines
    machines.close()


@pytest.fixture
def queue(url: str, machines: Machines) -> Iterator[JobQueue]:
    queue = Services(load_settings(database={"url": url}, paths={"outputs": machines.outputs})).queue
    yield queue
    queue.database.close()


def test_each_job_is_done_once_and_a_dead_worker_s_jobs_move_to_the_other(
    machines: Machines, queue: JobQueue, tmp_path: Path
) -> None:
    stale = tmp_path / "second" / "cache" / "uploads" / "old.mp4"
    stale.parent.mkdir(parents=True)
    stale.touch()
    os.utime(stale, (0, 0))
    first, _ = machines.start("first"), machines.start("second")
    wait_for(lambda: len(list_renderers(queue)) == 2)
    voice = tmp_path / "voice.wav"
    ffmpeg, speech = imageio_ffmpeg.get_ffmpeg_exe(), find_packaged(*DEMO_VOICE)
    subprocess.run([ffmpeg, "-v", "error", "-i", str(speech), "-t", str(VOICE_S), str(voice)], check=True)
    requests = [
        LipSyncRequest(find_packaged(*DEMO_PERSON), voice, machines.outputs / f"{number}.mp4") for number in range(JOBS)
    ]
    batch = queue.submit_batch("two machines", [NewJob(request) for request in requests], "test")
    wait_for(lambda: all(list_renderers(queue).values()))  # both at work
    held = list_renderers(queue)
    assert len(set(held.values())) == 2  # on different jobs
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    wait_for(lambda: queue.get_batch(batch).is_final)
    jobs = queue.list_jobs(batch_id=batch)
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * JOBS
    assert not stale.exists()  # a machine without a page keeps its own house
    names = {path.name for path in machines.outputs.iterdir() if path.is_file()}
    assert names == {f"{number}{suffix}" for number in range(JOBS) for suffix in (".mp4", ".json")}


def list_renderers(queue: JobQueue) -> dict[str, str | None]:
    """The live ones, each with its job."""
    return {worker.worker_id: worker.job_id for worker in queue.list_live_workers() if worker.kind is WorkerKind.RENDER}


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
