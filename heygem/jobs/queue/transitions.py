"""The one place where a job's state changes. Whoever calls it has read the rows in the same writing transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from heygem.domain.errors import CancelledError
from heygem.domain.job import JobState, check_transition
from heygem.domain.queue import Wish
from heygem.jobs.queue.deliveries import announce
from heygem.jobs.queue.records import error_values
from heygem.jobs.queue.tally import tally_ends
from heygem.storage import tables
from heygem.storage.figures import add_figures


def move_job(connection: Connection, now: datetime, job: Row[Any], state: JobState, **values: Any) -> None:
    """Sets the other columns named, too. Raises ValueError where `job` cannot go there."""
    move_jobs(connection, now, [(job, values)], state)


def move_jobs(
    connection: Connection, now: datetime, changes: Sequence[tuple[Row[Any], Mapping[str, Any]]], state: JobState
) -> None:
    """Many to one state; each with the same columns, their values its own."""
    if not changes:
        return
    parameters = [{"of": job.job_id, **_moved(now, job, state), **values} for job, values in changes]
    connection.execute(update(tables.jobs).where(tables.jobs.c.job_id == bindparam("of")), parameters)
    if state.is_final:
        add_figures(connection, tally_ends(state, parameters))
        announce(connection, now, [job for job, _ in changes if job.webhook], state, parameters)


def end_as_wished(connection: Connection, now: datetime, job: Row[Any]) -> None:
    """Where a running job goes that ends before its time and is not to blame for it."""
    wish = Wish(job.wish)
    if wish is Wish.CANCEL:
        move_job(connection, now, job, JobState.CANCELLED, **error_values(CancelledError()))
    else:
        move_job(connection, now, job, JobState.PAUSED if wish is Wish.PAUSE else JobState.QUEUED)


def _moved(now: datetime, job: Row[Any], state: JobState) -> dict[str, Any]:
    """What every change of state brings with it: the lease ends, its time is counted, a wish is fulfilled."""
    ran_s = 0.0 if job.claimed_at is None else max(0.0, (now - job.claimed_at).total_seconds())
    return {
        "state": check_transition(JobState(job.state), state),
        "wish": Wish.GO_ON,
        "worker_id": None,
        "lease_until": None,
        "claimed_at": None,
        "eta_s": None,
        "ran_s": job.ran_s + ran_s,
        "queued_at": now if state is JobState.QUEUED else None,
        "finished_at": now if state.is_final else None,
    }
