"""The video of a finished job: under the name that the job gave it, or where the library has it now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.errors import JobStateError, ResultGoneError, ResultTrashedError
from heygem.domain.job import JobStatus
from heygem.domain.library import ArchivedCopy, OutputState
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
    record = library.find_made_by(status.job_id)
    if record is None:
        raise ResultGoneError(name=path.name)
    if record.state is OutputState.TRASHED:
        raise ResultTrashedError(name=path.name)
    return library.get_content(record.output_id)


def find_finished(library: Library, status: JobStatus) -> FinishedVideo:
    """Of a job that has succeeded."""
    try:
        content = get_finished(library, status)
        if isinstance(content, Path):
            return FinishedVideo(OutputState.PRESENT, url_of(content), content.stat().st_size)
    except ResultTrashedError:
        return TRASHED
    except (ResultGoneError, FileNotFoundError):
        return GONE
    record = library.find_made_by(status.job_id)
    return FinishedVideo(OutputState.ARCHIVED, f"media/{record.output_id}.mp4", content.size_bytes) if record else GONE
