"""How the outputs' disk stands, and when it will be full at the pace at which it fills."""

from dataclasses import dataclass
from datetime import datetime

from heygem.library.retention import DiskFacts
from heygem.maintenance.disk_growth import DiskHistory, find_full_at, find_growth
from heygem.maintenance.disk_guard import DiskGuard, DiskState


@dataclass(frozen=True)
class DiskOutlook:
    """`growth` is in bytes a day; it and `full_at` are None where they are not known, or that day is far away."""

    facts: DiskFacts
    state: DiskState
    growth: float | None
    full_at: datetime | None


def look_ahead(guard: DiskGuard, history: DiskHistory, now: datetime) -> DiskOutlook:
    facts, growth = guard.measure(), find_growth(history.read(), now)
    return DiskOutlook(facts, guard.judge(facts), growth, find_full_at(growth, facts, guard.refuse_share, now))
