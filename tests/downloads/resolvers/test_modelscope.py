"""ModelScope's addresses, and its answers from a server that gives them as the service does."""

from dataclasses import replace

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.modelscope import ScopeFile, parse_scope_address
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, SUM, WANTED, Asked, Reply, StandIn, fetch

SITE = "https://www.modelscope.cn"


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("modelscope://some/lips/deep/a.pth", ScopeFile("models", "some/lips", "deep/a.pth")),
        ("modelscope://some/lips/deep/a.pth@v1.2", ScopeFile("models", "some/lips", "deep/a.pth", "v1.2")),
        ("modelscope://some/lips", ScopeFile("models", "some/lips")),
        ("modelscope://datasets/some/faces/a.bin", ScopeFile("datasets", "some/faces", "a.bin")),
        (f"{SITE}/models/some/lips/resolve/master/deep/a.pth", ScopeFile("models", "some/lips", "deep/a.pth")),
        (f"{SITE}/models/some/lips/file/view/v2/a.pth?status=2", ScopeFile("models", "some/lips", "a.pth", "v2")),
        (f"{SITE}/models/some/lips/tree/v2/deep", ScopeFile("models", "some/lips", "deep/", "v2")),
        (f"{SITE}/models/some/lips/files", ScopeFile("models", "some/lips")),
        (f"{SITE}/models/some/lips/summary", ScopeFile("models", "some/lips")),
        (f"{SITE}/models/some/lips", ScopeFile("models", "some/lips")),
        (f"{SITE}/api/v1/models/some/lips/repo?Revision=v2&FilePath=deep%2Fa.pth",
         ScopeFile("models", "some/lips", "deep/a.pth", "v2")),
    ],
)  # fmt: skip
def test_an_address_names_a_file(url: str, file: ScopeFile):
    assert parse_scope_address(url) == file


@pytest.mark.parametrize("url", ["modelscope://some", f"{SITE}/docs/home", f"{SITE}/models", f"{SITE}/studios/some/x"])
def test_an_address_that_names_none(url: str):
    assert parse_scope_address(url) is None


class Scope:
    """A repository with one large file in a folder, which the store of another host gives."""

    def __init__(self, serve: Serve) -> None:
        self.store: StandIn = serve(lambda _: Reply(body=CONTENT))
        self.server: StandIn = serve(self._answer)

    def _answer(self, asked: Asked) -> Reply:
        if not asked.path.startswith("/api/v1/models/some/lips/repo"):
            return Reply(404, {"Code": 10010205001, "Message": "record not found", "Success": False})
        if asked.query["Revision"] != "master":
            return Reply(404, {"Code": 10010205003, "Message": "revision not found", "Success": False})
        if asked.path.endswith("/files"):
            return Reply(
                body={"Code": 200, "Success": True, "Data": {"Files": self._list(asked.query.get("Root", ""))}}
            )
        if asked.query["FilePath"] == "deep/model.pth":
            return Reply(302, headers={"Location": f"{self.store.there}/lfs"})
        return Reply(404)

    def _list(self, root: str) -> list[dict[str, object]]:
        if root != "deep":
            return [{"Name": "deep", "Path": "deep", "Size": 0, "Sha256": "", "Type": "tree"}]
        return [
            {"Name": "config.json", "Path": "deep/config.json", "Size": 7, "Sha256": "ab", "Type": "blob"},
            {"Name": "model.pth", "Path": "deep/model.pth", "Size": len(CONTENT), "Sha256": SUM, "Type": "blob"},
        ]


@pytest.fixture
def scope(serve: Serve) -> Scope:
    return Scope(serve)


def test_a_large_file_comes_from_the_store_which_never_sees_the_token(scope: Scope, build: Build):
    resolvers = build(modelscope_endpoint=scope.server.here, modelscope_token="ms_ours")
    link = resolvers.open(DownloadSource("modelscope://some/lips/deep/model.pth"), WANTED).get_link()
    assert link.size_bytes == len(CONTENT)
    assert fetch(link) == CONTENT
    assert {asked.headers.get("cookie") for asked in scope.server.seen} == {"m_session_id=ms_ours"}
    [stored] = scope.store.seen
    assert not {"cookie", "authorization"} & set(stored.headers)


def test_the_other_site_has_models_of_its_own_and_gets_no_token(scope: Scope, build: Build, monkeypatch):
    monkeypatch.setattr("heygem.downloads.resolvers.modelscope.OTHER_HOSTS", {"localhost"})
    resolvers = build(modelscope_endpoint=scope.server.here, modelscope_token="ms_ours")
    source = resolvers.open(DownloadSource("https://localhost/models/some/lips/resolve/master/deep/model.pth"), WANTED)
    assert source.name == "localhost"
    with pytest.raises(SourceError) as caught:  # it is asked over TLS, which the stand-in does not speak
        source.get_link()
    assert caught.value.context == {"source": "localhost", "reason": SourceProblem.UNREACHABLE}
    assert not scope.server.seen


def test_the_file_of_a_folder_is_found_by_its_name(scope: Scope, build: Build):
    source = DownloadSource(f"{scope.server.here}/models/some/lips/tree/master/deep")
    assert fetch(build(modelscope_endpoint=scope.server.here).open(source, WANTED).get_link()) == CONTENT


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("modelscope://other/lips/a.pth", SourceProblem.NOT_FOUND),
        ("modelscope://some/lips/deep/a.pth", SourceProblem.NOT_FOUND),
        ("modelscope://some/lips/deep/model.pth@v9", SourceProblem.NOT_FOUND),
        ("modelscope://some/lips", SourceProblem.FILE_NOT_IN_SHARE),
        ("modelscope://some", SourceProblem.ADDRESS_INVALID),
    ],
)
def test_what_is_refused_says_what_to_do(scope: Scope, build: Build, url: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build(modelscope_endpoint=scope.server.here).open(DownloadSource(url), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


@pytest.mark.parametrize("other", [replace(WANTED, size_bytes=7), replace(WANTED, sha256="0" * 64)])
def test_another_file_under_the_name_is_told_before_it_is_fetched(scope: Scope, build: Build, other):
    source = DownloadSource("modelscope://some/lips/deep/model.pth")
    with pytest.raises(SourceError) as caught:
        build(modelscope_endpoint=scope.server.here).open(source, other).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_DIFFERS


@pytest.mark.parametrize("body", [{"Data": None}, "<html>"])
def test_an_answer_of_another_form_is_told(serve: Serve, build: Build, body):
    server = serve(lambda _: Reply(body=body))
    with pytest.raises(SourceError) as caught:
        build(modelscope_endpoint=server.here).open(DownloadSource("modelscope://some/lips/a"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.ANSWER_UNREADABLE
