"""The folders in which running jobs keep their finished segments, on the outputs' disk."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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

    def sweep(self, is_needed: Callable[[str], bool]) -> list[str]:
        """Removes the folders of the jobs that `is_needed` denies, and names those jobs."""
        gone = [folder.name for folder in self.root.iterdir() if folder.is_dir() and not is_needed(folder.name)]
        for job_id in gone:
            self.remove(job_id)
        return gone
