"""Hugging Face and its mirrors: `hf://owner/repo/path[@revision]`, and the links that people copy from its pages.

The link is the `resolve` address, which leads on to the store of large files; the token goes to the endpoint alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import list_words
from heygem.downloads.resolvers.asker import Answer, Asker, is_same_origin
from heygem.downloads.resolvers.listing import Listed, fits
from heygem.downloads.resolvers.options import HUGGING_FACE, ResolverOptions

SCHEME: Final = "hf://"
OWN_HOSTS: Final = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
MIRROR_HOSTS: Final = frozenset({"hf-mirror.com"})
KINDS: Final = ("datasets", "spaces")
VIEWS: Final = ("resolve", "blob", "raw", "tree")
SIZE_HEADER: Final = "x-linked-size"
SHA256_DIGITS: Final = 64  # a small file is tagged with a sum of another kind
PROBLEMS: Final = {
    "RepoNotFound": SourceProblem.NOT_FOUND,
    "RevisionNotFound": SourceProblem.NOT_FOUND,
    "EntryNotFound": SourceProblem.NOT_FOUND,
    "GatedRepo": SourceProblem.TERMS_NEEDED,
}


@dataclass(frozen=True)
class HubFile:
    """`repo` with its kind before it, as in `datasets/owner/name`."""

    repo: str
    path: str
    revision: str = "main"

    def address(self, endpoint: str) -> str:
        return f"{endpoint}/{quote(self.repo)}/resolve/{quote(self.revision, safe='')}/{quote(self.path)}"


class HuggingFaceResolver:
    def __init__(self, options: ResolverOptions, asker: Asker) -> None:
        self._endpoint = options.hf_endpoint
        self._token = options.hf_token
        self._asker = asker

    def accepts(self, source: DownloadSource) -> bool:
        if source.url.startswith(SCHEME):
            return True
        is_hub = source.host in {*OWN_HOSTS, *MIRROR_HOSTS} or source.url.startswith(f"{self._endpoint}/")
        return is_hub and self._parse(source, "x") is not None

    def _parse(self, source: DownloadSource, wanted_path: str) -> HubFile | None:
        """An endpoint may lie in a folder of its host."""
        return parse_hub_address(source.url.replace(f"{self._endpoint}/", f"{HUGGING_FACE}/", 1), wanted_path)

    def name(self, source: DownloadSource) -> str:
        return find_host(self._choose_endpoint(source))

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        endpoint = self._choose_endpoint(source)
        file = self._parse(source, wanted.path)
        if file is None:
            raise SourceError(source=self.name(source), reason=SourceProblem.ADDRESS_INVALID)
        address = file.address(endpoint)
        headers = {**source.headers, **self._login(endpoint)}
        answer = self._ask(address, headers)
        if answer.status == 401 and self._login(endpoint):  # a token that is out of date keeps nobody from public files
            headers = dict(source.headers)
            answer = self._ask(address, headers)
        _check(answer, wanted)
        return Link(address, headers, size_bytes=_find_size(answer))

    def _ask(self, address: str, headers: Mapping[str, str]) -> Answer:
        # Identity, since the size of a compressed answer would be another one.
        asked = {**headers, "Accept-Encoding": "identity"}
        return self._asker.ask("HEAD", address, asked, is_head=True, follows=_is_rename)

    def _choose_endpoint(self, source: DownloadSource) -> str:
        """A mirror that is named stays; the service's own name stands for whatever endpoint is set."""
        is_general = source.url.startswith(SCHEME) or source.host in OWN_HOSTS
        if is_general or source.url.startswith(f"{self._endpoint}/"):
            return self._endpoint
        parts = urlsplit(source.url)
        return f"{parts.scheme}://{parts.netloc}"

    def _login(self, endpoint: str) -> dict[str, str]:
        is_ours = self._token and is_same_origin(endpoint, self._endpoint)
        return {"Authorization": f"Bearer {self._token}"} if is_ours else {}


def parse_hub_address(url: str, wanted_path: str) -> HubFile | None:
    """The file that an address names; where it names a folder or a repository, the one in it that is called as the last
    part of `wanted_path`. None for what is no such address.
    """
    words = list_words(url)
    kind = words.pop(0) if words and words[0] in KINDS else ""
    file = _parse_short(words) if url.startswith(SCHEME) else _parse_pasted(words)
    if file is None:
        return None
    name = wanted_path.rpartition("/")[2]
    path = f"{file.path}{name}" if not file.path or file.path.endswith("/") else file.path
    return replace(file, repo=f"{kind}/{file.repo}" if kind else file.repo, path=path)


def _parse_short(words: list[str]) -> HubFile | None:
    """`owner/repo/path@revision`; and `owner/repo@revision/path`, as huggingface_hub writes it."""
    if len(words) < 2:
        return None
    repo, _, revision = "/".join(words[:2]).partition("@")
    path = "/".join(words[2:])
    if not revision:
        path, _, revision = path.partition("@")
    return HubFile(unquote(repo), unquote(path), unquote(revision) or "main")


def _parse_pasted(words: list[str]) -> HubFile | None:
    """`[owner/]repo[/view/revision[/path]]`; a path that ends in a slash is a folder's."""
    at = next((index for index, word in enumerate(words[:3]) if index and word in VIEWS), None)
    if at is None:
        return HubFile("/".join(words), "") if len(words) == 2 else None
    if len(words) < at + 2:
        return None
    repo, view, revision = "/".join(words[:at]), words[at], words[at + 1]
    path = "/".join(words[at + 2 :])
    if view == "tree" and path:
        path += "/"
    return HubFile(unquote(repo), unquote(path), unquote(revision)) if path or view == "tree" else None


def _is_rename(answer: Answer) -> bool:
    """Whether it leads on within the hub, and not yet to the store of large files."""
    return is_same_origin(answer.target, answer.url) and SIZE_HEADER not in answer.headers


def _check(answer: Answer, wanted: ModelFile) -> None:
    """Raises SourceError for what is refused, and for a large file that is told to be another than the one wanted."""
    host = find_host(answer.url)
    if answer.status >= 400:
        known = PROBLEMS.get(answer.headers.get("x-error-code", ""))
        raise SourceError(source=host, reason=known) if known else answer.refusal()
    size, tag = answer.headers.get(SIZE_HEADER, ""), answer.headers.get("x-linked-etag", "").strip('"')
    size_bytes, sha256 = int(size) if size.isdecimal() else None, tag if len(tag) == SHA256_DIGITS else ""
    if not fits(Listed("", answer.url, size_bytes, sha256), wanted):
        raise SourceError(source=host, reason=SourceProblem.FILE_DIFFERS)


def _find_size(answer: Answer) -> int | None:
    size = answer.headers.get(SIZE_HEADER, "") or (
        answer.headers.get("content-length", "") if answer.is_success else ""
    )
    return int(size) if size.isdecimal() else None
