"""What stands behind an address of the web: a file, or a page that leads to one through one of several doors."""

from collections.abc import Sequence
from typing import Final, Protocol

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.asker import Asker

SCHEMES: Final = ("http://", "https://")
PASSING: Final = 429  # from here on a refusal may pass, which a transfer waits for


class Door(Protocol):
    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """The link; None where the page is not of this kind. Raises SourceError."""
        ...


class WebResolver:
    """Takes every address that no other resolver wants."""

    def __init__(self, asker: Asker, doors: Sequence[Door]) -> None:
        self._asker = asker
        self._doors = doors

    def accepts(self, source: DownloadSource) -> bool:
        return source.url.lower().startswith(SCHEMES) and bool(source.host)

    def name(self, source: DownloadSource) -> str:
        return source.host

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        if not self._is_page(source):
            return Link(source.url, source.headers)
        for door in self._doors:
            if link := door.enter(source, wanted):
                return link
        raise SourceError(source=source.host, reason=SourceProblem.NO_DOWNLOAD)

    def _is_page(self, source: DownloadSource) -> bool:
        """One look at its head. What cannot be reached now is a file: a transfer tries again, and tells in the end."""
        try:
            answer = self._asker.ask("GET", source.url, {**source.headers, "Range": "bytes=0-0"}, is_head=True)
        except SourceError:
            return False
        if answer.status >= PASSING:
            return False
        return answer.is_page or (answer.status >= 400 and bool(source.code))
