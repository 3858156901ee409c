"""The video of a finished job: under the name that the job gave it, or where the library has it now."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.errors import JobStateError, ResultGoneError, ResultTrashedError
from heygem.domain.job import JobStatus
from heygem.domain.library import ArchivedCopy, OutputRecord, OutputState
from heygem.library.catalogue import Library
from heygem.web.address import url_of


@dataclass(frozen=True)
class FinishedVideo:
    """`url` is what the page plays it by, "" where it cannot: it is in the trash, or gone (MISSING)."""

    state: OutputState
    url: str = ""
    size_bytes: int = 0


GONE: Final = FinishedVideo(OutputState.MISSING)
TRASHED: Final = FinishedVideo(OutputState.TRASHED)


def get_finished(library: Library, status: JobStatus) -> Path | ArchivedCopy:
    """Its file, or where there is none its copy in the archive.

    Raises JobStateError for a job without a video, ResultTrashedError, ResultGoneError.
    """
    if status.result is None:
        raise JobStateError(action="result", state=status.state)
    path = status.result.path
    if path.is_file():
        return path
    record = library.list_made_by([status.job_id]).get(status.job_id)
    if record is None:
        raise ResultGoneError(name=path.name)
    if record.state is OutputState.TRASHED:
        raise ResultTrashedError(name=path.name)
    return library.get_content(record.output_id)


def find_finished(library: Library, jobs: Iterable[JobStatus]) -> dict[str, FinishedVideo]:
    """By the ids of those that have a video. The library is looked into once, for all whose file has moved."""
    paths = {status.job_id: status.result.path for status in jobs if status.result is not None}
    found = {job_id: _find_file(path) for job_id, path in paths.items()}
    moved = library.list_made_by([job_id for job_id, video in found.items() if video is None])
    has_archive = library.store is not None
    return {job_id: video or _find_moved(moved.get(job_id), has_archive) for job_id, video in found.items()}


def _find_file(path: Path) -> FinishedVideo | None:
    try:
        return FinishedVideo(OutputState.PRESENT, url_of(path), path.stat().st_size) if path.is_file() else None
    except OSError:  # it has gone this moment
        return None


def _find_moved(record: OutputRecord | None, has_archive: bool) -> FinishedVideo:
    if record is None:
        return GONE
    if record.state is OutputState.TRASHED:
        return TRASHED
    if record.state is OutputState.PRESENT and (there := _find_file(record.path)):
        return there
    if record.archived_at is None or not has_archive:
        return GONE
    return FinishedVideo(OutputState.ARCHIVED, f"media/{record.output_id}.mp4", record.size_bytes)
