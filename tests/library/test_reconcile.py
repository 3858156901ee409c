"""Rows and files that people and programs have moved apart."""

import os
from pathlib import Path

from heygem.domain.library import OutputState
from heygem.library.reconcile import ReconcileReport
from heygem.storage.name_versions import take_versions
from tests.library.conftest import Shelf, write_sidecar


def test_what_people_put_and_take(shelf: Shelf):
    kept, taken = shelf.make("2026-05-01/kept.mp4"), shelf.make("taken.mp4", owner="me")
    write_sidecar(shelf.put("手/工 放.mp4"), person="某人.mp4")
    shelf.put("UPPER.MP4")
    (shelf.root / "2026-05-01/me/taken.mp4").rename(shelf.root / "elsewhere")
    assert shelf.library.reconcile() == ReconcileReport(adopted=2, missing=1, found_again=0)
    assert shelf.state(taken) is OutputState.MISSING and shelf.state(kept) is OutputState.PRESENT
    assert shelf.names("某人") == ["工 放"]
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 0)
    (shelf.root / "elsewhere").rename(shelf.root / "2026-05-01/me/taken.mp4")
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 1)
    assert shelf.state(taken) is OutputState.PRESENT and shelf.library.get(taken).owner == "me"


def test_what_is_brought_is_whose_folder_it_lies_in_and_its_version_counts(shelf: Shelf):
    for name in ("2026-05-01/销售/销售_客户_v4.mp4", "2026-05-01/销售.mp4", "2026-05-01/a/b/c.mp4", "old/me/d.mp4"):
        shelf.put(name)
    shelf.library.reconcile()
    assert shelf.names(owner="销售") == ["销售_客户_v4"] and len(shelf.names(owner="")) == 3
    assert take_versions(shelf.library.database, ["销售_客户"]) == [5]


def test_a_file_that_has_grown(shelf: Shelf):
    output_id = shelf.make("a.mp4", 10)
    shelf.put("a.mp4", 5000)
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 0)
    assert shelf.library.get(output_id).size_bytes == 5000


def test_what_is_not_ours_is_left_alone(shelf: Shelf, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.mp4").write_bytes(b"theirs")
    shelf.put(".work/jobs/1/segment.mp4")
    shelf.put("day/.a.partial.mp4")
    shelf.put("notes.txt")
    (shelf.root / "folder.mp4").mkdir()
    (shelf.root / "link.mp4").symlink_to(outside / "a.mp4")
    (shelf.root / "linked").symlink_to(outside)
    (shelf.root / "loop").symlink_to(shelf.root)
    Path(os.fsdecode(os.fsencode(shelf.root) + b"/\xff.mp4")).write_bytes(b"x")
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 0)


def test_a_trash_that_was_emptied_by_hand(shelf: Shelf):
    output_id = shelf.make("a.mp4")
    shelf.library.trash([output_id])
    for path in (shelf.root / ".work/trash" / output_id).iterdir():
        path.unlink()
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 0)
    assert shelf.state(output_id) is OutputState.REMOVED


def test_the_folder_may_move(shelf: Shelf, tmp_path: Path):
    output_id = shelf.make("2026-05-01/a.mp4")
    moved = tmp_path / "moved"
    shelf.root.rename(moved)
    library = type(shelf.library)(shelf.library.database, moved, shelf.library.cache_dir)
    assert library.reconcile() == ReconcileReport(0, 0, 0)
    assert library.get_file(output_id) == moved / "2026-05-01/a.mp4"


def test_a_folder_that_is_away_loses_nothing_for_good(shelf: Shelf, tmp_path: Path):
    output_id = shelf.make("a.mp4")
    shelf.root.rename(tmp_path / "away")
    assert shelf.library.reconcile() == ReconcileReport(0, 1, 0)
    (tmp_path / "away").rename(shelf.root)
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 1)
    assert shelf.state(output_id) is OutputState.PRESENT
