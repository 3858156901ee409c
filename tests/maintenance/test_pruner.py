"""Retention over a true library, on both databases and with true files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from heygem.domain.library import OutputKind, OutputState
from heygem.library import trash
from heygem.library.catalogue import Library
from heygem.library.pruning import PruneReport, carry_out
from heygem.library.retention import RetentionRules, StepAction, StepReason
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.pruner import Pruner
from heygem.storage.database import Database

AGES: Final = {OutputKind.TEST: 3.0, OutputKind.STANDARD: 7.0, OutputKind.IMPORTANT: 30.0}
SIZE: Final = 1000


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.fixture
def library(database: Database, tmp_path: Path) -> Library:
    (tmp_path / "outputs").mkdir()
    return Library(database, tmp_path / "outputs", tmp_path / "cache")


@pytest.fixture
def pruner(library: Library) -> Pruner:
    guard = DiskGuard(library.outputs_dir, 1.0, 1.0, 0)
    return Pruner(library, RetentionRules(AGES, trash_hours=48, full_share=2.0), guard, lambda: set())


def put(library: Library, name: str, kind: OutputKind = OutputKind.STANDARD) -> str:
    path = library.outputs_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"v" * SIZE)
    output_id = library.add(path)
    library.set_kind([output_id], kind)
    return output_id


def list_files(library: Library) -> list[str]:
    outputs = library.outputs_dir
    return sorted(path.relative_to(outputs).as_posix() for path in outputs.rglob("*") if path.is_file())


def test_by_and_by_everything_goes_but_what_is_pinned(pruner: Pruner):
    library = pruner.library
    ids = {kind: put(library, f"2026-03-29/{kind}.mp4", kind) for kind in OutputKind}
    assert pruner.prune(later(2.9)) == PruneReport()
    assert pruner.prune(later(3.1)) == PruneReport(trashed=1)
    assert library.get(ids[OutputKind.TEST]).state is OutputState.TRASHED
    assert pruner.prune(later(1)) == PruneReport()  # in the trash since today
    assert pruner.prune(later(7.1)) == PruneReport(trashed=1, purged=1, freed_bytes=SIZE)
    assert pruner.prune(later(4000)) == PruneReport(trashed=1, purged=1, freed_bytes=SIZE)
    assert pruner.prune(later(4000)) == PruneReport(purged=1, freed_bytes=SIZE)
    assert pruner.prune(later(4000)) == PruneReport()
    assert list_files(library) == ["2026-03-29/pinned.mp4"]


def test_what_a_job_reads_stays(pruner: Pruner, tmp_path: Path):
    library = pruner.library
    put(library, "a/person.mp4")
    put(library, "a/other.mp4")
    (tmp_path / "link").symlink_to(library.outputs_dir / "a")
    busy = Pruner(library, pruner.rules, pruner.guard, lambda: {tmp_path / "link" / "person.mp4"})
    assert busy.prune(later(10)) == PruneReport(trashed=1)
    [step] = [step for step in busy.plan(later(10)) if step.reason is StepReason.IN_USE]
    assert step.record.path.name == "person.mp4"


def test_who_pins_or_takes_back_while_a_plan_is_carried_out_keeps_it(pruner: Pruner):
    library = pruner.library
    pinned, played, back = put(library, "a.mp4"), put(library, "b.mp4"), put(library, "c.mp4")
    library.trash([back])
    steps = pruner.plan(later(10))
    assert {step.action for step in steps} == {StepAction.TRASH, StepAction.PURGE}
    library.set_kind([pinned], OutputKind.PINNED)
    library.touch(played)
    library.restore([back])
    assert carry_out(steps, library) == PruneReport()
    assert list_files(library) == ["a.mp4", "b.mp4", "c.mp4"]


def test_what_was_taken_back_is_kept_as_long_again(pruner: Pruner):
    library = pruner.library
    output_id = put(library, "a.mp4")
    used_at = library.get(output_id).used_at
    library.trash([output_id])
    library.restore([output_id])
    again = library.get(output_id).used_at
    assert used_at is not None and again is not None and again > used_at


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("action", ["trash", "purge"])
def test_a_power_cut_between_a_file_and_its_row_is_made_good_by_the_next_run(
    action: str, pruner: Pruner, monkeypatch: pytest.MonkeyPatch
):
    library = pruner.library
    ids = [put(library, f"{name}.mp4") for name in "abc"]
    if action == "purge":
        library.trash(ids)
    else:
        pruner = replace(pruner, rules=replace(pruner.rules, trash_hours=1000))
    calls: Iterator[int] = iter(range(9))
    note = trash._note

    def cut(*arguments: Any) -> None:
        if next(calls) == 1:
            raise PowerCut
        note(*arguments)

    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        patch.setattr(trash, "_note", cut)
        pruner.prune(later(10))
    report = pruner.prune(later(10))
    states = {library.get(output_id).state for output_id in ids}
    if action == "trash":
        assert report == PruneReport(trashed=2) and states == {OutputState.TRASHED}
        assert library.restore(ids) == 3
    else:
        assert report == PruneReport(purged=2, freed_bytes=SIZE) and states == {OutputState.REMOVED}
        assert list_files(library) == []


@pytest.mark.parametrize("full_share", [2.0, 0.0])
def test_nothing_outside_is_reached_whatever_the_folders_have_become(full_share: float, pruner: Pruner, tmp_path: Path):
    """A row's folder, a row's file and the trash are replaced by links that lead out."""
    pruner = replace(pruner, rules=replace(pruner.rules, full_share=full_share, clean_share=0.0))
    library, outside = pruner.library, tmp_path / "outside"
    outside.mkdir()
    for name in ("a", "b"):
        put(library, f"{name}/{name}.mp4")
        (outside / f"{name}.mp4").write_bytes(b"theirs")
    inside = put(library, "c.mp4")
    (library.outputs_dir / "a" / "a.mp4").unlink()
    (library.outputs_dir / "a").rmdir()
    (library.outputs_dir / "a").symlink_to(outside)
    (library.outputs_dir / "b" / "b.mp4").unlink()
    (library.outputs_dir / "b" / "b.mp4").symlink_to(outside / "b.mp4")
    library.trash([inside])
    kept = library.outputs_dir / ".work" / "trash"
    (kept / inside).rename(outside / inside)
    kept.rmdir()
    kept.symlink_to(outside)
    for days in (10, 20, 30):
        pruner.prune(later(days))
    assert sorted(path.name for path in outside.rglob("*")) == sorted(["a.mp4", "b.mp4", inside, "c.mp4"])


def test_a_full_disk_is_cleaned_at_once(pruner: Pruner):
    library = pruner.library
    for name in "ab":
        put(library, f"{name}.mp4")
    young = put(library, "young.mp4", OutputKind.IMPORTANT)
    full = Pruner(library, RetentionRules(AGES, full_share=0.0, clean_share=0.0), pruner.guard, lambda: set())
    assert full.prune(later(10)) == PruneReport(purged=2, freed_bytes=2 * SIZE)
    assert [record.output_id for record in library.list_records()] == [young]
