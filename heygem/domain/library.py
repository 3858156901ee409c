"""What is known of the finished videos, and what is to become of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class OutputKind(StrEnum):
    """How long a video is worth keeping; what is pinned stays for ever."""

    TEST = "test"
    STANDARD = "standard"
    IMPORTANT = "important"
    PINNED = "pinned"


class OutputState(StrEnum):
    """Where its file is: under its name, in the trash, in the archive alone, gone with our doing, or without it."""

    PRESENT = "present"
    TRASHED = "trashed"
    ARCHIVED = "archived"
    REMOVED = "removed"
    MISSING = "missing"


@dataclass(frozen=True)
class OutputRecord:
    """A finished video. `path` is where it lies, or lay, under its own name; times are aware, in UTC.

    `used_at` is when it was made or last played. `problems` are keys of [quality] in strings.toml. `archived_at` is
    when a copy in the archive was last verified, None where there is none.
    """

    output_id: str
    path: Path
    owner: str = ""
    project: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    kind: OutputKind = OutputKind.IMPORTANT
    state: OutputState = OutputState.PRESENT
    size_bytes: int = 0
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    created_at: datetime | None = None
    used_at: datetime | None = None
    trashed_at: datetime | None = None
    archived_at: datetime | None = None
    job_id: str | None = None
    person: str = ""
    voice: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArchivedCopy:
    """The copy of a video in the archive: its name there, its bytes and their SHA-256 in hexadecimal digits."""

    key: str
    size_bytes: int
    sha256: str
