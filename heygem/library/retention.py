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
    ARCHIVE = "archive"  # copied; its file stays
    RELEASE = "release"  # for good, since the archive has it
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
    AT_ONCE = "at_once"  # its kind is archived without waiting for its age
    ARCHIVED = "archived"  # past its age, and copied lately
    IN_TRASH = "in_trash"
    TRASH_OVER = "trash_over"
    DISK_FULL = "disk_full"  # past its age, and the disk has no room for it any longer


class CountsFrom(StrEnum):
    MADE = "made"
    USED = "used"


@dataclass(frozen=True)
class ArchiveRules:
    """`kinds` are copied to the archive when they come to their age, `at_once` without waiting for it. What is there
    stays on the disk until it is past its age, and for `keep_local_hours` after it was copied.
    """

    kinds: Collection[OutputKind]
    at_once: Collection[OutputKind] = ()
    keep_local_hours: float = 24.0

    def is_wanted(self, kind: OutputKind) -> bool:
        return kind in self.kinds or kind in self.at_once


@dataclass(frozen=True)
class RetentionRules:
    """Ages in days; None, or no entry, keeps for ever. A project's age stands in for that of every kind but pinned.

    Shares are of the whole disk: from `full_share` on, what is past its age goes for good until `clean_share` is met.
    Without `archive` nothing is copied, and copies that are there count for nothing.
    """

    ages_days: Mapping[OutputKind, float | None]
    projects_days: Mapping[str, float | None] = field(default_factory=dict)
    counts_from: CountsFrom = CountsFrom.USED
    trash_hours: float = 72.0
    full_share: float = 0.9
    clean_share: float = 0.8
    archive: ArchiveRules | None = None


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
    """`due_at` is when the record leaves where it is: its place for the trash or the archive, or the trash for good.
    None is never. What is archived at once is due since it was made.
    """

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

    None leaves that is in use, pinned, played within RECENT, or younger than its age, nor one that should be in the
    archive and is not, however full the disk. Carried out and planned again at the same moment, nothing is left to do,
    as long as `trash_hours` and `keep_local_hours` are more than 0: but a full disk lets go of what was just archived.
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
    if _is_wanted_at_once(record, rules.archive):
        return PlannedStep(record, StepAction.ARCHIVE, StepReason.AT_ONCE, record.created_at)
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
    return _plan_leaving(record, rules.archive, now, due_at)


def _is_wanted_at_once(record: OutputRecord, archive: ArchiveRules | None) -> bool:
    is_new = record.state is OutputState.PRESENT and record.archived_at is None
    return archive is not None and is_new and record.kind in archive.at_once


def _plan_leaving(record: OutputRecord, archive: ArchiveRules | None, now: datetime, due_at: datetime) -> PlannedStep:
    """What becomes of one that is past its age since `due_at`, and that nothing holds."""
    if archive is not None and record.archived_at is not None:
        free_at = max(due_at, record.archived_at + timedelta(hours=archive.keep_local_hours))
        if free_at > now:
            return PlannedStep(record, StepAction.KEEP, StepReason.ARCHIVED, free_at)
        return PlannedStep(record, StepAction.RELEASE, StepReason.PAST_AGE, free_at)
    is_wanted = archive is not None and archive.is_wanted(record.kind)
    return PlannedStep(record, StepAction.ARCHIVE if is_wanted else StepAction.TRASH, StepReason.PAST_AGE, due_at)


def _find_hold(record: OutputRecord, in_use: Collection[str]) -> StepReason | None:
    if record.kind is OutputKind.PINNED:
        return StepReason.PINNED
    return StepReason.IN_USE if record.output_id in in_use else None


def _is_recent(record: OutputRecord, now: datetime) -> bool:
    return record.used_at is not None and record.used_at > now - RECENT


def _make_room(steps: list[PlannedStep], rules: RetentionRules, now: datetime, disk: DiskFacts) -> list[PlannedStep]:
    """`steps` with what is past its age going for good at once, as far as needed: what the archive has first, then
    what is on its way to the trash or in it, each longest due first.
    """
    needed = int((1 - rules.clean_share) * disk.total_bytes) - disk.free_bytes
    needed -= sum(step.record.size_bytes for step in steps if step.action in (StepAction.RELEASE, StepAction.PURGE))
    due = {step.output_id: due_at for step in steps if (due_at := _find_overdue(step, rules, now))}
    chosen = {}
    overdue = (step for step in steps if step.output_id in due)
    for step in sorted(overdue, key=lambda step: (step.reason is not StepReason.ARCHIVED, due[step.output_id])):
        if needed <= 0:
            break
        action = StepAction.RELEASE if step.reason is StepReason.ARCHIVED else StepAction.PURGE
        due_at = due[step.output_id]
        chosen[step.output_id] = replace(step, action=action, reason=StepReason.DISK_FULL, due_at=due_at)
        needed -= step.record.size_bytes
    return [chosen.get(step.output_id, step) for step in steps]


def _find_overdue(step: PlannedStep, rules: RetentionRules, now: datetime) -> datetime | None:
    """When a file that is on its way out, copied lately, or in the trash came past its age; None where it has not."""
    is_leaving = step.action is StepAction.TRASH or step.reason in (StepReason.ARCHIVED, StepReason.IN_TRASH)
    due_at = find_due_at(step.record, rules) if is_leaving and not _is_recent(step.record, now) else None
    return due_at if due_at is not None and due_at <= now else None
