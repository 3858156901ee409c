from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.library.retention import (
    RECENT,
    ArchiveRules,
    CountsFrom,
    DiskFacts,
    PlannedStep,
    RetentionRules,
    StepAction,
    StepReason,
    find_due_at,
    plan_retention,
)

NOW: Final = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
DAY: Final = timedelta(days=1)
MB: Final = 1_000_000
AGES: Final = {OutputKind.TEST: 3.0, OutputKind.STANDARD: 7.0, OutputKind.IMPORTANT: 30.0}
RULES: Final = RetentionRules(AGES)

moments = st.none() | st.timedeltas(-2 * DAY, 60 * DAY).map(lambda age: NOW - age)
ages = st.none() | st.floats(0.01, 60)


@st.composite
def outputs(draw: st.DrawFn) -> list[OutputRecord]:
    return [
        OutputRecord(
            output_id=str(number),
            path=Path(f"{number}.mp4"),
            project=draw(st.sampled_from(["", "ads", "news"])),
            kind=draw(st.sampled_from(OutputKind)),
            state=draw(st.sampled_from(OutputState)),
            size_bytes=draw(st.integers(0, 500 * MB)),
            created_at=draw(moments),
            used_at=draw(moments),
            trashed_at=draw(moments),
            archived_at=draw(moments),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


kinds = st.sets(st.sampled_from(OutputKind))
archives = st.none() | st.builds(ArchiveRules, kinds, kinds, st.floats(0.1, 200))
rules = st.builds(
    RetentionRules,
    ages_days=st.dictionaries(st.sampled_from(OutputKind), ages),
    projects_days=st.dictionaries(st.sampled_from(["ads", "news"]), ages),
    counts_from=st.sampled_from(CountsFrom),
    trash_hours=st.floats(0.1, 200),
    archive=archives,
)
disks = st.none() | st.builds(DiskFacts, st.just(2000 * MB), st.integers(0, 2000 * MB))
in_use = st.sets(st.integers(0, 8).map(str))


def carry_out_in_mind(steps: Sequence[PlannedStep], now: datetime) -> list[OutputRecord]:
    after = {
        StepAction.KEEP: lambda record: record,
        StepAction.ARCHIVE: lambda record: replace(record, archived_at=now),
        StepAction.RELEASE: lambda record: replace(record, state=OutputState.ARCHIVED),
        StepAction.TRASH: lambda record: replace(record, state=OutputState.TRASHED, trashed_at=now),
        StepAction.PURGE: lambda record: replace(record, state=OutputState.REMOVED),
    }
    return [after[step.action](step.record) for step in steps]


def free_bytes(steps: Sequence[PlannedStep]) -> int:
    freeing = (StepAction.PURGE, StepAction.RELEASE)
    return sum(step.record.size_bytes for step in steps if step.action in freeing)


@given(outputs(), rules, in_use, disks)
def test_nothing_leaves_that_is_held_or_young(
    records: list[OutputRecord], rules: RetentionRules, in_use: set[str], disk: DiskFacts | None
):
    for step in plan_retention(records, rules, NOW, in_use, disk):
        record = step.record
        if step.action in (StepAction.KEEP, StepAction.ARCHIVE):
            continue
        assert record.kind is not OutputKind.PINNED and step.output_id not in in_use
        assert step.due_at is not None and step.due_at <= NOW
        if step.reason is StepReason.TRASH_OVER:
            assert record.trashed_at is not None and NOW - record.trashed_at >= timedelta(hours=rules.trash_hours)
            continue
        age = rules.projects_days.get(record.project, rules.ages_days.get(record.kind))
        assert age is not None and record.created_at is not None
        assert NOW - record.created_at >= timedelta(days=age)
        if rules.counts_from is CountsFrom.USED and record.used_at is not None:
            assert NOW - record.used_at >= timedelta(days=age)
        assert record.used_at is None or NOW - record.used_at >= RECENT
        full = step.reason is StepReason.DISK_FULL
        assert full == (step.action is StepAction.PURGE) or step.action is StepAction.RELEASE


@given(outputs(), rules, in_use, disks)
def test_nothing_leaves_that_should_be_in_the_archive_and_is_not(
    records: list[OutputRecord], rules: RetentionRules, in_use: set[str], disk: DiskFacts | None
):
    archive = rules.archive
    for step in plan_retention(records, rules, NOW, in_use, disk):
        record, action = step.record, step.action
        if archive is None:
            assert action not in (StepAction.ARCHIVE, StepAction.RELEASE)
            continue
        if record.state is OutputState.PRESENT and archive.is_wanted(record.kind):
            assert action not in (StepAction.TRASH, StepAction.PURGE)
        if action is StepAction.ARCHIVE:
            assert (record.state, record.archived_at) == (OutputState.PRESENT, None)
            assert record.kind in archive.at_once or (step.due_at is not None and step.due_at <= NOW)
        if action is StepAction.RELEASE:
            assert record.state is OutputState.PRESENT and record.archived_at is not None
            lately = record.archived_at > NOW - timedelta(hours=archive.keep_local_hours)
            assert not lately or step.reason is StepReason.DISK_FULL


@given(outputs(), rules, in_use, disks)
def test_a_second_plan_finds_nothing_to_do(
    records: list[OutputRecord], rules: RetentionRules, in_use: set[str], disk: DiskFacts | None
):
    steps = plan_retention(records, rules, NOW, in_use, disk)
    assert plan_retention(records, rules, NOW, in_use, disk) == steps
    if disk is not None:
        disk = DiskFacts(disk.total_bytes, min(disk.total_bytes, disk.free_bytes + free_bytes(steps)))
    after = carry_out_in_mind(steps, NOW)
    again = plan_retention(after, rules, NOW, in_use, disk)
    archived = {step.output_id for step in steps if step.action is StepAction.ARCHIVE}
    for step in again:  # what has come into the archive may go from a full disk now
        assert step.action is StepAction.KEEP or (step.output_id in archived and step.reason is StepReason.DISK_FULL)
    if disk is not None:
        disk = DiskFacts(disk.total_bytes, min(disk.total_bytes, disk.free_bytes + free_bytes(again)))
    third = plan_retention(carry_out_in_mind(again, NOW), rules, NOW, in_use, disk)
    assert {step.action for step in third} <= {StepAction.KEEP}


@given(outputs(), rules, disks)
def test_a_plan_broken_off_is_completed_by_the_next(
    records: list[OutputRecord], rules: RetentionRules, disk: DiskFacts | None
):
    """Whatever was done before a power cut, the two plans together do what the first alone would have done."""
    steps = plan_retention(records, rules, NOW, disk=disk)
    half = len(steps) // 2
    done = carry_out_in_mind(steps[:half], NOW) + [step.record for step in steps[half:]]
    if disk is not None:
        disk = DiskFacts(disk.total_bytes, min(disk.total_bytes, disk.free_bytes + free_bytes(steps[:half])))
    rest = plan_retention(done, RetentionRules(**{**vars(rules), "full_share": 2.0}), NOW, disk=disk)
    trashed = {step.output_id for step in steps if step.action is StepAction.TRASH}
    copied = {step.output_id for step in steps if step.action is StepAction.ARCHIVE}
    over = {step.output_id for step in steps if step.reason is StepReason.TRASH_OVER}
    after = {record.output_id: record for record in carry_out_in_mind(rest, NOW)}
    states = {output_id: record.state for output_id, record in after.items()}
    assert all(after[output_id].archived_at is not None for output_id in copied)
    assert all(states[output_id] is OutputState.TRASHED for output_id in trashed)
    assert all(states.get(output_id, OutputState.REMOVED) is OutputState.REMOVED for output_id in over)


@given(outputs(), rules)
def test_every_file_is_accounted_for_and_no_other(records: list[OutputRecord], rules: RetentionRules):
    with_files = [record for record in records if record.state in (OutputState.PRESENT, OutputState.TRASHED)]
    assert [step.record for step in plan_retention(records, rules, NOW)] == with_files


def make(number: int, kind: OutputKind = OutputKind.STANDARD, age_days: float = 10, **values: object) -> OutputRecord:
    made_at = NOW - timedelta(days=age_days)
    record = OutputRecord(str(number), Path(f"{number}.mp4"), kind=kind, size_bytes=100 * MB, created_at=made_at)
    return replace(record, **values)  # type: ignore[arg-type]  # the fields of a record


def test_the_ages_of_the_kinds_and_projects():
    rules = replace(RULES, projects_days={"ads": 1.0, "archive": None})
    due = {
        (kind, project): find_due_at(make(1, kind, 0, project=project), rules)
        for kind in OutputKind
        for project in ("", "ads", "archive")
    }
    assert {key: when and (when - NOW).days for key, when in due.items()} == {
        (kind, project): None if kind is OutputKind.PINNED else days
        for kind in OutputKind
        for project, days in (("", AGES.get(kind)), ("ads", 1), ("archive", None))
    }


def test_being_played_counts_only_where_it_should():
    played = make(1, age_days=10, used_at=NOW - 2 * DAY)
    [by_use] = plan_retention([played], RULES, NOW)
    [by_making] = plan_retention([played], replace(RULES, counts_from=CountsFrom.MADE), NOW)
    assert (by_use.action, by_use.due_at) == (StepAction.KEEP, NOW + 5 * DAY)
    assert by_making.action is StepAction.TRASH
    [just_played] = plan_retention(
        [replace(played, used_at=NOW - DAY / 24)], replace(RULES, counts_from=CountsFrom.MADE), NOW
    )
    assert just_played.reason is StepReason.RECENT


def test_the_archive_comes_first_then_the_disk_is_left():
    rules = replace(RULES, archive=ArchiveRules({OutputKind.STANDARD}, {OutputKind.PINNED}, keep_local_hours=24))
    records = [
        make(1, age_days=8),
        make(2, age_days=6),
        make(3, age_days=8, archived_at=NOW - DAY / 2),
        make(4, age_days=9, archived_at=NOW - 2 * DAY),
        make(5, OutputKind.PINNED, 0),
        make(6, OutputKind.PINNED, archived_at=NOW),
        make(7, OutputKind.TEST, 4),
    ]
    assert plan_retention(records, rules, NOW, in_use={"1"})[0].reason is StepReason.IN_USE
    steps = plan_retention(records, rules, NOW)
    assert [(step.action, step.reason) for step in steps] == [
        (StepAction.ARCHIVE, StepReason.PAST_AGE),
        (StepAction.KEEP, StepReason.NOT_YET),
        (StepAction.KEEP, StepReason.ARCHIVED),
        (StepAction.RELEASE, StepReason.PAST_AGE),
        (StepAction.ARCHIVE, StepReason.AT_ONCE),
        (StepAction.KEEP, StepReason.PINNED),
        (StepAction.TRASH, StepReason.PAST_AGE),
    ]
    assert [step.due_at for step in steps[:4]] == [NOW - DAY, NOW + DAY, NOW + DAY / 2, NOW - DAY]
    full = plan_retention(records, rules, NOW, disk=DiskFacts(1000 * MB, 0))
    assert [step.action for step in full if step.reason is StepReason.DISK_FULL] == [StepAction.RELEASE]


def test_a_full_disk_is_cleaned_of_what_is_past_its_age_longest_due_first_and_no_further():
    records = [make(1, age_days=8), make(2, age_days=20), make(3, age_days=6), make(4, age_days=9)]
    records.append(make(5, age_days=30, state=OutputState.TRASHED, trashed_at=NOW - DAY / 24))
    records.append(make(6, age_days=1, state=OutputState.TRASHED, trashed_at=NOW - DAY / 24))
    full = DiskFacts(1000 * MB, 50 * MB)
    steps = {step.output_id: step for step in plan_retention(records, RULES, NOW, disk=full)}
    assert {output_id: step.reason for output_id, step in steps.items()} == {
        "1": StepReason.PAST_AGE,
        "2": StepReason.DISK_FULL,
        "3": StepReason.NOT_YET,
        "4": StepReason.PAST_AGE,
        "5": StepReason.DISK_FULL,
        "6": StepReason.IN_TRASH,
    }
    roomy = DiskFacts(1000 * MB, 101 * MB)
    assert not [step for step in plan_retention(records, RULES, NOW, disk=roomy) if step.action is StepAction.PURGE]
