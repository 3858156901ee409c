"""Inputs that belong to the queue: uploads, which must outlive the page's own cache, until no job needs them."""

import os
import shutil
import uuid
from pathlib import Path

from heygem.domain.errors import OutputPathError


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

    def _refusal(self, error: OSError) -> OutputPathError:
        return OutputPathError(path=self._folder, reason=error.strerror or error)


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(path, copy)
