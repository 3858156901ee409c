"""What the page and the interface for programs need of services.Services."""

from typing import Protocol

from heygem.config.settings import Settings
from heygem.downloads.manager import ModelManager
from heygem.jobs.naming import OutputNamer
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.maintenance.alerts.alerting import Alerting
from heygem.maintenance.archiving import Archiving
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.monitoring import Monitoring
from heygem.maintenance.pruner import Pruner


class PageServices(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def queue(self) -> JobQueue: ...
    @property
    def library(self) -> Library: ...
    @property
    def archiving(self) -> Archiving | None: ...
    @property
    def disk_guard(self) -> DiskGuard: ...
    @property
    def disk_history(self) -> DiskHistory: ...
    @property
    def monitoring(self) -> Monitoring: ...
    @property
    def alerting(self) -> Alerting: ...
    @property
    def namer(self) -> OutputNamer: ...
    @property
    def models(self) -> ModelManager: ...
    @property
    def pruner(self) -> Pruner: ...
