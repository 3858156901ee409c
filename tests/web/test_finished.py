"""A finished job's video wherever it has gone since: the trash, another name, the archive alone, nowhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from heygem.domain.errors import JobStateError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, LipSyncResult
from heygem.domain.library import OutputState
from heygem.library.archiver import Archiver
from heygem.library.catalogue import Library
from heygem.web.finished import GONE, TRASHED, FinishedVideo, find_finished, get_finished
from tests.archived import make_library, put_in_archive
from tests.fakes import write_video

JOB = "job"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return make_library(tmp_path)


@pytest.fixture
def path(library: Library) -> Path:
    path = library.outputs_dir / "2026-01-02" / "ann" / "a #1.mp4"
    write_video(path, 0.2)
    return path


@pytest.fixture
def status(path: Path) -> JobStatus:
    request = LipSyncRequest(Path("p.mp4"), Path("v.wav"), path)
    return JobStatus(JOB, request, JobState.SUCCEEDED, result=LipSyncResult(path, 5, 0.2))


def find_one(library: Library, status: JobStatus) -> FinishedVideo:
    return find_finished(library, [status])[JOB]


def test_under_its_name_it_needs_no_library(library: Library, path: Path, status: JobStatus) -> None:
    assert get_finished(library, status) == path
    found = find_one(library, status)
    assert (found.state, found.size_bytes) == (OutputState.PRESENT, path.stat().st_size)
    assert found.url.endswith("/outputs/2026-01-02/ann/a%20%231.mp4")
    path.unlink()
    assert find_one(library, status) == GONE


def test_from_the_trash_it_comes_back_under_another_name(library: Library, path: Path, status: JobStatus) -> None:
    output_id = library.add(path, JOB)
    library.trash([output_id])
    assert find_one(library, status) == TRASHED
    path.mkdir()  # its name is taken, and not by a video
    library.restore([output_id])
    found = find_one(library, status)
    assert found.state is OutputState.PRESENT and found.url.endswith("a%20%231_2.mp4")
    library.remove([output_id])
    assert find_one(library, status) == GONE


def test_the_archive_alone_is_enough(library: Library, path: Path, status: JobStatus, tmp_path: Path) -> None:
    output_id, size_bytes = library.add(path, JOB), path.stat().st_size
    put_in_archive(Archiver(library, FileLock(tmp_path / "archive.lock")), [output_id])
    assert not path.exists()
    found = find_one(library, status)
    assert found == FinishedVideo(OutputState.ARCHIVED, f"media/{output_id}.mp4", size_bytes)
    assert find_one(replace(library, store=None), status) == GONE


def test_a_job_without_a_video_has_none(library: Library, status: JobStatus) -> None:
    with pytest.raises(JobStateError):
        get_finished(library, replace(status, result=None))
    assert find_finished(library, [replace(status, result=None)]) == {}
