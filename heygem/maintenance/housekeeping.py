"""What is done again and again so that the disk never fills: the tasks, and how often."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from heygem.jobs.inputs import InputStore
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskState
from heygem.maintenance.disk_outlook import look_ahead
from heygem.maintenance.log_rotation import LogRotation
from heygem.maintenance.pruner import Pruner
from heygem.maintenance.scheduler import Task
from heygem.maintenance.sweeps import sweep_files, sweep_shell_folders

log = logging.getLogger(__name__)

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
UPLOADS_AGE: Final = DAY  # a job must have begun by then
THUMBNAILS_AGE: Final = 90 * DAY  # made anew when asked for
TRACKS_AGE: Final = 30 * DAY  # since last used
FETCHED_AGE: Final = DAY  # what came from the archive and was broken off
ENDED_AGE: Final = 3 * DAY  # of a job that can be tried again: its segments and uploads are kept


@dataclass(frozen=True)
class Housekeeping:
    """Touches the folders of outputs and cache, the log, and nothing else."""

    outputs_dir: Path
    cache_dir: Path
    queue: JobQueue
    pruner: Pruner
    history: DiskHistory
    rotation: LogRotation

    def list_tasks(self) -> list[Task]:
        """`reconcile` comes first, so that what a power cut left is put right before anything is planned."""
        return [
            Task("reconcile", self.reconcile),
            Task("prune", self.prune, HOUR),
            Task("sweep", self.sweep, HOUR),
            Task("sample_disk", self.sample_disk, HOUR),
            Task("watch_disk", self.watch_disk, 5 * MINUTE),
            Task("rotate_log", self.rotation.run, 5 * MINUTE),
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

    def sweep(self, now: datetime) -> None:
        caches = {"uploads": UPLOADS_AGE, "thumbnails": THUMBNAILS_AGE, "tracks": TRACKS_AGE}
        freed_bytes = sum(sweep_files(self.cache_dir / name, age, now) for name, age in caches.items())
        if freed_bytes:
            log.info("%d bytes of old files were removed from the cache", freed_bytes)
        sweep_files(self.outputs_dir / ".work" / "fetch", FETCHED_AGE, now)
        InputStore(self.outputs_dir).sweep(self.queue.list_inputs(now - ENDED_AGE))
        WorkFolders(self.outputs_dir).sweep(self.queue.get_status, failed_before=now - ENDED_AGE)
        sweep_shell_folders(self.outputs_dir, now)
