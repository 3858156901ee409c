"""Public shares of Nextcloud (and ownCloud): `https://host/s/TOKEN`, with the share's password as the source's code.

They are asked by WebDAV: at the address that Nextcloud has since version 29, and at the one from before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import read_query
from heygem.downloads.resolvers.asker import Asker
from heygem.downloads.resolvers.dav import find_dav_file
from heygem.downloads.resolvers.logins import basic_header

SHARE: Final = re.compile(r"(?P<base>.*?)(?:/index\.php)?/s/(?P<token>[\w-]+)(?:/.*)?")
AS_ITS_PAGES_DO: Final = {"X-Requested-With": "XMLHttpRequest"}  # else it may refuse whoever is not another server
GONE: Final = (SourceProblem.NOT_FOUND, SourceProblem.BUSY)  # what an old version answers to a new address


@dataclass(frozen=True)
class Share:
    """`inner` is a path in the share, with slashes, not encoded."""

    base: str
    token: str
    inner: str = ""

    def list_roots(self, code: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Where to ask, newest first, and with which headers."""
        inner = quote(self.inner)
        login = basic_header("anonymous", code) if code else {}
        yield f"{self.base}/public.php/dav/files/{self.token}/{inner}", {**AS_ITS_PAGES_DO, **login}
        yield f"{self.base}/public.php/webdav/{inner}", {**AS_ITS_PAGES_DO, **basic_header(self.token, code)}


class NextcloudDoor:
    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """None where no such server is behind the address. Raises SourceError."""
        share = parse_share(source.url)
        if share is None or not self._is_nextcloud(share.base):
            return None
        for url, headers in share.list_roots(source.code):
            try:
                found = find_dav_file(self._asker, url, headers, wanted)
            except SourceError as error:
                problem = error.context["reason"]
                if problem == SourceProblem.LOGIN_NEEDED:
                    known = SourceProblem.CODE_WRONG if source.code else SourceProblem.CODE_NEEDED
                    raise SourceError(source=source.host, reason=known) from error
                if problem not in GONE:
                    raise
            else:
                return Link(found.address, headers, size_bytes=found.size_bytes)
        raise SourceError(source=source.host, reason=SourceProblem.SHARE_EXPIRED)

    def _is_nextcloud(self, base: str) -> bool:
        answer = self._asker.ask("GET", f"{base}/status.php")
        try:
            told = answer.get_json() if answer.is_success else None
        except SourceError:
            return False
        return isinstance(told, dict) and "versionstring" in told


def parse_share(url: str) -> Share | None:
    """None for what does not look like a share. The path in it is told in several ways by its pages."""
    parts = urlsplit(url)
    found = SHARE.fullmatch(parts.path)
    if found is None:
        return None
    query = read_query(url)
    folder = query.get("path") or query.get("dir") or ""
    inner = "/".join(word for word in (folder.strip("/"), query.get("files", "")) if word)
    return Share(f"{parts.scheme}://{parts.netloc}{found['base']}", found["token"], inner)
