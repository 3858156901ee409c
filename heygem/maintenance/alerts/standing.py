"""Which alerts stand, and when something is said of them: a pure function of what stood, what is seen, and the time.

Each alert is told when it is raised, when it gets worse, again while it stands, and once when it is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from heygem.maintenance.alerts.conditions import Condition, Facts, Sighting, Sightings

HOLD: Final = timedelta(minutes=10)  # for so long it must be gone before it is over
AGAIN: Final = timedelta(minutes=30)  # what comes back is told no sooner after it was told last

Told: TypeAlias = Mapping[Condition, datetime]


class LetterKind(StrEnum):
    RAISED = "raised"
    REPEATED = "repeated"
    CLEARED = "cleared"


@dataclass(frozen=True)
class Letter:
    """Something to be said. `since` is when it began."""

    topic: str
    kind: LetterKind
    condition: Condition
    facts: Facts
    since: datetime
    at: datetime


@dataclass(frozen=True)
class Standing:
    """`risen_at` is when it became as bad as it is, `gone_at` since when it is better, `told_as` what has been said of
    it since it began.
    """

    topic: str
    condition: Condition
    facts: Facts
    since: datetime
    risen_at: datetime
    gone_at: datetime | None = None
    told_as: Condition | None = None


@dataclass(frozen=True)
class AlertState:
    """By topic: what stands, and when which condition was told last, which outlives what stands."""

    standing: Mapping[str, Standing] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)


def follow(state: AlertState, seen: Sightings, now: datetime, repeat: timedelta) -> tuple[AlertState, list[Letter]]:
    """The next state, and what is to be said now. A topic that is not in `seen`, or None there, stays as it is."""
    standing, told, letters = dict(state.standing), dict(state.told), list[Letter]()
    for topic in sorted(topic for topic, sighting in seen.items() if sighting is not None):
        sighting, before = seen[topic], standing.pop(topic, None)
        assert sighting is not None
        after = _judge(topic, before, sighting, now)
        if after is None:
            if before is not None and before.told_as is not None:
                letters.append(_write(replace(before, condition=before.told_as), LetterKind.CLEARED, now))
            continue
        standing[topic] = after
        kind = _find_due(after, told.get(topic, {}), now, repeat) if sighting.condition is after.condition else None
        if kind is not None:
            standing[topic] = replace(after, told_as=after.condition)
            told[topic] = {**told.get(topic, {}), after.condition: now}
            letters.append(_write(after, kind, now))
    told = {topic: times for topic, times in told.items() if topic in standing or _is_fresh(times, now)}
    return AlertState(standing, told), letters


def _judge(topic: str, before: Standing | None, sighting: Sighting, now: datetime) -> Standing | None:
    """What stands after the look, None for nothing."""
    found, facts = sighting.condition, sighting.facts
    if before is None:
        return None if found is None else Standing(topic, found, facts, since=now, risen_at=now)
    if found is before.condition:
        return replace(before, facts=facts, gone_at=None)
    if found is not None and found.rank > before.condition.rank:
        return replace(before, condition=found, facts=facts, risen_at=now, gone_at=None)
    if sighting.lingering is not None and sighting.lingering.rank >= before.condition.rank:
        return replace(before, gone_at=None)
    if found is None and before.told_as is None:
        return None
    gone_at = before.gone_at or now
    if timedelta(0) <= now - gone_at < HOLD:
        return replace(before, gone_at=gone_at)
    if found is None:
        return None
    told_as = None if before.told_as is None else found
    return replace(before, condition=found, facts=facts, risen_at=now, gone_at=None, told_as=told_as)


def _find_due(standing: Standing, told: Told, now: datetime, repeat: timedelta) -> LetterKind | None:
    condition, known = standing.condition, standing.told_as
    if known is None or known.rank < condition.rank:
        is_settled = now - standing.risen_at >= condition.patience
        return LetterKind.RAISED if is_settled and not _is_within(told.get(condition), now, AGAIN) else None
    last = max(told.values(), default=None)
    return None if _is_within(last, now, repeat) else LetterKind.REPEATED


def _is_within(then: datetime | None, now: datetime, span: timedelta) -> bool:
    """A clock that was set back must not silence anything."""
    return then is not None and timedelta(0) <= now - then < span


def _is_fresh(times: Told, now: datetime) -> bool:
    return any(_is_within(then, now, AGAIN) for then in times.values())


def _write(standing: Standing, kind: LetterKind, now: datetime) -> Letter:
    return Letter(standing.topic, kind, standing.condition, standing.facts, standing.since, now)
