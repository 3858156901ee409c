"""Videos on their way to the archive, a folder or an S3 server: whole, verified and once, whatever comes between."""

import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from filelock import FileLock

from heygem.config.settings import ROOT
from heygem.domain.archive_errors import (
    ArchiveBusyError,
    ArchiveCopyWrongError,
    ArchiveDeniedError,
    ArchiveFailedError,
    ArchiveUnusableError,
)
from heygem.domain.errors import CancelledError
from heygem.domain.library import OutputState
from heygem.domain.progress import CancelToken
from heygem.library import copies
from heygem.library.archiver import FLAG, ArchiveProgress, Archiver
from heygem.library.catalogue import Library
from heygem.library.flow import Flow
from heygem.library.retention import PlannedStep, StepAction, StepReason
from heygem.library.stores.folder import FolderStore
from heygem.library.stores.s3 import S3Store
from heygem.library.stores.store import ArchiveStore
from heygem.storage.database import Database
from heygem.storage.figures import read_figures
from tests.archives import PART_BYTES
from tests.fakes import write_video
from tests.library.conftest import write_sidecar
from tests.s3_server import Asked, S3Server

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass
class Desk:
    """A library with an archiver, and what it reports."""

    library: Library
    archiver: Archiver
    told: list[ArchiveProgress] = field(default_factory=list)

    def put(self, name: str, data: bytes) -> str:
        path = self.library.outputs_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        write_sidecar(path)
        return self.library.add(path)

    def plan(self, action: StepAction, *ids: str) -> list[PlannedStep]:
        return [PlannedStep(self.library.get(one), action, StepReason.PAST_AGE, NOW) for one in ids]

    def run(self, action: StepAction, *ids: str, cancel: CancelToken | None = None) -> Any:
        return self.archiver.carry_out(self.plan(action, *ids), Flow(cancel or CancelToken()), self.told.append)

    def read(self, output_id: str) -> bytes:
        return b"".join(self.library.read_copy(self.library.get_copy(output_id)))


@pytest.fixture
def desk(tmp_path: Path, store: ArchiveStore) -> Desk:
    return make_desk(tmp_path, store)


def make_desk(folder: Path, store: ArchiveStore) -> Desk:
    database = Database(f"sqlite:///{folder}/heygem.db")
    database.upgrade()
    (folder / "outputs").mkdir(exist_ok=True)
    library = Library(database, folder / "outputs", folder / "cache", store=store)
    return Desk(library, Archiver(library, FileLock(folder / "archive.lock")))


def noise(size_bytes: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


def test_a_video_is_copied_with_all_that_belongs_to_it(desk: Desk, store: ArchiveStore):
    write_video(desk.library.outputs_dir / "李雷" / "汇报.mp4", 1)
    output_id = desk.library.add(desk.library.outputs_dir / "李雷" / "汇报.mp4")
    other = desk.put("b.mp4", b"no film")
    report = desk.run(StepAction.ARCHIVE, output_id, other)
    assert (report.archived, report.failures) == (2, [])
    video = desk.library.outputs_dir / "李雷" / "汇报.mp4"
    assert desk.read(output_id) == video.read_bytes() and desk.read(other) == b"no film"
    assert desk.library.get(output_id).archived_at is not None and video.exists()
    assert store.find_size("b.json") == (desk.library.outputs_dir / "b.json").stat().st_size
    shares = [told.done_bytes / told.total_bytes for told in desk.told if told.record.output_id == output_id]
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 1)
    assert {(told.number, told.count) for told in desk.told} == {(1, 2), (2, 2)}
    pictures = desk.library.thumbnail(output_id), desk.library.contact_sheet(output_id)
    drawn = [picture.read_bytes() for picture in pictures]
    desk.run(StepAction.RELEASE, output_id)
    for picture in pictures:
        picture.unlink()
    assert not video.exists()
    assert [desk.library.thumbnail(output_id).read_bytes(), desk.library.contact_sheet(output_id).read_bytes()] == drawn


@dataclass(frozen=True)
class Spoiling:
    """A store that spoils the first `times` videos that are sent to it."""

    store: ArchiveStore
    times: list[int]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def send(self, key: str, source: BinaryIO, size_bytes: int, flow: Flow) -> None:
        self.store.send(key, source, size_bytes, flow)
        if key.startswith("bad") and key.endswith(".mp4") and self.times[0] > 0:
            self.times[0] -= 1
            data = bytearray(self.store.read(key, 0, size_bytes))
            data[size_bytes // 2] ^= 1
            Path(source.name).with_suffix(".spoilt").write_bytes(data)
            with Path(source.name).with_suffix(".spoilt").open("rb") as spoilt:
                self.store.send(key, spoilt, size_bytes, Flow())


def test_a_wrong_copy_is_found_and_made_again(desk: Desk, store: ArchiveStore):
    desk.archiver = replace(desk.archiver, library=replace(desk.library, store=Spoiling(store, [1])))
    output_id = desk.put("bad.mp4", noise(1000))
    assert desk.run(StepAction.ARCHIVE, output_id).archived == 1
    assert desk.read(output_id) == noise(1000)


def test_a_copy_that_stays_wrong_is_not_accepted_and_the_rest_goes_on(desk: Desk, store: ArchiveStore):
    desk.archiver = replace(desk.archiver, library=replace(desk.library, store=Spoiling(store, [99])))
    bad, good = desk.put("bad.mp4", noise(1000)), desk.put("good.mp4", noise(10))
    report = desk.run(StepAction.ARCHIVE, bad, good)
    assert report.archived == 1 and isinstance(report.failures[0], ArchiveCopyWrongError)
    assert desk.library.get(bad).archived_at is None and desk.library.get(good).archived_at is not None
    assert store.find_size("bad.mp4") is None
    with pytest.raises(ArchiveFailedError, match="ARCHIVE_COPY_WRONG"):
        report.check()


def test_what_was_broken_off_between_the_copy_and_its_row_is_not_sent_again(
    desk: Desk, store: ArchiveStore, monkeypatch: pytest.MonkeyPatch
):
    output_id = desk.put("a.mp4", noise(1000))

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(copies.Copies, "note_copy", cut)
        desk.run(StepAction.ARCHIVE, output_id)
    assert desk.library.get(output_id).archived_at is None
    monkeypatch.setattr(type(store), "send", lambda *_: pytest.fail("it was sent again"))
    assert desk.run(StepAction.ARCHIVE, output_id).archived == 1


def test_another_file_of_that_name_in_the_archive_stays(desk: Desk, store: ArchiveStore):
    theirs = desk.put("theirs.mp4", b"x")
    desk.run(StepAction.ARCHIVE, theirs)
    with (desk.library.outputs_dir / "theirs.mp4").open("rb") as file:
        store.send("a.mp4", file, 1, Flow())
    output_id = desk.put("a.mp4", noise(1000))
    desk.run(StepAction.ARCHIVE, output_id)
    assert store.read("a.mp4", 0, 1) == b"x" and desk.read(output_id) == noise(1000)
    assert desk.library.get_copy(output_id).key == f"a_{output_id[:8]}.mp4"


def test_the_disk_lets_go_only_of_what_is_there(desk: Desk, store: ArchiveStore):
    kept, lost = desk.put("kept.mp4", noise(1000)), desk.put("lost.mp4", noise(1000))
    desk.run(StepAction.ARCHIVE, kept, lost)
    store.remove("lost.mp4")
    report = desk.run(StepAction.RELEASE, kept, lost)
    assert report.released == 1 and report.freed_bytes > 1000 and len(report.failures) == 1
    with desk.library.database.read() as connection:
        counted = {figure.name: value for figure, value in read_figures(connection).items()}
    freed_bytes = report.freed_bytes
    assert counted == {
        "archive_copied": 2,
        "archive_copied_bytes": 2000,
        "archive_released": 1,
        "archive_released_bytes": freed_bytes,
    }
    assert (desk.library.get(kept).state, desk.library.get(lost).state) == (OutputState.ARCHIVED, OutputState.PRESENT)
    assert desk.run(StepAction.ARCHIVE, lost).archived == 1  # it is copied anew


def test_who_pins_or_throws_away_meanwhile_is_heeded(desk: Desk):
    output_id = desk.put("a.mp4", b"x")
    steps = desk.plan(StepAction.ARCHIVE, output_id)
    desk.library.trash([output_id])
    assert desk.archiver.carry_out(steps, Flow()).archived == 0


def test_one_at_a_time(desk: Desk):
    output_id = desk.put("a.mp4", b"x")
    with FileLock(desk.archiver.lock.lock_file), pytest.raises(ArchiveBusyError):
        desk.run(StepAction.ARCHIVE, output_id)


def test_another_place_than_that_of_the_copies_gets_nothing(tmp_path: Path, folder_store: FolderStore):
    """As where a NAS is not mounted, but the folder that it is mounted on is there."""
    desk = make_desk(tmp_path, folder_store)
    first, second = desk.put("a.mp4", b"x"), desk.put("b.mp4", b"y")
    desk.run(StepAction.ARCHIVE, first)
    folder_store.root.rename(tmp_path / "elsewhere")
    with pytest.raises(ArchiveUnusableError, match="no folder"):
        desk.run(StepAction.ARCHIVE, second)
    folder_store.root.mkdir()
    for action, output_id in ((StepAction.ARCHIVE, second), (StepAction.RELEASE, first)):
        with pytest.raises(ArchiveUnusableError, match=FLAG):
            desk.run(action, output_id)
    assert list(folder_store.root.iterdir()) == [] and desk.library.get(first).state is OutputState.PRESENT


def test_an_archive_that_stops_answering_stops_the_run(tmp_path: Path, s3_store: S3Store, s3: S3Server):
    desk = make_desk(tmp_path, s3_store)
    ids = [desk.put(f"{name}.mp4", b"x") for name in "abc"]
    desk.run(StepAction.ARCHIVE, ids[0])
    s3.before = lambda _: 403
    asked = len(s3.asked)
    with pytest.raises(ArchiveDeniedError):
        desk.run(StepAction.ARCHIVE, *ids[1:])
    assert len(s3.asked) == asked and desk.library.get(ids[1]).archived_at is None


def test_cancelled_it_goes_on_later(tmp_path: Path, s3_store: S3Store, s3: S3Server):
    desk, cancel = make_desk(tmp_path, s3_store), CancelToken()
    output_id = desk.put("a.mp4", noise(5 * PART_BYTES))
    s3.before = lambda asked: cancel.cancel() if asked.part == 2 else None
    with pytest.raises(CancelledError):
        desk.run(StepAction.ARCHIVE, output_id, cancel=cancel)
    desk.run(StepAction.ARCHIVE, output_id)
    assert [asked.part for asked in s3.sent() if asked.part] == [1, 2, 3, 4, 5]
    assert desk.read(output_id) == noise(5 * PART_BYTES)


def test_a_process_that_is_killed_has_sent_its_parts_for_good(tmp_path: Path, s3_store: S3Store, s3: S3Server):
    desk, third = make_desk(tmp_path, s3_store), threading.Event()
    output_id = desk.put("a.mp4", noise(5 * PART_BYTES))
    go_on = threading.Event()

    def hold(asked: Asked) -> int | None:
        if asked.part != 3 or go_on.is_set():
            return None
        third.set()
        go_on.wait(60)
        return 503

    s3.before = hold
    command = [sys.executable, "-m", "tests.library.archive_to_kill", str(tmp_path), s3.url]
    with subprocess.Popen(command, cwd=ROOT) as process:
        assert third.wait(60)
        process.send_signal(signal.SIGKILL)
    go_on.set()
    assert [asked.part for asked in s3.sent() if asked.part] == [1, 2]
    assert desk.run(StepAction.ARCHIVE, output_id).archived == 1
    parts = [(asked.part, asked.size_bytes) for asked in s3.sent() if asked.part]
    assert parts == [(number, PART_BYTES) for number in (1, 2, 3, 4, 5)]
    assert desk.read(output_id) == noise(5 * PART_BYTES)
