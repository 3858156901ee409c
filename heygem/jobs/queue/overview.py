"""The queue in figures, for those who watch over it."""

from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from heygem.domain.errors import InputError
from heygem.domain.figures import QueueFigures
from heygem.domain.job import JobState
from heygem.domain.queue import QueueHealth
from heygem.domain.stored_error import list_codes
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import TaskState
from heygem.storage.figures import read_figures
from heygem.storage.tables import inspections, jobs, webhook_deliveries

INPUT_CODES: Final = list_codes(InputError)


class Overview(QueueBase):
    def read_figures(self) -> QueueFigures:
        """All of one moment."""
        count = func.count()
        by_state = select(jobs.c.state, count).group_by(jobs.c.state)
        waiting = select(count).where(inspections.c.state == TaskState.WAITING)
        in_row = select(count)
        pending = select(count, func.count(webhook_deliveries.c.due_at))
        with self.database.read() as connection:
            found: dict[str, int] = {row[0]: row[1] for row in connection.execute(by_state).all()}
            kept, due = connection.execute(pending).one()
            return QueueFigures(
                jobs={state: found.get(state, 0) for state in JobState},
                oldest_queued_s=self._measure_oldest(connection),
                failures_in_a_row=connection.execute(in_row.where(_is_in_row(connection))).scalar_one(),
                inspections_waiting=connection.execute(waiting).scalar_one(),
                webhooks_pending=due,
                webhooks_given_up=kept - due,
                figures=read_figures(connection),
            )

    def _measure_oldest(self, connection: Connection) -> float:
        oldest = connection.execute(select(func.min(jobs.c.queued_at)).where(jobs.c.state == JobState.QUEUED)).scalar()
        return 0.0 if oldest is None else max(0.0, (self.database.now(connection) - oldest).total_seconds())

    def measure_health(self) -> QueueHealth:
        """What an alarm needs of it, cheap enough for each minute."""
        waiting = select(func.count()).where(jobs.c.state == JobState.QUEUED)
        newest = select(jobs.c.finished_at, jobs.c.error_code).order_by(jobs.c.finished_at.desc()).limit(1)
        with self.database.read() as connection:
            count = connection.execute(waiting).scalar_one()
            is_in_row = _is_in_row(connection)
            failures = connection.execute(select(func.count()).where(is_in_row)).scalar_one()
            last = connection.execute(newest.where(is_in_row)).first()
        return QueueHealth(count) if last is None else QueueHealth(count, failures, last.finished_at, last.error_code)


def _is_in_row(connection: Connection) -> ColumnElement[bool]:
    """Of a job: whether it has failed since one last succeeded, and its inputs are not to blame."""
    last = connection.execute(select(func.max(jobs.c.finished_at)).where(jobs.c.state == JobState.SUCCEEDED)).scalar()
    failed = and_(jobs.c.state == JobState.FAILED, jobs.c.error_code.not_in(INPUT_CODES))
    return failed if last is None else and_(failed, jobs.c.finished_at > last)
