"""Whether a download fits on its disk, before it begins and while it goes on."""

import shutil
from pathlib import Path

from heygem.domain.errors import DiskFullError
from heygem.media.publish import MEBIBYTE


def check_room(target: Path, needed_bytes: int, reserve_bytes: int) -> None:
    """Raises DiskFullError unless `needed_bytes` can be written with `reserve_bytes` left over."""
    free = shutil.disk_usage(target.parent).free
    if free < needed_bytes + reserve_bytes:
        needed_mb = (needed_bytes + reserve_bytes) // MEBIBYTE
        raise DiskFullError(path=target, free_mb=free // MEBIBYTE, needed_mb=needed_mb)
