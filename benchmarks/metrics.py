"""What a scrape of the metrics costs: `python -m benchmarks.metrics [--url URL] [--jobs 1000] [--outputs 100000]`.

Over a queue of jobs of which one half has ended, a library of finished videos, and a year's samples of the disk, each
scrape with everything read anew. Beside it what `/readyz` takes.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.library import insert_rows, make_rows, median_ms
from benchmarks.queue import PLENTY, fill, open_queue
from heygem.domain.job import LipSyncResult
from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.maintenance import readiness
from heygem.maintenance.disk_growth import MAX_BYTES, DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.metrics import collector
from heygem.maintenance.monitoring import build_monitoring
from heygem.storage.database import Database

STAGES: Final = ("prepare", "listen", "track", "render", "check", "render.decode", "render.paint", "render.encode")


def fill_queue(queue: JobQueue, folder: Path, count: int) -> None:
    fill(queue, folder, count)
    queue.register_worker("worker", WorkerKind.RENDER, "here", 1, "cpu")
    for number in range(count // 2):
        lease = queue.claim("worker", PLENTY)
        assert lease is not None
        seconds = {stage: float(number % 100) for stage in STAGES}
        queue.succeed(lease, LipSyncResult(lease.request.output, 250, 10.0, stage_seconds=seconds))


def fill_library(database: Database, count: int, now: datetime) -> None:
    rows = make_rows(count, now)
    insert_rows(database, [{**row, "size_bytes": 10_000_000 + number} for number, row in enumerate(rows)])


def fill_history(history: DiskHistory, now: datetime) -> int:
    """As many samples as are kept at most; how many."""
    lines: list[str] = []
    size = 0
    while size < MAX_BYTES:
        at = (now - timedelta(hours=len(lines))).isoformat()
        lines.append(json.dumps({"at": at, "used_bytes": 10**12 - 10**8 * len(lines)}))
        size += len(lines[-1]) + 1
    history.path.write_text("\n".join(reversed(lines)) + "\n")
    return len(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--outputs", type=int, default=100_000)
    arguments = parser.parse_args()
    collector.FRESH_S = readiness.FRESH_S = 0.0  # type: ignore[misc]  # so that nothing is remembered
    with tempfile.TemporaryDirectory() as home:
        folder, now = Path(home), datetime.now(UTC)
        url = arguments.url or f"sqlite:///{folder / 'heygem.db'}"
        Database(url).upgrade()
        queue, history = open_queue(url), DiskHistory(folder / "disk.jsonl")
        fill_queue(queue, folder / "jobs", arguments.jobs)
        fill_library(queue.database, arguments.outputs, now)
        samples = fill_history(history, now)
        library, guard = Library(queue.database, folder, folder / "cache"), DiskGuard(folder, 0.8, 0.9, 0)
        monitoring = build_monitoring(queue, library, guard, history, lambda: False)
        size = len(monitoring.metrics.render("")[0])
        kind = url.partition(":")[0]
        print(f"{kind}: {arguments.jobs} jobs, {arguments.outputs} outputs, {samples} samples of the disk")
        for name, work in (
            (f"scrape, {size} bytes", lambda: monitoring.metrics.render("")),
            ("  of that: figures of the queue", queue.read_figures),
            ("  of that: workers", queue.list_live_workers),
            ("  of that: stock of the library", library.list_stock),
            ("  of that: samples of the disk", history.read),
            ("readiness", monitoring.readiness.look),
        ):
            print(f"{name:36} {median_ms(work):8.1f} ms")
        queue.database.close()


if __name__ == "__main__":
    main()
