"""A worker: takes jobs and inspections from the queue, one after the other, and does them.

Knows nothing of what a job is; it is handed that as callables. Runs in a process of its own, see supervisor.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from heygem.domain.errors import HeyGemError, UnexpectedError
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.domain.queue import InspectionTask, Lease, Wish
from heygem.jobs.pulse import Ending, Pulse, PulseQueue, forgiven_loss
from heygem.jobs.work_folders import WorkFolders

log = logging.getLogger(__name__)

POLL_S: Final = 0.3

Work: TypeAlias = Callable[[LipSyncRequest, ProgressSink, CancelToken, Path], LipSyncResult]
Inspect: TypeAlias = Callable[[Path, MediaKind, CancelToken], Inspection]
OnSuccess: TypeAlias = Callable[[Lease, LipSyncResult], None]


class WorkQueue(PulseQueue, Protocol):
    """What a worker needs of the queue."""

    def claim(self, worker_id: str, free_bytes: int) -> Lease | None: ...
    def succeed(self, lease: Lease, result: LipSyncResult) -> None: ...
    def claim_inspection(self, worker_id: str) -> InspectionTask | None: ...
    def finish_inspection(self, task: InspectionTask, found: Inspection | HeyGemError) -> None: ...


@dataclass(frozen=True)
class Worker:
    """`work` is None for an inspector; a renderer inspects too while it has no job. `reserve_bytes` stay free.

    `on_success` is told of a finished video just before the queue is, perhaps again if this process dies between the
    two; what goes wrong in it is logged and does the job no harm.
    """

    queue: WorkQueue
    worker_id: str
    folders: WorkFolders
    pulse: Pulse
    inspect: Inspect
    work: Work | None = None
    reserve_bytes: int = 0
    on_success: OnSuccess | None = None

    def run(self, stop: threading.Event, idle_s: float | None = None) -> None:
        """Until `stop` is set, or nothing has come for `idle_s`. Unforeseen errors of a job come through.

        After such an error (a device's, say) nothing in this process can be trusted: whoever runs it ends it, and the
        job counts it as a crash.
        """
        self.pulse.start()
        quiet_since = time.monotonic()
        try:
            while not stop.is_set() and (idle_s is None or time.monotonic() - quiet_since < idle_s):
                if self.step():
                    quiet_since = time.monotonic()
                else:
                    stop.wait(POLL_S)
        finally:
            self.pulse.close()

    def step(self) -> bool:
        """Does one thing, if there is one to do."""
        if self.work is not None:
            lease = self.queue.claim(self.worker_id, self._free_bytes())
            if lease is not None:
                self._do(lease, self.work)
                return True
        task = self.queue.claim_inspection(self.worker_id)
        if task is not None:
            self._look(task)
        return task is not None

    def _do(self, lease: Lease, work: Work) -> None:
        folder = self.folders.make(lease.job_id)
        with self.pulse.hold(lease) as attempt:
            try:
                result = work(lease.request, attempt, attempt.token, folder)
            except HeyGemError as error:
                # Whatever it says once it was told to end: a child process may end of the same signal, as a fault.
                if attempt.ending is not Ending.NONE:
                    self.pulse.settle(attempt)
                    if attempt.wish is Wish.CANCEL:
                        self.folders.remove(lease.job_id)
                    return
                with forgiven_loss():
                    self.queue.fail(lease, error)
            else:
                self._tell(lease, result)
                with forgiven_loss():
                    self.queue.succeed(lease, result)
                    self.folders.remove(lease.job_id)

    def _tell(self, lease: Lease, result: LipSyncResult) -> None:
        if self.on_success is None:
            return
        try:
            self.on_success(lease, result)
        except Exception:  # whatever it is, the video is made
            log.exception("could not tell of %s", result.path)

    def _look(self, task: InspectionTask) -> None:
        found: Inspection | HeyGemError
        try:
            found = self.inspect(task.path, task.kind, CancelToken())
        except HeyGemError as error:
            found = error
        except Exception as error:  # one odd file must not end what looks at files
            log.exception("could not inspect %s", task.path)
            found = UnexpectedError(reason=str(error) or type(error).__name__)
        self.queue.finish_inspection(task, found)

    def _free_bytes(self) -> int:
        return max(0, shutil.disk_usage(self.folders.root).free - self.reserve_bytes)
