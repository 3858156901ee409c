"""GitHub's addresses, and its answers from a server that gives them as its API's documentation says."""

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.github import ReleaseFile, parse_release_address
from heygem.downloads.resolvers.registry import ResolverSet
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, SUM, WANTED, Asked, Reply, StandIn, fetch

SITE = "https://github.com"
TOKEN = "ghp_ours"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("github://some/lips/v1/a.pth", ReleaseFile("some/lips", "v1", "a.pth")),
        ("github://some/lips/models/v1/a.pth", ReleaseFile("some/lips", "models/v1", "a.pth")),
        ("github://some/lips/latest/a.pth", ReleaseFile("some/lips", "latest", "a.pth")),
        (f"{SITE}/some/lips/releases/download/v1/a.pth", ReleaseFile("some/lips", "v1", "a.pth")),
        (f"{SITE}/some/lips/releases/download/models%2Fv1/a%2Bb.pth", ReleaseFile("some/lips", "models/v1", "a+b.pth")),
        (f"{SITE}/some/lips/releases/latest/download/a.pth", ReleaseFile("some/lips", "latest", "a.pth")),
        (f"{SITE}/some/lips/releases/tag/v1", ReleaseFile("some/lips", "v1")),
        (f"{SITE}/some/lips/releases/latest", ReleaseFile("some/lips", "latest")),
        (f"{SITE}/some/lips/releases", ReleaseFile("some/lips", "latest")),
    ],
)
def test_an_address_names_a_file_of_a_release(url: str, file: ReleaseFile):
    assert parse_release_address(url) == file


@pytest.mark.parametrize("url", ["github://some/lips/a.pth", SITE, f"{SITE}/some/lips", f"{SITE}/some/lips/issues/1"])
def test_an_address_that_names_none(url: str):
    assert parse_release_address(url) is None


class Forge:
    """One repository that anybody may see, one that needs the token; files come from another host."""

    def __init__(self, serve: Serve) -> None:
        self.store: StandIn = serve(
            lambda asked: Reply(400) if "authorization" in asked.headers else Reply(body=CONTENT)
        )
        self.server: StandIn = serve(self._answer)
        self.status = 0

    def _answer(self, asked: Asked) -> Reply:
        known = asked.headers.get("authorization", "")
        if asked.path.startswith("/api/"):
            return self._answer_api(asked, known)
        if asked.path in ("/open/lips/releases/download/v1/model.pth", "/open/lips/releases/latest/download/model.pth"):
            return Reply(302, headers={"Location": f"{self.store.there}/public"})
        return Reply(404)

    def _answer_api(self, asked: Asked, known: str) -> Reply:
        if known not in ("", f"Bearer {TOKEN}"):
            return Reply(401, {"message": "Bad credentials"})
        if self.status:
            return Reply(self.status, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"})
        if asked.path.startswith("/api/repos/secret/") and not known:
            return Reply(404, {"message": "Not Found"})
        if asked.path.endswith("/assets/7"):
            is_binary = asked.headers.get("accept") == "application/octet-stream"
            location = f"{self.store.there}/private"
            return Reply(302, headers={"Location": location}) if is_binary else Reply(body={"id": 7})
        if asked.path.endswith(("/releases/tags/v1", "/releases/latest")):
            return Reply(body={"tag_name": "v1", "assets": [self._describe(asked.path)]})
        return Reply(404, {"message": "Not Found"})

    def _describe(self, path: str) -> dict[str, object]:
        repo = path.split("/releases/")[0]
        public = f"{self.server.here}/open/lips/releases/download/v1/model.pth"
        return {"name": "model.pth", "size": len(CONTENT), "digest": f"sha256:{SUM}",
                "url": f"{self.server.here}{repo}/releases/assets/7", "browser_download_url": public}  # fmt: skip

    def build(self, build: Build, token: str = "") -> ResolverSet:
        return build(github_site=self.server.here, github_api=f"{self.server.here}/api", github_token=token)


@pytest.fixture
def forge(serve: Serve) -> Forge:
    return Forge(serve)


@pytest.mark.parametrize("token", ["", TOKEN, "ghp_old"])
@pytest.mark.parametrize("name", ["github://open/lips/v1/model.pth", "github://open/lips/latest/model.pth"])
def test_a_public_file_comes_with_any_token_or_none(forge: Forge, build: Build, token: str, name: str):
    assert fetch(forge.build(build, token).open(DownloadSource(name), WANTED).get_link()) == CONTENT


def test_a_private_file_comes_through_the_api_and_its_store_never_sees_the_token(forge: Forge, build: Build):
    source = DownloadSource("github://secret/lips/v1/model.pth")
    link = forge.build(build, TOKEN).open(source, WANTED).get_link()
    assert link.size_bytes == len(CONTENT)
    assert fetch(link) == CONTENT
    assert [asked.path for asked in forge.store.seen] == ["/private"]


def test_the_file_of_a_releases_page_is_found_by_its_name(forge: Forge, build: Build):
    for page in ("tag/v1", "latest"):
        source = DownloadSource(f"{forge.server.here}/open/lips/releases/{page}")
        assert fetch(forge.build(build).open(source, WANTED).get_link()) == CONTENT


@pytest.mark.parametrize(
    ("url", "token", "problem"),
    [
        ("github://open/lips/v1/other.pth", "", SourceProblem.NOT_FOUND),
        ("github://open/lips/v1/other.pth", TOKEN, SourceProblem.FILE_NOT_IN_SHARE),
        ("github://secret/lips/v1/model.pth", "", SourceProblem.NOT_FOUND),
        ("github://open/lips/v2/model.pth", TOKEN, SourceProblem.NOT_FOUND),
        ("github://open/lips", "", SourceProblem.ADDRESS_INVALID),
    ],
)
def test_what_is_refused_says_what_to_do(forge: Forge, build: Build, url: str, token: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        forge.build(build, token).open(DownloadSource(url), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


def test_a_limit_that_is_used_up_matters_only_where_the_api_is_needed(forge: Forge, build: Build):
    forge.status = 403
    source = DownloadSource("github://open/lips/v1/model.pth")
    assert fetch(forge.build(build, TOKEN).open(source, WANTED).get_link()) == CONTENT
    with pytest.raises(SourceError) as caught:
        page = DownloadSource(f"{forge.server.here}/open/lips/releases/tag/v1")
        forge.build(build).open(page, WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.BUSY
