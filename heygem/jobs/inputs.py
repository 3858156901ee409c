"""Inputs that belong to the queue: uploads, which must outlive the page's own cache, until no job needs them."""

import os
import shutil
import time
import uuid
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Final

from heygem.domain.errors import OutputPathError

QUIET_S: Final = 3600.0


class InputStore:
    """Keeps each file in a folder of its own beside the outputs, under its own name."""

    def __init__(self, outputs_dir: Path) -> None:
        self._folder = outputs_dir / ".work" / "inputs"

    def adopt(self, path: Path) -> Path:
        """A lasting path for the file: a hard link where the disk is the same, else a copy. Raises OutputPathError."""
        adopted = self.reserve(path.name)
        try:
            _link_or_copy(path, adopted)
        except OSError as error:
            self.release(adopted)
            raise self._refusal(error) from error
        return adopted

    def reserve(self, name: str) -> Path:
        """A lasting path for a file that is still to be written. Raises OutputPathError."""
        path = self._folder / uuid.uuid4().hex / name
        try:
            path.parent.mkdir(parents=True)
        except OSError as error:
            raise self._refusal(error) from error
        return path

    def release(self, path: Path) -> None:
        """Removes a file that was adopted, with its folder; leaves every other file where it is."""
        if path.parent.parent == self._folder:
            shutil.rmtree(path.parent, ignore_errors=True)

    def sweep(self, used: Container[Path], now_s: float | None = None) -> None:
        """Removes what no one has any more: of uploads that a power cut broke off, and of jobs that were removed.

        Not what has been touched in the last QUIET_S, which may still be arriving.
        """
        latest_s = (time.time() if now_s is None else now_s) - QUIET_S
        for folder in list(self._folder.glob("*")):
            with suppress(OSError):  # gone already: another server sweeps too
                paths = list(folder.iterdir())
                is_quiet = all(path.stat().st_mtime < latest_s for path in (folder, *paths))
                if is_quiet and not any(path in used for path in paths):
                    shutil.rmtree(folder)

    def _refusal(self, error: OSError) -> OutputPathError:
        return OutputPathError(path=self._folder, reason=error.strerror or error)


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(path, copy)
