"""Keeps the worker processes of this machine alive, and puts back what dead ones had taken.

Knows nothing of how a worker is built; it is handed a callable that starts one.
"""

import logging
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from filelock import FileLock, Timeout

from heygem.domain.job import JobStatus
from heygem.domain.queue import WorkerKind, WorkerStatus
from heygem.jobs.processes import host_name, is_running
from heygem.jobs.work_folders import WorkFolders

log = logging.getLogger(__name__)

TICK_S: Final = 0.25
STAND_BY_S: Final = 1.0
RECOVER_EVERY_S: Final = 2.0
SWEEP_EVERY_S: Final = 60.0
START_S: Final = 180.0  # until a new worker, which loads its weights first, must have been heard of
CLOSE_S: Final = 8.0
SHORTEST_LIFE_S: Final = 20.0  # one that died younger waits before it is started again, longer each time
LONGEST_WAIT_S: Final = 60.0
DYING_DEATHS: Final = 3  # so many within DYING_S are no accident
DYING_S: Final = 600.0


@dataclass(frozen=True)
class WorkerSpec:
    """A worker that should live: what it does, and on which device (`cpu`, `cuda:0`)."""

    kind: WorkerKind
    device: str


Spawn: TypeAlias = Callable[[WorkerSpec, str], "subprocess.Popen[bytes]"]  # with the id that its command line names


@dataclass(frozen=True)
class DyingWorker:
    """One that ends of itself again and again, lately for `reason`."""

    device: str
    deaths: int
    reason: str


class SupervisedQueue(Protocol):
    """What a supervisor needs of the queue."""

    def get_status(self, job_id: str) -> JobStatus: ...
    def list_workers(self) -> list[WorkerStatus]: ...
    def recover(self, dead_workers: Collection[str] = (), is_crash: bool = False, reason: str = "") -> int: ...


@dataclass
class _Post:
    """A place for one worker, and who holds it now."""

    spec: WorkerSpec
    worker_id: str = ""
    process: "subprocess.Popen[bytes] | None" = None
    began_at: float = 0.0
    next_start: float = 0.0
    wait_s: float = 1.0
    deaths: tuple[float, ...] = ()  # within DYING_S
    last_reason: str = ""


@dataclass
class Supervisor:
    """`run` in a thread or a process of its own. `lease_s`: a worker silent for so long is replaced.

    Whoever holds `turn` supervises; another on the same machine stands by until that one has ended, so that a device
    never has two workers.
    """

    queue: SupervisedQueue
    list_specs: Callable[[], Sequence[WorkerSpec]]
    spawn: Spawn
    folders: WorkFolders
    lease_s: float
    turn: FileLock
    _posts: list[_Post] = field(default_factory=list)
    _began_at: float | None = None
    _recovered_at: float = -1e9
    _swept_at: float = -1e9

    def run(self, stop: threading.Event, is_over: Callable[[], bool] = lambda: False) -> None:
        """Until `stop` is set or it `is_over`; then the workers give their jobs back and end."""
        while not (stop.is_set() or is_over()):
            try:
                self.turn.acquire(timeout=0)
            except Timeout:
                stop.wait(STAND_BY_S)
                continue
            try:
                self._supervise(stop, is_over)
            finally:
                self.close()
                self.turn.release()

    def is_needed(self) -> bool:
        """Whether nobody on this machine supervises."""
        try:
            with self.turn.acquire(timeout=0):
                return True
        except Timeout:
            return False

    def is_starting(self, kind: WorkerKind) -> bool:
        """Whether a first worker of this kind is on its way: not one whose forerunner died young."""
        if self._began_at is None:
            return False
        now, posts = time.monotonic(), self._posts
        if not posts:  # it is still being found out which there are to be
            return now - self._began_at < START_S
        fresh = [post for post in posts if post.spec.kind is kind and post.wait_s <= 1.0]
        return any(post.process is None or now - post.began_at < START_S for post in fresh)

    def _supervise(self, stop: threading.Event, is_over: Callable[[], bool]) -> None:
        self._began_at = time.monotonic()
        self._posts = [_Post(spec) for spec in self.list_specs()]
        while not (stop.is_set() or is_over()):
            try:
                self.tick(time.monotonic())
            except Exception:  # a database that is away for a moment must not end the supervision
                log.exception("the supervisor stumbled")
            stop.wait(TICK_S)

    def tick(self, now: float) -> None:
        for post in self._posts:
            self._look_after(post, now)
        if now - self._recovered_at >= RECOVER_EVERY_S:
            self._recovered_at = now
            self._recover(now)
        if now - self._swept_at >= SWEEP_EVERY_S:
            self._swept_at = now
            self.folders.sweep(self.queue.get_status)

    def find_dying(self, now: float) -> DyingWorker | None:
        """By time.monotonic; from any thread. None, too, while another process supervises."""
        for post in list(self._posts):
            deaths = [at for at in post.deaths if now - at <= DYING_S]
            if len(deaths) >= DYING_DEATHS:
                return DyingWorker(post.spec.device, len(deaths), post.last_reason)
        return None

    def close(self) -> None:
        """Ends the workers: by the end of their standard input, by force after CLOSE_S."""
        processes = [post.process for post in self._posts if post.process is not None]
        for process in processes:
            if process.stdin is not None:
                process.stdin.close()
        deadline = time.monotonic() + CLOSE_S
        for process in processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        ids = [post.worker_id for post in self._posts if post.process is not None]
        self._posts, self._began_at = [], None
        if ids:
            self.queue.recover(ids)

    def _look_after(self, post: _Post, now: float) -> None:
        if post.process is not None:
            if post.process.poll() is None:
                return
            self._bury(post, post.process, now)
        if now >= post.next_start:
            post.worker_id = f"{post.spec.kind}-{uuid.uuid4().hex}"
            post.process, post.began_at = self.spawn(post.spec, post.worker_id), now
            log.info("worker %s started on %s (pid %d)", post.worker_id, post.spec.device, post.process.pid)

    def _bury(self, post: _Post, process: "subprocess.Popen[bytes]", now: float) -> None:
        """Puts back what a dead worker of ours had, at once, and decides when its successor starts."""
        status = process.returncode
        if process.stdin is not None:
            process.stdin.close()
        reason = f"signal {-status}" if status < 0 else f"exit status {status}"
        log.warning("worker %s ended: %s", post.worker_id, reason)
        post.deaths, post.last_reason = (*(at for at in post.deaths if now - at <= DYING_S), now), reason
        self.queue.recover([post.worker_id], is_crash=status != 0, reason=reason)
        post.wait_s = 1.0 if now - post.began_at >= SHORTEST_LIFE_S else min(LONGEST_WAIT_S, 2 * post.wait_s)
        post.next_start = now if post.wait_s <= 1.0 else now + post.wait_s
        post.process = None
        self._swept_at = -1e9  # it may have left the folder of a job that was cancelled

    def _recover(self, now: float) -> None:
        """Replaces silent workers of ours, and puts back what workers of an earlier run and lapsed leases held.

        Those died together with their supervisor (a power cut, a restart), so that no job is to blame.
        """
        workers = self.queue.list_workers()
        heard = {worker.worker_id: worker for worker in workers}
        for post in self._posts:
            if post.process is not None and self._is_silent(heard.get(post.worker_id), now - post.began_at):
                log.warning("worker %s is silent; it is replaced", post.worker_id)
                post.process.kill()
        ours = {post.worker_id for post in self._posts}
        here = host_name()
        self.queue.recover(
            [
                worker.worker_id
                for worker in workers
                if worker.host == here and worker.worker_id not in ours and not is_running(worker.pid, worker.worker_id)
            ]
        )

    def _is_silent(self, worker: WorkerStatus | None, age_s: float) -> bool:
        if worker is None:
            return age_s > START_S
        return worker.silent_s > self.lease_s
