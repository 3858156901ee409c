from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from heygem.domain.queue import QueueHealth, WorkerKind, WorkerStatus
from heygem.jobs.supervisor import DyingWorker
from heygem.library.retention import DiskFacts
from heygem.maintenance.alerts.conditions import GONE, Condition
from heygem.maintenance.alerts.watches import DiskWatch, FailureWatch, TaskWatch, WorkerWatch
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.scheduler import Maintenance, Task

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
GB: Final = 10**9
WARN, FULL = Condition.DISK_WARN, Condition.DISK_FULL


@dataclass(frozen=True)
class StandInGuard(DiskGuard):
    free_gb: float = 100.0

    def measure(self) -> DiskFacts:
        return DiskFacts(100 * GB, int(self.free_gb * GB))


@pytest.mark.parametrize(
    ("free_gb", "condition", "lingering"),
    [
        (30, None, None),
        (21.9, None, WARN),
        (20, WARN, WARN),
        (11.9, WARN, FULL),
        (10, FULL, FULL),
        (22.1, None, None),
    ],
)
def test_just_below_a_mark_is_not_below_it_for_sure(free_gb: float, condition: object, lingering: object):
    guard = StandInGuard(Path("/数据"), 0.8, 0.9, 5 * GB, free_gb)
    sighting = DiskWatch(guard).look(NOW)["disk"]
    assert sighting is not None
    assert (sighting.condition, sighting.lingering) == (condition, lingering)
    assert sighting.facts["free_gb"] == f"{free_gb:.1f}" and sighting.facts["refuse_percent"] == 90


def test_just_above_the_reserve_is_not_enough_to_be_sure():
    guard = StandInGuard(Path("/"), 1.0, 1.0, 10 * GB, 10.5)
    sighting = DiskWatch(guard).look(NOW)["disk"]
    assert sighting is not None and (sighting.condition, sighting.lingering) == (None, FULL)


def test_tasks_tell_how_they_end(tmp_path: Path):
    watch = TaskWatch(["prune", "sweep", "archive"])
    fails = {"prune", "archive"}

    def run(name: str, now: datetime) -> None:
        del now
        if name in fails:
            raise OSError(f"no right to write; token=hunter2 {name}")

    tasks = [Task(name, partial(run, name)) for name in watch.names]
    maintenance = Maintenance(tasks, FileLock(tmp_path / "turn"), watch.note_success, watch.note_failure)
    assert watch.look(NOW) == {"task:prune": None, "task:sweep": None, "task:archive": None}
    for task in tasks:
        maintenance.do(task)
    seen = watch.look(NOW)
    assert seen["task:sweep"] == GONE
    pruning, archiving = seen["task:prune"], seen["task:archive"]
    assert pruning is not None and pruning.condition is Condition.PRUNE_FAILED
    assert pruning.facts["reason"] == "OSError: no right to write; token=*** prune"
    assert archiving is not None and archiving.condition is Condition.ARCHIVE_FAILED
    fails.clear()
    with FileLock(tmp_path / "turn"):
        maintenance.do(tasks[0])  # left to another server: that tells nothing
    assert watch.look(NOW) == seen
    maintenance.do(tasks[0])
    assert watch.look(NOW)["task:prune"] == GONE


@dataclass
class StandInQueue:
    lease_s: float = 20.0
    workers: list[WorkerStatus] = field(default_factory=list)
    health: QueueHealth = field(default_factory=QueueHealth)

    def list_workers(self) -> list[WorkerStatus]:
        return self.workers

    def measure_health(self) -> QueueHealth:
        return self.health


def make_worker(host: str, silent_s: float, kind: WorkerKind = WorkerKind.RENDER) -> WorkerStatus:
    return WorkerStatus(f"{kind}-{host}-{silent_s}", kind, f"{host}/pid:[1]", 1, "cpu", NOW, silent_s=silent_s)


def look(queue: StandInQueue, dying: DyingWorker | None = None) -> dict[str, Condition | str | None]:
    seen = WorkerWatch(queue, lambda _: dying, here="here").look(NOW)
    return {topic: "unknown" if sighting is None else sighting.condition for topic, sighting in seen.items()}


def test_a_worker_is_missed_where_jobs_wait():
    queue = StandInQueue()
    assert look(queue) == {"worker:here": "unknown"}
    queue.health = QueueHealth(waiting=2)
    queue.workers = [make_worker("here", 1, WorkerKind.INSPECT)]
    assert look(queue) == {"worker:here": Condition.WORKER_DOWN}
    queue.workers += [make_worker("here", 21), make_worker("there", 3600), make_worker("retired", 90_000)]
    assert look(queue) == {"worker:here": Condition.WORKER_DOWN, "worker:there": Condition.WORKER_DOWN}
    queue.workers += [make_worker("here", 19)]
    assert look(queue) == {"worker:here": None, "worker:there": Condition.WORKER_DOWN}
    queue.health = QueueHealth()
    assert look(queue) == {"worker:here": None, "worker:there": "unknown"}


def test_a_worker_that_keeps_dying_is_told_though_one_lives():
    queue = StandInQueue(workers=[make_worker("here", 1)])
    assert look(queue, DyingWorker("cuda:0", 3, "signal 9")) == {"worker:here": Condition.WORKER_DYING}


def test_failures_in_a_row():
    queue = StandInQueue(health=QueueHealth(failures=2, failed_at=NOW, error_code="ENCODE_FAILED"))
    watch = FailureWatch(queue, 3)

    def judge() -> tuple[Condition | None, Condition | None]:
        sighting = watch.look(NOW)["failures"]
        assert sighting is not None
        return sighting.condition, sighting.lingering

    failing = Condition.FAILURES_IN_A_ROW
    assert judge() == (None, failing)
    queue.health = replace(queue.health, failures=3)
    assert judge() == (failing, failing)
    queue.health = replace(queue.health, failed_at=NOW - timedelta(days=2))
    assert judge() == (None, failing)
    assert FailureWatch(queue, 0).look(NOW) == {}
    queue.health = QueueHealth()
    assert watch.look(NOW) == {}
