"""Batches as sums over their jobs: how many are in which state, how much is done, how long the rest may take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from heygem.domain.job import JobState
from heygem.domain.queue import BatchStatus, WorkerKind
from heygem.storage.tables import jobs, workers

MEASURED: Final = 20  # of the last jobs, whose pace tells that of the next ones


def list_statuses(
    connection: Connection, now: datetime, batches: Sequence[Row[Any]], lease_s: float
) -> list[BatchStatus]:
    """Of rows of batches, in their order."""
    ids = [batch.batch_id for batch in batches]
    sums = _sum_by_state(connection, ids)
    running = _list_running(connection, ids)
    pace = _measure_pace(connection)
    renderers = _count_renderers(connection, now, lease_s)
    return [
        BatchStatus(
            batch_id=batch.batch_id,
            name=batch.name,
            owner=batch.owner,
            project=batch.project,
            created_at=batch.created_at,
            counts={JobState(row.state): row.total for row in sums[batch.batch_id]},
            share=_weigh(sums[batch.batch_id]),
            eta_s=_estimate_s(sums[batch.batch_id], running[batch.batch_id], pace, renderers),
            current=running[batch.batch_id][0].person.name if running[batch.batch_id] else "",
        )
        for batch in batches
    ]


def _sum_by_state(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """`frames` of the `known` jobs, those that have been inspected, and `done` of these frames."""
    query = select(
        jobs.c.batch_id,
        jobs.c.state,
        func.count().label("total"),
        func.count(jobs.c.frame_count).label("known"),
        func.coalesce(func.sum(jobs.c.frame_count), 0).label("frames"),
        func.coalesce(func.sum(jobs.c.frame_count * jobs.c.share), 0.0).label("done"),
        func.coalesce(func.sum(jobs.c.expected_s * (1.0 - jobs.c.share)), 0.0).label("left_s"),
    )
    grouped = defaultdict(list)
    for row in connection.execute(query.where(jobs.c.batch_id.in_(ids)).group_by(jobs.c.batch_id, jobs.c.state)).all():
        grouped[row.batch_id].append(row)
    return grouped


def _list_running(connection: Connection, ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    names = ("batch_id", "person", "expected_s", "eta_s", "share")
    query = select(*[jobs.c[name] for name in names]).where(jobs.c.batch_id.in_(ids), jobs.c.state == JobState.RUNNING)
    grouped = defaultdict(list)
    for row in connection.execute(query.order_by(jobs.c.claimed_at)).all():
        grouped[row.batch_id].append(row)
    return grouped


def _measure_pace(connection: Connection) -> float | None:
    """How many times as long as expected the last finished jobs took."""
    last = select(jobs.c.ran_s, jobs.c.expected_s).where(jobs.c.state == JobState.SUCCEEDED)
    last_ones = last.order_by(jobs.c.finished_at.desc()).limit(MEASURED).subquery()
    ran_s, expected_s = connection.execute(select(func.sum(last_ones.c.ran_s), func.sum(last_ones.c.expected_s))).one()
    return ran_s / expected_s if ran_s and expected_s else None


def _count_renderers(connection: Connection, now: datetime, lease_s: float) -> int:
    live = select(func.count()).select_from(workers).where(workers.c.kind == WorkerKind.RENDER)
    return connection.execute(live.where(workers.c.beat_at >= now - timedelta(seconds=lease_s))).scalar_one()


def _weigh(rows: Sequence[Row[Any]]) -> float:
    """How much of all frames is done; a job that is not inspected yet weighs as much as the others on average."""
    known, frames = sum(row.known for row in rows), sum(row.frames for row in rows)
    typical = frames / known if known else 1.0
    done = whole = 0.0
    for row in rows:
        weight = row.frames + (row.total - row.known) * typical
        whole += weight
        done += weight if JobState(row.state).is_final else row.done
    return done / whole if whole else 1.0


def _estimate_s(
    rows: Sequence[Row[Any]], running: Sequence[Row[Any]], pace: float | None, renderers: int
) -> float | None:
    """What the running jobs say that they still need, and what the queued ones are expected to by the pace so far."""
    if pace is None:
        pace = _project_pace(running)
    if not running or pace is None:
        return None
    left_s = sum(job.eta_s if job.eta_s is not None else pace * job.expected_s * (1.0 - job.share) for job in running)
    left_s += pace * sum(row.left_s for row in rows if row.state == JobState.QUEUED)
    return float(left_s) / max(1, renderers)


def _project_pace(running: Sequence[Row[Any]]) -> float | None:
    """From what the running jobs say that they still need."""
    telling = [job for job in running if job.eta_s is not None and job.share < 1.0]
    left_s = sum(job.expected_s * (1.0 - job.share) for job in telling)
    return sum(job.eta_s for job in telling) / left_s if left_s else None
