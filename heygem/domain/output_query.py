"""What is asked of a library of finished videos, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from heygem.domain.library import OutputKind, OutputRecord, OutputState


class OutputOrder(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    LONGEST = "longest"
    NAME = "name"


class UsageBy(StrEnum):
    OWNER = "owner"
    PROJECT = "project"


@dataclass(frozen=True)
class OutputQuery:
    """Every one of `words`, in any case and width, must occur in the title, file, person, voice, owner, project or
    tags. None asks for nothing. Times are aware, sizes in bytes; an upper bound is not itself within it.
    `expires_before` counts by the rules of retention.
    """

    words: str = ""
    owner: str | None = None
    project: str | None = None
    kind: OutputKind | None = None
    state: OutputState | None = OutputState.PRESENT
    made_after: datetime | None = None
    made_before: datetime | None = None
    min_size: int | None = None
    max_size: int | None = None
    expires_before: datetime | None = None
    order: OutputOrder = OutputOrder.NEWEST
    limit: int = 24
    offset: int = 0


@dataclass(frozen=True)
class OutputPage:
    """`total` and `total_bytes` are of all that match, not of this page alone."""

    records: tuple[OutputRecord, ...]
    total: int
    total_bytes: int


@dataclass(frozen=True)
class Usage:
    """How many videos lie under one name, and their bytes."""

    name: str
    count: int
    size_bytes: int
