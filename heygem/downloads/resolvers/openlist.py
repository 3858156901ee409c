"""Pages of OpenList and AList, which show netdisks: a file or folder of one, or a share `/@s/ID`, with its password.

Their API tells the address that a file may be fetched from, signed for a while where the server's owner wants so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import find_expiry, read_query
from heygem.downloads.resolvers.asker import Asker
from heygem.downloads.resolvers.listing import Listed, fits, search
from heygem.downloads.resolvers.logins import Login, find_login

SHARE: Final = "/@s/"
GUEST_REFUSED: Final = 401
CODE_REFUSED: Final = 403


@dataclass(frozen=True)
class Place:
    """`base` is the server's address, `path` what its API calls the file or folder."""

    base: str
    path: str


class OpenListDoor:
    def __init__(self, asker: Asker, logins: tuple[Login, ...]) -> None:
        self._asker = asker
        self._logins = logins

    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """None where no such server is behind the address. Raises SourceError."""
        place = next((each for each in list_places(source.url) if self._is_openlist(each.base)), None)
        if place is None:
            return None
        code = source.code or read_query(source.url).get("pwd", "")
        visit = _Visit(self._asker, place.base, code, self._log_in(place.base))
        found = visit.get(place.path)
        path = place.path
        if found.get("is_dir"):
            path = search(path, visit.list, wanted, source.host).address
            found = visit.get(path)
        if not fits(_read_listed(found, path), wanted):
            raise SourceError(source=source.host, reason=SourceProblem.FILE_DIFFERS)
        url = _find_address(place.base, path, found)
        return Link(url, expires_at=find_expiry(url), size_bytes=_find_size(found))

    def _is_openlist(self, base: str) -> bool:
        answer = self._asker.ask("GET", f"{base}/api/public/settings")
        try:
            told = answer.get_json() if answer.is_success else None
        except SourceError:
            return False
        return isinstance(told, dict) and isinstance(told.get("data"), dict) and "site_title" in told["data"]

    def _log_in(self, base: str) -> dict[str, str]:
        """As the user whose login is for this server; as a guest without one."""
        login = find_login(self._logins, base)
        if login is None:
            return {}
        body = {"username": login.user, "password": login.password}
        told = self._asker.ask("POST", f"{base}/api/auth/login", json=body).get_json()
        if not isinstance(told, dict) or not isinstance(told.get("data"), dict):
            raise SourceError(source=find_host(base), reason=SourceProblem.LOGIN_NEEDED)
        return {"Authorization": str(told["data"].get("token", ""))}


@dataclass(frozen=True)
class _Visit:
    asker: Asker
    base: str
    code: str
    login: Mapping[str, str]

    def get(self, path: str) -> dict[str, Any]:
        """What is known of a file or folder."""
        return self._ask("get", {"path": path})

    def list(self, folder: str) -> list[Listed]:
        told = self._ask("list", {"path": folder, "page": 1, "per_page": 0, "refresh": False})
        content = told.get("content") or []
        if not all(isinstance(each, dict) and "name" in each for each in content):
            raise self._problem(SourceProblem.ANSWER_UNREADABLE)
        return [_read_listed(each, f"{folder.rstrip('/')}/{each['name']}") for each in content]

    def _ask(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.asker.ask("POST", f"{self.base}/api/fs/{verb}", self.login, json={**body, "password": self.code})
        told = answer.get_json() if answer.is_success else {"code": answer.status}
        if not isinstance(told, dict):
            raise self._problem(SourceProblem.ANSWER_UNREADABLE)
        data = told.get("data")
        if told.get("code") != 200 or not isinstance(data, dict):
            raise self._problem(self._explain(told.get("code"), str(told.get("message", ""))))
        return data

    def _explain(self, status: object, message: str) -> SourceProblem:
        """Its statuses are in the body, and of one number for many things; the words tell more."""
        if status == GUEST_REFUSED:
            return SourceProblem.LOGIN_NEEDED
        if status == CODE_REFUSED:
            return SourceProblem.CODE_WRONG if self.code else SourceProblem.CODE_NEEDED
        if "share" in message:
            return SourceProblem.SHARE_EXPIRED
        return SourceProblem.NOT_FOUND if "not found" in message else SourceProblem.BUSY

    def _problem(self, problem: SourceProblem) -> SourceError:
        return SourceError(source=find_host(self.base), reason=problem)


def list_places(url: str) -> Iterator[Place]:
    """What an address may mean: a server may stand at the root of its host or in its first folder."""
    parts = urlsplit(url)
    origin, path = f"{parts.scheme}://{parts.netloc}", unquote(parts.path) or "/"
    before, share, rest = path.partition(SHARE)
    if share:
        yield Place(f"{origin}{before}", f"{share}{rest}")
        return
    yield Place(origin, path)
    first, _, rest = path.removeprefix("/").partition("/")
    if rest:
        yield Place(f"{origin}/{quote(first)}", f"/{rest}")


def _find_address(base: str, path: str, found: Mapping[str, Any]) -> str:
    """Behind a proxy a server may believe that it is spoken to over plain HTTP; its address is the one that worked."""
    sign = f"?sign={quote(str(found['sign']), safe=':=')}" if found.get("sign") else ""
    url = urljoin(f"{base}/", str(found.get("raw_url") or f"{base}/d{quote(path)}{sign}"))
    ours, its = urlsplit(base), urlsplit(url)
    if ours.scheme == "https" and its.scheme == "http" and its.hostname == ours.hostname:
        return its._replace(scheme="https", netloc=ours.netloc).geturl()
    return url


def _read_listed(found: Mapping[str, Any], path: str) -> Listed:
    sums = found.get("hash_info")
    sha256 = str(sums.get("sha256") or "") if isinstance(sums, dict) else ""
    return Listed(str(found.get("name", "")), path, _find_size(found), sha256, bool(found.get("is_dir")))


def _find_size(found: Mapping[str, Any]) -> int | None:
    """A netdisk that does not know says 0."""
    size = found.get("size")
    return size if isinstance(size, int) and size > 0 else None
