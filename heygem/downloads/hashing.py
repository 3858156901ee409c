"""The SHA-256 of a file, with progress, and what tells later that it is still the same file."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.progress import CancelToken
from heygem.media.content_hash import hash_rest

SECOND_NS: Final = 10**9


@dataclass(frozen=True)
class SeenFile:
    """What was found in a file that had this size and time of change."""

    size_bytes: int
    mtime_ns: int
    sha256: str

    def is_of(self, stat: os.stat_result) -> bool:
        """A copy, or a layer of an image, may know the second alone."""
        times = (self.mtime_ns, self.mtime_ns // SECOND_NS * SECOND_NS)
        return self.size_bytes == stat.st_size and stat.st_mtime_ns in times


def see_file(path: Path, on_bytes: Callable[[int], None], cancel: CancelToken) -> SeenFile:
    """`on_bytes` is told of each block's length. Of a file that is written to meanwhile, what comes back is of no file.

    Raises OSError, CancelledError.
    """
    with path.open("rb", buffering=0) as file:
        stat = os.fstat(file.fileno())
        return SeenFile(stat.st_size, stat.st_mtime_ns, hash_rest(file, cancel, on_bytes))
