"""The metrics of the queue, its workers and the figures that only grow. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from heygem.domain.figures import STAGE_BOUNDS_S, Figure, FigureName, QueueFigures
from heygem.domain.job import JobState
from heygem.domain.queue import WorkerKind, WorkerStatus
from heygem.jobs.queue.overview import INPUT_CODES

Amounts: TypeAlias = Mapping[Figure, float]


def build_queue_families(queue: QueueFigures, workers: Iterable[WorkerStatus]) -> Iterator[Metric]:
    """`workers` are those alive."""
    jobs = GaugeMetricFamily("heygem_jobs", "Jobs by state", labels=["state"])
    for state, count in queue.jobs.items():
        jobs.add_metric([state], count)
    yield jobs
    for name, text, value in (
        ("queue_oldest_seconds", "How long the job has been queued that is so the longest", queue.oldest_queued_s),
        ("failures_in_a_row", "Jobs failed by the machine's fault since one succeeded", queue.failures_in_a_row),
        ("inspections_waiting", "Inputs that wait to be looked at", queue.inspections_waiting),
        ("webhooks_pending", "Webhooks that are still to be delivered", queue.webhooks_pending),
        ("webhooks_given_up", "Webhooks that could not be delivered", queue.webhooks_given_up),
    ):
        yield GaugeMetricFamily(f"heygem_{name}", text, value)
    yield _count_workers(workers)


def build_sum_families(figures: Amounts) -> Iterator[Metric]:
    """Counters that every server of one database gives alike."""
    yield _count_ends(figures)
    yield _count_failures(figures)
    for name, figure, text in (
        ("rendered_frames", FigureName.FRAMES, "Frames of finished videos"),
        ("rendered_voice_seconds", FigureName.VOICE_SECONDS, "Length of finished videos"),
        ("job_run_seconds", FigureName.RUN_SECONDS, "Time that jobs ran which succeeded"),
        ("prune_runs", FigureName.PRUNES, "Runs of retention that came to their end"),
        ("prune_trashed", FigureName.PRUNE_TRASHED, "Videos that retention threw into the trash"),
        ("prune_purged", FigureName.PRUNE_PURGED, "Videos that retention removed for good"),
        ("prune_freed_bytes", FigureName.PRUNE_FREED_BYTES, "Bytes that retention freed"),
        ("archive_copied", FigureName.ARCHIVE_COPIED, "Videos that were copied to the archive, and verified there"),
        ("archive_copied_bytes", FigureName.ARCHIVE_COPIED_BYTES, "Bytes of these"),
        ("archive_released", FigureName.ARCHIVE_RELEASED, "Videos that left the disk since the archive has them"),
        ("archive_released_bytes", FigureName.ARCHIVE_RELEASED_BYTES, "Bytes that this freed"),
    ):
        yield CounterMetricFamily(f"heygem_{name}", text, figures.get(Figure(figure), 0.0))
    pruned_at = figures.get(Figure(FigureName.PRUNED_AT))
    last = GaugeMetricFamily("heygem_prune_last_run_timestamp_seconds", "When retention last came to its end")
    if pruned_at is not None:
        last.add_metric([], pruned_at)
    yield last
    yield _build_stages(figures)


def _count_workers(workers: Iterable[WorkerStatus]) -> Metric:
    family = GaugeMetricFamily("heygem_workers", "Worker processes that are alive", labels=["kind", "host"])
    alive = Counter((worker.kind, worker.machine) for worker in workers)
    for (kind, host), count in alive.items():
        family.add_metric([kind, host], count)
    for kind in WorkerKind:
        if kind not in {found for found, _ in alive}:
            family.add_metric([kind, ""], 0)  # or "none" could not be told from "not known"
    return family


def _count_ends(figures: Amounts) -> Metric:
    """With every series from the start, so that a first failure is an increase."""
    family = CounterMetricFamily("heygem_jobs_ended", "Ends of jobs", labels=["state", "fault"])
    ends: Counter[tuple[str, str]] = Counter()
    for figure, value in figures.items():
        if figure.name == FigureName.JOBS_ENDED:
            ends[figure.label, _find_fault(figure.detail)] += int(value)
    for state in (JobState.SUCCEEDED, JobState.CANCELLED):
        family.add_metric([state, ""], ends[state, ""])
    for fault in ("input", "machine"):
        family.add_metric([JobState.FAILED, fault], ends[JobState.FAILED, fault])
    return family


def _count_failures(figures: Amounts) -> Metric:
    family = CounterMetricFamily("heygem_job_failures", "Jobs that failed, by error", labels=["code", "fault"])
    for figure, value in sorted(figures.items(), key=lambda item: item[0].detail):
        if figure.name == FigureName.JOBS_ENDED and figure.detail:
            family.add_metric([figure.detail, _find_fault(figure.detail)], value)
    return family


def _find_fault(code: str) -> str:
    if not code:
        return ""
    return "input" if code in INPUT_CODES else "machine"


def _build_stages(figures: Amounts) -> Metric:
    family = HistogramMetricFamily(
        "heygem_stage_seconds", "Time of each stage of jobs that succeeded", labels=["stage"]
    )
    runs: defaultdict[str, dict[float, float]] = defaultdict(dict)
    for figure, value in figures.items():
        if figure.name == FigureName.STAGE_RUNS:
            runs[figure.label][float(figure.detail)] = value
    for stage, counts in sorted(runs.items()):
        buckets = [(_name_bound(bound), _count_within(counts, bound)) for bound in STAGE_BOUNDS_S]
        family.add_metric([stage], buckets, figures.get(Figure(FigureName.STAGE_SECONDS, stage), 0.0))
    return family


def _name_bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)


def _count_within(counts: Mapping[float, float], bound: float) -> float:
    """Those counted under other bounds by an earlier version included."""
    return sum(count for kept_to, count in counts.items() if kept_to <= bound)
