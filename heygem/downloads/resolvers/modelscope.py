"""ModelScope: `modelscope://owner/repo/path[@revision]`, and the links that people copy from its pages.

The link is the address that its own tools download from; it leads on to the store of large files.
"""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import list_words, read_query
from heygem.downloads.resolvers.asker import Asker, is_same_origin
from heygem.downloads.resolvers.listing import Listed, base_name, choose
from heygem.downloads.resolvers.options import ResolverOptions

SCHEME: Final = "modelscope://"
OWN_HOSTS: Final = frozenset({"modelscope.cn", "www.modelscope.cn"})
OTHER_HOSTS: Final = frozenset({"modelscope.ai", "www.modelscope.ai"})  # with models of its own
KINDS: Final = ("models", "datasets")
FIRST_REVISION: Final = "master"


@dataclass(frozen=True)
class ScopeFile:
    """`kind` is one of KINDS; a `path` that ends in a slash, or is empty, is a folder's."""

    kind: str
    repo: str
    path: str = ""
    revision: str = FIRST_REVISION

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def listing_address(self, endpoint: str) -> str:
        query = {"Revision": self.revision, "Root": self.folder, "Recursive": "false"}
        return f"{endpoint}/api/v1/{self.kind}/{quote(self.repo)}/repo/files?{urlencode(query)}"

    def address(self, endpoint: str) -> str:
        query = urlencode({"Revision": self.revision, "FilePath": self.path})
        return f"{endpoint}/api/v1/{self.kind}/{quote(self.repo)}/repo?{query}"


class ModelScopeResolver:
    def __init__(self, options: ResolverOptions, asker: Asker) -> None:
        self._endpoint = options.modelscope_endpoint
        self._token = options.modelscope_token
        self._asker = asker

    def accepts(self, source: DownloadSource) -> bool:
        if source.url.startswith(SCHEME):
            return True
        hosts = {*OWN_HOSTS, *OTHER_HOSTS, find_host(self._endpoint)}
        return source.host in hosts and parse_scope_address(source.url) is not None

    def name(self, source: DownloadSource) -> str:
        return find_host(self._choose_endpoint(source))

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        file = parse_scope_address(source.url)
        if file is None:
            raise SourceError(source=self.name(source), reason=SourceProblem.ADDRESS_INVALID)
        endpoint = self._choose_endpoint(source)
        headers = {**source.headers, **self._login(endpoint)}
        listed = self._list(file, endpoint, headers)
        name = base_name(file.path) if file.path and not file.path.endswith("/") else ""
        named = [each for each in listed if each.name == name] if name else listed
        if not named:
            raise SourceError(source=self.name(source), reason=SourceProblem.NOT_FOUND)
        chosen = choose(named, wanted, self.name(source))
        return Link(replace(file, path=chosen.address).address(endpoint), headers, size_bytes=chosen.size_bytes)

    def _choose_endpoint(self, source: DownloadSource) -> str:
        is_other = source.host in OTHER_HOSTS and not source.url.startswith(SCHEME)
        return f"https://{source.host}" if is_other else self._endpoint

    def _list(self, file: ScopeFile, endpoint: str, headers: dict[str, str]) -> list[Listed]:
        answer = self._asker.ask("GET", file.listing_address(endpoint), headers)
        if not answer.is_success:
            raise answer.refusal()
        return _read_files(answer.get_json(), find_host(endpoint))

    def _login(self, endpoint: str) -> dict[str, str]:
        """Its older addresses want a cookie, its newer ones a bearer."""
        if not self._token or not is_same_origin(endpoint, self._endpoint):
            return {}
        return {"Authorization": f"Bearer {self._token}", "Cookie": f"m_session_id={self._token}"}


def parse_scope_address(url: str) -> ScopeFile | None:
    """The file, folder or repository that an address names; None for what is no such address."""
    if url.startswith(SCHEME):
        return _parse_short(list_words(url))
    words = [unquote(word) for word in list_words(url)]
    if words[:2] == ["api", "v1"]:
        query = read_query(url)
        return _parse_repo(words[2:], query.get("FilePath", ""), query.get("Revision", FIRST_REVISION))
    return _parse_pasted(words)


def _parse_short(words: list[str]) -> ScopeFile | None:
    kind = words.pop(0) if words and words[0] in KINDS else KINDS[0]
    if len(words) < 2:
        return None
    path, _, revision = "/".join(words[2:]).partition("@")
    return ScopeFile(kind, unquote("/".join(words[:2])), unquote(path), unquote(revision) or FIRST_REVISION)


def _parse_pasted(words: list[str]) -> ScopeFile | None:
    """`models/owner/repo[/resolve/revision/path]`, or with one of its pages behind the repository."""
    match words[3:]:
        case ["resolve", revision, *path] | ["file", "view", revision, *path] if path:
            return _parse_repo(words, "/".join(path), revision)
        case ["tree", revision, *path]:
            return _parse_repo(words, "".join(f"{word}/" for word in path), revision)
        case [] | ["files" | "summary"]:
            return _parse_repo(words, "", FIRST_REVISION)
    return None


def _parse_repo(words: list[str], path: str, revision: str) -> ScopeFile | None:
    if len(words) < 3 or words[0] not in KINDS:
        return None
    return ScopeFile(words[0], "/".join(words[1:3]), path, revision)


def _read_files(answer: Any, host: str) -> list[Listed]:
    try:
        return [
            Listed(file["Name"], file["Path"], int(file["Size"]), file.get("Sha256") or "", file["Type"] == "tree")
            for file in answer["Data"]["Files"] or []
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(source=host, reason=SourceProblem.ANSWER_UNREADABLE) from error
