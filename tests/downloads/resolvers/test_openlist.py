"""OpenList's pages, with its API's answers from a server that gives them as its documentation says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.logins import Login
from heygem.downloads.resolvers.openlist import Place, list_places
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, SUM, WANTED, Asked, Reply, StandIn, fetch

PASSWORD, SHARE_CODE = "folder's", "k7x2"
SPAN = timedelta(hours=2)


class Disk:
    """A server whose folder /locked has a password, which shares it as s1, and which sends to another host's store."""

    def __init__(self, serve: Serve, base: str = "", is_closed: bool = False) -> None:
        self.base = base
        self.is_closed = is_closed
        self.store: StandIn = serve(lambda _: Reply(body=CONTENT))
        self.server: StandIn = serve(self._answer)
        self.expires_at = datetime.now(UTC).replace(microsecond=0) + SPAN

    def _answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix(self.base)
        if not asked.path.startswith(self.base) or not path.startswith(("/api", "/p/", "/sd/", "/d/")):
            return Reply(body="<html><script src=/assets/app.js></script></html>")
        if path == "/api/public/settings":
            return self._say({"site_title": "disk", "version": "v4.1.0", "allow_guest": "true"})
        if path == "/api/auth/login":
            is_known = asked.json == {"username": "ann", "password": "pw"}
            return self._say({"token": "jwt"}) if is_known else self._refuse(400, "password is incorrect")
        if path.startswith("/api/fs/"):
            return self._answer_fs(path.removeprefix("/api/fs/"), asked)
        if path == "/d/locked/model.pth" and asked.query.get("sign", "").startswith("c2lnbmF0"):
            return Reply(302, headers={"Location": f"{self.store.there}/netdisk"})
        return Reply(body=CONTENT) if path == "/sd/s1/model.pth" and asked.query["pwd"] == SHARE_CODE else Reply(403)

    def _answer_fs(self, verb: str, asked: Asked) -> Reply:
        path, password = asked.json["path"], asked.json["password"]
        is_share = path.startswith("/@s/")
        if self.is_closed and asked.headers.get("authorization") != "jwt" and not is_share:
            return self._refuse(401, "Guest user is disabled, login please")
        if path.startswith("/@s/over"):
            return self._refuse(500, "the share has expired or is no longer valid")
        if password != (SHARE_CODE if is_share else PASSWORD):
            return self._refuse(
                403, "wrong share code" if is_share else "password is incorrect or you have no permission"
            )
        root = "/@s/s1" if is_share else "/locked"
        if verb == "list":
            listed = [self._describe(root, "notes.txt"), self._describe(root, "model.pth")]
            return self._say({"content": listed, "total": 2})
        if path.rstrip("/") == root:
            return self._say({"name": "locked", "size": 0, "is_dir": True, "raw_url": "", "sign": ""})
        known = ("model.pth", "netdisk.pth")
        name = path.removeprefix(f"{root}/")
        return self._say(self._describe(root, name)) if name in known else self._refuse(500, "object not found")

    def _describe(self, root: str, name: str) -> dict[str, Any]:
        sign = f"c2lnbmF0dXJlIG9mIHRoZSBmaWxl:{int(self.expires_at.timestamp())}"
        urls = {"/@s/s1model.pth": f"{self.server.here}{self.base}/sd/s1/model.pth?pwd={SHARE_CODE}",
                "/lockednetdisk.pth": f"{self.store.there}/x?Expires={int(self.expires_at.timestamp())}"}  # fmt: skip
        is_wanted = name != "notes.txt"
        return {"name": name, "size": len(CONTENT) if is_wanted else 5, "is_dir": False, "sign": sign,
                "hash_info": {"sha256": SUM} if is_wanted else None, "raw_url": urls.get(root + name, "")}  # fmt: skip

    def _say(self, data: object) -> Reply:
        return Reply(body={"code": 200, "message": "success", "data": data})

    def _refuse(self, code: int, message: str) -> Reply:
        return Reply(body={"code": code, "message": message, "data": None})


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("https://host/a%20b/c.pth", [Place("https://host", "/a b/c.pth"), Place("https://host/a%20b", "/c.pth")]),
        ("https://host/", [Place("https://host", "/")]),
        ("https://host/@s/s1/a.pth?pwd=x", [Place("https://host", "/@s/s1/a.pth")]),
        ("https://host/pan/@s/s1", [Place("https://host/pan", "/@s/s1")]),
    ],
)
def test_an_address_may_mean(url: str, places: list[Place]):
    assert list(list_places(url)) == places


@pytest.mark.parametrize(
    ("base", "path", "code"),
    [
        ("", "/locked/model.pth", PASSWORD),
        ("", "/locked/netdisk.pth", PASSWORD),
        ("", "/locked", PASSWORD),
        ("/pan", "/pan/locked/model.pth", PASSWORD),
        ("", "/@s/s1", SHARE_CODE),
        ("", "/@s/s1/model.pth", SHARE_CODE),
        ("/pan", f"/pan/@s/s1?pwd={SHARE_CODE}", ""),
    ],
)
def test_the_file_of_a_page_or_of_a_folder(serve: Serve, build: Build, base: str, path: str, code: str):
    disk = Disk(serve, base)
    link = build().open(DownloadSource(disk.server.here + path, code=code), WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)
    assert link.expires_at == (None if "@s" in path else disk.expires_at)
    assert not any("authorization" in asked.headers for asked in [*disk.server.seen, *disk.store.seen])


def test_a_closed_server_is_entered_with_the_users_login_for_it(serve: Serve, build: Build):
    disk = Disk(serve, is_closed=True)
    source = DownloadSource(f"{disk.server.here}/locked/model.pth", code=PASSWORD)
    assert fetch(build(logins=(Login(disk.server.here, "ann", "pw"),)).open(source, WANTED).get_link()) == CONTENT
    for logins in ((), (Login(disk.server.here, "ann", "wrong"),)):
        with pytest.raises(SourceError) as caught:
            build(logins=logins).open(source, WANTED).get_link()
        assert caught.value.context["reason"] == SourceProblem.LOGIN_NEEDED


@pytest.mark.parametrize(
    ("path", "code", "problem"),
    [
        ("/locked/model.pth", "", SourceProblem.CODE_NEEDED),
        ("/locked/model.pth", "wrong", SourceProblem.CODE_WRONG),
        ("/locked/absent.pth", PASSWORD, SourceProblem.NOT_FOUND),
        ("/@s/s1", "wrong", SourceProblem.CODE_WRONG),
        ("/@s/over", "", SourceProblem.SHARE_EXPIRED),
    ],
)
def test_what_is_refused_says_what_to_do(serve: Serve, build: Build, path: str, code: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build().open(DownloadSource(Disk(serve).server.here + path, code=code), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


@pytest.mark.parametrize("other", [replace(WANTED, size_bytes=7), replace(WANTED, sha256="0" * 64)])
@pytest.mark.parametrize("path", ["/locked", "/locked/model.pth"])
def test_another_file_under_the_name_is_told_before_it_is_fetched(serve: Serve, build: Build, path: str, other):
    source = DownloadSource(Disk(serve).server.here + path, code=PASSWORD)
    with pytest.raises(SourceError) as caught:
        build().open(source, other).get_link()
    assert caught.value.context["reason"] == SourceProblem.FILE_DIFFERS
