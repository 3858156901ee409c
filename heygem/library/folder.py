"""The folder of finished videos: which files in it may be touched, and where the trash is.

A file's name here is its path below the folder, with slashes, so that the folder can move.
"""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from heygem.domain.errors import PathOutsideError

_FILED: Final = re.compile(r"\d{4}-\d\d-\d\d/([^/]+)/[^/]+")  # day, owner, file


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
        plain = PurePosixPath(name)
        is_plain = bool(plain.parts) and plain.as_posix() == name and not plain.is_absolute()
        if not is_plain or any(part.startswith(".") or "\0" in part for part in plain.parts):
            raise PathOutsideError(name=name)
        return self._below(name)

    def find(self, name: str) -> Path | None:
        """The regular file of that name; None for anything else."""
        try:
            return _regular(self.place(name))
        except PathOutsideError:
            return None

    def find_trashed(self, output_id: str, name: str) -> Path | None:
        """Where the file lies that had `name` before it went into the trash; None where it does not."""
        return _find_alone(self.trash_of, output_id, name)

    def find_fetched(self, output_id: str, name: str) -> Path | None:
        """Where the file lies that has come from the archive and had `name`; None where it does not."""
        return _find_alone(self.fetch_of, output_id, name)

    def trash_of(self, output_id: str) -> Path:
        """The folder that keeps an output in the trash. Raises PathOutsideError where a link leads elsewhere."""
        return self._below(f".work/trash/{output_id}")

    def fetch_of(self, output_id: str) -> Path:
        """The folder that an output comes into from the archive. Raises as trash_of does."""
        return self._below(f".work/fetch/{output_id}")

    def _below(self, name: str) -> Path:
        """Raises PathOutsideError where a part of it below the folder is a link."""
        path = self.root / name
        if any(os.path.islink(part) for part in (path, *path.parents[: name.count("/")])):  # noqa: PTH114 - never raises
            raise PathOutsideError(name=name)
        return path


def find_owner(name: str) -> str:
    """Whose folder the file `name` lies in, `day/owner/file`; "" for one that lies elsewhere."""
    filed = _FILED.fullmatch(name)
    return filed[1] if filed else ""


def _find_alone(folder_of: Callable[[str], Path], output_id: str, name: str) -> Path | None:
    """In the folder that an output has for itself."""
    try:
        return _regular(folder_of(output_id) / PurePosixPath(name).name)
    except PathOutsideError:
        return None


def _regular(path: Path) -> Path | None:
    try:
        return path if stat.S_ISREG(path.lstat().st_mode) else None
    except OSError:
        return None
