"""Whether a file can be read at all, in the errors of the domain. Knows nothing of what is in it."""

import errno
import os
import stat
from pathlib import Path

from heygem.domain.errors import (
    HeyGemError,
    MediaEmptyError,
    MediaIsFolderError,
    MediaNotFoundError,
    MediaPermissionError,
    MediaUnreadableError,
)


def check_file(path: Path) -> int:
    """The size of a readable file with something in it, in bytes.

    Raises MediaNotFoundError, MediaIsFolderError, MediaPermissionError, MediaEmptyError or MediaUnreadableError.
    """
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode):
            # Opening a named pipe would wait for ever.
            raise MediaIsFolderError(path) if stat.S_ISDIR(mode) else MediaUnreadableError(path, reason="not a file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        raise translate_os_error(path, error) from error
    if size == 0:
        raise MediaEmptyError(path)
    return size


def translate_os_error(path: Path, error: OSError | ValueError) -> HeyGemError:
    """The domain's error for a failure to open or read `path`."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MediaNotFoundError(path)
    if isinstance(error, IsADirectoryError):
        return MediaIsFolderError(path)
    if isinstance(error, PermissionError):
        return MediaPermissionError(path)
    if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        return MediaNotFoundError(path)
    return MediaUnreadableError(path, reason=str(error))
