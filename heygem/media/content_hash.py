"""The SHA-256 of a file's content, by which results about it are cached."""

import hashlib
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Final

from heygem.domain.progress import CancelToken
from heygem.media.files import check_file, translate_os_error

BLOCK_BYTES: Final = 4 * 1024**2


def hash_file(path: Path, cancel: CancelToken) -> str:
    """64 hexadecimal digits. Raises MediaError for a file that cannot be read, CancelledError once cancelled."""
    check_file(path)
    try:
        with path.open("rb", buffering=0) as file:
            return hash_rest(file, cancel)
    except OSError as error:
        raise translate_os_error(path, error) from error


def hash_rest(file: FileIO, cancel: CancelToken, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """Of what of an open file has not been read. `on_bytes` is told of each block's length.

    Raises OSError, CancelledError.
    """
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(BLOCK_BYTES))
    while count := file.readinto(buffer):
        cancel.check()
        digest.update(buffer[:count])
        on_bytes(count)
    return digest.hexdigest()
