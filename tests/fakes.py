"""Stand-ins that the whole page can run on, without engine or weights."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import imageio_ffmpeg
import numpy as np

from heygem.config.settings import Settings
from heygem.domain.errors import HeyGemError, MediaUnreadableError, NoFaceError
from heygem.domain.inspection import Inspection, MediaKind, Preflight
from heygem.domain.job import EngineName, LipSyncRequest, LipSyncResult
from heygem.domain.library import OutputKind
from heygem.domain.media import TimeRange
from heygem.domain.progress import CancelToken, EtaClock, ProgressSink, Stage
from heygem.domain.queue import Lease, WorkerKind
from heygem.downloads.assembly import build_fetcher, load_catalogue
from heygem.downloads.manager import ModelManager
from heygem.jobs.naming import OutputNamer
from heygem.jobs.pulse import Patience, Pulse
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.jobs.worker import Work, Worker
from heygem.library.catalogue import Library
from heygem.library.retention import RetentionRules
from heygem.library.stores.opening import open_store
from heygem.maintenance.alerts.alerting import Alerting
from heygem.maintenance.archiving import build_archiving
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.monitoring import build_monitoring
from heygem.maintenance.pruner import Pruner
from heygem.storage.database import Database, database_url
from heygem.storage.name_versions import take_versions

FAKE_SECONDS = 2
FAKE_RATE = 25
RULES: Final = RetentionRules({OutputKind.TEST: 2.5, OutputKind.STANDARD: 7.5, OutputKind.IMPORTANT: 30.5})
PATIENCE: Final = Patience(lease_s=20, stall_s=600)


def write_video(path: Path, seconds: float = FAKE_SECONDS) -> None:
    """A small MP4 (H.264, AAC) that a browser plays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=size=320x240:rate={FAKE_RATE}:duration={seconds}",
            "-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path),
        ],
        check=True,
    )  # fmt: skip


@dataclass
class FakeWork:
    """Counts through all stages at `pace_s` a frame, then writes a true video; or fails with `error_for(request)`."""

    pace_s: float = 0.02
    frames: int = FAKE_SECONDS * FAKE_RATE
    error_for: Callable[[LipSyncRequest], HeyGemError | None] = lambda _: None
    seen: list[LipSyncRequest] = field(default_factory=list)

    def __call__(
        self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, work_dir: Path | None = None
    ) -> LipSyncResult:
        del work_dir  # what it makes is made at once
        self.seen.append(request)
        plan = {Stage.PREPARE: 1, Stage.LISTEN: FAKE_SECONDS, Stage.TRACK: self.frames, Stage.RENDER: self.frames}
        clock = EtaClock(plan, {Stage.PREPARE: 1, Stage.LISTEN: 1, Stage.TRACK: 1, Stage.RENDER: 1}, sink)
        for stage, total in plan.items():
            clock.report(stage, 0)
            for done in cancel.guard(range(1, total + 1)):
                time.sleep(self.pace_s)
                clock.report(stage, done)
        if error := self.error_for(request):
            raise error
        write_video(request.output)
        return LipSyncResult(
            request.output,
            frame_count=self.frames,
            duration_s=FAKE_SECONDS,
            unchanged=(TimeRange(0.4, 0.8),),
            stage_seconds={stage: total * self.pace_s for stage, total in plan.items()},
        )


def fake_inspect(path: Path, kind: MediaKind, cancel: CancelToken) -> Inspection:
    """By the file's name: `broken…` cannot be read, `faceless…` has no face, `crowd…` has three; all else is well."""
    cancel.check()
    if path.name.startswith("broken"):
        raise MediaUnreadableError(path, reason="test")
    if path.name.startswith("faceless"):
        raise NoFaceError(path)
    if kind is MediaKind.VOICE:
        return Inspection(kind, path.name, FAKE_SECONDS, level_db=-23.0, silent_share=0.2)
    faces = 3 if path.name.startswith("crowd") else 1
    warnings = ("several_faces",) if faces > 1 else ()
    return Inspection(
        kind, path.name, 1.0, 320, 240, FAKE_RATE, FAKE_RATE, False, 0.98, faces,
        thumbnail=fake_thumbnail(path.name), warnings=warnings,
    )  # fmt: skip


def fake_thumbnail(name: str) -> bytes:
    """A JPEG whose colour hangs on the name."""
    colour = [(sum(name.encode()) * factor) % 160 + 60 for factor in (3, 5, 7)]
    picture = np.full((90, 160, 3), colour, np.uint8)
    cv2.circle(picture, (80, 45), 24, (180, 200, 230), -1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def fake_preflight(person: Inspection, voice: Inspection, _: EngineName) -> Preflight:
    frames = round(voice.duration_s * person.frame_rate)
    return Preflight(frames, voice.duration_s, 3.0, 200_000, person.warnings + voice.warnings)


def make_database(settings: Settings) -> Database:
    database = Database(database_url(settings.database.url, settings.paths.data))
    database.upgrade()
    return database


def make_namer(database: Database, outputs: Path) -> OutputNamer:
    return OutputNamer(outputs, partial(take_versions, database))


def make_fake_queue(settings: Settings) -> JobQueue:
    return JobQueue(make_database(settings), fake_preflight, settings.queue.lease_s, settings.queue.max_crashes)


@dataclass
class FakeServices:
    """What the page needs of services.Services, over a true queue; `start` sets one fake worker of each kind to it."""

    settings: Settings
    work: Work = field(default_factory=FakeWork)

    def __post_init__(self) -> None:
        outputs, cache = self.settings.paths.outputs.absolute(), self.settings.paths.cache
        self.queue = make_fake_queue(self.settings)
        store = open_store(self.settings.archive, outputs)
        self.library = Library(self.queue.database, outputs, cache, rules=RULES, store=store)
        self.namer = make_namer(self.queue.database, outputs)
        self.disk_guard = DiskGuard(outputs, warn_share=0.99, refuse_share=1.0, reserve_bytes=0)
        self.pruner = Pruner(self.library, RULES, self.disk_guard, set)
        self.archiving = build_archiving(self.pruner, self.settings.archive.max_mb_s)
        self.disk_history = DiskHistory(self.settings.paths.data / "disk.jsonl")
        self.monitoring = build_monitoring(
            self.queue, self.library, self.disk_guard, self.disk_history, is_starting=lambda: False
        )
        self.alerting = Alerting(self.settings)
        self.models = make_fake_models(self.settings)
        self._stop = threading.Event()
        self._workers = [self._make_worker(kind) for kind in WorkerKind]
        self._threads = [threading.Thread(target=worker.run, args=(self._stop,)) for worker in self._workers]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """The job at hand goes back to the queue."""
        self.models.close()
        self._stop.set()
        for worker in self._workers:
            worker.pulse.let_go()
        for thread in self._threads:
            thread.join()

    def _make_worker(self, kind: WorkerKind) -> Worker:
        work = self.work if kind is WorkerKind.RENDER else None
        self.queue.register_worker(kind, kind, "here", 1, "cpu")
        folders = WorkFolders(self.settings.paths.outputs.absolute())
        pulse = Pulse(self.queue, kind, PATIENCE, _ignore)
        return Worker(self.queue, kind, folders, pulse, fake_inspect, work, on_success=self._keep)

    def _keep(self, lease: Lease, result: LipSyncResult) -> None:
        job = self.queue.get_status(lease.job_id)
        self.library.add(result.path, job.job_id, job.project)


def make_fake_models(settings: Settings) -> ModelManager:
    """Of the manifest in the models' folder, where there is one."""
    models = settings.paths.models.absolute()
    manifest = models / "manifest.yaml"
    catalogue = load_catalogue([str(manifest)] if manifest.is_file() else [], settings.paths.cache)
    return ModelManager(build_fetcher(models, catalogue, settings.downloads, reserve_bytes=0), settings.paths.data)


def _ignore(reason: str) -> None:
    """A thread cannot be ended by force; the fake work heeds its token."""
    del reason
