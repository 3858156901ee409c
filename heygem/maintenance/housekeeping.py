"""What is done again and again for the library and the queue, which all machines share: the tasks, and how often."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from heygem.jobs.queue import JobQueue
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskState
from heygem.maintenance.disk_outlook import look_ahead
from heygem.maintenance.pruner import Pruner
from heygem.maintenance.scheduler import Task

log = logging.getLogger(__name__)

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Housekeeping:
    """Touches finished videos and what is known of them. Jobs are known `keep_jobs` from their end; None is ever."""

    queue: JobQueue
    pruner: Pruner
    history: DiskHistory
    keep_jobs: timedelta | None = None

    def list_tasks(self) -> list[Task]:
        """`reconcile` comes first, so that what a power cut left is put right before anything is planned."""
        return [
            Task("reconcile", self.reconcile),
            Task("prune", self.prune, HOUR),
            Task("forget_jobs", self.forget_jobs, HOUR),
            Task("sample_disk", self.sample_disk, HOUR),
            Task("watch_disk", self.watch_disk, 5 * MINUTE),
        ]

    def reconcile(self, now: datetime) -> None:
        del now
        log.info("files and rows were compared: %s", self.pruner.library.reconcile())

    def prune(self, now: datetime) -> None:
        log.info("retention: %s", self.pruner.prune(now))

    def watch_disk(self, now: datetime) -> None:
        """At its high mark, what is past its age goes at once."""
        facts = self.pruner.guard.measure()
        if self.pruner.guard.judge(facts) is DiskState.FULL:
            log.warning("%.0f %% of the disk are in use: no new jobs", 100 * facts.used_share)
            self.prune(now)

    def sample_disk(self, now: datetime) -> None:
        outlook = look_ahead(self.pruner.guard, self.history, now)
        self.history.add(now, outlook.facts)
        if outlook.state is not DiskState.OK:
            used = 100 * outlook.facts.used_share
            log.warning("%.0f %% of the disk are in use; full on %s", used, outlook.full_at or "no day in sight")

    def forget_jobs(self, now: datetime) -> None:
        if self.keep_jobs is not None and (count := self.queue.forget(now - self.keep_jobs)):
            log.info("%d jobs that ended long ago were forgotten", count)
