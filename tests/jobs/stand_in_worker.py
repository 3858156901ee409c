"""A worker process whose work is told by the voice's name: `python stand_in_worker.py DATABASE OUTPUTS KIND ID`.

`crash` ends the process in the middle of the job, `freeze` the whole process's heart with it; `deaf` ignores its
token; `long` goes on for a minute; `odd` meets an error that no code foresaw; all else is done at once. Every job
keeps a file in its folder while it is at work.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from heygem.commands.worker_process import ABORTED, BROKEN
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, Progress, ProgressSink, Stage
from heygem.domain.queue import WorkerKind
from heygem.jobs.processes import host_name
from heygem.jobs.pulse import Patience, Pulse
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.jobs.worker import Worker
from heygem.pipeline.expectation import build_preflight
from heygem.storage.database import Database

LEASE_S = 4.0
LONG_S = 60.0


def work(request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, folder: Path) -> LipSyncResult:
    (folder / "segment").write_text("half")
    sink(Progress(Stage.RENDER, 1, 100))
    time.sleep(0.6)  # long enough to be told
    match request.voice.stem:
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "deaf":
            time.sleep(LONG_S)
        case "long":
            for _ in cancel.guard(range(round(LONG_S / 0.02))):
                time.sleep(0.02)
        case "odd":
            raise ZeroDivisionError("odd")
    request.output.write_text("video")
    return LipSyncResult(request.output, 100, 4.0)


def inspect(path: Path, kind: MediaKind, _: CancelToken) -> Inspection:
    return Inspection(kind, path.name, 4.0, 64, 64, 25.0, 100, face_share=1.0, faces=1)


def main() -> None:
    url, outputs, kind, worker_id = sys.argv[1], Path(sys.argv[2]), WorkerKind(sys.argv[3]), sys.argv[4]
    queue = JobQueue(Database(url), build_preflight, lease_s=LEASE_S)
    queue.register_worker(worker_id, kind, host_name(), os.getpid(), "cpu")
    pulse = Pulse(queue, worker_id, Patience(LEASE_S, stall_s=60), lambda _: os._exit(ABORTED))
    worker = Worker(queue, worker_id, WorkFolders(outputs), pulse, inspect, work if kind is WorkerKind.RENDER else None)
    stop = threading.Event()

    def end_with_supervisor() -> None:
        sys.stdin.buffer.read()
        stop.set()
        pulse.let_go()

    threading.Thread(target=end_with_supervisor, daemon=True).start()
    try:
        worker.run(stop)
    except ZeroDivisionError:
        os._exit(BROKEN)
    queue.forget_worker(worker_id)


if __name__ == "__main__":
    main()
