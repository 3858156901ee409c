"""The folder of finished videos: which files in it may be touched, and where the trash is.

A file's name here is its path below the folder, with slashes, so that the folder can move.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from heygem.domain.errors import PathOutsideError


@dataclass(frozen=True)
class OutputFolder:
    """Nothing outside `root` is reached, by whatever name or link; links inside it are not followed."""

    root: Path

    def name_of(self, path: Path) -> str:
        """Raises PathOutsideError where `path` does not lie in the folder."""
        try:
            parent = Path(os.path.realpath(path.parent))
            name = (parent / path.name).relative_to(os.path.realpath(self.root)).as_posix()
        except ValueError as error:
            raise PathOutsideError(name=str(path)) from error
        self.place(name)
        return name

    def place(self, name: str) -> Path:
        """Where `name` lies, or would. Raises PathOutsideError for what is hidden, a link, or leads out."""
        parts = PurePosixPath(name).parts
        is_plain = bool(parts) and not any(part.startswith(".") or "\0" in part for part in parts)
        path = self.root / name
        if not is_plain or PurePosixPath(name).is_absolute() or not self._is_real(path, name):
            raise PathOutsideError(name=name)
        return path

    def find(self, name: str) -> Path | None:
        """The regular file of that name; None for anything else."""
        try:
            return _regular(self.place(name))
        except PathOutsideError:
            return None

    def find_trashed(self, output_id: str, name: str) -> Path | None:
        """Where the file lies that had `name` before it went into the trash; None where it does not."""
        try:
            return _regular(self.trash_of(output_id) / PurePosixPath(name).name)
        except PathOutsideError:
            return None

    def trash_of(self, output_id: str) -> Path:
        """The folder that keeps an output in the trash. Raises PathOutsideError where a link leads elsewhere."""
        name = f".work/trash/{output_id}"
        path = self.root / name
        if not self._is_real(path, name):
            raise PathOutsideError(name=name)
        return path

    def _is_real(self, path: Path, name: str) -> bool:
        """Whether no part of `path` below the folder is a link."""
        return os.path.realpath(path) == os.path.join(os.path.realpath(self.root), name)  # noqa: PTH118 - text, as is


def _regular(path: Path) -> Path | None:
    try:
        return path if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None
