"""The archive as the housekeeping works with it, over true files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from heygem.domain.archive_errors import ArchiveFailedError, ArchiveUnusableError
from heygem.domain.errors import DiskFullError
from heygem.domain.library import OutputKind, OutputState
from heygem.library.copies import Copies
from heygem.library.retention import ArchiveRules, RetentionRules
from heygem.maintenance import archiving as module
from heygem.maintenance.archiving import Archiving, build_archiving
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.pruner import Pruner
from tests.archived import make_library

RULES: Final = RetentionRules(
    {OutputKind.IMPORTANT: 30.0}, full_share=2.0, archive=ArchiveRules([OutputKind.IMPORTANT])
)
LATER: Final = datetime.now(UTC) + timedelta(days=31)


@pytest.fixture
def archiving(tmp_path: Path) -> Archiving:
    library = make_library(tmp_path)
    library.outputs_dir.mkdir()
    made = build_archiving(Pruner(library, RULES, DiskGuard(library.outputs_dir, 1.0, 1.0, 0), lambda: set()), 0)
    assert made is not None
    return made


def put(archiving: Archiving, name: str) -> str:
    library = archiving.pruner.library
    (library.outputs_dir / name).write_bytes(name.encode() * 100)
    return library.add(library.outputs_dir / name)


def states(archiving: Archiving, ids: list[str]) -> list[OutputState]:
    return [archiving.pruner.library.get(one).state for one in ids]


def test_one_that_fails_is_told_at_the_end_and_the_rest_is_done(archiving: Archiving, tmp_path: Path):
    ids = [put(archiving, f"{name}.mp4") for name in "abc"]
    for name in ("b", f"b_{ids[1][:8]}"):  # neither name can be had
        (tmp_path / "nas" / f"{name}.mp4").mkdir()
    with pytest.raises(ArchiveFailedError) as caught:
        archiving.run(LATER)
    assert caught.value.context["count"] == 1
    assert archiving.pruner.library.get(ids[1]).archived_at is None
    assert states(archiving, ids) == [OutputState.ARCHIVED, OutputState.PRESENT, OutputState.ARCHIVED]  # a month later


def test_many_are_done_in_rounds_and_the_disk_lets_go_between(archiving: Archiving, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROUND", 2)
    ids = [put(archiving, f"{number}.mp4") for number in range(5)]
    rules = replace(RULES, full_share=0.0, clean_share=0.0)  # always full
    full = replace(archiving, pruner=replace(archiving.pruner, rules=rules))
    seen: list[int] = []
    note = Copies.note_copy

    def count(library: Copies, *arguments: object) -> None:
        seen.append(len(list(library.outputs_dir.glob("*.mp4"))))
        note(library, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Copies, "note_copy", count)
    full.run(LATER)
    assert states(archiving, ids) == [OutputState.ARCHIVED] * 5 and seen == [5, 5, 3, 3, 1]


def test_it_is_left_to_another_process_and_can_be_stopped(archiving: Archiving):
    output_id = put(archiving, "a.mp4")
    with FileLock(archiving.archiver.lock.lock_file):
        archiving.run(LATER)
    assert archiving.task.stop is not None
    archiving.task.stop()
    archiving.run(LATER)
    assert archiving.pruner.library.get(output_id).archived_at is None


def test_an_archive_that_is_away_fails_the_task_and_loses_nothing(archiving: Archiving, tmp_path: Path):
    output_id = put(archiving, "a.mp4")
    (tmp_path / "nas").rmdir()
    archiving.run(datetime.now(UTC))  # nothing is due, nobody asks
    with pytest.raises(ArchiveUnusableError):
        archiving.run(LATER)
    assert archiving.pruner.prune(LATER + timedelta(days=4000)).trashed == 0
    assert states(archiving, [output_id]) == [OutputState.PRESENT]


def test_what_comes_back_must_fit(tmp_path: Path):
    guard = DiskGuard(tmp_path, 1.0, 1.0, 0)
    guard.check_fits(1000)
    with pytest.raises(DiskFullError) as caught:
        guard.check_fits(guard.measure().free_bytes + 1)
    assert int(str(caught.value.context["needed_mb"])) > int(str(caught.value.context["free_mb"]))
