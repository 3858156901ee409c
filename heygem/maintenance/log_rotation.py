"""Puts the log aside, each day or by its size, compresses it, and keeps the last few: three settings.

The processes that write need not know of it: they open the log anew once it has been renamed.
"""

import gzip
import logging
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from heygem.config.logs import FILE_NAME

log = logging.getLogger(__name__)

SETTLED: Final = timedelta(minutes=1)  # a process may be about to write its last line to a log that was put aside
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class LogRotation:
    """Of FILE_NAME in `folder`. What was put aside is `heygem-<UTC time>.log`, then `.log.gz`; at most `kept` of these,
    and together with the log itself at most `total_bytes`. For one process at a time.
    """

    folder: Path
    rotate_bytes: int
    kept: int
    total_bytes: int

    def run(self, now: datetime) -> None:
        """May be broken off anywhere, and is completed by the next. Raises OSError."""
        if self._is_due(now):
            self._put_aside(now)
        for path in self.folder.glob("heygem-*.log"):
            if (stamp := _read_stamp(path)) is not None and stamp + SETTLED <= now:
                _compress(path)
        self._prune()

    def _is_due(self, now: datetime) -> bool:
        try:
            with (self.folder / FILE_NAME).open("rb") as file:
                first = file.read(10).decode("ascii", "replace")
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            return False
        return size >= self.rotate_bytes or (size > 0 and first < now.astimezone(UTC).date().isoformat())

    def _put_aside(self, now: datetime) -> None:
        aside = self.folder / f"heygem-{now.astimezone(UTC).strftime(_STAMP)}.log"
        if not (aside.exists() or aside.with_suffix(".log.gz").exists()):
            (self.folder / FILE_NAME).rename(aside)

    def _prune(self) -> None:
        left_bytes = self.total_bytes - _measure(self.folder / FILE_NAME)
        aside = [path for path in self.folder.glob("heygem-*.log*") if _read_stamp(path) is not None]
        for number, path in enumerate(sorted(aside, reverse=True)):
            left_bytes -= _measure(path)
            if number >= self.kept or left_bytes < 0:
                path.unlink(missing_ok=True)
                log.info("the old log %s is removed", path.name)


def _compress(path: Path) -> None:
    packed = path.with_suffix(".log.gz")
    part = path.with_suffix(".log.partial")
    with path.open("rb") as source, gzip.open(part, "wb") as sink:
        shutil.copyfileobj(source, sink)
    part.replace(packed)
    path.unlink()


def _read_stamp(path: Path) -> datetime | None:
    """When the log of this name was put aside; None for a file of somebody else."""
    name = path.name.removeprefix("heygem-")
    for suffix in (".log", ".log.gz", ".log.partial"):
        try:
            return datetime.strptime(name, f"{_STAMP}{suffix}").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _measure(path: Path) -> int:
    """Its bytes; 0 for none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
