"""What measures: the disk, the tasks of the housekeeping, the workers, and how jobs end."""

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from heygem.config.redaction import redact
from heygem.domain.queue import QueueHealth, WorkerKind, WorkerStatus
from heygem.jobs.supervisor import DyingWorker
from heygem.library.retention import DiskFacts
from heygem.maintenance.alerts.conditions import GONE, PER_TASK, Condition, Sighting, Sightings
from heygem.maintenance.alerts.wording import moment
from heygem.maintenance.disk_guard import DiskGuard, DiskState

GB: Final = 1_000_000_000
MARGIN: Final = 0.02  # of the disk, by which it must be below a mark to be below it for sure
RESERVE_MARGIN: Final = 1.1
RETIRED_S: Final = 24 * 3600.0  # a machine silent for so long is no longer expected
STALE: Final = timedelta(days=1)  # failures so long ago are no news
LONGEST_REASON: Final = 300


class Watch(Protocol):
    """`topic` is what its topics are, or begin with before a colon."""

    @property
    def topic(self) -> str: ...
    def look(self, now: datetime) -> Sightings:
        """Of all that it watches. What it does not name is not there. Raises HeyGemError, OSError."""
        ...


@dataclass(frozen=True)
class DiskWatch:
    guard: DiskGuard
    topic: str = "disk"

    def look(self, now: datetime) -> Sightings:
        del now
        facts, guard = self.guard.measure(), self.guard
        strict = replace(
            guard,
            warn_share=guard.warn_share - MARGIN,
            refuse_share=guard.refuse_share - MARGIN,
            reserve_bytes=round(guard.reserve_bytes * RESERVE_MARGIN),
        )
        return {self.topic: Sighting(_FULLNESS[guard.judge(facts)], self._tell(facts), _FULLNESS[strict.judge(facts)])}

    def _tell(self, facts: DiskFacts) -> Mapping[str, str | int]:
        return {
            "folder": str(self.guard.folder),
            "used_percent": int(100 * facts.used_share),
            "refuse_percent": round(100 * self.guard.refuse_share),
            "free_gb": f"{facts.free_bytes / GB:.1f}",
            "reserve_gb": f"{self.guard.reserve_bytes / GB:.1f}",
        }


_FULLNESS: Final = {DiskState.OK: None, DiskState.WARN: Condition.DISK_WARN, DiskState.FULL: Condition.DISK_FULL}


@dataclass
class TaskWatch:
    """Is told how the tasks of these names end. Of one that has not been done since the start nothing is known."""

    names: Sequence[str] = ()
    topic: str = "task"
    _seen: dict[str, Sighting] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_success(self, task: str) -> None:
        with self._lock:
            self._seen[task] = GONE

    def note_failure(self, task: str, error: Exception) -> None:
        reason = redact(f"{type(error).__name__}: {error}")[:LONGEST_REASON]
        with self._lock:
            self._seen[task] = Sighting(PER_TASK.get(task, Condition.TASK_FAILED), {"reason": reason})

    def look(self, now: datetime) -> Sightings:
        del now
        with self._lock:
            return {f"{self.topic}:{task}": self._seen.get(task) for task in self.names}


class WatchedQueue(Protocol):
    """What the watches need of the queue."""

    @property
    def lease_s(self) -> float: ...
    def list_workers(self) -> list[WorkerStatus]: ...
    def measure_health(self) -> QueueHealth: ...


@dataclass(frozen=True)
class WorkerWatch:
    """Of this machine's renderers, and of those of others that were heard of within the last day. While no job waits,
    nobody misses them. `find_dying` tells of a worker here that ends again and again.
    """

    queue: WatchedQueue
    find_dying: Callable[[float], DyingWorker | None]
    topic: str = "worker"
    here: str = field(default_factory=socket.gethostname)

    def look(self, now: datetime) -> Sightings:
        del now
        renderers = [worker for worker in self.queue.list_workers() if worker.kind is WorkerKind.RENDER]
        silent_s: dict[str, float] = {}
        for worker in renderers:
            silent_s[worker.machine] = min(worker.silent_s, silent_s.get(worker.machine, worker.silent_s))
        waiting = self.queue.measure_health().waiting
        hosts = {self.here, *(host for host, span in silent_s.items() if span <= RETIRED_S)}
        seen = {f"{self.topic}:{host}": self._judge(silent_s.get(host), waiting) for host in hosts}
        dying = self.find_dying(time.monotonic())
        if dying is not None:
            told: dict[str, str | int] = {"device": dying.device, "count": dying.deaths, "reason": dying.reason}
            seen[f"{self.topic}:{self.here}"] = Sighting(Condition.WORKER_DYING, told)
        return seen

    def _judge(self, silent_s: float | None, waiting: int) -> Sighting | None:
        """Silent for None where none was ever heard of."""
        if silent_s is not None and silent_s <= self.queue.lease_s:
            return GONE
        return Sighting(Condition.WORKER_DOWN, {"waiting": waiting}) if waiting else None


@dataclass(frozen=True)
class FailureWatch:
    """Of `count` jobs that failed one after the other; 0 for none."""

    queue: WatchedQueue
    count: int
    topic: str = "failures"

    def look(self, now: datetime) -> Sightings:
        health = self.queue.measure_health()
        if not self.count or not health.failures or health.failed_at is None:
            return {}
        facts: dict[str, str | int] = {
            "count": health.failures,
            "code": health.error_code,
            "failed_at": moment(health.failed_at),
        }
        is_news = health.failures >= self.count and now - health.failed_at < STALE
        failing = Condition.FAILURES_IN_A_ROW
        return {self.topic: Sighting(failing if is_news else None, facts, lingering=failing)}
