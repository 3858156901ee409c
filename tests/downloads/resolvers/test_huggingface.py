"""Hugging Face's addresses, and its answers from a server that gives them as the Hub does."""

from dataclasses import replace

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.huggingface import HubFile, parse_hub_address
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, SUM, WANTED, Asked, Reply, StandIn, fetch

TOKEN = "hf_ours"
PATH = "/some/lips/resolve/main/deep/model.pth"
STORED = {"X-Linked-Size": str(len(CONTENT)), "X-Linked-ETag": f'"{SUM}"', "X-Repo-Commit": "c0ffee"}


@pytest.mark.parametrize(
    ("url", "repo", "path", "revision"),
    [
        ("hf://some/lips/a/b.pth", "some/lips", "a/b.pth", "main"),
        ("hf://some/lips/a/b.pth@v1.0", "some/lips", "a/b.pth", "v1.0"),
        ("hf://some/lips/b.pth@refs/pr/1", "some/lips", "b.pth", "refs/pr/1"),
        ("hf://some/lips@v2/b.pth", "some/lips", "b.pth", "v2"),
        ("hf://some/lips", "some/lips", "model.pth", "main"),
        ("hf://some/lips/odd%40name%20.pth", "some/lips", "odd@name .pth", "main"),
        ("hf://datasets/some/faces/b.bin", "datasets/some/faces", "b.bin", "main"),
        ("https://huggingface.co/some/lips/blob/main/a/b.pth", "some/lips", "a/b.pth", "main"),
        ("https://huggingface.co/some/lips/resolve/v1/b.pth?download=true", "some/lips", "b.pth", "v1"),
        ("https://huggingface.co/some/lips/tree/main/deep", "some/lips", "deep/model.pth", "main"),
        ("https://huggingface.co/some/lips/tree/main", "some/lips", "model.pth", "main"),
        ("https://huggingface.co/some/lips", "some/lips", "model.pth", "main"),
        ("https://huggingface.co/gpt2/resolve/main/b.bin", "gpt2", "b.bin", "main"),
        ("https://hf.co/some/lips/resolve/refs%2Fpr%2F1/b.pth", "some/lips", "b.pth", "refs/pr/1"),
        ("https://hf.co/spaces/some/demo/resolve/main/b.pth", "spaces/some/demo", "b.pth", "main"),
    ],
)
def test_an_address_names_a_file(url: str, repo: str, path: str, revision: str):
    assert parse_hub_address(url, WANTED.path) == HubFile(repo, path, revision)


@pytest.mark.parametrize(
    "url",
    ["hf://some", "https://huggingface.co/models", "https://huggingface.co/docs/hub/security/tokens",
     "https://huggingface.co/some/lips/resolve/main", "https://huggingface.co/some/lips/blob/main"],
)  # fmt: skip
def test_an_address_that_names_none(url: str):
    assert parse_hub_address(url, WANTED.path) is None


def test_a_revision_with_slashes_is_one_part_of_the_address():
    file = HubFile("some/lips", "a b/c.pth", "refs/pr/1")
    assert file.address("https://hub.example") == "https://hub.example/some/lips/resolve/refs%2Fpr%2F1/a%20b/c.pth"


class Hub:
    """A repository with a large file, which lies in another host's store, and a small one."""

    def __init__(self, serve: Serve) -> None:
        self.store: StandIn = serve(self._give_stored)
        self.server: StandIn = serve(self._answer)

    def _give_stored(self, asked: Asked) -> Reply:
        return Reply(body=CONTENT) if asked.query.get("Signature") == "once" else Reply(403)

    def _answer(self, asked: Asked) -> Reply:
        location = f"{self.store.there}/xet/blob?Signature=once"
        if asked.headers.get("authorization") == "Bearer hf_old":
            return Reply(401, headers={"X-Error-Message": "Invalid credentials in Authorization header"})
        if asked.path == PATH:
            return Reply(302, headers={**STORED, "Location": location})
        if asked.path == "/old/lips/resolve/main/deep/model.pth":
            return Reply(307, headers={"Location": PATH})
        if asked.path == "/some/lips/resolve/main/model.pth":
            return Reply(body=CONTENT, headers={"ETag": '"0123456789012345678901234567890123456789"'})
        if asked.path.startswith("/gated/"):
            return Reply(403, headers={"X-Error-Code": "GatedRepo"})
        if asked.path.startswith("/private/"):
            return Reply(401, headers={"X-Error-Code": "RepoNotFound"})
        return Reply(404, headers={"X-Error-Code": "EntryNotFound"})


@pytest.fixture
def hub(serve: Serve) -> Hub:
    return Hub(serve)


def test_a_large_file_comes_from_the_store_which_never_sees_the_token(hub: Hub, build: Build):
    resolvers = build(hf_endpoint=hub.server.here, hf_token=TOKEN)
    source = resolvers.open(DownloadSource("hf://some/lips/deep/model.pth"), WANTED)
    link = source.get_link()
    assert source.name == "127.0.0.1"
    assert link.url == f"{hub.server.here}{PATH}"
    assert link.size_bytes == len(CONTENT)
    assert fetch(link) == CONTENT
    assert {asked.headers.get("authorization") for asked in hub.server.seen} == {f"Bearer {TOKEN}"}
    assert [asked.headers.get("authorization") for asked in hub.store.seen] == [None]


def test_a_link_of_the_service_itself_goes_to_the_endpoint_that_is_set(hub: Hub, build: Build):
    resolvers = build(hf_endpoint=hub.server.here)
    pasted = DownloadSource("https://huggingface.co/some/lips/blob/main/deep/model.pth")
    assert fetch(resolvers.open(pasted, WANTED).get_link()) == CONTENT


def test_an_endpoint_may_lie_in_a_folder_of_its_host(serve: Serve, build: Build):
    server = serve(lambda asked: Reply(body=CONTENT) if asked.path == f"/mirror/hub{PATH}" else Reply(404))
    resolvers = build(hf_endpoint=f"{server.here}/mirror/hub", hf_token=TOKEN)
    for url in ("hf://some/lips/deep/model.pth", f"{server.here}/mirror/hub/some/lips/blob/main/deep/model.pth"):
        assert fetch(resolvers.open(DownloadSource(url), WANTED).get_link()) == CONTENT
    assert {asked.headers.get("authorization") for asked in server.seen} == {f"Bearer {TOKEN}"}


def test_the_token_stays_with_the_endpoint_when_a_mirror_is_named(
    hub: Hub, build: Build, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("heygem.downloads.resolvers.huggingface.MIRROR_HOSTS", {"localhost"})
    mirrored = DownloadSource(f"{hub.server.there}{PATH}")
    link = build(hf_endpoint=hub.server.here, hf_token=TOKEN).open(mirrored, WANTED).get_link()
    assert fetch(link) == CONTENT
    assert [asked.headers.get("authorization") for asked in hub.server.seen] == [None, None]


def test_a_token_that_is_out_of_date_keeps_nobody_from_a_public_file(hub: Hub, build: Build):
    resolvers = build(hf_endpoint=hub.server.here, hf_token="hf_old")
    link = resolvers.open(DownloadSource("hf://some/lips/deep/model.pth"), WANTED).get_link()
    assert fetch(link) == CONTENT


def test_a_small_file_and_a_repository_that_was_renamed(hub: Hub, build: Build):
    resolvers = build(hf_endpoint=hub.server.here)
    for url in ("hf://some/lips", "hf://old/lips/deep/model.pth"):
        link = resolvers.open(DownloadSource(url), WANTED).get_link()
        assert link.size_bytes == len(CONTENT)
        assert fetch(link) == CONTENT


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("hf://gated/lips/model.pth", SourceProblem.TERMS_NEEDED),
        ("hf://private/lips/model.pth", SourceProblem.NOT_FOUND),
        ("hf://some/lips/absent.pth", SourceProblem.NOT_FOUND),
        ("hf://some", SourceProblem.ADDRESS_INVALID),
    ],
)
def test_what_the_hub_refuses_says_what_to_do(hub: Hub, build: Build, url: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build(hf_endpoint=hub.server.here).open(DownloadSource(url), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


@pytest.mark.parametrize("other", [replace(WANTED, size_bytes=7), replace(WANTED, sha256="0" * 64)])
def test_another_file_under_the_name_is_told_before_it_is_fetched(hub: Hub, build: Build, other):
    with pytest.raises(SourceError) as caught:
        build(hf_endpoint=hub.server.here).open(DownloadSource("hf://some/lips/deep/model.pth"), other).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_DIFFERS
