"""Watches how full the outputs' disk is. From its high mark on, no new job is taken."""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from heygem.domain.errors import DiskFullError, DiskHighError
from heygem.library.retention import DiskFacts

MB: Final = 1_000_000


class DiskState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FULL = "full"


@dataclass(frozen=True)
class DiskGuard:
    """Of the disk on which `folder` lies. Shares are of what whoever runs this may use, as `df` counts it."""

    folder: Path
    warn_share: float
    refuse_share: float
    reserve_bytes: int

    def measure(self) -> DiskFacts:
        """Now. Where the folder is still to be made, of the nearest one above it."""
        place = next(place for place in (self.folder, *self.folder.parents) if place.exists())
        usage = shutil.disk_usage(place)
        return DiskFacts(usage.used + usage.free, usage.free)

    def judge(self, facts: DiskFacts) -> DiskState:
        if facts.used_share >= self.refuse_share or facts.free_bytes < self.reserve_bytes:
            return DiskState.FULL
        return DiskState.WARN if facts.used_share >= self.warn_share else DiskState.OK

    def check_room(self) -> None:
        """Raises DiskHighError while the disk is FULL."""
        facts = self.measure()
        if self.judge(facts) is DiskState.FULL:
            raise DiskHighError(
                used_percent=round(100 * facts.used_share),
                refuse_percent=round(100 * self.refuse_share),
                free_mb=facts.free_bytes // MB,
                reserve_mb=self.reserve_bytes // MB,
            )

    def check_fits(self, size_bytes: int) -> None:
        """Raises DiskFullError where so many bytes more would make the disk FULL."""
        facts = self.measure()
        if self.judge(DiskFacts(facts.total_bytes, facts.free_bytes - size_bytes)) is DiskState.FULL:
            kept_bytes = max(self.reserve_bytes, round((1 - self.refuse_share) * facts.total_bytes))
            needed_mb = (size_bytes + kept_bytes) // MB + 1
            raise DiskFullError(path=self.folder, free_mb=facts.free_bytes // MB, needed_mb=needed_mb)
