"""What stands behind an address of the web: a file, or a page that leads to one through one of several doors."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.asker import Answer, Asker
from heygem.downloads.resolvers.logins import Login, find_login

SCHEMES: Final = ("http://", "https://")
UNKNOWN: Final = 401
PASSING: Final = 429  # from here on a refusal may pass, which a transfer waits for


class Door(Protocol):
    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """The link; None where the page is not of this kind. Raises SourceError."""
        ...


class WebResolver:
    """Takes every address that no other resolver wants."""

    def __init__(self, asker: Asker, logins: Sequence[Login], doors: Sequence[Door]) -> None:
        self._asker = asker
        self._logins = logins
        self._doors = doors

    def accepts(self, source: DownloadSource) -> bool:
        return source.url.lower().startswith(SCHEMES) and bool(source.host)

    def name(self, source: DownloadSource) -> str:
        return source.host

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        if link := self._find_file(source):
            return link
        for door in self._doors:
            if link := door.enter(source, wanted):
                return link
        raise SourceError(source=source.host, reason=SourceProblem.NO_DOWNLOAD)

    def _find_file(self, source: DownloadSource) -> Link | None:
        """None for a page, after one look at the head of what is there.

        What cannot be reached now is taken for a file: a transfer tries again, and tells in the end.
        """
        headers = dict(source.headers)
        try:
            answer = self._look(source, headers)
            if answer.status == UNKNOWN and (login := find_login(self._logins, source.url)):
                headers = {**headers, **login.header}
                answer = self._look(source, headers)
        except SourceError:
            return Link(source.url, source.headers)
        is_refused = UNKNOWN <= answer.status < PASSING
        is_page = answer.status < PASSING and (answer.is_page or (is_refused and bool(source.code)))
        return None if is_page else Link(source.url, headers)

    def _look(self, source: DownloadSource, headers: Mapping[str, str]) -> Answer:
        return self._asker.ask("GET", source.url, {**headers, "Range": "bytes=0-0"}, is_head=True)
