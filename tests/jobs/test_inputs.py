"""Uploads that the queue keeps: they outlive the page's cache, and go when they are let go."""

import os
import time
from pathlib import Path

import pytest

from heygem.domain.errors import OutputPathError
from heygem.domain.inspection import MediaKind
from heygem.domain.job import LipSyncRequest, NewJob
from heygem.jobs.inputs import QUIET_S, InputStore
from tests.jobs.conftest import QueueDesk


def test_an_adopted_file_outlives_its_upload(tmp_path: Path) -> None:
    upload = tmp_path / "cache" / "张三.mp4"
    upload.parent.mkdir()
    upload.write_bytes(b"film")
    store = InputStore(tmp_path / "outputs")
    first, second = store.adopt(upload), store.adopt(upload)
    upload.unlink()
    assert first != second
    assert (first.name, first.read_bytes()) == ("张三.mp4", b"film")
    assert first.is_relative_to(tmp_path / "outputs" / ".work" / "inputs")
    store.release(first)
    assert not first.parent.exists()
    assert second.read_bytes() == b"film"


def test_it_is_a_link_where_the_disk_allows_and_a_copy_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = tmp_path / "a.wav"
    upload.write_bytes(b"sound")
    store = InputStore(tmp_path)
    assert store.adopt(upload).samefile(upload)

    def refuse(*_: object) -> None:
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    copy = store.adopt(upload)
    assert copy.read_bytes() == b"sound" and not copy.samefile(upload)


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    store = InputStore(tmp_path)
    with pytest.raises(OutputPathError):
        store.adopt(tmp_path / "gone.mp4")
    assert list(tmp_path.glob(".work/inputs/*")) == []


def test_files_of_others_are_never_removed(tmp_path: Path) -> None:
    others = tmp_path / "inputs" / "team" / "b.mp4"
    others.parent.mkdir(parents=True)
    others.write_bytes(b"film")
    InputStore(tmp_path).release(others)
    assert others.exists()


def test_what_no_one_has_is_swept_once_it_is_quiet(desk: QueueDesk, tmp_path: Path) -> None:
    store = InputStore(tmp_path / "outputs")
    kept = [store.adopt(desk.file(name)) for name in ("person.mp4", "voice.wav", "listed.mp4", "said.wav")]
    orphan, broken_off = store.adopt(desk.file("orphan.mp4")), store.reserve("half.mp4")
    desk.queue.submit(NewJob(LipSyncRequest(kept[0], kept[1], tmp_path / "out.mp4")))
    desk.queue.add_draft("me", MediaKind.PERSON, kept[2], voice=kept[3])
    soon, later = time.time() + QUIET_S - 60, time.time() + QUIET_S + 60
    store.sweep(desk.queue.list_inputs(), soon)
    assert orphan.exists() and broken_off.parent.exists()
    store.sweep(desk.queue.list_inputs(), later)
    assert not orphan.parent.exists() and not broken_off.parent.exists()
    assert all(path.exists() for path in kept)
    assert desk.file("orphan.mp4").exists()
