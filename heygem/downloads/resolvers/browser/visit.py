"""One walk through a share in a browser, as a person would take it: the code is entered, download is pressed.

The download that starts is cancelled and becomes a link, with the headers that the browser asked for it with.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile, find_host
from heygem.downloads.link import Link
from heygem.downloads.resolvers.address import find_expiry
from heygem.downloads.resolvers.browser.elements import (
    CLICKABLE,
    find_code_input,
    find_send_button,
    has_captcha,
    identify,
    list_all,
    read_words,
)
from heygem.downloads.resolvers.listing import base_name
from heygem.downloads.resolvers.share_html import SharePage, is_download, read_share_page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Download, ElementHandle, Page, Request

WHOLE_S: Final = 90.0  # for one share
READY_TIMES: Final = 4  # as long as for what a click starts, for what a page loads
LOOK_S: Final = 0.1
CLICK_MS: Final = 5000.0  # for something that lies over a button to go
MOST_CLICKS: Final = 8
KEPT_HEADERS: Final = ("referer", "user-agent", "accept-language")


class Visit:
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
        self.home = source.host
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
            with self._patience():
                if not self._act():
                    self._refuse(self._find_page())
                    return None
        return self._take_over() if self.downloads else None

    def _open(self, page: "Page") -> None:
        """An address that is a download itself opens no page, which Playwright calls an error."""
        from playwright.sync_api import Error

        try:
            page.goto(self.source.url, wait_until="domcontentloaded")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
        self.home = find_host(page.url)  # a short address leads on to the share's own
        self._settle(self._is_ready, READY_TIMES)

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """What is looked at while a page gives way to the next is looked at again; a browser that has ended is not."""
        from playwright.sync_api import Error

        try:
            yield
        except Error:
            browser = self.context.browser
            if browser is None or not browser.is_connected():
                raise
            self._find_page().wait_for_timeout(LOOK_S * 1000)

    def _act(self) -> bool:
        """Enters the code or presses what is next; whether there was any of it."""
        page = self._find_page()
        if self._enter_code(page):
            self._settle(self._is_answered, READY_TIMES)
        elif self._press(page):
            self._settle(lambda: False)
        else:
            return False
        return True

    def _find_page(self) -> "Page":
        """The newest, since a click may open one; but not one that is opened for a download alone."""
        pages = [page for page in self.context.pages if page.url != "about:blank"]
        return (pages or self.context.pages or [self.context.new_page()])[-1]

    def _settle(self, is_ready: Callable[[], bool], times: int = 1) -> None:
        """Until a download starts, it is ready, or what was begun had its time."""
        deadline = time.monotonic() + times * self.settle_s
        while not self.downloads and time.monotonic() < deadline:
            self._find_page().wait_for_timeout(LOOK_S * 1000)
            with self._patience():
                if is_ready():
                    return

    def _is_ready(self) -> bool:
        """Whether there is something to do for who has just come."""
        page = self._find_page()
        return self._find_button(page) is not None or find_code_input(page, self.home) is not None

    def _is_answered(self) -> bool:
        """Whether the page shows what it makes of the code."""
        page = self._find_page()
        return self._find_button(page) is not None or self._read(page).is_wrong

    def _read(self, page: "Page") -> SharePage:
        page.wait_for_load_state("domcontentloaded")
        return read_share_page(page.content().encode(), page.url, self.wanted)

    def _enter_code(self, page: "Page") -> bool:
        field = find_code_input(page, self.home)
        if field is None or self.is_code_sent:
            return False
        if has_captcha(page):
            raise self._problem(SourceProblem.CAPTCHA)
        if not self.source.code:
            raise self._problem(SourceProblem.CODE_NEEDED)
        self.is_code_sent = True
        field.fill(self.source.code)
        if button := find_send_button(field):
            button.click()
        else:
            field.press("Enter")
        return True

    def _press(self, page: "Page") -> bool:
        button = self._find_button(page)
        if button is None:
            return False
        self.pressed.add(identify(button))
        button.click(timeout=CLICK_MS)
        return True

    def _find_button(self, page: "Page") -> "ElementHandle | None":
        """What says that it downloads, the file's own name first; not what has been pressed already."""
        name = base_name(self.wanted.path).casefold()
        fresh = [each for each in list_all(page, CLICKABLE) if identify(each) not in self.pressed]
        named = [each for each in fresh if name in read_words(each).casefold()]
        telling = [each for each in fresh if is_download(read_words(each))]
        return next(iter([*(each for each in telling if each in named), *telling, *named]), None)

    def _refuse(self, page: "Page") -> None:
        """Raises what a page without a download tells."""
        seen = self._read(page)
        if has_captcha(page):
            raise self._problem(SourceProblem.CAPTCHA)
        if self.is_code_sent and (seen.is_wrong or find_code_input(page, self.home)):
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
