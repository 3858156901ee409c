"""What is to become of each finished video, and why: a pure plan. Touches no file and asks no database."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from heygem.domain.library import OutputKind, OutputRecord, OutputState

RECENT: Final = timedelta(days=1)  # who has just played, restored or brought a video may still be about to pin it


class StepAction(StrEnum):
    KEEP = "keep"
    TRASH = "trash"
    PURGE = "purge"  # for good


class StepReason(StrEnum):
    PINNED = "pinned"
    FOREVER = "forever"  # its kind or its project has no age
    NO_DATE = "no_date"
    IN_USE = "in_use"
    RECENT = "recent"
    NOT_YET = "not_yet"
    PAST_AGE = "past_age"
    IN_TRASH = "in_trash"
    TRASH_OVER = "trash_over"
    DISK_FULL = "disk_full"  # past its age, and the disk has no room for a trash


class CountsFrom(StrEnum):
    MADE = "made"
    USED = "used"


@dataclass(frozen=True)
class RetentionRules:
    """Ages in days; None, or no entry, keeps for ever. A project's age stands in for that of every kind but pinned.

    Shares are of the whole disk: from `full_share` on, what is past its age goes for good until `clean_share` is met.
    """

    ages_days: Mapping[OutputKind, float | None]
    projects_days: Mapping[str, float | None] = field(default_factory=dict)
    counts_from: CountsFrom = CountsFrom.USED
    trash_hours: float = 72.0
    full_share: float = 0.9
    clean_share: float = 0.8


@dataclass(frozen=True)
class DiskFacts:
    total_bytes: int
    free_bytes: int

    @property
    def used_share(self) -> float:
        """0 to 1."""
        return 1 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0


@dataclass(frozen=True)
class PlannedStep:
    """`due_at` is when the record leaves where it is: its place for the trash, or the trash for good. None is never."""

    record: OutputRecord
    action: StepAction
    reason: StepReason
    due_at: datetime | None = None

    @property
    def output_id(self) -> str:
        return self.record.output_id


def plan_retention(
    records: Iterable[OutputRecord],
    rules: RetentionRules,
    now: datetime,
    in_use: Collection[str] = (),
    disk: DiskFacts | None = None,
) -> list[PlannedStep]:
    """One step for each record that has a file, in their order; `in_use` are the ids of outputs that a job reads.

    Never one in use, pinned, played within RECENT, or younger than its age. Carried out and planned again at the same
    moment, nothing is left to do, as long as `trash_hours` is more than 0.
    """
    present = (record for record in records if record.state in (OutputState.PRESENT, OutputState.TRASHED))
    steps = [_plan_one(record, rules, now, in_use) for record in present]
    return _make_room(steps, rules, now, disk) if disk is not None and disk.used_share >= rules.full_share else steps


def find_due_at(record: OutputRecord, rules: RetentionRules) -> datetime | None:
    """When the record is past its age; None for never."""
    age_days = find_age_days(record, rules)
    start = record.created_at
    if rules.counts_from is CountsFrom.USED and start is not None:
        start = max(start, record.used_at or start)
    return None if age_days is None or start is None else start + timedelta(days=age_days)


def find_age_days(record: OutputRecord, rules: RetentionRules) -> float | None:
    if record.kind is OutputKind.PINNED:
        return None
    if record.project in rules.projects_days:
        return rules.projects_days[record.project]
    return rules.ages_days.get(record.kind)


def _plan_one(record: OutputRecord, rules: RetentionRules, now: datetime, in_use: Collection[str]) -> PlannedStep:
    if reason := _find_hold(record, in_use):
        return PlannedStep(record, StepAction.KEEP, reason)
    if record.state is OutputState.TRASHED:
        if record.trashed_at is None:
            return PlannedStep(record, StepAction.KEEP, StepReason.NO_DATE)
        over_at = record.trashed_at + timedelta(hours=rules.trash_hours)
        if over_at <= now:
            return PlannedStep(record, StepAction.PURGE, StepReason.TRASH_OVER, over_at)
        return PlannedStep(record, StepAction.KEEP, StepReason.IN_TRASH, over_at)
    due_at = find_due_at(record, rules)
    if due_at is None:
        reason = StepReason.FOREVER if find_age_days(record, rules) is None else StepReason.NO_DATE
        return PlannedStep(record, StepAction.KEEP, reason)
    if due_at > now:
        return PlannedStep(record, StepAction.KEEP, StepReason.NOT_YET, due_at)
    if _is_recent(record, now):
        return PlannedStep(record, StepAction.KEEP, StepReason.RECENT, due_at)
    return PlannedStep(record, StepAction.TRASH, StepReason.PAST_AGE, due_at)


def _find_hold(record: OutputRecord, in_use: Collection[str]) -> StepReason | None:
    if record.kind is OutputKind.PINNED:
        return StepReason.PINNED
    return StepReason.IN_USE if record.output_id in in_use else None


def _is_recent(record: OutputRecord, now: datetime) -> bool:
    return record.used_at is not None and record.used_at > now - RECENT


def _make_room(steps: list[PlannedStep], rules: RetentionRules, now: datetime, disk: DiskFacts) -> list[PlannedStep]:
    """`steps` with what is past its age going for good instead of to the trash, longest due first, as far as needed."""
    needed = int((1 - rules.clean_share) * disk.total_bytes) - disk.free_bytes
    needed -= sum(step.record.size_bytes for step in steps if step.action is StepAction.PURGE)
    due = {step.output_id: due_at for step in steps if (due_at := _find_overdue(step, rules, now))}
    chosen = set()
    for step in sorted((step for step in steps if step.output_id in due), key=lambda step: due[step.output_id]):
        if needed <= 0:
            break
        chosen.add(step.output_id)
        needed -= step.record.size_bytes
    return [
        replace(step, action=StepAction.PURGE, reason=StepReason.DISK_FULL, due_at=due[step.output_id])
        if step.output_id in chosen
        else step
        for step in steps
    ]


def _find_overdue(step: PlannedStep, rules: RetentionRules, now: datetime) -> datetime | None:
    """When a file that is on its way out, or in the trash, came past its age; None where it has not."""
    is_leaving = step.action is StepAction.TRASH or step.reason is StepReason.IN_TRASH
    due_at = find_due_at(step.record, rules) if is_leaving and not _is_recent(step.record, now) else None
    return due_at if due_at is not None and due_at <= now else None
