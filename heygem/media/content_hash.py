"""The SHA-256 of a file's content, by which results about it are cached."""

import hashlib
from pathlib import Path
from typing import Final

from heygem.domain.progress import CancelToken
from heygem.media.files import check_file, translate_os_error

BLOCK_BYTES: Final = 1024**2


def hash_file(path: Path, cancel: CancelToken) -> str:
    """64 hexadecimal digits. Raises MediaError for a file that cannot be read, CancelledError once cancelled."""
    check_file(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                cancel.check()
                digest.update(block)
    except OSError as error:
        raise translate_os_error(path, error) from error
    return digest.hexdigest()
