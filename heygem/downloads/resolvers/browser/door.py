"""The door that a browser opens: starts Chromium where a share's page needs it, and tells what fails."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psutil

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.link import Link
from heygem.downloads.resolvers.browser.visit import Visit
from heygem.downloads.resolvers.listing import base_name

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

DRIVER: Final = "playwright"  # in its command line
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
SETTLE_S: Final = 3.0  # for what a click starts
WHOLE_S: Final = 150.0  # a page that keeps its browser busy for ever is ended with it


class BrowserDoor:
    """One browser at a time, in a thread of its own: Playwright's functions must stay in one, without an event loop."""

    def __init__(self, path: str = "", settle_s: float = SETTLE_S, whole_s: float = WHOLE_S) -> None:
        self._path = path
        self._settle_s = settle_s
        self._whole_s = whole_s
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
        with _ended_in_time(self._whole_s, source.host), _translated(source.host), sync_playwright() as driver:
            browser = self._launch(driver, source.host)
            try:
                context = browser.new_context(locale="zh-CN")
                return Visit(context, source, wanted, self._settle_s).find_link()
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


@contextmanager
def _ended_in_time(seconds: float, host: str) -> Iterator[None]:
    """Ends the driver that the block starts, and so its browser, when the time is over: its calls may wait for ever."""
    before = set(psutil.Process().children())
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        for child in set(psutil.Process().children()) - before:
            with suppress(psutil.Error):
                if DRIVER in " ".join(child.cmdline()):
                    child.terminate()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:  # whatever a call says whose other side has gone
        if not is_over.is_set():
            raise
        raise SourceError(source=host, reason=SourceProblem.TIMED_OUT) from error
    finally:
        timer.cancel()


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
