"""Which rows retention may act on: what retention.py says of records, in the database's words."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, false, not_, or_

from heygem.domain.library import OutputKind, OutputState
from heygem.library.retention import ArchiveRules, CountsFrom, RetentionRules
from heygem.storage.tables import outputs

Condition = ColumnElement[bool]

MOMENT: Final = timedelta(microseconds=1)  # the least that a database tells apart


def may_be_planned(rules: RetentionRules, now: datetime) -> Condition:
    """Holds for every row that plan_retention would do something with at `now`, and for few others."""
    leaves = expires_before(now + MOMENT, rules) | _is_wanted_at_once(rules.archive)
    return or_(outputs.c.state == OutputState.TRASHED, and_(outputs.c.state == OutputState.PRESENT, leaves))


def expires_before(before: datetime, rules: RetentionRules | None) -> Condition:
    """Of rows whose file lies under its name: whether retention.find_due_at is before that time."""
    columns = outputs.c
    if rules is None:
        return false()
    counts_from = rules.counts_from

    def is_older(days: float | None) -> Condition:
        if days is None:
            return false()
        start = before - timedelta(days=days)
        is_old = columns.created_at < start
        return and_(is_old, columns.used_at < start) if counts_from is CountsFrom.USED else is_old

    youngest = min(
        (days for days in (*rules.ages_days.values(), *rules.projects_days.values()) if days is not None), default=None
    )
    by_kind = [and_(columns.kind == kind, is_older(days)) for kind, days in rules.ages_days.items()]
    by_project = [and_(columns.project == name, is_older(days)) for name, days in rules.projects_days.items()]
    has_own = columns.project.in_(list(rules.projects_days))
    by_either = or_(false(), *by_project, and_(not_(has_own), or_(false(), *by_kind)))
    # The first of these alone would be enough to be right; by the last one an index finds where to begin.
    return and_(by_either, columns.kind != OutputKind.PINNED, is_older(youngest))


def _is_wanted_at_once(archive: ArchiveRules | None) -> Condition:
    if archive is None:
        return false()
    return and_(outputs.c.archived_at.is_(None), outputs.c.kind.in_(list(archive.at_once)))
