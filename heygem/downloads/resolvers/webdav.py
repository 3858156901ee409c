"""WebDAV servers: `webdav://user@host/path` over HTTP, `webdavs://` over HTTPS; `dav://` and `davs://` are the same.

The password is the source's code, or the one that the user's logins have for this very server.
"""

from typing import Final
from urllib.parse import unquote, urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.asker import Asker
from heygem.downloads.resolvers.dav import find_dav_file
from heygem.downloads.resolvers.logins import basic_header, find_login
from heygem.downloads.resolvers.options import ResolverOptions

SCHEMES: Final = {"webdav": "http", "dav": "http", "webdavs": "https", "davs": "https"}


class WebDavResolver:
    def __init__(self, options: ResolverOptions, asker: Asker) -> None:
        self._logins = options.logins
        self._asker = asker

    def accepts(self, source: DownloadSource) -> bool:
        return source.url.partition("://")[0].lower() in SCHEMES and bool(source.host)

    def name(self, source: DownloadSource) -> str:
        return source.host

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        url = self._plain_address(source.url)
        login = self._login(source, url)
        try:
            found = find_dav_file(self._asker, url, {**source.headers, **login}, wanted)
        except SourceError as error:
            if login and error.context["reason"] == SourceProblem.LOGIN_NEEDED:
                raise SourceError(source=source.host, reason=SourceProblem.CODE_WRONG) from error
            raise
        return Link(found.address, {**source.headers, **login}, size_bytes=found.size_bytes)

    def _plain_address(self, url: str) -> str:
        parts = urlsplit(url)
        scheme, host = SCHEMES[parts.scheme], parts.netloc.rpartition("@")[2]
        return parts._replace(scheme=scheme, netloc=host).geturl()

    def _login(self, source: DownloadSource, url: str) -> dict[str, str]:
        parts = urlsplit(source.url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "") or source.code
        if password:
            return basic_header(user, password)
        found = find_login(self._logins, url, user)
        return found.header if found else {}
