import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from heygem.domain.errors import JobNotFoundError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, NewJob
from heygem.jobs.queue import JobQueue
from heygem.jobs.work_folders import WorkFolders
from heygem.maintenance.sweeps import sweep_files, sweep_parts, sweep_shell_folders
from heygem.storage.database import Database
from tests.fakes import fake_preflight

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
REQUEST: Final = LipSyncRequest(Path("/face.mp4"), Path("/voice.wav"), Path("/out.mp4"))


def put(path: Path, age: timedelta, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    set_age(path, age)
    return path


def set_age(path: Path, age: timedelta) -> None:
    changed_s = (NOW - age).timestamp()
    os.utime(path, (changed_s, changed_s), follow_symlinks=False)


def list_all(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_old_files_go_and_then_their_folders(tmp_path: Path):
    put(tmp_path / "a" / "b" / "old.mp4", 25 * HOUR)
    put(tmp_path / "new" / "new.mp4", HOUR)
    assert sweep_files(tmp_path, 24 * HOUR, NOW) == 10
    for folder in ("a/b", "a", "new"):
        set_age(tmp_path / folder, 2 * HOUR)
    (tmp_path / "just-made").mkdir()
    set_age(tmp_path / "just-made", HOUR / 2)
    sweep_files(tmp_path, 24 * HOUR, NOW)
    set_age(tmp_path / "a", 2 * HOUR)
    sweep_files(tmp_path, 24 * HOUR, NOW)
    assert list_all(tmp_path) == ["just-made", "new", "new/new.mp4"]
    assert sweep_files(tmp_path / "none", HOUR, NOW) == 0


def test_the_oldest_go_until_the_rest_fits(tmp_path: Path):
    for hours in range(5):
        put(tmp_path / f"{hours}.npz", hours * HOUR)
    assert sweep_files(tmp_path, 24 * HOUR, NOW, max_bytes=30) == 20
    assert list_all(tmp_path) == ["0.npz", "1.npz", "2.npz"]


def test_what_is_fresh_or_being_read_stays_whatever_fits(tmp_path: Path):
    for hours in range(5):
        put(tmp_path / f"{hours}.mp4", hours * HOUR)
    read = put(tmp_path / "read.mp4", 99 * HOUR)
    (tmp_path / "link").symlink_to(read)
    set_age(tmp_path / "link", 99 * HOUR)
    assert sweep_files(tmp_path, 24 * HOUR, NOW, 0, 2 * HOUR + HOUR / 2, {str(read)}) == 20
    assert list_all(tmp_path) == ["0.mp4", "1.mp4", "2.mp4", "link", "read.mp4"]


def test_downloads_that_nobody_goes_on_with_are_given_up(tmp_path: Path):
    for name, part_hours, journal_hours in (("old", 400, 400), ("waits", 400, 1), ("new", 1, 1)):
        put(tmp_path / "m" / f"{name}.pth.part", part_hours * HOUR)
        put(tmp_path / "m" / f"{name}.pth.part.jsonl", journal_hours * HOUR)
    put(tmp_path / "alone.part", 400 * HOUR)
    put(tmp_path / "m" / "weights.pth", 400 * HOUR)
    sweep_parts(tmp_path, 336 * HOUR, NOW)
    kept = ["new.pth.part", "new.pth.part.jsonl", "waits.pth.part", "waits.pth.part.jsonl", "weights.pth"]
    assert list_all(tmp_path) == ["m", *(f"m/{name}" for name in kept)]


def test_links_are_not_followed(tmp_path: Path):
    outside = put(tmp_path / "outside" / "old.mp4", 99 * HOUR)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "folder").symlink_to(outside.parent)
    (cache / "file").symlink_to(outside)
    (outside.parent / ".heygem-x").mkdir()
    set_age(outside.parent / ".heygem-x", 99 * HOUR)
    (cache / ".heygem-link").symlink_to(outside.parent)
    for link in ("folder", "file", ".heygem-link"):
        set_age(cache / link, 99 * HOUR)
    sweep_files(cache, HOUR, NOW)
    assert sweep_shell_folders(cache, NOW) == 0
    assert list_all(outside.parent) == [".heygem-x", "old.mp4"]


def test_folders_of_dead_shell_jobs_go_wherever_they_are(tmp_path: Path):
    live = put(tmp_path / "2026" / ".heygem-live" / "00001.mp4", HOUR)
    put(live.with_name("00000.mp4"), 30 * HOUR)
    put(tmp_path / "2026" / ".heygem-dead" / "00000.mp4", 30 * HOUR)
    put(tmp_path / ".work" / ".heygem-not-ours" / "x", 30 * HOUR)
    for folder in (live.parent, tmp_path / "2026" / ".heygem-dead", tmp_path / ".work" / ".heygem-not-ours"):
        set_age(folder, 30 * HOUR)
    assert sweep_shell_folders(tmp_path, NOW) == 1
    assert sorted(path.name for path in tmp_path.rglob(".heygem-*")) == [".heygem-live", ".heygem-not-ours"]


@pytest.mark.parametrize(
    ("state", "age", "is_kept"),
    [
        (JobState.FAILED, 71 * HOUR, True),
        (JobState.FAILED, 73 * HOUR, False),
        (JobState.PAUSED, 999 * HOUR, True),
        (JobState.RUNNING, 999 * HOUR, True),
        (JobState.SUCCEEDED, HOUR, False),
        (None, HOUR, False),
    ],
)
def test_segments_of_failed_jobs_are_kept_for_a_while(
    state: JobState | None, age: timedelta, is_kept: bool, tmp_path: Path
):
    def get_status(job_id: str) -> JobStatus:
        if state is None:
            raise JobNotFoundError(job_id=job_id)
        return JobStatus(job_id, REQUEST, state, finished_at=NOW - age if state.is_final else None)

    folders = WorkFolders(tmp_path)
    put(folders.make("job") / "00000.mp4", age)
    assert folders.sweep(get_status, failed_before=NOW - 72 * HOUR) == ([] if is_kept else ["job"])
    assert (folders.root / "job").exists() == is_kept


def test_inputs_are_forgotten_once_their_job_has_long_ended(database: Database):
    queue = JobQueue(database, fake_preflight)
    job_id = queue.submit(NewJob(REQUEST))
    soon = datetime.now(UTC) + HOUR
    assert queue.list_inputs(soon) == {REQUEST.person, REQUEST.voice}
    queue.cancel(job_id)
    assert queue.list_inputs() == queue.list_inputs(soon - 2 * HOUR) == {REQUEST.person, REQUEST.voice}
    assert queue.list_inputs(soon) == set()
