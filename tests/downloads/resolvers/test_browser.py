"""Share pages that build their links in JavaScript, in a real Chromium."""

import sys
from dataclasses import replace

import psutil
import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.resolvers.browser.door import BrowserDoor
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Asked, Reply, StandIn, fetch
from tests.web.conftest import find_chromium

CODE = "k9w2"
ATTACHED = {"Content-Disposition": "attachment; filename*=UTF-8''model.pth"}
# The link is made of what a script asks for; a page without scripts shows nothing at all.
PAGE = """<!doctype html><meta charset=utf-8><title>share</title><div id=app></div><script>
const app = document.getElementById('app');
app.innerHTML = `<div class=h-captcha hidden></div>
  <a href="/client.exe">下载客户端</a><input id=pwd placeholder="请输入提取码"><span id=said></span>
  <button id=go>提取文件</button>`;
document.getElementById('go').onclick = async () => {
  const code = document.getElementById('pwd').value;
  const answer = await (await fetch('/api/verify', {method: 'POST', body: code})).json();
  if (!answer.token) { document.getElementById('said').textContent = '提取码错误'; return; }
  app.innerHTML = '<div>model.pth</div><div class=op onclick="get()">普通下载</div>';
  window.get = () => { location.href = '/get?token=' + answer.token.split('').reverse().join(''); };
};
</script>"""


class ScriptPan:
    """Its files want the cookie of who knows the code, the page's address, and a browser; they come from `store`."""

    def __init__(self, serve: Serve, page: str = PAGE) -> None:
        self.foreign: StandIn = serve(lambda _: Reply(body="<input type=password><button>提取</button>"))
        self.page = page.replace("FOREIGN", f"{self.foreign.there}/advertisement")
        self.store: StandIn = serve(lambda _: Reply(body=CONTENT, headers=ATTACHED))
        self.server: StandIn = serve(self._answer)

    def _answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/s/x1":
                return Reply(body=self.page)
            case "POST", "/api/verify":
                is_right = asked.body.decode() == CODE
                cookie = {"Set-Cookie": "knows=yes; Path=/; HttpOnly"} if is_right else {}
                return Reply(body={"token": "cba"} if is_right else {}, headers=cookie)
            case "GET", "/get" if self._may_have(asked):
                return Reply(body=CONTENT, headers=ATTACHED)
            case "GET", "/away":
                return Reply(302, headers={"Location": f"{self.store.there}/signed?x=1"})
        return Reply(404)

    def _may_have(self, asked: Asked) -> bool:
        headers = asked.headers
        is_browser = "Mozilla" in headers.get("user-agent", "") and headers.get("referer", "").startswith(
            self.server.here
        )
        return is_browser and headers.get("cookie") == "knows=yes" and asked.query.get("token") == "abc"


@pytest.fixture(autouse=True)
def _needs_chromium() -> None:
    if find_chromium() is None:
        pytest.skip("there is no Chromium on this machine")


def enter(pan: ScriptPan, code: str = "") -> bytes | None:
    link = BrowserDoor(settle_s=8.0).enter(DownloadSource(f"{pan.server.here}/s/x1", code=code), WANTED)
    return fetch(link) if link else None


def test_the_download_that_a_script_starts_is_taken_over(serve: Serve, build: Build):
    pan = ScriptPan(serve)
    link = build().open(DownloadSource(f"{pan.server.here}/s/x1", code=CODE), WANTED).get_link()
    assert fetch(link) == CONTENT
    assert link.url == f"{pan.server.here}/get?token=abc"
    assert "/client.exe" not in [asked.path for asked in pan.server.seen]


def test_a_code_that_is_wrong_is_told(serve: Serve):
    with pytest.raises(SourceError) as caught:
        enter(ScriptPan(serve), "zzzz")
    assert caught.value.context == {"source": "127.0.0.1", "reason": SourceProblem.CODE_WRONG}


def test_frames_and_other_tabs_lead_to_another_host_which_gets_no_cookies(serve: Serve):
    """A link in a frame, for another tab, which redirects."""
    pan = ScriptPan(serve, """<script>document.cookie = 'own=1';
        onload = () => document.body.append(Object.assign(document.createElement('iframe'), {
            srcdoc: '<a href="/away" target="_blank">Download</a>', width: 300}))</script>""")  # fmt: skip
    assert enter(pan) == CONTENT
    assert not any("cookie" in asked.headers for asked in pan.store.seen)


@pytest.mark.parametrize(
    ("page", "code", "problem"),
    [
        ("<div class=h-captcha>I am human</div><input type=password>", CODE, SourceProblem.CAPTCHA),
        (
            """<iframe src="FOREIGN" onload="ready()"></iframe><script>
            function ready() { document.body.append(Object.assign(document.createElement("a"), {
                textContent: "下载", download: "x", href: URL.createObjectURL(new Blob(["x"]))})) }</script>""",
            "",
            SourceProblem.NO_DOWNLOAD,
        ),
    ],
)
def test_what_a_page_says_becomes_a_reason(serve: Serve, page: str, code: str, problem: SourceProblem):
    """A captcha; a file that the page makes itself, beside a field that another host shows in a frame."""
    with pytest.raises(SourceError) as caught:
        enter(ScriptPan(serve, page), code)
    assert caught.value.context["reason"] == problem


def test_a_page_that_keeps_its_browser_busy_for_ever_is_ended(serve: Serve):
    pan = ScriptPan(serve, "<script>setTimeout(() => { while (true); }, 200)</script>")
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(SourceError) as caught:
        BrowserDoor(settle_s=1.0, whole_s=4.0).enter(DownloadSource(f"{pan.server.here}/s/x1", code=CODE), WANTED)
    assert caught.value.context["reason"] == SourceProblem.TIMED_OUT
    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, 10)
    assert not alive


def test_no_browser_opens_what_stands_in_the_place_of_a_file(serve: Serve, build: Build):
    server = serve(lambda _: Reply(body="<script>welcome()</script><button>Download</button>"))
    with pytest.raises(SourceError) as caught:
        build(browser_path="/nowhere").open(DownloadSource(f"{server.here}/files/model.pth"), WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.NO_DOWNLOAD


def test_without_playwright_the_way_to_install_it_is_told(serve: Serve, build: Build, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    source = DownloadSource(f"{ScriptPan(serve).server.here}/s/x1", code=CODE)
    with pytest.raises(SourceError) as caught:
        build().open(source, replace(WANTED, size_bytes=0)).get_link()
    assert caught.value.context["reason"] == SourceProblem.BROWSER_NEEDED
