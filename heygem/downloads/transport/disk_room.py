"""Whether a download fits on its disk, before it begins and while it goes on."""

import shutil
from pathlib import Path

from heygem.domain.errors import HeyGemError
from heygem.domain.model_errors import DownloadDiskFullError
from heygem.media.publish import MEBIBYTE, NO_SPACE, translate_output_error


def check_room(target: Path, needed_bytes: int, reserve_bytes: int) -> None:
    """Raises DownloadDiskFullError unless `needed_bytes` can be written with `reserve_bytes` left over."""
    free = shutil.disk_usage(target.parent).free
    if free < needed_bytes + reserve_bytes:
        needed_mb = max(1, (needed_bytes + reserve_bytes) // MEBIBYTE)
        raise DownloadDiskFullError(path=target, free_mb=free // MEBIBYTE, needed_mb=needed_mb)


def translate_write_error(target: Path, error: OSError) -> HeyGemError:
    """The domain's error for a failure to write it: DownloadDiskFullError or OutputPathError."""
    if error.errno in NO_SPACE:
        free = shutil.disk_usage(target.parent).free
        return DownloadDiskFullError(path=target, free_mb=free // MEBIBYTE, needed_mb=1)
    return translate_output_error(target, error)
