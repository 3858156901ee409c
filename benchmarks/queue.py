"""The queue with a thousand jobs and a stand-in engine: `python -m benchmarks.queue [--url URL] [--jobs 1000]`.

Everything is measured in one run on one database (a new SQLite file by default): jobs claimed and finished a second by
one worker and by two at the same time, beside what the same database commits a second when it does nothing else; the
time from asking for a job to its first frame while a thousand wait; and what the server takes to list them.
"""

import argparse
import multiprocessing
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import text

from heygem.config.strings import Translator
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import JobState, LipSyncRequest, LipSyncResult, NewJob
from heygem.domain.progress import CancelToken, Progress, ProgressSink, Stage
from heygem.domain.queue import WorkerKind
from heygem.jobs.pulse import Patience, Pulse
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.jobs.worker import Worker
from heygem.pipeline.expectation import build_preflight
from heygem.storage.database import Database
from heygem.web.batch_cards import batch_row, board_rows, job_row

PLENTY = 10**15
FRAMES = 250


def open_queue(url: str) -> JobQueue:
    return JobQueue(Database(url), build_preflight)


def inspect(path: Path, kind: MediaKind, _: CancelToken) -> Inspection:
    return Inspection(kind, path.name, 10.0, 1280, 720, 25.0, FRAMES, face_share=1.0, faces=1)


def fill(queue: JobQueue, folder: Path, count: int) -> str:
    """A batch of `count` jobs that may be claimed."""
    folder.mkdir()
    jobs = []
    for number in range(count):
        person = folder / f"person {number}.mp4"
        person.touch()
        jobs.append(NewJob(LipSyncRequest(person, folder / "voice.wav", folder / f"output {number}.mp4")))
    (folder / "voice.wav").touch()
    batch_id = queue.submit_batch(folder.name, jobs, "benchmark")
    while task := queue.claim_inspection("inspector"):
        queue.finish_inspection(task, inspect(task.path, task.kind, CancelToken()))
    return batch_id


def drain(url: str, worker_id: str, most: int) -> None:
    """Claims and finishes jobs until there is none, or `most` have been."""
    queue = open_queue(url)
    for _ in range(most):
        lease = queue.claim(worker_id, PLENTY)
        if lease is None:
            return
        queue.succeed(lease, LipSyncResult(lease.request.output, FRAMES, 10.0))


def drain_together(url: str, workers: int) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=drain, args=(url, f"worker {number}", PLENTY)) for number in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def measure(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def commit_rate(url: str, count: int) -> float:
    """Transactions a second that change one small row each: what the disk allows."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS benchmark_row (value INTEGER)"))
        connection.execute(text("INSERT INTO benchmark_row VALUES (0)"))

    def commit() -> None:
        for _ in range(count):
            with database.write() as connection:
                connection.execute(text("UPDATE benchmark_row SET value = value + 1"))

    seconds = measure(commit)
    with database.write() as connection:
        connection.execute(text("DROP TABLE benchmark_row"))
    database.close()
    return count / seconds


def first_frame_s(queue: JobQueue, folder: Path) -> float:
    """From asking for an urgent job to the first frame that can be seen to be done, by a worker that is at work."""
    gate = threading.Event()

    def work(request: LipSyncRequest, sink: ProgressSink, _: CancelToken, work_dir: Path) -> LipSyncResult:
        del work_dir
        sink(Progress(Stage.RENDER, 1, FRAMES))
        if request.voice.name == "urgent.wav":
            gate.wait()
        return LipSyncResult(request.output, FRAMES, 10.0)

    (folder / "urgent.wav").touch()
    pulse = Pulse(queue, "worker", Patience(queue.lease_s, stall_s=60), print)
    queue.register_worker("worker", WorkerKind.RENDER, "here", 1, "cpu")
    worker, stop = Worker(queue, "worker", WorkFolders(folder), pulse, inspect, work), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    time.sleep(1)  # at work on the thousand
    began = time.perf_counter()
    request = LipSyncRequest(folder / "person 0.mp4", folder / "urgent.wav", folder / f"{uuid.uuid4().hex}.mp4")
    job = queue.submit(NewJob(request, priority=1))
    inspected = threading.Thread(target=_inspect_all, args=(queue,))
    inspected.start()
    while (status := queue.get_status(job)).progress is None and not status.state.is_final:
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    gate.set()
    stop.set()
    thread.join()
    inspected.join()
    return seconds


def _inspect_all(queue: JobQueue) -> None:
    while task := queue.claim_inspection("inspector"):
        queue.finish_inspection(task, inspect(task.path, task.kind, CancelToken()))


def list_ms(queue: JobQueue, batch_id: str, count: int) -> tuple[float, float]:
    """Milliseconds to read a batch of `count` jobs, and to read it and make the page's rows of it; each of seven."""
    tr = Translator("zh")

    def show() -> None:
        jobs = queue.list_jobs(batch_id=batch_id, limit=count)
        rows = [job_row(job, True, tr) for job in jobs]
        board_rows([[batch_row(queue.get_batch(batch_id), True, True, tr), *rows]], tr)

    read = median(measure(lambda: queue.list_jobs(batch_id=batch_id, limit=count)) for _ in range(7))
    return 1000 * read, 1000 * median(measure(show) for _ in range(7))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="")
    parser.add_argument("--jobs", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder, count = Path(home), arguments.jobs
        url = arguments.url or f"sqlite:///{folder / 'queue.db'}"
        Database(url).upgrade()
        queue = open_queue(url)
        commits = commit_rate(url, count)
        batch_id = ""

        def fill_one() -> None:
            nonlocal batch_id
            batch_id = fill(queue, folder / "one", count)

        print(f"{url.partition(':')[0]}: {count} jobs submitted and settled in {measure(fill_one):.2f} s")
        read, shown = list_ms(queue, batch_id, count)
        print(f"listed in {read:.0f} ms, as the page's rows in {shown:.0f} ms")
        print(f"first frame of an urgent job after {first_frame_s(queue, folder / 'one'):.2f} s")
        left = len(queue.list_jobs(batch_id=batch_id, states=[JobState.QUEUED], limit=count))
        alone = left / measure(lambda: drain(url, "alone", PLENTY))
        fill(queue, folder / "two", count)
        together = count / measure(lambda: drain_together(url, 2))
        print(f"plain commits {commits:.0f} /s; jobs claimed and finished, two commits each:")
        print(f"  one worker {alone:.0f} /s ({2 * alone / commits:.2f} of the plain commits)")
        print(f"  two workers {together:.0f} /s with their start ({2 * together / commits:.2f})")


if __name__ == "__main__":
    main()
