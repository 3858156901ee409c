"""Reads what Prometheus is told at the moment it asks: several processes and machines share the queue, so that no
process could count it all itself.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

import heygem
from heygem.domain.figures import QueueFigures
from heygem.domain.queue import WorkerStatus
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.library.stock import Stock
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.disk_outlook import look_ahead
from heygem.maintenance.metrics.queue_families import build_queue_families, build_sum_families
from heygem.maintenance.metrics.storage_families import build_disk_families, build_library_families
from heygem.maintenance.probe import Probe

log = logging.getLogger(__name__)

FRESH_S: Final = 3.0  # several that scrape cost as much as one
LIMIT_S: Final = 4.0  # Prometheus waits for ten seconds by itself

T = TypeVar("T")


@dataclass(frozen=True)
class DatabaseFacts:
    """`took_s` is how long they took to read."""

    queue: QueueFigures
    workers: list[WorkerStatus]
    stock: list[Stock]
    took_s: float


class HeyGemCollector(Collector):
    """What cannot be read is left out, and said to be down."""

    def __init__(self, queue: JobQueue, library: Library, guard: DiskGuard, history: DiskHistory) -> None:
        def read() -> DatabaseFacts:
            began = time.monotonic()
            facts = queue.read_figures(), queue.list_live_workers(), library.list_stock()
            return DatabaseFacts(*facts, time.monotonic() - began)

        self._guard = guard
        self._database = Probe(read, FRESH_S)
        self._disk = Probe(lambda: look_ahead(guard, history, datetime.now(UTC)), FRESH_S)

    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("heygem_build", "The version that runs", {"version": heygem.__version__})
        up = GaugeMetricFamily("heygem_source_up", "1 if what the metrics come from could be read", labels=["source"])
        database, disk, deadline = self._database.begin(), self._disk.begin(), time.monotonic() + LIMIT_S
        yield from _build("database", database, deadline, self._build_database, up)
        yield from _build("disk", disk, deadline, lambda outlook: build_disk_families(outlook, self._guard), up)
        yield up

    def _build_database(self, facts: DatabaseFacts) -> Iterator[Metric]:
        yield from build_queue_families(facts.queue, facts.workers)
        yield from build_sum_families(facts.queue.figures)
        yield from build_library_families(facts.stock)
        yield GaugeMetricFamily("heygem_database_read_seconds", "Time that reading these took", facts.took_s)


class Metrics:
    """The metrics of one server, as text."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """In the format that a request's Accept header asks for, and the name of that."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


def _build(
    name: str, answer: Future[T], deadline: float, build: Callable[[T], Iterable[Metric]], up: GaugeMetricFamily
) -> Iterable[Metric]:
    try:
        facts = answer.result(max(0.0, deadline - time.monotonic()))
    except Exception as error:  # whatever it is, the rest can be told
        log.warning("metrics of the %s cannot be read: %s", name, str(error) or type(error).__name__)
        up.add_metric([name], 0)
        return ()
    up.add_metric([name], 1)
    return build(facts)
