"""What tells those outside how a server does: its metrics and its readiness, built together."""

from collections.abc import Callable
from dataclasses import dataclass

from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.metrics.collector import HeyGemCollector, Metrics
from heygem.maintenance.readiness import Readiness, build_readiness


@dataclass(frozen=True)
class Monitoring:
    metrics: Metrics
    readiness: Readiness


def build_monitoring(
    queue: JobQueue, library: Library, guard: DiskGuard, history: DiskHistory, is_starting: Callable[[], bool]
) -> Monitoring:
    """`is_starting` says whether a renderer of this machine is on its way."""
    metrics = Metrics(HeyGemCollector(queue, library, guard, history))
    return Monitoring(metrics, build_readiness(queue, guard, is_starting))
