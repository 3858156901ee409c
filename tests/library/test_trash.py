"""Thrown away, taken back, gone for good: the rows say what the disk shows, whatever comes in between."""

from pathlib import Path

import pytest

from heygem.domain.errors import OutputNotFoundError, PathOutsideError
from heygem.domain.library import OutputState
from heygem.domain.output_query import OutputQuery
from heygem.library import trash
from heygem.media.publish import publish
from tests.library.conftest import Shelf


def test_into_the_trash_and_back(shelf: Shelf):
    output_id = shelf.make("2026-05-01/甲.mp4", 1000)
    before = shelf.files()
    report = shelf.library.trash([output_id])
    sidecar_bytes = (shelf.root / f".work/trash/{output_id}/甲.json").stat().st_size
    assert (report.count, report.size_bytes) == (1, 1000 + sidecar_bytes)
    assert shelf.files() == [f".work/trash/{output_id}/甲.json", f".work/trash/{output_id}/甲.mp4"]
    record = shelf.library.get(output_id)
    assert record.state is OutputState.TRASHED and record.trashed_at is not None
    assert shelf.library.trash([output_id]).count == 0
    assert shelf.library.restore([output_id, "another"]) == 1 and shelf.library.restore([output_id]) == 0
    assert shelf.files() == before
    record = shelf.library.get(output_id)
    assert record.state is OutputState.PRESENT and record.trashed_at is None


def test_for_good_frees_what_it_says_and_leaves_a_tombstone(shelf: Shelf):
    output_id, other = shelf.make("a.mp4", 5000), shelf.make("b.mp4")
    shelf.library.thumbnail_path(output_id).parent.mkdir(parents=True)
    shelf.library.thumbnail_path(output_id).write_bytes(b"jpeg")
    freed = shelf.library.trash([output_id]).size_bytes
    assert shelf.library.purge([output_id, other]) == freed > 5000  # what is not in the trash stays
    assert shelf.files() == ["b.json", "b.mp4"] and not shelf.library.thumbnail_path(output_id).exists()
    assert shelf.state(output_id) is OutputState.REMOVED and shelf.state(other) is OutputState.PRESENT
    assert shelf.library.purge([output_id]) == shelf.library.restore([output_id]) == 0


def test_an_id_is_never_a_way_to_a_file(shelf: Shelf, tmp_path: Path):
    theirs = tmp_path / "theirs.jpg"
    theirs.write_bytes(b"theirs")
    shelf.library.thumbnail_path("").parent.mkdir(parents=True)
    for output_id in ("../../theirs", str(tmp_path / "theirs"), "\0", "\ud800", "a" * 9000):
        assert shelf.library.purge([output_id]) == shelf.library.remove([output_id]) == 0
        assert shelf.library.trash([output_id]).count == shelf.library.restore([output_id]) == 0
        with pytest.raises(OutputNotFoundError):
            shelf.library.thumbnail(output_id)
    assert theirs.exists()


def test_a_name_that_is_taken_again(shelf: Shelf):
    old = shelf.make("a.mp4", 1)
    shelf.library.trash([old])
    new = shelf.make("a.mp4", 2)
    assert new != old
    assert shelf.library.restore([old]) == 1
    assert {shelf.library.get(one).path.name: shelf.library.get(one).size_bytes for one in (old, new)} == {
        "a_2.mp4": 1,
        "a.mp4": 2,
    }
    assert shelf.files() == ["a.json", "a.mp4", "a_2.json", "a_2.mp4"]


def test_a_file_that_is_gone(shelf: Shelf):
    first, second = shelf.make("a.mp4"), shelf.make("b.mp4")
    (shelf.root / "a.mp4").unlink()
    assert shelf.library.trash([first, second]).count == 1
    assert shelf.state(first) is OutputState.MISSING
    for path in (shelf.root / ".work/trash" / second).iterdir():
        path.unlink()
    assert shelf.library.restore([second]) == 0 and shelf.state(second) is OutputState.MISSING
    assert shelf.library.purge([first, second]) == 0 and shelf.state(second) is OutputState.REMOVED


def test_what_cannot_be_moved_stays(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    first, second = shelf.make("a.mp4"), shelf.make("b.mp4")

    def refuse(video: Path, place: Path) -> None:
        if video.name == "a.mp4":
            raise PermissionError("in use")
        publish(video, place)

    monkeypatch.setattr(trash, "publish", refuse)
    assert shelf.library.trash([first, second]).count == 1
    assert shelf.state(first) is OutputState.PRESENT and "a.mp4" in caplog.text
    monkeypatch.undo()
    assert shelf.library.trash([first]).count == 1  # its sidecar was there before it
    assert shelf.library.restore([first]) == 1 and (shelf.root / "a.json").is_file()


def test_a_reader_reads_on(shelf: Shelf):
    output_id = shelf.make("a.mp4", 100)
    with (shelf.root / "a.mp4").open("rb") as file:
        shelf.library.trash([output_id])
        shelf.library.purge([output_id])
        assert file.read() == b"x" * 100


def test_a_link_in_the_way_is_not_followed(shelf: Shelf, tmp_path: Path):
    """Neither a video nor its folder nor the trash may lead out, even if they did not when the row was made."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.mp4").write_bytes(b"theirs")
    by_file, by_folder, other = shelf.make("a.mp4"), shelf.make("day/a.mp4"), shelf.make("b.mp4")
    for place in ("a.mp4", "day/a.mp4", "day/a.json"):
        (shelf.root / place).unlink()
    (shelf.root / "day").rmdir()
    (shelf.root / "a.mp4").symlink_to(outside / "a.mp4")
    (shelf.root / "day").symlink_to(outside)
    assert shelf.library.trash([by_file, by_folder]).count == 0
    assert shelf.state(by_file) is shelf.state(by_folder) is OutputState.MISSING
    shelf.library.trash([other])
    (shelf.root / ".work/trash").rename(outside / "trash")
    (shelf.root / ".work/trash").symlink_to(outside / "trash")
    assert shelf.library.purge([other]) == 0 and shelf.state(other) is OutputState.TRASHED
    assert (outside / "a.mp4").read_bytes() == b"theirs" and (outside / "trash" / other / "b.mp4").is_file()
    with pytest.raises(PathOutsideError):
        shelf.library.add(shelf.root / "day" / "a.mp4")


def test_a_power_cut_anywhere(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    """Files have moved, rows have not changed: reconciling, or doing it again, brings them together."""
    ids = {name: shelf.make(f"{name}.mp4") for name in ("trashing", "restoring", "purging")}
    shelf.library.trash([ids["restoring"], ids["purging"]])

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trash, "_note", fail)
    for act, name in ((shelf.library.trash, "trashing"), (shelf.library.restore, "restoring"),
                      (shelf.library.purge, "purging")):  # fmt: skip
        with pytest.raises(KeyboardInterrupt):
            act([ids[name]])
    monkeypatch.undo()
    assert [shelf.state(one) for one in ids.values()] == ["present", "trashed", "trashed"]
    report = shelf.library.reconcile()
    assert [shelf.state(one) for one in ids.values()] == ["trashed", "present", "removed"]
    assert (report.adopted, report.missing, report.found_again) == (0, 0, 1)
    assert shelf.library.search(OutputQuery(state=None)).total == 3
    assert [path.name for path in (shelf.root / ".work/trash").iterdir()] == [ids["trashing"]]
