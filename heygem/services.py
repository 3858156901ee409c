"""Builds everything once, from the settings, and hands it to the page and the commands."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from heygem.config.settings import Settings
from heygem.domain.errors import EngineNotInstalledError, PathOutsideError
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import EngineName, LipSyncRequest, LipSyncResult
from heygem.domain.model_errors import WeightsUnverifiedError
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.domain.queue import Lease, WorkerKind
from heygem.jobs.devices import list_devices
from heygem.jobs.naming import OutputNamer
from heygem.jobs.pulse import Patience, Pulse
from heygem.jobs.queue import JobQueue
from heygem.jobs.spawning import spawn_worker
from heygem.jobs.supervisor import Supervisor, WorkerSpec
from heygem.jobs.webhooks import WebhookSender
from heygem.jobs.work_folders import WorkFolders
from heygem.jobs.worker import Worker
from heygem.library.retention import RetentionRules
from heygem.library.rules import build_rules
from heygem.maintenance.alerts.alerting import Alerting
from heygem.maintenance.alerts.alerts import EVERY
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.pipeline.expectation import build_preflight
from heygem.storage.database import Database, database_url
from heygem.storage.name_versions import take_versions

if TYPE_CHECKING:
    from heygem.downloads.manager import ModelManager
    from heygem.library.catalogue import Library
    from heygem.maintenance.archiving import Archiving
    from heygem.maintenance.monitoring import Monitoring
    from heygem.maintenance.pruner import Pruner
    from heygem.maintenance.scheduler import Maintenance
    from heygem.pipeline.generate import Generator
    from heygem.pipeline.generators import Generators

MB: Final = 1_000_000
WORKER: Final = "heygem.commands.worker_process"


@dataclass(frozen=True)
class Services:
    """What the upper floor works with. Parts are built when first asked for, so that light commands stay light."""

    settings: Settings

    @property
    def generator(self) -> "Generator":
        """With the settings' engine. Raises as get_generator does."""
        return self.get_generator(self.settings.engine)

    def get_generator(self, engine: EngineName) -> "Generator":
        """The one with this engine. Loads torch and the weights the first time, in a few seconds.

        Raises EngineNotInstalledError, WeightsError, WeightsUnverifiedError, FfmpegMissingError.
        """
        return self._generators.get(engine)

    @cached_property
    def _generators(self) -> "Generators":
        # Imported here because torch takes seconds, which `--help` and a bad command line should not.
        from heygem.engines.weights import identify_weights
        from heygem.pipeline.generators import Generators

        settings, paths = self.settings, self.settings.paths
        check = identify_weights if settings.allow_unverified else self._check_weights
        is_helped = settings.tracker == "auto"
        return Generators(
            paths.models, paths.cache, settings.device, settings.limits, settings.encode, check, is_helped
        )

    def _check_weights(self, path: Path) -> str:
        return self.models.store.check_verified(path)

    @cached_property
    def namer(self) -> OutputNamer:
        """Raises DatabaseError."""
        count, owner = partial(take_versions, self.database), self.settings.library.owner
        return OutputNamer(self._outputs, count, owner, self.disk_guard.check_room)

    @cached_property
    def database(self) -> Database:
        """With its tables made or upgraded. Raises DatabaseError."""
        database = Database(database_url(self.settings.database.url, self.settings.paths.data))
        database.upgrade()
        return database

    @cached_property
    def library(self) -> "Library":
        """Raises DatabaseError, and SettingsError for an archive that cannot be."""
        # Imported here because what reads videos takes its time, which a bad command line should not.
        from heygem.library.catalogue import Library
        from heygem.library.stores.opening import open_store

        kind, store = self.settings.retention.default_kind, open_store(self.settings.archive, self._outputs)
        return Library(self.database, self._outputs, self.settings.paths.cache, kind, self.retention_rules, store)

    @property
    def retention_rules(self) -> RetentionRules:
        return build_rules(self.settings.retention, self.settings.disk, self.settings.archive)

    @cached_property
    def queue(self) -> JobQueue:
        """Raises DatabaseError."""
        rules = self.settings.queue
        check_room = self.disk_guard.check_room
        return JobQueue(self.database, build_preflight, rules.lease_s, rules.max_crashes, check_room=check_room)

    @property
    def disk_guard(self) -> DiskGuard:
        marks, reserve_mb = self.settings.disk, self.settings.limits.disk_reserve_mb
        return DiskGuard(self._outputs, marks.warn_percent / 100, marks.refuse_percent / 100, reserve_mb * MB)

    @property
    def disk_history(self) -> DiskHistory:
        return DiskHistory(self.settings.paths.data / "disk.jsonl")

    @cached_property
    def pruner(self) -> "Pruner":
        """Raises DatabaseError."""
        from heygem.maintenance.pruner import Pruner

        def list_inputs() -> set[Path]:
            return self.queue.list_inputs(ended_after=datetime.now(UTC))

        return Pruner(self.library, self.retention_rules, self.disk_guard, list_inputs)

    @cached_property
    def archiving(self) -> "Archiving | None":
        """None where no archive is set. Raises as `library` does."""
        from heygem.maintenance.archiving import build_archiving

        return build_archiving(self.pruner, self.settings.archive.max_mb_s)

    @cached_property
    def maintenance(self) -> "Maintenance":
        """The housekeeping of a server, for what all machines share. Raises DatabaseError."""
        from heygem.maintenance.housekeeping import Housekeeping
        from heygem.maintenance.scheduler import Maintenance

        keep_jobs, watch = timedelta(days=self.settings.queue.keep_days), self.alerting.tasks
        keeping = Housekeeping(self.queue, self.pruner, self.disk_history, keep_jobs or None)
        tasks = [*keeping.list_tasks(), *([self.archiving.task] if self.archiving else [])]
        watch.names = [task.name for task in (*tasks, *self.upkeep.tasks)]
        return Maintenance(tasks, self._make_turn("maintenance"), watch.note_success, watch.note_failure)

    @cached_property
    def upkeep(self) -> "Maintenance":
        """What each machine does for itself, with a turn of its own. Raises DatabaseError."""
        from heygem.maintenance.scheduler import Maintenance
        from heygem.maintenance.upkeep import build_upkeep

        tasks, watch = build_upkeep(self.settings, self.queue).list_tasks(), self.alerting.tasks
        return Maintenance(tasks, self._make_turn("upkeep"), watch.note_success, watch.note_failure)

    @cached_property
    def alerting(self) -> Alerting:
        return Alerting(self.settings)

    @cached_property
    def alarm(self) -> "Maintenance":
        """Beside the housekeeping, so that neither waits for the other. Raises DatabaseError, SettingsError."""
        from heygem.maintenance.scheduler import Maintenance, Task

        alerts = self.alerting.build_alerts(self.queue, self.disk_guard, self.supervisor.find_dying)
        return Maintenance([Task("alerts", alerts.run, EVERY)], self._make_turn("alerts"))

    @cached_property
    def monitoring(self) -> "Monitoring":
        """Raises DatabaseError."""
        from heygem.maintenance.monitoring import build_monitoring

        def is_starting() -> bool:
            return self.supervisor.is_starting(WorkerKind.RENDER)

        return build_monitoring(self.queue, self.library, self.disk_guard, self.disk_history, is_starting)

    @cached_property
    def models(self) -> "ModelManager":
        """Of the project's manifest and the settings' ones; what is wrong with those is in the log."""
        from heygem.downloads.assembly import build_fetcher, load_usable_catalogue
        from heygem.downloads.manager import ModelManager
        from heygem.downloads.region import Region

        paths, wanted = self.settings.paths, self.settings.downloads
        catalogue = load_usable_catalogue(wanted.manifests, paths.cache / "manifests")
        reserve_bytes = self.settings.limits.disk_reserve_mb * MB
        fetcher = build_fetcher(paths.models.absolute(), catalogue, wanted, reserve_bytes)
        return ModelManager(fetcher, paths.data, Region(wanted.region))

    @cached_property
    def supervisor(self) -> Supervisor:
        """Of a renderer for each device of this machine, and of the inspectors."""
        lease_s, turn = self.settings.queue.lease_s, self._make_turn("supervisor")
        spawn = partial(spawn_worker, WORKER, self.settings.model_dump_json())
        return Supervisor(self.queue, self._list_specs, spawn, WorkFolders(self._outputs), lease_s, turn)

    def _make_turn(self, name: str) -> FileLock:
        """Held by the one process of this machine that does it; machines that share the folder do not wait."""
        return FileLock(self.settings.paths.data / f"{name}-{socket.gethostname()}.lock")

    def _list_specs(self) -> list[WorkerSpec]:
        renderers = [WorkerSpec(WorkerKind.RENDER, device) for device in list_devices(self.settings.device)]
        return renderers + [WorkerSpec(WorkerKind.INSPECT, "cpu")] * self.settings.queue.inspectors

    @cached_property
    def webhooks(self) -> WebhookSender:
        rules = self.settings.api
        return WebhookSender(self.queue, rules.webhook_secret, rules.webhook_attempts)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The queue is worked on, by processes of their own, webhooks are sent, and house is kept, as long as the block
        runs.
        """
        stop, archiving = threading.Event(), self.archiving
        thread = threading.Thread(target=lambda: self.supervisor.run(stop), name="supervisor")
        _ = self.queue, self.alarm  # what is wrong with database or settings is told to whoever asked
        thread.start()
        try:
            with self.webhooks.sending(), self.maintenance.running(), self.upkeep.running(), self.alarm.running():
                try:
                    yield
                finally:  # what takes its time is told first, and waited for afterwards
                    stop.set()
                    if archiving is not None:
                        archiving.cancel.cancel()
        finally:
            stop.set()
            if "models" in vars(self):  # somebody has asked for them, and a download may be under way
                self.models.close()
            if archiving is not None:
                archiving.desk.close()
            thread.join()

    def make_worker(self, worker_id: str, kind: WorkerKind, abort: Callable[[str], None]) -> Worker:
        """What a worker's process runs, on the device of the settings."""
        rules = self.settings.queue
        patience = Patience(lease_s=rules.lease_s, stall_s=60 * rules.stall_min)
        return Worker(
            queue=self.queue,
            worker_id=worker_id,
            folders=WorkFolders(self._outputs),
            pulse=Pulse(self.queue, worker_id, patience, abort),
            inspect=self._inspect,
            work=self._generate if kind is WorkerKind.RENDER else None,
            reserve_bytes=self.settings.limits.disk_reserve_mb * MB,
            on_success=self._keep,
        )

    def warm_up(self, kind: WorkerKind) -> None:
        """Loads what a worker of this kind needs, ahead of its first job. Raises as `generator` does, but not for an
        engine that cannot be had: its jobs will say so, and others go on.
        """
        _ = self._generators.tracker
        if kind is WorkerKind.RENDER:
            with suppress(EngineNotInstalledError, WeightsUnverifiedError):
                _ = self.generator

    def _generate(
        self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, folder: Path
    ) -> LipSyncResult:
        return self.get_generator(request.engine).generate(request, sink, cancel, folder)

    def _keep(self, lease: Lease, result: LipSyncResult) -> None:
        job = self.queue.get_status(lease.job_id)
        with suppress(PathOutsideError):  # a video that was asked for elsewhere is its asker's to keep
            self.library.add(result.path, job.job_id, job.project)

    def _inspect(self, path: Path, kind: MediaKind, cancel: CancelToken) -> Inspection:
        from heygem.pipeline.inspect import Inspector

        return Inspector(self._generators.tracker.detector, self.settings.limits).inspect(path, kind, cancel)

    @property
    def _outputs(self) -> Path:
        return self.settings.paths.outputs.absolute()
