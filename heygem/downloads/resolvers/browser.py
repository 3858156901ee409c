"""Share pages that only a browser can read. Alone it knows Playwright, an optional extra: imported when one is needed.

It does what a person would: opens the page, enters the code, presses download. The download that starts is cancelled
and becomes a link, with the headers that the browser asked for it with. It solves no captcha.
"""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import find_expiry
from heygem.downloads.resolvers.listing import base_name
from heygem.downloads.resolvers.share_html import CODE_NAME, SharePage, is_captcha, is_download, read_share_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Download, ElementHandle, Page, Playwright, Request

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
WHOLE_S: Final = 90.0  # for one share
SETTLE_S: Final = 3.0  # for what a click starts
LOOK_S: Final = 0.1
MOST_CLICKS: Final = 8
LEVELS: Final = 5  # around a field in which its button is looked for
INPUTS: Final = "input:visible"
SENDS: Final = re.compile(
    r"提取|确定|确认|提交|进入|查看|访问|解锁|submit|confirm|unlock|ok\b|enter|access", re.IGNORECASE
)
BUTTONS: Final = (
    "a:visible, button:visible, [role=button]:visible, input[type=submit]:visible, input[type=button]:visible"
)
CLICKABLE: Final = f"{BUTTONS}, [onclick]:visible, [class*=download]:visible"
NAMES: Final = ("name", "id", "class", "placeholder", "title", "value", "aria-label", "download")
KEPT_HEADERS: Final = ("referer", "user-agent", "accept-language")


class BrowserDoor:
    """One browser at a time, in a thread of its own: Playwright's functions must stay in one, without an event loop."""

    def __init__(self, path: str = "", settle_s: float = SETTLE_S) -> None:
        self._path = path
        self._settle_s = settle_s
        self._lock = threading.Lock()

    def enter(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        """None where nothing is found to press, and for an address that names the file: a page in its place is no share
        but, perhaps, the login of a network. Raises SourceError.
        """
        if not source.code and base_name(urlsplit(source.url).path).casefold() == base_name(wanted.path).casefold():
            return None
        with self._lock, ThreadPoolExecutor(1, "browser") as pool:
            return pool.submit(self._visit, source, wanted).result()

    def _visit(self, source: DownloadSource, wanted: ModelFile) -> Link | None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise SourceError(source=source.host, reason=SourceProblem.BROWSER_NEEDED) from error
        with _translated(source.host), sync_playwright() as driver:
            browser = self._launch(driver, source.host)
            try:
                context = browser.new_context(locale="zh-CN")
                return _Visit(context, source, wanted, self._settle_s).find_link()
            finally:
                browser.close()

    def _launch(self, driver: "Playwright", host: str) -> "Browser":
        """Playwright's own Chromium, else one of this machine."""
        own = driver.chromium.executable_path
        found = [self._path, own if Path(own).exists() else "", *(shutil.which(name) or "" for name in PROGRAMS)]
        path = next((each for each in found if each), None)
        if path is None:
            raise SourceError(source=host, reason=SourceProblem.BROWSER_NEEDED)
        return driver.chromium.launch(executable_path=path)


class _Visit:
    """One walk from the share's page to the start of its download."""

    def __init__(self, context: "BrowserContext", source: DownloadSource, wanted: ModelFile, settle_s: float) -> None:
        self.context = context
        self.source = source
        self.wanted = wanted
        self.settle_s = settle_s
        self.downloads: list[Download] = []
        self.requests: dict[str, Request] = {}
        self.pressed: set[str] = set()
        self.is_code_sent = False
        context.on("page", self._watch)
        context.on("request", self._note_request)

    def _watch(self, page: "Page") -> None:
        page.on("download", self._note_download)

    def _note_download(self, download: "Download") -> None:
        self.downloads.append(download)

    def _note_request(self, request: "Request") -> None:
        self.requests[request.url] = request

    def find_link(self) -> Link | None:
        self._open(self.context.new_page())
        deadline = time.monotonic() + WHOLE_S
        while not self.downloads and time.monotonic() < deadline and len(self.pressed) < MOST_CLICKS:
            page = self._find_page()
            page.wait_for_load_state("domcontentloaded")
            seen = read_share_page(page.content().encode(), page.url, self.wanted)
            if self._enter_code(page, seen):
                self._settle(is_ready=self._has_button)
            elif self._press(page):
                self._settle(is_ready=lambda: False)
            else:
                self._refuse(page, seen)
                return None
        return self._take_over() if self.downloads else None

    def _open(self, page: "Page") -> None:
        """An address that is a download itself opens no page, which Playwright calls an error."""
        from playwright.sync_api import Error

        try:
            page.goto(self.source.url, wait_until="load")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
        self._settle(is_ready=lambda: self._has_button() or self._find_code_input(self._find_page()) is not None)

    def _find_page(self) -> "Page":
        """The newest, since a click may open one; but not one that is opened for a download alone."""
        pages = [page for page in self.context.pages if page.url != "about:blank"]
        return (pages or self.context.pages or [self.context.new_page()])[-1]

    def _settle(self, is_ready: Callable[[], bool]) -> None:
        """Until a download starts, it is ready, or what was begun had its time."""
        deadline = time.monotonic() + self.settle_s
        while not self.downloads and time.monotonic() < deadline:
            self._find_page().wait_for_timeout(LOOK_S * 1000)
            if is_ready():
                return

    def _enter_code(self, page: "Page", seen: SharePage) -> bool:
        field = self._find_code_input(page)
        if field is None or self.is_code_sent:
            return False
        if seen.has_captcha:
            raise self._problem(SourceProblem.CAPTCHA)
        if not self.source.code:
            raise self._problem(SourceProblem.CODE_NEEDED)
        self.is_code_sent = True
        field.fill(self.source.code)
        if button := _find_send_button(field):
            button.click()
        else:
            field.press("Enter")
        return True

    def _find_code_input(self, page: "Page") -> "ElementHandle | None":
        for field in _list_all(page, INPUTS):
            words = _words(field)
            kind = field.get_attribute("type") or "text"
            is_named = kind in ("text", "tel", "number") and bool(CODE_NAME.search(words))
            if (kind == "password" or is_named) and not is_captcha(words):
                return field
        return None

    def _press(self, page: "Page") -> bool:
        button = self._find_button(page)
        if button is None:
            return False
        self.pressed.add(_identify(button))
        button.click()
        return True

    def _has_button(self) -> bool:
        return self._find_button(self._find_page()) is not None

    def _find_button(self, page: "Page") -> "ElementHandle | None":
        """What says that it downloads, the file's own name first; not what has been pressed already."""
        name = base_name(self.wanted.path).casefold()
        fresh = [each for each in _list_all(page, CLICKABLE) if _identify(each) not in self.pressed]
        named = [each for each in fresh if name in _words(each).casefold()]
        telling = [each for each in fresh if is_download(_words(each))]
        return next(iter([*(each for each in telling if each in named), *telling, *named]), None)

    def _refuse(self, page: "Page", seen: SharePage) -> None:
        """Raises what a page without a download tells."""
        if seen.has_captcha:
            raise self._problem(SourceProblem.CAPTCHA)
        if self.is_code_sent and (seen.is_wrong or self._find_code_input(page)):
            raise self._problem(SourceProblem.CODE_WRONG)
        if seen.is_over:
            raise self._problem(SourceProblem.SHARE_EXPIRED)

    def _take_over(self) -> Link:
        download = self.downloads[0]
        url = download.url
        download.cancel()
        request = self.requests.get(url)
        if not url.startswith(("http://", "https://")) or (request and request.method != "GET"):
            raise self._problem(SourceProblem.NO_DOWNLOAD)
        sent = request.headers if request else {}
        headers = {name.title(): value for name, value in sent.items() if name in KEPT_HEADERS}
        cookies = "; ".join(f"{each['name']}={each['value']}" for each in self.context.cookies(url))
        return Link(url, {**headers, **({"Cookie": cookies} if cookies else {})}, expires_at=find_expiry(url))

    def _problem(self, problem: SourceProblem) -> SourceError:
        return SourceError(source=self.source.host, reason=problem)


def _list_all(page: "Page", selector: str) -> "list[ElementHandle]":
    """In the page and in the frames in it. Handles, not locators: those wait for what has meanwhile gone."""
    return [node for frame in page.frames for node in frame.query_selector_all(selector)]


def _find_send_button(field: "ElementHandle") -> "ElementHandle | None":
    """Of the smallest part of the page around a field that has one which sends."""
    around: ElementHandle | None = field
    for _ in range(LEVELS):
        around = around.query_selector("xpath=..") if around else None
        buttons = around.query_selector_all(BUTTONS) if around else []
        if found := next((each for each in buttons if SENDS.search(_words(each))), None):
            return found
    return None


def _identify(button: "ElementHandle") -> str:
    frame = button.owner_frame()
    return f"{frame.url if frame else ''} {_words(button)} {button.get_attribute('href') or ''}"


def _words(node: "ElementHandle") -> str:
    """What it says of itself to people and to programs."""
    told: object = node.evaluate(
        "(node, names) => [node.innerText || '', ...names.map(name => node.getAttribute(name) || '')].join(' ')",
        list(NAMES),
    )
    return str(told)


@contextmanager
def _translated(host: str) -> Iterator[None]:
    from playwright.sync_api import Error, TimeoutError

    try:
        yield
    except TimeoutError as error:
        raise SourceError(source=host, reason=SourceProblem.TIMED_OUT) from error
    except Error as error:
        problem = SourceProblem.UNREACHABLE if "net::" in str(error) else SourceProblem.NO_DOWNLOAD
        raise SourceError(source=host, reason=problem) from error
