"""Nextcloud's public shares, from WsgiDAV's server behind the addresses and logins that Nextcloud has."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from wsgidav.wsgidav_app import WsgiDAVApp

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.nextcloud import Share, parse_share
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Reply, fetch, serving_wsgi

OPEN, CLOSED, PASSWORD = "aBcDeF123456", "locked-one", "口令 4711"
NEW: Final = "/public.php/dav/files/"
OLD: Final = "/public.php/webdav"


class Cloud:
    """Nextcloud's outside: `is_new` has the addresses from version 29 on."""

    def __init__(self, folder: Path, is_new: bool) -> None:
        self.is_new = is_new
        mounts = {"/open": str(folder), "/locked": str(folder)}
        self.dav = WsgiDAVApp(
            {"provider_mapping": mounts, "simple_dc": {"user_mapping": {"*": True}}, "logging": {"enable": False}}
        )
        self.tokens = {OPEN: ("/open", ""), CLOSED: ("/locked", PASSWORD)}

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/status.php":
            return self._say(
                start, "200 OK", {"installed": True, "versionstring": "31.0.1", "productname": "Nextcloud"}
            )
        if path.startswith("/s/"):
            return self._say(start, "200 OK", "<html><script>share()</script></html>")
        user, password = self._read_login(environ)
        if path.startswith(NEW) and self.is_new:
            token, slash, rest = path.removeprefix(NEW).partition("/")
            return self._serve(environ, start, token, password, NEW + token, slash + rest)
        if path.startswith(OLD) and not self.is_new:
            return self._serve(environ, start, user, password, OLD, path.removeprefix(OLD))
        return self._say(start, "404 Not Found", "<html></html>")

    def _serve(self, environ, start, token, password, prefix, path):
        if token not in self.tokens:
            return self._say(start, "404 Not Found", "<html></html>")
        mount, wanted = self.tokens[token]
        if password != wanted or environ.get("HTTP_X_REQUESTED_WITH") != "XMLHttpRequest":
            return self._say(start, "401 Unauthorized", "")
        kept = {key: value for key, value in environ.items() if key != "HTTP_AUTHORIZATION"}
        head: list[Any] = []
        answer = self.dav({**kept, "SCRIPT_NAME": "", "PATH_INFO": mount + path}, lambda *told: head.extend(told))
        body = b"".join(answer).replace(f"<ns0:href>{mount}".encode(), f"<ns0:href>{prefix}".encode())
        headers = [(name, value) for name, value in head[1] if name != "Content-Length"]
        start(head[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _read_login(self, environ: dict[str, Any]) -> tuple[str, str]:
        _, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user, password

    def _say(self, start: Any, status: str, body: object) -> list[bytes]:
        text = body if isinstance(body, str) else json.dumps(body)
        start(status, [("Content-Type", "text/html" if isinstance(body, str) else "application/json")])
        return [text.encode()]


@pytest.fixture(scope="module", params=["new", "old"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cloud")
    (folder / "deep dir").mkdir()
    (folder / "deep dir" / "model.pth").write_bytes(CONTENT)
    (folder / "notes.txt").write_text("notes", encoding="utf-8")
    with serving_wsgi(Cloud(folder, request.param == "new")) as address:
        yield address


@pytest.mark.parametrize(
    ("url", "share"),
    [
        ("https://host/s/abc", Share("https://host", "abc")),
        ("https://host/cloud/index.php/s/abc-_9/", Share("https://host/cloud", "abc-_9")),
        ("https://host/s/abc/download?path=%2Fdeep%20dir&files=a.pth", Share("https://host", "abc", "deep dir/a.pth")),
        ("https://host/s/abc?dir=/deep", Share("https://host", "abc", "deep")),
        ("https://host/share/abc", None),
    ],
)
def test_an_address_names_a_share(url: str, share: Share | None):
    assert parse_share(url) == share


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"s/{OPEN}", ""),
        (f"s/{OPEN}/download?path=/deep%20dir&files=model.pth", ""),
        (f"index.php/s/{OPEN}?dir=/deep%20dir", ""),
        (f"s/{CLOSED}", PASSWORD),
    ],
)
def test_the_file_of_a_share_or_of_a_folder_in_it(address: str, build: Build, path: str, code: str):
    source = DownloadSource(f"{address}/{path}", code=code)
    link = build().open(source, WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)


@pytest.mark.parametrize(
    ("token", "code", "problem"),
    [
        (CLOSED, "", SourceProblem.CODE_NEEDED),
        (CLOSED, "wrong", SourceProblem.CODE_WRONG),
        ("goneGONEgone", "", SourceProblem.SHARE_EXPIRED),
    ],
)
def test_what_is_refused_says_what_to_do(address: str, build: Build, token: str, code: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build().open(DownloadSource(f"{address}/s/{token}", code=code), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


def test_a_share_without_the_file_is_told(address: str, build: Build):
    for wanted, problem in (
        (replace(WANTED, path="other.pth", size_bytes=7), SourceProblem.FILE_NOT_IN_SHARE),
        (replace(WANTED, size_bytes=7), SourceProblem.FILE_DIFFERS),
    ):
        with pytest.raises(SourceError) as caught:
            build().open(DownloadSource(f"{address}/s/{OPEN}"), wanted).get_link()
        assert caught.value.context["reason"] == problem


def test_a_share_of_another_kind_at_such_an_address_is_none_of_its(serve: Serve, build: Build):
    def answer(asked):
        return Reply(body='<a href="/f/model.pth">x</a>') if asked.path == "/s/abc" else Reply(body=CONTENT)

    source = DownloadSource(f"{serve(answer).here}/s/abc")
    assert fetch(build().open(source, WANTED).get_link()) == CONTENT
