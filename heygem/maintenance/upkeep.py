"""What every machine does for itself, with or without a page: its caches, log, half-finished files and disk."""

import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from heygem.config.settings import Settings
from heygem.jobs.inputs import InputStore
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.maintenance.disk_guard import DiskGuard, DiskState
from heygem.maintenance.log_rotation import LogRotation
from heygem.maintenance.scheduler import Task
from heygem.maintenance.sweeps import sweep_files, sweep_parts, sweep_shell_folders

log = logging.getLogger(__name__)

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MB: Final = 1_000_000
UPLOADS_AGE: Final = DAY  # a job must have begun by then
THUMBNAILS_AGE: Final = 90 * DAY  # made anew when asked for
TRACKS_AGE: Final = 30 * DAY  # since last used
FETCHED_AGE: Final = DAY  # what came from the archive and was broken off
PARTS_AGE: Final = 14 * DAY  # of a download that nobody has gone on with
ENDED_AGE: Final = 3 * DAY  # of a job that can be tried again: its segments and uploads are kept


@dataclass(frozen=True)
class CacheBounds:
    """The most that each cache may hold, in bytes."""

    uploads: int
    thumbnails: int
    tracks: int


@dataclass(frozen=True)
class Upkeep:
    """Touches caches, log, unfinished downloads and the jobs' folders, and nothing else. `guard` watches the disk of
    the caches, which need not be that of the outputs.
    """

    outputs_dir: Path
    cache_dir: Path
    models_dir: Path
    bounds: CacheBounds
    queue: JobQueue
    guard: DiskGuard
    rotation: LogRotation

    def list_tasks(self) -> list[Task]:
        return [
            Task("sweep_caches", self.sweep_caches, HOUR),
            Task("sweep_work", self.sweep_work, HOUR),
            Task("watch_caches", self.watch_caches, 5 * MINUTE),
            Task("rotate_log", self.rotation.run, 5 * MINUTE),
        ]

    def sweep_caches(self, now: datetime) -> None:
        self._sweep(now, UPLOADS_AGE, THUMBNAILS_AGE, TRACKS_AGE)
        sweep_parts(self.models_dir, PARTS_AGE, now)

    def watch_caches(self, now: datetime) -> None:
        """At the disk's high mark, what can be made anew goes at once."""
        facts = self.guard.measure()
        if self.guard.judge(facts) is DiskState.FULL:
            log.warning("%.0f %% of the caches' disk are in use", 100 * facts.used_share)
            self._sweep(now, UPLOADS_AGE, HOUR, HOUR)

    def sweep_work(self, now: datetime) -> None:
        sweep_files(self.outputs_dir / ".work" / "fetch", FETCHED_AGE, now)
        InputStore(self.outputs_dir).sweep(self.queue.list_inputs(now - ENDED_AGE))
        WorkFolders(self.outputs_dir).sweep(self.queue.get_status, failed_before=now - ENDED_AGE)
        sweep_shell_folders(self.outputs_dir, now)

    def _sweep(self, now: datetime, uploads: timedelta, thumbnails: timedelta, tracks: timedelta) -> None:
        """Never what an unfinished job reads, nor an upload that somebody may be about to use."""
        read = {os.path.realpath(path) for path in self.queue.list_inputs(now)}
        freed_bytes = sweep_files(self.cache_dir / "uploads", uploads, now, self.bounds.uploads, HOUR, read)
        freed_bytes += sweep_files(self.cache_dir / "thumbnails", thumbnails, now, self.bounds.thumbnails)
        freed_bytes += sweep_files(self.cache_dir / "tracks", tracks, now, self.bounds.tracks)
        if freed_bytes:
            log.info("%d bytes of old files were removed from the cache", freed_bytes)


def build_upkeep(settings: Settings, queue: JobQueue) -> Upkeep:
    paths, logs, disk, caches = settings.paths, settings.logs, settings.disk, settings.caches
    return Upkeep(
        outputs_dir=paths.outputs.absolute(),
        cache_dir=paths.cache,
        models_dir=paths.models,
        bounds=CacheBounds(caches.uploads_mb * MB, caches.thumbnails_mb * MB, settings.limits.track_cache_mb * MB),
        queue=queue,
        guard=DiskGuard(paths.cache.absolute(), disk.warn_percent / 100, disk.refuse_percent / 100, 0),
        rotation=LogRotation(paths.logs, round(logs.rotate_mb * MB), logs.kept, round(logs.total_mb * MB)),
    )
