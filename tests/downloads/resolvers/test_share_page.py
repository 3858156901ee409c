"""Share pages followed by HTTP: forms, cookies, redirections, what the pages say; and copyparty's own."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers import share_page
from heygem.downloads.resolvers.share_html import read_share_page
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Asked, Reply, StandIn, fetch, running
from tests.serving import free_port

CODE = "ab3d"
EXPIRES = 2_000_000_000
FILES = """<a href=/client.exe>下载客户端</a><p>model.pth 75 KB</p><a href='down?id=7'>普通下载</a>
<a href=/other.pth>other.pth</a><a href='javascript:x()'>下载 model.pth</a>"""


class Pan:
    """A share: a form for the code, a cookie for who knows it, a page that lists files, one more with the download."""

    def __init__(self, serve: Serve) -> None:
        self.server: StandIn = serve(self._answer)

    def _answer(self, asked: Asked) -> Reply:
        knows = f"pass={CODE}" in asked.headers.get("cookie", "")
        match asked.method, asked.path:
            case "GET", "/share/x1":
                return Reply(302, headers={"Location": "/share/x1/files" if knows else "/share/x1/init"})
            case "GET", "/share/x1/init":
                return Reply(body=self._ask_for_code())
            case "POST", "/share/x1/verify":
                if asked.form != {"sid": "x1", "提取码": CODE, "go": "提取文件"}:
                    return Reply(body=self._ask_for_code("提取码错误"))
                return Reply(
                    302, headers={"Location": "/share/x1/files", "Set-Cookie": f"pass={CODE}; Path=/; HttpOnly"}
                )
            case "GET", "/share/x1/files" if knows:
                return Reply(body=FILES)
            case "GET", "/share/x1/down" if knows:
                return Reply(body=f"<a class=btn href='/get/7?name=model.pth&expires={EXPIRES}'>立即下载</a>")
            case "GET", "/get/7" if knows and asked.headers.get("referer", "").endswith("/share/x1/down?id=7"):
                return Reply(body=CONTENT)
            case "GET", "/other.pth":
                return Reply(body=b"another file")
        return Reply(403, "<p>refused</p>")

    def _ask_for_code(self, complaint: str = "") -> str:
        return (
            f"<p>{complaint}</p><form action=/search><input name=q></form>"
            "<form method=post action=/share/x1/verify><input type=hidden name=sid value=x1>"
            "请输入提取码 <input name='提取码' maxlength=4><button name=go value='提取文件'>提取文件</button></form>"
        )


def test_the_code_is_entered_and_the_download_found(serve: Serve, build: Build):
    pan = Pan(serve)
    link = build().open(DownloadSource(f"{pan.server.here}/share/x1", code=CODE), WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)
    assert link.expires_at == datetime.fromtimestamp(EXPIRES, UTC)
    assert "/client.exe" not in [asked.path for asked in pan.server.seen]


@pytest.mark.parametrize(
    ("code", "wanted", "problem"),
    [
        ("", WANTED, SourceProblem.CODE_NEEDED),
        ("zzzz", WANTED, SourceProblem.CODE_WRONG),
        (CODE, replace(WANTED, size_bytes=7), SourceProblem.FILE_DIFFERS),
    ],
)
def test_what_is_refused_says_what_to_do(serve: Serve, build: Build, code: str, wanted, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(DownloadSource(f"{Pan(serve).server.here}/share/x1", code=code), wanted).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}


@pytest.mark.parametrize(
    ("page", "code", "problem"),
    [
        ("<p>此链接分享内容已过期</p>", "", SourceProblem.SHARE_EXPIRED),
        ("<p>抱歉，分享已被取消。</p>", CODE, SourceProblem.SHARE_EXPIRED),
        ("<p>This share has expired.</p>", "", SourceProblem.SHARE_EXPIRED),
        ("<form><input type=password name=pwd><img src=/captcha.png></form>", CODE, SourceProblem.CAPTCHA),
        ("<form><input name=code><input name=captcha></form>", CODE, SourceProblem.CAPTCHA),
        ("<div class=g-recaptcha></div>", "", SourceProblem.CAPTCHA),
        ("<form><input name=username><input type=password name=password></form>", CODE, SourceProblem.LOGIN_NEEDED),
        ("<form action=http://localhost:1/x><input name=pwd></form>", CODE, SourceProblem.NO_DOWNLOAD),
        ("<p>nothing at all</p>", "", SourceProblem.NO_DOWNLOAD),
    ],
)
def test_what_a_page_says_becomes_a_reason(serve: Serve, build: Build, page: str, code: str, problem: SourceProblem):
    server = serve(lambda asked: Reply(body=page) if asked.path == "/share" else Reply(404))
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(DownloadSource(f"{server.here}/share", code=code), WANTED).get_link()
    assert caught.value.context["reason"] == problem


def test_a_page_that_is_not_there_is_told_and_a_server_that_is_busy_left_to_the_transfer(serve: Serve, build: Build):
    status = 404
    server = serve(lambda _: Reply(status, "<p>page</p>"))
    source = DownloadSource(f"{server.here}/model.pth")
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(source, WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.NOT_FOUND
    status = 503
    assert build().open(source, WANTED).get_link().url == source.url


@pytest.mark.parametrize(
    "page",
    [
        "<form method=get action=/get><input type=hidden name=id value=7><button>Download</button></form>",
        "<form method=post action=/go><button class=download-btn>OK</button></form>",
        "<meta http-equiv=refresh content='0; url=/get?id=7'>",
        "<div data-url=/get?id=7>Download now</div>",
        "<base href=/deep/><a href=../get?id=7 download>here</a>",
        "<a href='/get?id=7&f=model.pth'>x</a>",
        "<iframe src='/get?id=7' title='下载'></iframe>",
    ],
)
def test_ways_in_which_pages_lead_to_the_file(serve: Serve, build: Build, page: str):
    def answer(asked: Asked) -> Reply:
        if asked.path == "/go":
            return Reply(303, headers={"Location": "/get?id=7"})
        return Reply(body=CONTENT) if asked.path == "/get" and asked.query["id"] == "7" else Reply(body=page)

    assert fetch(build(browser=False).open(DownloadSource(f"{serve(answer).here}/s"), WANTED).get_link()) == CONTENT


def test_the_code_and_cookies_stay_with_the_host_of_the_share(serve: Serve, build: Build):
    other = serve(lambda _: Reply(body=CONTENT))

    def answer(asked: Asked) -> Reply:
        if asked.method == "POST":
            return Reply(body=f"<a href={other.there}/model.pth>model.pth</a>", headers={"Set-Cookie": "id=secret"})
        return Reply(body="<form method=post enctype=multipart/form-data><input type=password name=p></form>")

    source = DownloadSource(f"{serve(answer).here}/s", headers={"X-Key": "secret"}, code="secret")
    link = build(browser=False).open(source, WANTED).get_link()
    assert fetch(link) == CONTENT
    assert not any("secret" in repr(asked) for asked in other.seen)


def test_a_share_that_leads_nowhere_for_long_is_given_up(serve: Serve, build: Build, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(share_page, "WHOLE_S", 0.2)

    def answer(asked: Asked) -> Reply:
        time.sleep(0.15)
        return Reply(body=f"<a href='{asked.path}x'>download</a>")

    server = serve(answer)
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(DownloadSource(f"{server.here}/s"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.TIMED_OUT


def test_a_short_address_leads_to_the_share_and_what_lies_elsewhere_gets_no_code(serve: Serve, build: Build):
    form = "<form method=post><input type=password name=p></form>"
    share, other = serve(lambda _: Reply(body=form)), serve(lambda _: Reply(body=form))
    short = serve(lambda _: Reply(302, headers={"Location": f"{share.there}/s"}))
    away = serve(lambda _: Reply(body=f"<a href={other.there}/s>下载</a>"))
    for server, problem in ((short, SourceProblem.CODE_WRONG), (away, SourceProblem.NO_DOWNLOAD)):
        with pytest.raises(SourceError) as caught:
            build(browser=False).open(DownloadSource(f"{server.here}/1", code=CODE), WANTED).get_link()
        assert caught.value.context["reason"] == problem
    assert [asked.form for asked in share.seen if asked.body] == [{"p": CODE}]
    assert not any(asked.body for asked in other.seen)


def test_pages_in_old_encodings_are_read(serve: Serve, build: Build):
    page = "<meta charset=gbk><p>文件已被删除</p>".encode("gbk")
    server = serve(lambda _: Reply(body=page, headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(DownloadSource(f"{server.here}/s"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.SHARE_EXPIRED


def test_what_is_not_html_has_nothing():
    page = read_share_page(b"\x00\xff<<<form", "http://host/", WANTED)
    assert (page.candidates, page.code_form, page.has_captcha) == ((), None, False)


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a copyparty with the folder /locked for who knows CODE."""
    folder = tmp_path_factory.mktemp("party")
    (folder / "files").mkdir()
    (folder / "files" / "model.pth").write_bytes(CONTENT)
    port = free_port()
    command = [
        sys.executable, "-m", "copyparty", "-i", "127.0.0.1", "-p", str(port), "-a", f"ann:{CODE}",
        "-v", f"{folder / 'files'}:locked:r,ann", "-q", "--no-crt", "-j1", "--no-thumb",
    ]  # fmt: skip
    with running(command, port, cwd=folder, env={"HOME": str(folder), "PATH": ""}):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("path", ["locked/model.pth", "locked/"])
def test_copyparty_gives_the_file_to_who_knows_the_password(party: str, build: Build, path: str):
    link = build(browser=False).open(DownloadSource(f"{party}/{path}", code=CODE), WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.size_bytes == len(CONTENT)


@pytest.mark.parametrize(("code", "problem"), [("", SourceProblem.CODE_NEEDED), ("wrong", SourceProblem.CODE_WRONG)])
def test_copyparty_refuses_others(party: str, build: Build, code: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        build(browser=False).open(DownloadSource(f"{party}/locked/model.pth", code=code), WANTED).get_link()
    assert caught.value.context == {"source": "127.0.0.1", "reason": problem}
