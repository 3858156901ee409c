"""Finished files get their names whole, on any disk, and never in place of somebody else's."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from heygem.media.publish import partial_path, publish, replace, write_whole


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    finished, final = tmp_path / "finished", tmp_path / "final"
    finished.write_text("new")
    final.write_text("mine")
    with pytest.raises(FileExistsError):
        publish(finished, final)
    assert final.read_text() == "mine"
    assert finished.read_text() == "new"


def test_publishing_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    partial, final = tmp_path / "partial", tmp_path / "final"
    partial.write_text("new")
    publish(partial, final)
    assert final.read_text() == "new"
    partial.write_text("newer")
    with pytest.raises(FileExistsError):
        publish(partial, final)
    assert final.read_text() == "new"


@pytest.mark.parametrize("move", [publish, replace])
def test_onto_another_disk(small_disk: Path, tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    finished, final = tmp_path / "finished", small_disk / "final"
    finished.write_text("new")
    move(finished, final)
    assert final.read_text() == "new"
    assert (list(tmp_path.glob("finished")), [path.name for path in small_disk.iterdir()]) == ([], ["final"])


@pytest.mark.parametrize("move", [publish, replace])
def test_what_does_not_fit_leaves_nothing(small_disk: Path, tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    finished = tmp_path / "finished"
    finished.write_bytes(bytes(2**21))
    with pytest.raises(OSError) as caught:
        move(finished, small_disk / "final")
    assert caught.value.errno == errno.ENOSPC
    assert list(small_disk.iterdir()) == []
    assert finished.exists()


@pytest.mark.parametrize("is_lasting", [True, False])
def test_bytes_are_written_whole_or_not_at_all(small_disk: Path, is_lasting: bool) -> None:
    path = small_disk / "new" / "facts.json"
    for data in (b"old", b"new"):
        write_whole(path, data, is_lasting)
        assert path.read_bytes() == data
    with pytest.raises(OSError) as caught:
        write_whole(path, bytes(2**21), is_lasting)
    assert caught.value.errno == errno.ENOSPC
    assert [(one.name, one.read_bytes()) for one in path.parent.iterdir()] == [("facts.json", b"new")]
    (plain := small_disk / "plain").touch()
    assert path.stat().st_mode == plain.stat().st_mode  # whoever may read what is beside it may read this


def test_the_partial_name_is_hidden_and_beside_the_output() -> None:
    assert partial_path(Path("/out/a film.mp4")) == Path("/out/.a film.partial.mp4")
    assert len(partial_path(Path("/out") / ("名" * 83 + ".mp4")).name.encode()) < 255
