"""What Prometheus is told, read with the parser of its client over a true queue, library and disk."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

import heygem
from heygem.config.settings import load_settings
from heygem.domain.errors import DatabaseError
from heygem.domain.figures import Figure, FigureName, QueueFigures
from heygem.domain.job import JobState
from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.maintenance.metrics import collector
from heygem.maintenance.metrics.queue_families import build_sum_families
from tests.fakes import FakeServices

OPEN = "application/openmetrics-text; version=1.0.0"
Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    monkeypatch.setattr(collector, "FRESH_S", 0.0)
    paths = {name: tmp_path / name for name in ("outputs", "cache", "data")}
    paths["outputs"].mkdir()
    return FakeServices(load_settings(paths=paths))


def scrape(services: FakeServices) -> Samples:
    body, _ = services.monitoring.metrics.render("")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def find(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def test_a_new_installation_has_every_series_that_alerts_hang_on(services: FakeServices):
    samples = scrape(services)
    assert find(samples, "heygem_build_info", version=heygem.__version__) == 1
    for state in JobState:
        assert find(samples, "heygem_jobs", state=state) == 0
    for labels in ({"state": "succeeded", "fault": ""}, {"state": "failed", "fault": "machine"}):
        assert find(samples, "heygem_jobs_ended_total", **labels) == 0
    assert find(samples, "heygem_workers", kind="render", host="here") == 1  # that of the fakes
    services.queue.forget_worker(WorkerKind.RENDER)
    assert find(scrape(services), "heygem_workers", kind="render", host="") == 0
    assert find(samples, "heygem_outputs_bytes", state="trashed", kind="pinned") == 0
    assert find(samples, "heygem_disk_refuse_ratio") == 1.0
    assert find(samples, "heygem_source_up", source="database") == find(samples, "heygem_source_up", source="disk") == 1
    assert find(samples, "heygem_disk_full_timestamp_seconds") is None
    assert {name for name, _ in samples} >= {"process_resident_memory_bytes", "python_info"}
    services.queue.database.close()


def test_library_and_disk(services: FakeServices):
    path = services.library.outputs_dir / "a.mp4"
    path.write_bytes(b"v" * 1000)
    services.library.add(path)
    used = services.disk_guard.measure()
    now = datetime.now(UTC)
    lines = [
        {"at": (now - timedelta(days=age)).isoformat(), "used_bytes": used.total_bytes - used.free_bytes - age * 86400}
        for age in (3, 2, 1, 0)
    ]
    services.disk_history.path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    samples = scrape(services)
    assert find(samples, "heygem_outputs", state="present", kind="important") == 1
    assert find(samples, "heygem_outputs_bytes", state="present", kind="important") == 1000
    assert find(samples, "heygem_disk_total_bytes") == used.total_bytes
    growth = find(samples, "heygem_disk_growth_bytes_per_second")
    assert growth == pytest.approx(1.0, rel=0.01)
    services.queue.database.close()


def test_the_histogram_of_stages_and_the_faults_of_failures():
    figures = {
        Figure(FigureName.STAGE_RUNS, "render", "1.0"): 2.0,
        Figure(FigureName.STAGE_RUNS, "render", "7.0"): 1.0,  # a bound of another version
        Figure(FigureName.STAGE_RUNS, "render", "inf"): 1.0,
        Figure(FigureName.STAGE_SECONDS, "render"): 4000.0,
        Figure(FigureName.JOBS_ENDED, "failed", "FACE_NOT_FOUND"): 3.0,
        Figure(FigureName.JOBS_ENDED, "failed", "ENCODE_FAILED"): 4.0,
        Figure(FigureName.JOBS_ENDED, "failed", "OF_TOMORROW"): 5.0,
        Figure("of_tomorrow"): 1.0,
    }
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in build_sum_families(figures)
        for sample in family.samples
    }
    assert [samples["heygem_stage_seconds_bucket", "render", bound] for bound in ("0.5", "1.0", "5.0", "10.0")] == [
        0, 2, 2, 3,
    ]  # fmt: skip
    assert samples["heygem_stage_seconds_bucket", "render", "+Inf"] == samples["heygem_stage_seconds_count", "render"]
    assert samples["heygem_stage_seconds_count", "render"] == 4
    assert samples["heygem_stage_seconds_sum", "render"] == 4000.0
    assert samples["heygem_job_failures_total", "FACE_NOT_FOUND", "input"] == 3
    assert samples["heygem_jobs_ended_total", "failed", "input"] == 3
    assert samples["heygem_jobs_ended_total", "failed", "machine"] == 9


def test_both_formats_and_no_name_twice(services: FakeServices):
    body, content_type = services.monitoring.metrics.render(OPEN)
    assert content_type.startswith("application/openmetrics-text") and body.endswith(b"# EOF\n")
    families = list(openmetrics_parser.text_string_to_metric_families(body.decode()))  # which is strict
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    plain, content_type = services.monitoring.metrics.render("*/*")
    assert content_type.startswith("text/plain; version=0.0.4") and b"# TYPE heygem_jobs gauge" in plain
    services.queue.database.close()


def test_the_rest_is_told_while_the_database_is_away(services: FakeServices, monkeypatch: pytest.MonkeyPatch):
    def fail(_: JobQueue) -> None:
        raise DatabaseError(reason="away")

    monkeypatch.setattr(JobQueue, "read_figures", fail)
    samples = scrape(services)
    assert find(samples, "heygem_source_up", source="database") == 0
    assert find(samples, "heygem_source_up", source="disk") == 1
    assert find(samples, "heygem_jobs", state="queued") is None and find(samples, "heygem_disk_full") == 0
    services.queue.database.close()


def test_several_that_scrape_within_seconds_cost_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    services = FakeServices(load_settings(paths={name: tmp_path / name for name in ("outputs", "cache", "data")}))
    calls: list[int] = []
    read = JobQueue.read_figures

    def count(self: JobQueue) -> QueueFigures:
        calls.append(1)
        return read(self)

    monkeypatch.setattr(JobQueue, "read_figures", count)
    assert scrape(services).keys() == scrape(services).keys() and calls == [1]
    services.queue.database.close()


def test_the_rest_is_told_in_time_while_the_database_hangs(services: FakeServices, monkeypatch: pytest.MonkeyPatch):
    gate = threading.Event()

    def hang(_: JobQueue) -> None:
        gate.wait(30)
        raise DatabaseError(reason="away")

    monkeypatch.setattr(collector, "LIMIT_S", 0.3)
    monkeypatch.setattr(JobQueue, "read_figures", hang)
    samples = scrape(services)
    assert not gate.is_set() and find(samples, "heygem_disk_full") == 0
    assert find(samples, "heygem_source_up", source="database") == 0
    gate.set()
    services.queue.database.close()
