"""The metrics of the library and of the disk that it lies on. Pure."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from heygem.library.stock import Stock
from heygem.maintenance.disk_guard import DiskGuard, DiskState
from heygem.maintenance.disk_outlook import DiskOutlook

DAY_S = 86400


def build_library_families(stock: Iterable[Stock]) -> Iterator[Metric]:
    count = GaugeMetricFamily("heygem_outputs", "Finished videos", labels=["state", "kind"])
    size = GaugeMetricFamily("heygem_outputs_bytes", "Bytes of finished videos", labels=["state", "kind"])
    for row in stock:
        count.add_metric([row.state, row.kind], row.count)
        size.add_metric([row.state, row.kind], row.size_bytes)
    yield from (count, size)


def build_disk_families(outlook: DiskOutlook, guard: DiskGuard) -> Iterator[Metric]:
    """Without a growth or a day where these are not known."""
    facts = outlook.facts
    for name, text, value in (
        ("total_bytes", "Size of the outputs' disk, as far as it may be used", float(facts.total_bytes)),
        ("free_bytes", "Bytes that are free on it", float(facts.free_bytes)),
        ("used_ratio", "Share of it that is in use, 0 to 1", facts.used_share),
        ("warn_ratio", "Share in use from which on the page warns", guard.warn_share),
        ("refuse_ratio", "Share in use from which on no new job is taken", guard.refuse_share),
        ("full", "1 while no new job is taken for want of room", float(outlook.state is DiskState.FULL)),
    ):
        yield GaugeMetricFamily(f"heygem_disk_{name}", text, value)
    growth = GaugeMetricFamily("heygem_disk_growth_bytes_per_second", "How fast the disk fills; below 0, it empties")
    if outlook.growth is not None:
        growth.add_metric([], outlook.growth / DAY_S)
    yield growth
    full_at = GaugeMetricFamily("heygem_disk_full_timestamp_seconds", "When no new job will be taken, at that pace")
    if outlook.full_at is not None:
        full_at.add_metric([], outlook.full_at.timestamp())
    yield full_at
