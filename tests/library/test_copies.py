"""What rows remember of copies in the archive, and what becomes of videos there: the same on both databases."""

import os
import zipfile
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from heygem.domain.archive_errors import ArchiveUnsetError
from heygem.domain.errors import OutputNotFoundError, ResultGoneError
from heygem.domain.library import ArchivedCopy, OutputState
from heygem.domain.output_query import OutputQuery
from heygem.library.flow import Flow
from heygem.library.reconcile import ReconcileReport
from heygem.library.stores.folder import FolderStore
from tests.library.conftest import Shelf, write_sidecar

OWN = "2026-05-01/me/a.mp4"


@pytest.fixture
def shelf(shelf: Shelf, folder_store: FolderStore) -> Shelf:
    return Shelf(replace(shelf.library, store=folder_store), shelf.root)


def copy_of(shelf: Shelf, name: str, data: bytes = b"x" * 10, **facts: str) -> str:
    """A video that is on the disk and in the archive."""
    output_id = shelf.make(name, len(data), **facts)
    (shelf.root / name).write_bytes(data)
    shelf.library.get_store().send(name, BytesIO(data), len(data), Flow())
    shelf.library.note_copy(output_id, ArchivedCopy(name, len(data), sha256(data).hexdigest()))
    return output_id


def test_a_copy_is_remembered(shelf: Shelf):
    output_id, other = copy_of(shelf, "日/a.mp4"), shelf.make("b.mp4")
    assert shelf.library.get(output_id).archived_at is not None and shelf.library.get(other).archived_at is None
    assert shelf.library.get_copy(output_id) == ArchivedCopy("日/a.mp4", 10, sha256(b"x" * 10).hexdigest())
    with pytest.raises(ResultGoneError):
        shelf.library.get_copy(other)
    with pytest.raises(OutputNotFoundError):
        shelf.library.get_copy("another")


def test_the_disk_lets_go_and_the_video_stays_known(shelf: Shelf):
    output_id, other = copy_of(shelf, OWN), shelf.make("b.mp4")
    sidecar_bytes = (shelf.root / OWN).with_suffix(".json").stat().st_size
    assert shelf.library.release(output_id) == 10 + sidecar_bytes and shelf.library.release(output_id) == 0
    assert shelf.files() == ["b.json", "b.mp4"]
    assert shelf.state(output_id) is OutputState.ARCHIVED
    assert shelf.names(state=OutputState.ARCHIVED, owner="me") == ["a"] and shelf.names() == ["b"]
    assert shelf.library.release(other) is None and (shelf.root / "b.mp4").exists()  # the archive does not have it
    assert b"".join(shelf.library.read_copy(shelf.library.get_copy(output_id))) == b"x" * 10


@pytest.mark.parametrize("change", ["content", "size"])
def test_a_file_that_has_changed_since_is_not_let_go_of(shelf: Shelf, change: str):
    output_id = copy_of(shelf, "a.mp4")
    archived_at = shelf.library.get(output_id).archived_at
    assert archived_at is not None
    shelf.put("a.mp4", 10 if change == "content" else 11)
    if change == "content":
        later_s = (archived_at + timedelta(minutes=1)).timestamp()
        os.utime(shelf.root / "a.mp4", (later_s, later_s))
    assert shelf.library.release(output_id) is None
    assert (shelf.root / "a.mp4").exists() and shelf.library.get(output_id).archived_at is None


def test_a_file_of_another_size_has_no_copy(shelf: Shelf):
    output_id = copy_of(shelf, "a.mp4")
    shelf.library.add(shelf.root / "a.mp4")
    assert shelf.library.get(output_id).archived_at is not None
    shelf.put("a.mp4", 20)
    shelf.library.reconcile()
    assert shelf.library.get(output_id).archived_at is None


def test_what_people_remove_by_hand_is_in_the_archive_and_not_missing(shelf: Shelf, tmp_path: Path):
    output_id, lost = copy_of(shelf, OWN), shelf.make("b.mp4")
    shelf.root.rename(tmp_path / "away")
    assert shelf.library.reconcile() == ReconcileReport(0, 1, 0)
    assert (shelf.state(output_id), shelf.state(lost)) == (OutputState.ARCHIVED, OutputState.MISSING)
    (tmp_path / "away").rename(shelf.root)
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 2)
    assert shelf.state(output_id) is OutputState.PRESENT and shelf.library.get(output_id).owner == "me"
    assert shelf.library.search(OutputQuery(state=None)).total == 2
    shelf.library.release(output_id)
    write_sidecar(shelf.put(OWN, 99))  # another of the same name
    assert shelf.library.reconcile() == ReconcileReport(1, 0, 0)
    assert shelf.state(output_id) is OutputState.ARCHIVED
    assert shelf.library.reconcile() == ReconcileReport(0, 0, 0)


def test_thrown_away_it_is_in_the_archive_until_that_lets_go_too(shelf: Shelf, folder_store: FolderStore):
    kept, plain = copy_of(shelf, "a.mp4"), shelf.make("b.mp4")
    shelf.library.trash([kept, plain])
    assert shelf.library.remove_copies([kept]) == 0  # not while it is elsewhere too
    shelf.library.purge([kept, plain])
    assert (shelf.state(kept), shelf.state(plain)) == (OutputState.ARCHIVED, OutputState.REMOVED)
    pictures = shelf.library.thumbnail_path(kept), shelf.library.sheet_path(kept)
    pictures[0].parent.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        picture.write_bytes(b"jpeg")
    assert shelf.library.remove_copies([kept, plain, kept]) == 10
    assert not any(picture.exists() for picture in pictures)
    assert shelf.state(kept) is OutputState.REMOVED and list(folder_store.root.rglob("*.*")) == []
    with pytest.raises(ResultGoneError):
        shelf.library.get_content(kept)
    with pytest.raises(ArchiveUnsetError):
        replace(shelf.library, store=None).remove_copies([kept])


def test_names_in_the_archive_are_no_others(shelf: Shelf):
    first, second, third = (shelf.make(name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    taken = {"b.mp4"}
    assert shelf.library.promise_key(first, taken.__contains__) == "a.mp4"
    assert shelf.library.promise_key(first, lambda _: True) == "a.mp4"  # promised
    assert shelf.library.promise_key(second, taken.__contains__) == f"b_{second[:8]}.mp4"
    shelf.library.trash([first])
    shelf.library.purge([first])
    again = shelf.make("a.mp4")
    assert shelf.library.promise_key(again, taken.__contains__) == f"a_{again[:8]}.mp4"
    with pytest.raises(OutputNotFoundError):
        shelf.library.promise_key("another", taken.__contains__)
    assert shelf.library.promise_key(third, taken.__contains__) == "c.mp4"


def test_a_zip_has_what_is_in_the_archive_too(shelf: Shelf):
    data = bytes(range(256)) * 40_000
    here, there, both = shelf.make("here.mp4"), copy_of(shelf, "there.mp4", data), copy_of(shelf, "both.mp4")
    gone = shelf.make("gone.mp4")
    (shelf.root / "gone.mp4").unlink()
    shelf.library.release(there)
    made = shelf.library.stream_zip([here, there, both, gone])
    chunks = [next(made.chunks)]
    shelf.library.release(both)  # while it is sent
    chunks += made.chunks
    assert made.size_bytes == sum(map(len, chunks)) and max(map(len, chunks)) <= 4 * 1024**2
    with zipfile.ZipFile(BytesIO(b"".join(chunks))) as packed:
        assert packed.testzip() is None and packed.namelist() == ["here.mp4", "there.mp4", "both.mp4"]
        assert packed.read("there.mp4") == data
