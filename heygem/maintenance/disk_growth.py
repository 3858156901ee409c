"""How fast the disk fills, and when it will be full: from samples that are kept as lines of JSON."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import linear_regression
from typing import Final

from heygem.library.retention import DiskFacts

DAY: Final = timedelta(days=1)
WINDOW: Final = 14 * DAY  # longer than a week, so that week-ends weigh what they should
SHORTEST: Final = DAY  # less says nothing of a day's growth
FURTHEST: Final = 3650 * DAY
MAX_BYTES: Final = 500_000  # some 7,000 samples: most of a year, one each hour


@dataclass(frozen=True)
class DiskSample:
    at: datetime
    used_bytes: int


@dataclass(frozen=True)
class DiskHistory:
    """A file of samples, oldest first. Several processes may add to it."""

    path: Path

    def add(self, at: datetime, facts: DiskFacts) -> None:
        """Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        sample = {"at": at.isoformat(), "used_bytes": facts.total_bytes - facts.free_bytes}
        with self.path.open("ab") as file:
            file.write(f"{json.dumps(sample)}\n".encode())
            size = file.tell()
        if size > MAX_BYTES:
            self._halve()

    def read(self) -> list[DiskSample]:
        """What is damaged, by a power cut say, is left out."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [sample for line in lines if (sample := _parse(line)) is not None]

    def _halve(self) -> None:
        lines = self.path.read_bytes().splitlines(keepends=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        part.write_bytes(b"".join(lines[len(lines) // 2 :]))
        part.replace(self.path)


def find_growth(samples: Sequence[DiskSample], now: datetime) -> float | None:
    """Bytes a day over the last WINDOW, by least squares: below 0 where it empties. None for less than SHORTEST."""
    recent = [sample for sample in samples if now - WINDOW <= sample.at <= now]
    if not recent or recent[-1].at - recent[0].at < SHORTEST:
        return None
    days = [(sample.at - recent[0].at) / DAY for sample in recent]
    return linear_regression(days, [float(sample.used_bytes) for sample in recent]).slope


def find_full_at(growth: float | None, facts: DiskFacts, refuse_share: float, now: datetime) -> datetime | None:
    """When `refuse_share` of the disk will be in use at this growth (bytes a day): `now` where it is, None where
    it will not be within FURTHEST, or nothing is known.
    """
    left_bytes = facts.free_bytes - (1 - refuse_share) * facts.total_bytes
    if left_bytes <= 0:
        return now
    if growth is None or growth <= 0 or left_bytes / growth > FURTHEST / DAY:
        return None
    return now + left_bytes / growth * DAY


def _parse(line: bytes) -> DiskSample | None:
    try:
        fields = json.loads(line)
        sample = DiskSample(datetime.fromisoformat(fields["at"]), int(fields["used_bytes"]))
    except (ValueError, KeyError, TypeError):
        return None
    return sample if sample.at.tzinfo is not None else None
