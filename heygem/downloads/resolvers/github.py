"""Files of GitHub releases: `github://owner/repo/tag/file`, and the links that people copy from its pages.

With a token the link is the file's address in the API, as private repositories need; without one, the public address.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import list_words
from heygem.downloads.resolvers.asker import Answer, Asker
from heygem.downloads.resolvers.listing import Listed, choose
from heygem.downloads.resolvers.options import ResolverOptions

SCHEME: Final = "github://"
LATEST: Final = "latest"
API_HEADERS: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
REST_OF_LIMIT: Final = "x-ratelimit-remaining"
# What a token may be to blame for; a public file can be had without.
TOKEN_PROBLEMS: Final = (SourceProblem.LOGIN_NEEDED, SourceProblem.FORBIDDEN, SourceProblem.BUSY)


@dataclass(frozen=True)
class ReleaseFile:
    """An empty `name` stands for the wanted file's; the tag LATEST for that of the newest release."""

    repo: str
    tag: str
    name: str = ""

    def api_address(self, api: str) -> str:
        tag = LATEST if self.tag == LATEST else f"tags/{quote(self.tag, safe='')}"
        return f"{api}/repos/{quote(self.repo)}/releases/{tag}"

    def public_address(self, site: str) -> str:
        where = "latest/download" if self.tag == LATEST else f"download/{quote(self.tag, safe='')}"
        return f"{site}/{quote(self.repo)}/releases/{where}/{quote(self.name)}"


class GitHubResolver:
    def __init__(self, options: ResolverOptions, asker: Asker) -> None:
        self._site = options.github_site
        self._api = options.github_api
        self._token = options.github_token
        self._asker = asker

    def accepts(self, source: DownloadSource) -> bool:
        if source.url.startswith(SCHEME):
            return True
        return source.host == find_host(self._site) and parse_release_address(source.url) is not None

    def name(self, source: DownloadSource) -> str:  # noqa: ARG002 - there is one
        return find_host(self._site)

    def resolve(self, source: DownloadSource, wanted: ModelFile) -> Link:
        file = parse_release_address(source.url)
        if file is None:
            raise SourceError(source=self.name(source), reason=SourceProblem.ADDRESS_INVALID)
        if not file.name or self._token:
            try:
                return self._resolve_by_api(file, wanted)
            except SourceError as error:
                if not file.name or error.context["reason"] not in TOKEN_PROBLEMS:
                    raise
        return self._resolve_public(file, source)

    def _resolve_by_api(self, file: ReleaseFile, wanted: ModelFile) -> Link:
        login = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer = self._asker.ask("GET", file.api_address(self._api), {**API_HEADERS, **login})
        if not answer.is_success:
            raise _refuse(answer)
        host = find_host(self._api)
        assets = _read_assets(answer.get_json(), host, is_private=bool(self._token))
        chosen = choose([each for each in assets if file.name in ("", each.name)], wanted, host)
        headers = {**API_HEADERS, **login, "Accept": "application/octet-stream"} if self._token else {}
        return Link(chosen.address, headers, size_bytes=chosen.size_bytes)

    def _resolve_public(self, file: ReleaseFile, source: DownloadSource) -> Link:
        address = file.public_address(self._site)
        answer = self._asker.ask("HEAD", address, source.headers, is_head=True, follows=lambda _: False)
        if answer.status >= 400:
            raise _refuse(answer)
        return Link(address, source.headers)


def parse_release_address(url: str) -> ReleaseFile | None:
    """None for what is no such address. A tag may have slashes in it."""
    words = [unquote(word) for word in list_words(url)]
    repo = "/".join(words[:2])
    if url.startswith(SCHEME):
        return ReleaseFile(repo, "/".join(words[2:-1]), words[-1]) if len(words) >= 4 else None
    match words[2:]:
        case ["releases"] | ["releases", "latest"]:
            return ReleaseFile(repo, LATEST)
        case ["releases", "latest", "download", name]:
            return ReleaseFile(repo, LATEST, name)
        case ["releases", "download", *tag, name] if tag:
            return ReleaseFile(repo, "/".join(tag), name)
        case ["releases", "tag", *tag] if tag:
            return ReleaseFile(repo, "/".join(tag))
    return None


def _refuse(answer: Answer) -> SourceError:
    """A limit that is used up is told as 403, and what is private as 404."""
    if answer.status == 403 and answer.headers.get(REST_OF_LIMIT) == "0":
        return SourceError(source=find_host(answer.url), reason=SourceProblem.BUSY)
    return answer.refusal()


def _read_assets(release: Any, host: str, is_private: bool) -> list[Listed]:
    """A release's files, with the address that a token needs or the public one."""
    key = "url" if is_private else "browser_download_url"
    try:
        return [
            Listed(asset["name"], asset[key], int(asset["size"]), _read_digest(asset.get("digest") or ""))
            for asset in release["assets"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(source=host, reason=SourceProblem.ANSWER_UNREADABLE) from error


def _read_digest(digest: str) -> str:
    kind, _, value = digest.partition(":")
    return value if kind == "sha256" else ""
