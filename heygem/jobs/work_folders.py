"""The folders in which running jobs keep their finished segments, on the outputs' disk."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heygem.domain.errors import JobNotFoundError
from heygem.domain.job import JobState, JobStatus


@dataclass(frozen=True)
class WorkFolders:
    """`<outputs>/.work/jobs/<job id>`. Several processes and machines may share them."""

    outputs: Path

    @property
    def root(self) -> Path:
        """The folder of the folders; made if need be."""
        root = self.outputs / ".work" / "jobs"
        root.mkdir(parents=True, exist_ok=True)
        return root

    def make(self, job_id: str) -> Path:
        folder = self.root / job_id
        folder.mkdir(exist_ok=True)
        return folder

    def remove(self, job_id: str) -> None:
        shutil.rmtree(self.root / job_id, ignore_errors=True)

    def sweep(self, get_status: Callable[[str], JobStatus], failed_before: datetime | None = None) -> list[str]:
        """Removes the folders of jobs that succeeded, were cancelled, are not known or failed before that time.

        Names those jobs; one that failed and is tried again starts anew.
        """
        names = [folder.name for folder in self.root.iterdir() if folder.is_dir()]
        gone = [job_id for job_id in names if _is_done_with(job_id, get_status, failed_before)]
        for job_id in gone:
            self.remove(job_id)
        return gone


def _is_done_with(job_id: str, get_status: Callable[[str], JobStatus], failed_before: datetime | None) -> bool:
    try:
        job = get_status(job_id)
    except JobNotFoundError:
        return True
    if job.state is JobState.FAILED and failed_before is not None and job.finished_at is not None:
        return job.finished_at < failed_before
    return job.state in (JobState.SUCCEEDED, JobState.CANCELLED)
