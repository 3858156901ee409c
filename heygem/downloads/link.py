"""Where bytes can be had now: what a source becomes once a resolver has asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from heygem.domain.models import DownloadSource, ModelFile, find_host

RENEW_BEFORE: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Link:
    """`headers` go to the link's own host alone, redirects elsewhere are followed without credentials.

    `expires_at` (UTC) is None for a link that stays good. `size_bytes` where the resolver has learned it. The address
    and the headers let their bearer in, so the `repr` has neither.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    expires_at: datetime | None = None
    size_bytes: int | None = None

    @property
    def host(self) -> str:
        """Fit to be shown; the rest of a link may be signed."""
        return find_host(self.url)

    def is_stale(self, now: datetime) -> bool:
        """Whether it will soon be, or is, no good any more."""
        return self.expires_at is not None and now >= self.expires_at - RENEW_BEFORE


class Resolver(Protocol):
    """Turns one kind of source into links. For several threads; a resolver may remember what it has logged in to."""

    def accepts(self, source: DownloadSource) -> bool:
        """Whether the source is of this kind, by its looks alone."""
        ...

    def name(self, source: DownloadSource) -> str:
        """The host that will be asked."""
        ...

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        """A link that is good now; asked again, a new one. Raises SourceError."""
        ...


class LinkSource(Protocol):
    """One source of one file, as a transfer asks it."""

    @property
    def name(self) -> str:
        """Fit to be shown: a host, never a signed link."""
        ...

    def get_link(self, renew: bool = False) -> Link:
        """The link of the last time as long as it is good and `renew` is not asked for. Raises SourceError."""
        ...
