"""Which part of the library is looked at, and which page of it. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from heygem.domain.library import OutputKind, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery

PAGE_SIZE: Final = 24
SOON: Final = timedelta(days=3)
ANY: Final = "*"
MB: Final = 1024**2


class Shelf(StrEnum):
    PRESENT = "present"
    EXPIRING = "expiring"
    TRASHED = "trashed"
    ARCHIVED = "archived"
    MISSING = "missing"

    @property
    def state(self) -> OutputState:
        return OutputState.PRESENT if self is Shelf.EXPIRING else OutputState(self)


@dataclass(frozen=True)
class Filters:
    """`kind`, `owner` and `project` may be ANY; `days` is how old a video may be, 0 for any age."""

    words: str = ""
    shelf: Shelf = Shelf.PRESENT
    kind: str = ANY
    owner: str = ANY
    project: str = ANY
    days: int = 0
    min_mb: int = 0
    order: OutputOrder = OutputOrder.NEWEST

    @classmethod
    def read(
        cls,
        words: str,
        shelf: str,
        kind: str,
        owner: str | None,
        project: str | None,
        days: int,
        min_mb: int,
        order: str,
    ) -> "Filters":
        """From the fields of the page, in their order."""
        owner, project = (ANY if name is None else name for name in (owner, project))
        return cls(words.strip(), Shelf(shelf), kind, owner, project, days, min_mb, OutputOrder(order))

    def to_query(self, now: datetime, page: int = 0) -> OutputQuery:
        return OutputQuery(
            words=self.words,
            owner=None if self.owner == ANY else self.owner,
            project=None if self.project == ANY else self.project,
            kind=None if self.kind == ANY else OutputKind(self.kind),
            state=self.shelf.state,
            made_after=now - timedelta(days=self.days) if self.days else None,
            min_size=self.min_mb * MB or None,
            expires_before=now + SOON if self.shelf is Shelf.EXPIRING else None,
            order=self.order,
            limit=PAGE_SIZE,
            offset=page * PAGE_SIZE,
        )

    def to_url(self) -> str:
        """The part of an address behind the question mark."""
        return urlencode(vars(self))

    @property
    def is_wide(self) -> bool:
        """Whether nothing is held back, so that an empty page means an empty library."""
        return self == Filters(order=self.order)


@dataclass(frozen=True)
class Paging:
    """`page` counts from 0; `total` and `total_bytes` are of everything that matches."""

    page: int
    total: int
    total_bytes: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


def read_now() -> datetime:
    return datetime.now(UTC)
